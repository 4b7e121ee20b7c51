/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_http.h"

#include <stdlib.h>

enum { BODY_MAX = 4096, HEAD_MAX = 2048 };

/* What a reader told of a whole input, boiled down to what can be compared. */
struct story {
    enum err e;
    uint16_t status;
    size_t messages;
    size_t used;
    uint64_t sum;
    bool whole;
};

static void add(struct story *s, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        s->sum = s->sum * 31 + b.ptr[i];
}

static void add_head(struct story *s, const struct http_head *h)
{
    s->sum = s->sum * 31 + h->status + h->length + (uint64_t)h->body + h->keep_alive + h->upgrade;
    add(s, h->method);
    add(s, h->target);
    for (size_t i = 0; i < h->field_count; i++) {
        add(s, h->fields[i].name);
        add(s, h->fields[i].value);
    }
}

static struct story tell(enum http_kind kind, struct bytes input, size_t step)
{
    const struct http_config config = {.kind = kind, .head_max = HEAD_MAX, .body_max = BODY_MAX};
    struct story s = {0};
    struct http_reader *r;
    struct http_event event;
    struct err_note note;
    uint64_t body = 0;
    if (http_reader_new(&config, &r) != ERR_OK)
        abort();
    for (size_t at = 0; at < input.len && s.e == ERR_OK;) {
        size_t n = input.len - at < step ? input.len - at : step;
        struct bytes in = bytes_of(input.ptr + at, n);
        do {
            s.e = http_read(r, &in, &event, &note);
            if (s.e != ERR_OK)
                break;
            if (event.kind == HTTP_HEAD)
                add_head(&s, http_head(r));
            if (event.kind == HTTP_BODY) {
                add(&s, event.body);
                body += event.body.len;
                if (event.body.len == 0 || body > BODY_MAX)
                    abort();
            }
            if (event.kind == HTTP_END) {
                s.messages++;
                body = 0;
                http_reader_next(r);
            }
        } while (event.kind != HTTP_MORE);
        at += n;
    }
    s.status = http_reader_status(r);
    if ((s.e == ERR_OK) != (s.status == 0))
        abort();
    s.whole = http_read_eof(r, &event, &note) == ERR_OK;
    http_reader_free(r);
    return s;
}

void fuzz_http(enum http_kind kind, struct bytes input)
{
    struct story whole = tell(kind, input, input.len == 0 ? 1 : input.len);
    struct story bytewise = tell(kind, input, 1);
    /* A fault is found as soon as its byte is there, so a body's bytes before it may have been told already in one and not in the other. */
    if (whole.e != bytewise.e || whole.status != bytewise.status || whole.messages != bytewise.messages ||
        whole.whole != bytewise.whole || (whole.e == ERR_OK && whole.sum != bytewise.sum))
        abort();
}
