/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <stdio.h>

#include "base/secret.h"

static const struct route routes[] = {
    {"/v1/chat/completions", "POST", false, FRAMING_DATA, false},
    {"/v1/completions", "POST", false, FRAMING_DATA, false},
    {"/v1/embeddings", "POST", false, FRAMING_WHOLE, false},
    {"/v1/responses", "POST", false, FRAMING_TYPED, false},
    {"/v1/messages", "POST", false, FRAMING_TYPED, true},
    {"/v1/messages/count_tokens", "POST", false, FRAMING_WHOLE, true},
    {"/v1/models", "GET", false, FRAMING_WHOLE, false},
    {"/v1/models/", "GET", true, FRAMING_WHOLE, false},
};

const struct route *route_find(struct bytes path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t n = strlen(routes[i].path);
        if (routes[i].prefix
                ? path.len > n && path.len <= CHANNEL_PATH_MAX && memcmp(path.ptr, routes[i].path, n) == 0
                : bytes_is_str(path, routes[i].path))
            return &routes[i];
    }
    return NULL;
}

/* ---- coming and going ---- */

static void body_release(struct exchange *x)
{
    x->proxy->body_bytes -= x->body.len;
    secret_buffer_release(&x->body);
}

/* Forgotten by all: its visitor, its link, those who wait. */
static void release(struct exchange *x)
{
    if (x->visitor != NULL)
        x->visitor->exchange = NULL;
    if (x->link != NULL)
        link_stream_forget(x->link, x);
    pool_forget(x->proxy, x);
    body_release(x);
    secret_buffer_release(&x->line);
    secret_free(x);
    secret_wipe_stack();
}

/* The stream is not wanted any more: the enclave need not work on it. */
static void cancel_stream(struct exchange *x, enum err reason)
{
    struct link *l = x->link;
    if (l == NULL)
        return;
    link_stream_forget(l, x);
    channel_stream_cancel(l->channel, x->stream, reason);
    link_touch(l);
}

enum err exchange_begin(struct visitor *v, const struct route *route, struct bytes path,
                        struct secret_buffer *body)
{
    struct proxy *p = v->proxy;
    struct exchange *x = secret_alloc(sizeof *x);
    if (x == NULL)
        return ERR_MEMORY;
    *x = (struct exchange){.proxy = p, .visitor = v, .route = route, .begun_at = uv_now(&p->loop)};
    (void)snprintf(x->path, sizeof x->path, "%.*s", (int)path.len, (const char *)path.ptr);
    x->streamed = route->framing != FRAMING_WHOLE && framing_wants_stream(secret_buffer_bytes(body));
    x->body = *body;
    *body = (struct secret_buffer){0};
    v->exchange = x;
    p->requests++;
    pool_wait(p, x);
    return ERR_OK;
}

void exchange_cancel(struct exchange *x)
{
    x->visitor = NULL;
    cancel_stream(x, ERR_CANCELLED);
    release(x);
}

/* ---- the end of an answer ---- */

/* Ends the exchange with an error: as the answer, or, when that has begun, as the last event of a stream that is then cut off. */
static void finish_with_error(struct exchange *x, uint16_t status, const char *code, const char *message)
{
    struct visitor *v = x->visitor;
    const struct route *route = x->route;
    bool begun = x->begun;
    struct secret_buffer event = {0};
    cancel_stream(x, ERR_CANCELLED);
    release(x);
    if (!begun) {
        visitor_refuse(v, status, code, message);
        return;
    }
    char *text = framing_error(route, true, status, code, message);
    if (text != NULL && framing_event(route->framing, bytes_str(text), &event) == ERR_OK)
        visitor_stream_piece(v, secret_buffer_bytes(&event));
    secret_free(text);
    secret_buffer_release(&event);
    visitor_stream_abort(v);
}

static void finish_stream(struct exchange *x)
{
    static const char done[] = "data: [DONE]\n\n";
    struct visitor *v = x->visitor;
    bool says_done = x->route->framing == FRAMING_DATA;
    cancel_stream(x, ERR_CANCELLED); /* does nothing when our side has ended too */
    release(x);
    if (says_done)
        visitor_stream_piece(v, bytes_str(done));
    visitor_stream_end(v);
}

