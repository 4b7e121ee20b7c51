/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "unit/http/http_told.h"

static void take(struct told *t, const struct http_event *event)
{
    if (event->kind == HTTP_HEAD)
        t->heads++;
    if (event->kind == HTTP_END)
        t->ended = true;
    if (event->kind == HTTP_BODY) {
        assert_true(event->body.len != 0 && event->body.len <= sizeof t->body - t->body_len);
        memcpy(t->body + t->body_len, event->body.ptr, event->body.len);
        t->body_len += event->body.len;
    }
}

void told_read(struct told *t, const struct http_config *config, struct bytes text, size_t step,
               struct http_reader **r)
{
    *t = (struct told){0};
    assert_ok(http_reader_new(config, r));
    for (size_t at = 0; at < text.len && t->e == ERR_OK && !t->ended;) {
        size_t n = text.len - at < step ? text.len - at : step;
        struct bytes in = bytes_of(text.ptr + at, n);
        struct http_event event = {.kind = HTTP_HEAD};
        while (t->e == ERR_OK && !t->ended && event.kind != HTTP_MORE) {
            t->e = http_read(*r, &in, &event, &t->note);
            if (t->e == ERR_OK)
                take(t, &event);
        }
        at += n - in.len;
        t->used = at;
    }
    t->status = http_reader_status(*r);
}
