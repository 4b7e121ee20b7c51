/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

struct reader reader_over(struct bytes input)
{
    return (struct reader){.at = input.ptr, .left = input.len, .failed = ERR_OK};
}

void reader_fail(struct reader *r, enum err e)
{
    if (r->failed != ERR_OK)
        return;
    r->failed = e;
    r->failed_at = r->offset;
    r->left = 0;
}

/* The only place where the cursor moves. */
struct bytes reader_bytes(struct reader *r, size_t n)
{
    if (r->failed != ERR_OK || n > r->left) {
        reader_fail(r, ERR_TRUNCATED);
        return (struct bytes){0};
    }
    struct bytes taken = bytes_of(r->at, n);
    if (n != 0) {
        r->at += n;
        r->left -= n;
        r->offset += n;
    }
    return taken;
}

static uint64_t reader_be(struct reader *r, size_t n)
{
    struct bytes b = reader_bytes(r, n);
    uint64_t value = 0;
    for (size_t i = 0; i < b.len; i++)
        value = value << 8 | b.ptr[i];
    return value;
}

static uint64_t reader_le(struct reader *r, size_t n)
{
    struct bytes b = reader_bytes(r, n);
    uint64_t value = 0;
    for (size_t i = b.len; i > 0; i--)
        value = value << 8 | b.ptr[i - 1];
    return value;
}

/* Texts are read octet by octet with this. */
uint8_t reader_u8(struct reader *r)
{
    struct bytes b = reader_bytes(r, 1);
    return b.len == 0 ? 0 : *b.ptr;
}

uint16_t reader_u16be(struct reader *r)
{
    return (uint16_t)reader_be(r, 2);
}

uint32_t reader_u24be(struct reader *r)
{
    return (uint32_t)reader_be(r, 3);
}

uint32_t reader_u32be(struct reader *r)
{
    return (uint32_t)reader_be(r, 4);
}

uint64_t reader_u64be(struct reader *r)
{
    return reader_be(r, 8);
}

uint16_t reader_u16le(struct reader *r)
{
    return (uint16_t)reader_le(r, 2);
}

uint32_t reader_u24le(struct reader *r)
{
    return (uint32_t)reader_le(r, 3);
}

uint32_t reader_u32le(struct reader *r)
{
    return (uint32_t)reader_le(r, 4);
}

uint64_t reader_u64le(struct reader *r)
{
    return reader_le(r, 8);
}

void reader_copy(struct reader *r, void *to, size_t n)
{
    struct bytes b = reader_bytes(r, n);
    if (b.len != 0)
        memcpy(to, b.ptr, b.len);
    else if (n != 0)
        memset(to, 0, n);
}

struct reader reader_sub(struct reader *r, size_t n)
{
    size_t offset = r->offset;
    struct bytes b = reader_bytes(r, n);
    struct reader sub = reader_over(b);
    sub.offset = offset;
    if (r->failed != ERR_OK)
        reader_fail(&sub, r->failed);
    return sub;
}

void reader_zeros(struct reader *r, size_t n)
{
    struct reader before = *r;
    struct bytes b = reader_bytes(r, n);
    uint8_t seen = 0;
    for (size_t i = 0; i < b.len; i++)
        seen |= b.ptr[i];
    if (seen != 0) {
        *r = before;
        reader_fail(r, ERR_NOT_ZERO);
    }
}

struct bytes reader_rest(struct reader *r)
{
    return reader_bytes(r, r->left);
}

enum err reader_status(const struct reader *r)
{
    return r->failed;
}

enum err reader_finish(const struct reader *r)
{
    if (r->failed != ERR_OK)
        return r->failed;
    return r->left == 0 ? ERR_OK : ERR_TRAILING;
}
