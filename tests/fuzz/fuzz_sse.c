/* SPDX-License-Identifier: Apache-2.0 */

/* Events are the same in one piece and byte by byte, within their limit, and come back as they were when they are written again. */

#include <stdlib.h>

#include "http/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* AGAIN: a line that is written again has a blank that it may not have had. */
enum { LIMIT = 512, AGAIN = LIMIT + 1, OUT_MAX = 1 << 20 };

static enum err copy(struct bytes input, size_t step, size_t limit, struct secret_buffer *out)
{
    struct sse_reader r = {.limit = limit};
    struct err_note note;
    enum err e = ERR_OK;
    for (size_t at = 0; at < input.len && e == ERR_OK; at += step) {
        struct bytes in = bytes_of(input.ptr + at, input.len - at < step ? input.len - at : step);
        while (in.len != 0 && e == ERR_OK) {
            bool complete = false;
            size_t before = in.len;
            e = sse_read(&r, &in, &complete, &note);
            if ((e == ERR_OK && in.len >= before) || sse_data(&r).len > limit)
                abort();
            /* data of several lines cannot be written in one */
            if (e == ERR_OK && complete &&
                memchr(sse_data(&r).ptr == NULL ? (const void *)"" : sse_data(&r).ptr, '\n',
                       sse_data(&r).len) == NULL &&
                sse_append(out, sse_type(&r), sse_data(&r), OUT_MAX) != ERR_OK)
                abort();
        }
    }
    sse_release(&r);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct secret_buffer whole = {0};
    struct secret_buffer bytewise = {0};
    struct secret_buffer again = {0};
    enum err e = copy(bytes_of(data, size), size == 0 ? 1 : size, LIMIT, &whole);
    if (copy(bytes_of(data, size), 1, LIMIT, &bytewise) != e)
        abort();
    if (!bytes_equal(secret_buffer_bytes(&whole), secret_buffer_bytes(&bytewise)))
        abort();
    if (copy(secret_buffer_bytes(&whole), 7, AGAIN, &again) != ERR_OK ||
        !bytes_equal(secret_buffer_bytes(&whole), secret_buffer_bytes(&again)))
        abort();
    secret_buffer_release(&whole);
    secret_buffer_release(&bytewise);
    secret_buffer_release(&again);
    return 0;
}
