/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_READER_H
#define BASE_READER_H

/*
 * The one cursor through which every foreign byte is read.
 *
 * A read past the end never touches memory: it marks the reader failed, and from then on every read gives zeros or an
 * empty range. So a parser reads a whole structure in straight lines and asks once:
 *
 *     struct reader r = reader_over(input);
 *     report.version = reader_u32le(&r);
 *     reader_copy(&r, report.chip_id, sizeof report.chip_id);
 *     reader_zeros(&r, 24);
 *     return reader_finish(&r);        // truncated, trailing bytes, or a reserved field that is not zero
 *
 * A length read from the input is given to reader_bytes or reader_sub as it is: they check it against what is left.
 */

#include "base/bytes.h"
#include "base/error.h"

struct reader {
    const uint8_t *at;
    size_t left;
    size_t offset;    /* of `at` in the whole input */
    enum err failed;  /* ERR_OK, or the first failure; sticky */
    size_t failed_at; /* offset of the first failure */
};

struct reader reader_over(struct bytes input);

uint8_t reader_u8(struct reader *r);
uint16_t reader_u16be(struct reader *r);
uint32_t reader_u24be(struct reader *r);
uint32_t reader_u32be(struct reader *r);
uint64_t reader_u64be(struct reader *r);
uint16_t reader_u16le(struct reader *r);
uint32_t reader_u24le(struct reader *r);
uint32_t reader_u32le(struct reader *r);
uint64_t reader_u64le(struct reader *r);

/* The next n bytes, in place; an empty range with ptr NULL when there are fewer. */
struct bytes reader_bytes(struct reader *r, size_t n);

/* Copies the next n bytes; zeros to when there are fewer. */
void reader_copy(struct reader *r, void *to, size_t n);

/* A reader over the next n bytes; a failed one when there are fewer. Finish both. */
struct reader reader_sub(struct reader *r, size_t n);

/* Skips n bytes that the specification wants to be zero: fails with ERR_NOT_ZERO if one is not. */
void reader_zeros(struct reader *r, size_t n);

/* Everything that is left (may be empty). */
struct bytes reader_rest(struct reader *r);

/* Marks the reader failed with e, at the present offset, unless it failed before. */
void reader_fail(struct reader *r, enum err e);

/* The first failure, or ERR_OK. Says nothing about bytes left over. */
ERR_MUST_USE enum err reader_status(const struct reader *r);

/* The first failure; ERR_TRAILING when bytes are left; ERR_OK when all was read. */
ERR_MUST_USE enum err reader_finish(const struct reader *r);

#endif
