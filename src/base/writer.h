/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

/*
 * The counterpart of the reader: composes into a buffer of fixed size that the caller owns.
 * What does not fit is not written, not even in part; the writer is then failed (sticky), and writer_finish says so.
 *
 *     uint8_t frame[64];
 *     struct writer w = writer_into(frame, sizeof frame);
 *     writer_u8(&w, type);
 *     writer_bytes(&w, payload);
 *     struct bytes out;
 *     enum err e = writer_finish(&w, &out);
 */

#include "base/bytes.h"
#include "base/error.h"

struct writer {
    uint8_t *start;
    size_t size;
    size_t used;
    bool failed;
};

struct writer writer_into(void *buffer, size_t size);

void writer_u8(struct writer *w, uint8_t v);
void writer_u16be(struct writer *w, uint16_t v);
void writer_u24be(struct writer *w, uint32_t v);
void writer_u32be(struct writer *w, uint32_t v);
void writer_u64be(struct writer *w, uint64_t v);
void writer_u16le(struct writer *w, uint16_t v);
void writer_u32le(struct writer *w, uint32_t v);
void writer_u64le(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, struct bytes b);
void writer_str(struct writer *w, const char *text); /* without its NUL */
void writer_zeros(struct writer *w, size_t n);

/* Room for n bytes that the caller fills itself; NULL (and failed) when there is less. */
uint8_t *writer_reserve(struct writer *w, size_t n);

/* What was written; ERR_NO_SPACE when something did not fit. */
ERR_MUST_USE enum err writer_finish(const struct writer *w, struct bytes *out);

#endif
