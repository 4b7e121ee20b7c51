/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECRET_BUFFER_H
#define BASE_SECRET_BUFFER_H

/* Text that comes in pieces, such as a request or an answer: a buffer of secret memory that grows. All zero is an empty one. */

#include "base/bytes.h"
#include "base/error.h"

struct secret_buffer {
    uint8_t *ptr; /* secret memory */
    size_t len;
    size_t size;
};

/* Adds a piece. ERR_TOO_LARGE when the whole would be longer than limit, ERR_MEMORY; the buffer then stays as it was. */
ERR_MUST_USE enum err secret_buffer_append(struct secret_buffer *b, struct bytes more, size_t limit);
/* Overwrites what is in it and keeps the memory for more. */
void secret_buffer_clear(struct secret_buffer *b);
/* Overwrites and releases; the buffer is empty again. */
void secret_buffer_release(struct secret_buffer *b);
static inline struct bytes secret_buffer_bytes(const struct secret_buffer *b)
{
    return bytes_of(b->ptr, b->len);
}

#endif
