/* SPDX-License-Identifier: Apache-2.0 */
#include "http/sse.h"

#include "base/secret.h"

static void empty(struct secret_buffer *b)
{
    if (b->len != 0)
        secret_wipe(b->ptr, b->len);
    b->len = 0;
}

void sse_release(struct sse_reader *r)
{
    secret_buffer_release(&r->line);
    secret_buffer_release(&r->data);
    secret_buffer_release(&r->type);
    *r = (struct sse_reader){.limit = r->limit};
}

static enum err take_field(struct sse_reader *r, struct bytes name, struct bytes value)
{
    if (bytes_is_str(name, "event")) {
        empty(&r->type);
        return secret_buffer_append(&r->type, value, r->limit);
    }
    if (!bytes_is_str(name, "data"))
        return ERR_OK;
    enum err e = r->has_data ? secret_buffer_append(&r->data, bytes_str("\n"), r->limit) : ERR_OK;
    r->has_data = true;
    return e == ERR_OK ? secret_buffer_append(&r->data, value, r->limit) : e;
}

/* A line without its end. *complete: it was the empty one behind an event with data. */
static enum err take_line(struct sse_reader *r, struct bytes line, bool *complete)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    if (!r->begun && line.len >= sizeof mark && memcmp(line.ptr, mark, sizeof mark) == 0)
        line = bytes_of(line.ptr + sizeof mark, line.len - sizeof mark);
    r->begun = true;
    if (line.len == 0) {
        *complete = r->has_data;
        if (!r->has_data)
            empty(&r->type);
        return ERR_OK;
    }
    const uint8_t *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL)
        return take_field(r, line, (struct bytes){0});
    size_t n = (size_t)(colon - line.ptr);
    struct bytes value = bytes_of(colon + 1, line.len - n - 1);
    if (value.len != 0 && value.ptr[0] == ' ')
        value = bytes_of(value.ptr + 1, value.len - 1);
    return take_field(r, bytes_of(line.ptr, n), value);
}

/* The bytes up to the next CR or LF. */
static size_t line_part(struct bytes in)
{
    size_t n = 0;
    while (n < in.len && in.ptr[n] != '\r' && in.ptr[n] != '\n')
        n++;
    return n;
}

static enum err read_some(struct sse_reader *r, struct bytes *in, bool *complete)
{
    if (r->after_cr && in->ptr[0] == '\n')
        *in = bytes_of(in->ptr + 1, in->len - 1);
    r->after_cr = false;
    size_t n = line_part(*in);
    size_t room = r->limit - r->line.len; /* what stands behind the limit is not looked at */
    if (n != 0 && memchr(in->ptr, '\0', n < room ? n : room) != NULL)
        return ERR_ENCODING;
    enum err e = secret_buffer_append(&r->line, bytes_of(in->ptr, n), r->limit);
    bool whole = n < in->len;
    if (whole)
        r->after_cr = in->ptr[n++] == '\r';
    *in = bytes_of(in->ptr + n, in->len - n);
    if (e != ERR_OK || !whole)
        return e;
    e = take_line(r, secret_buffer_bytes(&r->line), complete);
    empty(&r->line);
    return e;
}

enum err sse_read(struct sse_reader *r, struct bytes *in, bool *complete, struct err_note *note)
{
    enum err e = ERR_OK;
    *complete = false;
    if (r->given) {
        empty(&r->data);
        empty(&r->type);
        r->has_data = false;
        r->given = false;
    }
    while (in->len != 0 && e == ERR_OK && !*complete)
        e = read_some(r, in, complete);
    r->given = *complete;
    if (e == ERR_OK)
        return ERR_OK;
    return err_noted(e, note,
                     e == ERR_ENCODING ? "NUL in a stream of events" : "an event that cannot be kept");
}

static bool is_one_line(struct bytes text)
{
    return line_part(text) == text.len && (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
}

enum err sse_append(struct secret_buffer *out, struct bytes type, struct bytes data, size_t limit)
{
    const struct bytes pieces[] = {
        bytes_str(type.len == 0 ? "" : "event: "),
        type,
        bytes_str(type.len == 0 ? "data: " : "\ndata: "),
        data,
        bytes_str("\n\n"),
    };
    size_t before = out->len;
    if (!is_one_line(type) || !is_one_line(data))
        return ERR_VALUE;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        enum err e = secret_buffer_append(out, pieces[i], limit);
        if (e != ERR_OK) {
            out->len = before;
            return e;
        }
    }
    return ERR_OK;
}
