/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_internal.h"

#include "base/secret.h"

enum { CHUNK_DIGITS_MAX = 16 };

/* Where in a message the reader stands. Each state takes from the input and says which comes next. */
enum state {
    STATE_HEAD,
    STATE_BODY_BEGIN, /* the head was given out */
    STATE_LENGTH,
    STATE_EOF,
    STATE_CHUNK_SIZE,
    STATE_CHUNK,
    STATE_CHUNK_END,
    STATE_TRAILERS,
    STATE_END,
};

struct http_reader {
    struct http_config config;
    enum state state;
    struct secret_buffer text; /* of the head; of the trailers */
    struct secret_buffer trailers;
    size_t line;           /* bytes of the present line so far, CR included */
    bool cr;               /* the last byte was CR */
    struct http_head head; /* ranges of text */
    uint64_t left;         /* of the body, or of the chunk */
    uint64_t taken;        /* of the body, all chunks together */
    unsigned digits;
    enum err failed;
    uint16_t status;
    struct err_note note;
};

enum err http_reader_new(const struct http_config *config, struct http_reader **out)
{
    struct http_reader *r = secret_alloc(sizeof *r);
    *out = r;
    if (r == NULL)
        return ERR_MEMORY;
    r->config = *config;
    if (r->config.head_max == 0)
        r->config.head_max = HTTP_HEAD_MAX;
    return ERR_OK;
}

void http_reader_free(struct http_reader *r)
{
    if (r == NULL)
        return;
    secret_buffer_release(&r->text);
    secret_buffer_release(&r->trailers);
    secret_free(r);
}

void http_reader_next(struct http_reader *r)
{
    if (r->failed != ERR_OK)
        return;
    secret_buffer_release(&r->text);
    secret_buffer_release(&r->trailers);
    r->head = (struct http_head){0};
    r->state = STATE_HEAD;
    r->line = 0;
    r->cr = false;
    r->left = 0;
    r->taken = 0;
    r->digits = 0;
}

const struct http_head *http_head(const struct http_reader *r)
{
    return &r->head;
}

bool http_reader_begun(const struct http_reader *r)
{
    return r->state == STATE_HEAD ? r->text.len != 0 : r->state != STATE_END;
}

uint16_t http_reader_status(const struct http_reader *r)
{
    return r->failed == ERR_OK ? 0 : r->status;
}

static enum err fail(struct http_reader *r, enum err e, uint16_t status, const char *why)
{
    r->failed = e;
    r->status = status;
    return err_noted(e, &r->note, "%s", why);
}

static struct bytes take(struct bytes *in, size_t n)
{
    struct bytes piece = bytes_of(in->ptr, n);
    *in = bytes_of(in->ptr + n, in->len - n);
    return piece;
}

/* ---- lines: heads and trailers ---- */

/* How much of the input belongs to these lines, the empty one that ends them included. Each byte is looked at as it comes, so that what is wrong is refused
 * before a limit or somebody's patience is used up. */
static enum err scan_lines(struct http_reader *r, struct bytes in, size_t *n, bool *complete)
{
    *complete = false;
    for (*n = 0; *n < in.len && !*complete; ++*n) {
        uint8_t c = in.ptr[*n];
        if (r->cr != (c == '\n'))
            return fail(r, ERR_ENCODING, 400, "a line ends in something else than CR LF");
        if (c == '\0')
            return fail(r, ERR_ENCODING, 400, "NUL in a head");
        r->cr = c == '\r';
        r->line++;
        if (c == '\n') {
            *complete = r->line == 2;
            r->line = 0;
        }
    }
    return ERR_OK;
}

/* *complete: the empty line has come, and all is in `to`. What stands behind the limit is not looked at, so that it does not matter in which pieces it comes. */
static enum err take_lines(struct http_reader *r, struct bytes *in, struct secret_buffer *to, bool *complete)
{
    size_t room = r->config.head_max - to->len;
    size_t n = 0;
    enum err e = scan_lines(r, bytes_of(in->ptr, in->len < room ? in->len : room), &n, complete);
    if (e != ERR_OK)
        return e;
    if (!*complete && in->len > room)
        return fail(r, ERR_TOO_LARGE, 431, "the head is larger than is taken");
    e = secret_buffer_append(to, take(in, n), r->config.head_max);
    return e == ERR_OK ? ERR_OK : fail(r, e, 500, err_text(e));
}

static enum err read_head(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    bool complete = false;
    enum err e = take_lines(r, in, &r->text, &complete);
    if (e != ERR_OK || !complete)
        return e;
    uint16_t status = 0;
    e = http_head_parse(r->config.kind, secret_buffer_bytes(&r->text), &r->head, &status, &r->note);
    if (e != ERR_OK) {
        r->failed = e;
        r->status = status;
        return e;
    }
    if (r->head.body == HTTP_BODY_LENGTH && r->head.length > r->config.body_max)
        return fail(r, ERR_TOO_LARGE, 413, "the body is larger than is taken");
    r->state = STATE_BODY_BEGIN;
    event->kind = HTTP_HEAD;
    return ERR_OK;
}