/* A whole answer: one document. Its line's end is the channel's, not the document's. */
static void finish_whole(struct exchange *x)
{
    struct visitor *v = x->visitor;
    struct secret_buffer document = x->line;
    struct answer_head head = {.status = x->status, .type = "application/json"};
    x->line = (struct secret_buffer){0};
    cancel_stream(x, ERR_CANCELLED);
    release(x);
    struct bytes text = secret_buffer_bytes(&document);
    if (text.len != 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    visitor_answer(v, &head, text);
    secret_buffer_release(&document);
}

/* ---- the stream ---- */

static const char not_agreed[] = "the enclave's answer is not in the form that was agreed";

void exchange_start(struct exchange *x, struct link *l)
{
    enum err e = link_stream_open(l, x, x->path);
    if (e == ERR_OK) {
        x->body_sent = 0;
        link_touch(l);
        return;
    }
    if (e == ERR_VALUE || e == ERR_MEMORY) {
        finish_with_error(x, e == ERR_VALUE ? 404 : 500, err_name(e), err_text(e));
        return;
    }
    pool_wait(x->proxy, x);
    if (e != ERR_CHANNEL_STREAMS)
        link_close(l, e);
}

void exchange_push(struct exchange *x)
{
    struct channel *ch = x->link->channel;
    if (x->body_sent == SIZE_MAX)
        return;
    size_t room = channel_stream_room(ch, x->stream);
    size_t left = x->body.len - x->body_sent;
    size_t n = left < room ? left : room;
    bool last = n == left;
    if (room == 0)
        return;
    if (channel_stream_write(ch, x->stream, bytes_of(x->body.ptr + x->body_sent, n), last) != ERR_OK)
        return; /* the channel is closing, and says so itself */
    x->body_sent = last ? SIZE_MAX : x->body_sent + n;
}

/* Statuses that tell an HTTP client that no body comes, or that this was not the answer yet: the lines behind it would pass for another answer. */
static bool is_final(uint16_t status)
{
    return status >= 200 && status != 204 && status != 205 && status != 304;
}

void exchange_replied(struct exchange *x, uint16_t status)
{
    if (!is_final(status)) {
        finish_with_error(x, 502, err_name(ERR_CHANNEL_FRAME), not_agreed);
        return;
    }
    x->status = status;
    if (x->body_sent == SIZE_MAX) /* it will not be asked again elsewhere */
        body_release(x);
}

/* Gives the window back for what came, unless the local client is behind: then the enclave has to wait. */
static void consume(struct exchange *x)
{
    if (x->held == 0 || x->link == NULL || visitor_pending(x->visitor) > PROXY_BEHIND_MAX)
        return;
    channel_stream_consumed(x->link->channel, x->stream, x->held);
    x->held = 0;
    link_touch(x->link);
}

void exchange_drained(struct exchange *x)
{
    consume(x);
}

static bool take_line(struct exchange *x, struct bytes line)
{
    struct secret_buffer event = {0};
    enum err e = framing_event(x->route->framing, line, &event);
    if (e == ERR_OK && !x->begun) {
        x->begun = true;
        visitor_stream_begin(x->visitor);
    }
    if (e == ERR_OK)
        visitor_stream_piece(x->visitor, secret_buffer_bytes(&event));
    secret_buffer_release(&event);
    return e == ERR_OK;
}

/* The lines that are whole, each an event; the rest is kept. False: that is no answer. */
static bool take_lines(struct exchange *x, struct bytes data)
{
    while (data.len != 0) {
        const uint8_t *newline = memchr(data.ptr, '\n', data.len);
        size_t n = newline == NULL ? data.len : (size_t)(newline - data.ptr);
        bool kept = x->line.len != 0 || newline == NULL;
        if (kept && secret_buffer_append(&x->line, bytes_of(data.ptr, n), PROXY_ANSWER_MAX) != ERR_OK)
            return false;
        if (newline == NULL)
            return true;
        if (!take_line(x, kept ? secret_buffer_bytes(&x->line) : bytes_of(data.ptr, n)))
            return false;
        secret_buffer_release(&x->line);
        data = bytes_of(data.ptr + n + 1, data.len - n - 1);
    }
    return true;
}

void exchange_data(struct exchange *x, struct bytes data, bool end)
{
    bool streamed = x->streamed && x->status == 200;
    bool good =
        streamed ? take_lines(x, data) : secret_buffer_append(&x->line, data, PROXY_ANSWER_MAX) == ERR_OK;
    x->held += data.len;
    if (!good || (end && streamed && (x->line.len != 0 || !x->begun)))
        finish_with_error(x, 502, err_name(ERR_CHANNEL_FRAME), not_agreed);
    else if (!end)
        consume(x);
    else if (streamed)
        finish_stream(x);
    else
        finish_whole(x);
}

/* ---- what can go wrong ---- */

void exchange_given_up(struct exchange *x, enum err reason)
{
    finish_with_error(x, reason == ERR_BUSY ? 429 : 502, err_name(reason), err_text(reason));
}

void exchange_link_lost(struct exchange *x, enum err reason, const struct err_note *note)
{
    char message[512];
    /* Nothing was answered, so it may be asked again, of whoever is verified now; once. */
    if (x->status == 0 && !x->retried) {
        x->retried = true;
        x->begun_at = uv_now(&x->proxy->loop);
        pool_wait(x->proxy, x);
        return;
    }
    (void)snprintf(message, sizeof message,
                   "the connection to the enclave broke before the answer was whole: %s",
                   note->text[0] != '\0' ? note->text : err_text(reason));
    finish_with_error(x, 502, err_name(reason), message);
}

void exchange_hopeless(struct exchange *x)
{
    char message[2048] = "Nothing was sent, because no enclave could be reached: ";
    bool refused = pool_is_refused(x->proxy);
    if (refused)
        (void)snprintf(message, sizeof message,
                       "Nothing was sent, because no enclave proved that it may read your prompt: ");
    size_t n = strlen(message);
    pool_why(x->proxy, message + n, sizeof message - n);
    finish_with_error(x, 502, err_name(refused ? ERR_REFUSED : ERR_NETWORK), message);
}

void exchange_too_late(struct exchange *x)
{
    finish_with_error(x, 503, err_name(ERR_CHANNEL_TIMEOUT),
                      "Nothing was sent, because no verified channel was free in time");
}
