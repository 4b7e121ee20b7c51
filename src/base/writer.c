/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

struct writer writer_into(void *buffer, size_t size)
{
    return (struct writer){.start = buffer, .size = size};
}

/* The only place where the cursor moves. */
uint8_t *writer_reserve(struct writer *w, size_t n)
{
    if (w->failed || n > w->size - w->used) {
        w->failed = true;
        return NULL;
    }
    uint8_t *at = w->used == 0 ? w->start : w->start + w->used; /* start may be NULL when size is 0 */
    w->used += n;
    return at;
}

static void writer_be(struct writer *w, uint64_t v, size_t n)
{
    uint8_t *at = writer_reserve(w, n);
    for (size_t i = n; at != NULL && i > 0; i--, v >>= 8)
        at[i - 1] = (uint8_t)v;
}

static void writer_le(struct writer *w, uint64_t v, size_t n)
{
    uint8_t *at = writer_reserve(w, n);
    for (size_t i = 0; at != NULL && i < n; i++, v >>= 8)
        at[i] = (uint8_t)v;
}

void writer_u8(struct writer *w, uint8_t v)
{
    writer_be(w, v, 1);
}

void writer_u16be(struct writer *w, uint16_t v)
{
    writer_be(w, v, 2);
}

void writer_u24be(struct writer *w, uint32_t v)
{
    writer_be(w, v, 3);
}

void writer_u32be(struct writer *w, uint32_t v)
{
    writer_be(w, v, 4);
}

void writer_u64be(struct writer *w, uint64_t v)
{
    writer_be(w, v, 8);
}

void writer_u16le(struct writer *w, uint16_t v)
{
    writer_le(w, v, 2);
}

void writer_u32le(struct writer *w, uint32_t v)
{
    writer_le(w, v, 4);
}

void writer_u64le(struct writer *w, uint64_t v)
{
    writer_le(w, v, 8);
}

void writer_bytes(struct writer *w, struct bytes b)
{
    uint8_t *at = writer_reserve(w, b.len);
    if (at != NULL && b.len != 0)
        memcpy(at, b.ptr, b.len);
}

void writer_str(struct writer *w, const char *text)
{
    writer_bytes(w, bytes_str(text));
}

void writer_zeros(struct writer *w, size_t n)
{
    uint8_t *at = writer_reserve(w, n);
    if (at != NULL && n != 0)
        memset(at, 0, n);
}

enum err writer_finish(const struct writer *w, struct bytes *out)
{
    *out = w->failed ? (struct bytes){0} : bytes_of(w->start, w->used);
    return w->failed ? ERR_NO_SPACE : ERR_OK;
}
