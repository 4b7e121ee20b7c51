/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

/* A range of bytes that somebody else owns. Passed by value; an empty range has len 0 and any ptr. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *ptr;
    size_t len;
};

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
    return (struct bytes){.ptr = (const uint8_t *)ptr, .len = len}; /* the cast: C++ reads this too */
}

static inline struct bytes bytes_str(const char *text)
{
    return (struct bytes){.ptr = (const uint8_t *)text, .len = strlen(text)};
}

/* Public data only: the time taken tells where the first difference is (secret_equal does not). */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool bytes_is_str(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_str(text));
}

/* The same bytes for a function that does not say const but does not write (uv_write), or for their owner to release them. */
static inline void *bytes_owned(struct bytes b)
{
    union {
        const uint8_t *in;
        void *out;
    } same = {.in = b.ptr};
    return same.out;
}

#endif