static enum err read_trailers(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    bool complete = false;
    (void)event;
    enum err e = take_lines(r, in, &r->trailers, &complete);
    if (e != ERR_OK || !complete)
        return e;
    e = http_trailers_parse(secret_buffer_bytes(&r->trailers), &r->note);
    if (e != ERR_OK) {
        r->failed = e;
        r->status = 400;
        return e;
    }
    r->state = STATE_END;
    return ERR_OK;
}

/* ---- bodies ---- */

static enum err begin_body(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    static const enum state first[] = {
        [HTTP_BODY_NONE] = STATE_END,
        [HTTP_BODY_LENGTH] = STATE_LENGTH,
        [HTTP_BODY_CHUNKED] = STATE_CHUNK_SIZE,
        [HTTP_BODY_TO_EOF] = STATE_EOF,
    };
    (void)in;
    (void)event;
    r->left = r->head.length;
    r->state = first[r->head.body];
    return ERR_OK;
}

/* The next piece of what is left, then `after`. */
static enum err take_body(struct http_reader *r, struct bytes *in, struct http_event *event, enum state after)
{
    size_t n = in->len < r->left ? in->len : (size_t)r->left;
    event->kind = HTTP_BODY;
    event->body = take(in, n);
    r->left -= n;
    if (r->left == 0)
        r->state = after;
    return ERR_OK;
}

static enum err read_length(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    return take_body(r, in, event, STATE_END);
}

static enum err read_chunk(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    return take_body(r, in, event, STATE_CHUNK_END);
}

static enum err read_to_eof(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    if (in->len > r->config.body_max - r->taken)
        return fail(r, ERR_TOO_LARGE, 413, "the body is larger than is taken");
    r->taken += in->len;
    event->kind = HTTP_BODY;
    event->body = take(in, in->len);
    return ERR_OK;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 9112, section 7.1, without extensions: 1*HEXDIG CRLF. */
static enum err read_chunk_size(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    uint8_t c = take(in, 1).ptr[0];
    (void)event;
    if (r->cr) {
        if (c != '\n')
            return fail(r, ERR_ENCODING, 400, "a chunk's size ends in something else than CR LF");
        r->cr = false;
        r->digits = 0;
        if (r->left > r->config.body_max - r->taken)
            return fail(r, ERR_TOO_LARGE, 413, "the body is larger than is taken");
        r->taken += r->left;
        r->state = r->left == 0 ? STATE_TRAILERS : STATE_CHUNK;
        return ERR_OK;
    }
    if (c == '\r' && r->digits != 0) {
        r->cr = true;
        return ERR_OK;
    }
    int digit = hex_digit(c);
    if (digit < 0)
        return fail(r, ERR_ENCODING, 400, "a chunk's size is not a hexadecimal number alone");
    if (++r->digits > CHUNK_DIGITS_MAX)
        return fail(r, ERR_TOO_LARGE, 413, "a chunk's size has too many digits");
    r->left = r->left << 4 | (uint64_t)digit;
    return ERR_OK;
}

static enum err read_chunk_end(struct http_reader *r, struct bytes *in, struct http_event *event)
{
    uint8_t c = take(in, 1).ptr[0];
    (void)event;
    if (c != (r->cr ? '\n' : '\r'))
        return fail(r, ERR_ENCODING, 400, "a chunk is longer than its size");
    if (r->cr)
        r->state = STATE_CHUNK_SIZE;
    r->cr = !r->cr;
    return ERR_OK;
}

/* ---- */

static enum err (*const steps[])(struct http_reader *, struct bytes *, struct http_event *) = {
    [STATE_HEAD] = read_head,           [STATE_BODY_BEGIN] = begin_body,      [STATE_LENGTH] = read_length,
    [STATE_EOF] = read_to_eof,          [STATE_CHUNK_SIZE] = read_chunk_size, [STATE_CHUNK] = read_chunk,
    [STATE_CHUNK_END] = read_chunk_end, [STATE_TRAILERS] = read_trailers,
};

static enum err failure(const struct http_reader *r, struct err_note *note)
{
    return err_noted(r->failed, note, "%s", r->note.text);
}

enum err http_read(struct http_reader *r, struct bytes *in, struct http_event *event, struct err_note *note)
{
    *event = (struct http_event){.kind = HTTP_MORE};
    while (r->failed == ERR_OK && event->kind == HTTP_MORE) {
        if (r->state == STATE_END) {
            event->kind = HTTP_END;
            return ERR_OK;
        }
        /* A message without a body ends with its head, not with the byte behind it. */
        if (in->len == 0 && r->state != STATE_BODY_BEGIN)
            return ERR_OK;
        (void)!steps[r->state](r, in, event); /* what failed is kept */
    }
    return r->failed == ERR_OK ? ERR_OK : failure(r, note);
}

enum err http_read_eof(struct http_reader *r, struct http_event *event, struct err_note *note)
{
    *event = (struct http_event){.kind = HTTP_MORE};
    if (r->failed != ERR_OK)
        return failure(r, note);
    if (r->state == STATE_EOF)
        r->state = STATE_END;
    if (r->state == STATE_END)
        event->kind = HTTP_END;
    return http_reader_begun(r) ? err_noted(ERR_TRUNCATED, note, "the message ends before it is whole")
                                : ERR_OK;
}
