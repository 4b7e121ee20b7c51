/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret_buffer.h"

#include "base/secret.h"

enum { FIRST_SIZE = 2048 };

enum err secret_buffer_append(struct secret_buffer *b, struct bytes more, size_t limit)
{
    if (more.len > limit || b->len > limit - more.len)
        return ERR_TOO_LARGE;
    if (b->len + more.len > b->size) {
        size_t size = b->size == 0 ? FIRST_SIZE : b->size;
        while (size < b->len + more.len)
            size *= 2;
        uint8_t *larger = secret_realloc(b->ptr, size);
        if (larger == NULL)
            return ERR_MEMORY;
        b->ptr = larger;
        b->size = size;
    }
    if (more.len != 0)
        memcpy(b->ptr + b->len, more.ptr, more.len);
    b->len += more.len;
    return ERR_OK;
}

void secret_buffer_clear(struct secret_buffer *b)
{
    secret_wipe(b->ptr, b->len);
    b->len = 0;
}

void secret_buffer_release(struct secret_buffer *b)
{
    secret_free(b->ptr);
    *b = (struct secret_buffer){0};
}
