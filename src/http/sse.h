/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_SSE_H
#define HTTP_SSE_H

/*
 * Server-sent events (WHATWG HTML, section 9.2): what `text/event-stream` bodies are made of.
 *
 *     struct sse_reader r = {.limit = 1 << 20};
 *     while (in.len != 0) {
 *         bool complete;
 *         enum err e = sse_read(&r, &in, &complete, &note);
 *         if (complete) ... sse_type(&r), sse_data(&r)      // valid until the next sse_read
 *     }
 *     sse_release(&r);
 *
 * Lines may end in LF, CR or CR LF, in any mixture, as the standard has it. Comments, `id` and `retry` are skipped; an event that is not complete when the stream
 * ends never comes out. NUL and what is longer than the limit is refused. Data is content: secret memory, wiped.
 */

#include "base/secret_buffer.h"

struct sse_reader {
    size_t limit; /* bytes of one line, and of one event's data */
    struct secret_buffer line;
    struct secret_buffer data;
    struct secret_buffer type;
    bool has_data;
    bool after_cr; /* a LF now is the second half of a line's end */
    bool begun;    /* a line was read: a byte order mark can come no more */
    bool given;    /* the event in data and type was given out */
};

/* Takes from the front of *in, up to the end of one event at most. ERR_ENCODING, ERR_TOO_LARGE, ERR_MEMORY: then the stream is good for nothing more. */
ERR_MUST_USE enum err sse_read(struct sse_reader *r, struct bytes *in, bool *complete, struct err_note *note);
/* The event just completed: its `data:` lines joined by LF; its type, empty when it said none. */
static inline struct bytes sse_data(const struct sse_reader *r)
{
    return secret_buffer_bytes(&r->data);
}
static inline struct bytes sse_type(const struct sse_reader *r)
{
    return secret_buffer_bytes(&r->type);
}
void sse_release(struct sse_reader *r);

/* One event. type: empty for none. Neither may hold a line's end (ERR_VALUE). ERR_TOO_LARGE when out would grow beyond limit, ERR_MEMORY; out is then as before. */
ERR_MUST_USE enum err sse_append(struct secret_buffer *out, struct bytes type, struct bytes data,
                                 size_t limit);

#endif
