/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

/*
 * A local client's connection: READING a request -> ANSWERING it -> READING the next one; LINGERING when an answer was the last, until the client has gone or the
 * time is over. Requests that come behind one that is being answered are kept back and answered in their order.
 */

enum {
    ANSWER_HEAD_MAX = 4096,
    BODY_RATE = 64 * 1024, /* bytes for which a client has a second more */
};

/* ---- the end ---- */

static void on_socket_closed(uv_handle_t *handle)
{
    struct visitor *v = handle->data;
    http_reader_free(v->reader);
    secret_buffer_release(&v->behind);
    secret_buffer_release(&v->out);
    secret_buffer_release(&v->writing);
    secret_free(v);
}

static void body_release(struct visitor *v)
{
    v->proxy->body_bytes -= v->body.len;
    secret_buffer_release(&v->body);
}

void visitor_drop(struct visitor *v)
{
    if (v->state == VISITOR_CLOSED)
        return;
    v->state = VISITOR_CLOSED;
    if (v->exchange != NULL)
        exchange_cancel(v->exchange);
    body_release(v);
    *v->back = v->next;
    if (v->next != NULL)
        v->next->back = v->back;
    v->proxy->visitor_count--;
    uv_close((uv_handle_t *)&v->socket, on_socket_closed);
}

static void touch(struct visitor *v)
{
    v->dirty = true;
    v->proxy->unsettled = true;
}

/* ---- writing ---- */

size_t visitor_pending(const struct visitor *v)
{
    return v->out.len + v->writing.len;
}

/* An answer too large to be kept, or no memory: the connection is cut off. */
static void put(struct visitor *v, struct bytes more)
{
    if (secret_buffer_append(&v->out, more, PROXY_OUT_MAX) != ERR_OK)
        v->broken = true;
    touch(v);
}

static void on_written(uv_write_t *write, int status)
{
    struct visitor *v = write->data;
    secret_buffer_release(&v->writing);
    v->in_flight = false;
    v->broken = v->broken || status != 0;
    v->wrote_at = uv_now(&v->proxy->loop);
    if (v->state != VISITOR_CLOSED)
        touch(v);
}

static void flush(struct visitor *v)
{
    if (v->in_flight || v->out.len == 0)
        return;
    uv_buf_t buffer = uv_buf_init((char *)v->out.ptr, (unsigned)v->out.len);
    int n = uv_try_write((uv_stream_t *)&v->socket, &buffer, 1);
    v->wrote_at = uv_now(&v->proxy->loop);
    if (n == (int)v->out.len) {
        secret_buffer_release(&v->out);
        return;
    }
    if (n < 0 && n != UV_EAGAIN) {
        v->broken = true;
        return;
    }
    size_t written = n > 0 ? (size_t)n : 0;
    v->writing = v->out;
    v->out = (struct secret_buffer){0};
    v->in_flight = true;
    v->write.data = v;
    buffer = uv_buf_init((char *)v->writing.ptr + written, (unsigned)(v->writing.len - written));
    if (uv_write(&v->write, (uv_stream_t *)&v->socket, &buffer, 1, on_written) != 0) {
        v->in_flight = false;
        v->broken = true;
    }
}

/* ---- answers ---- */

static void put_head(struct visitor *v, const struct answer_head *h, bool has_length, size_t length)
{
    char text[ANSWER_HEAD_MAX];
    struct bytes head;
    struct writer w = writer_into(text, sizeof text);
    const struct {
        const char *name;
        struct bytes value;
    } fields[] = {
        {"Content-Type", bytes_str(h->type != NULL ? h->type : "")},
        {"Content-Security-Policy", bytes_str(h->csp != NULL ? h->csp : "")},
        {"X-Frame-Options", bytes_str(h->csp != NULL ? "DENY" : "")},
        {"Referrer-Policy", bytes_str(h->csp != NULL ? "no-referrer" : "")},
        {"Content-Disposition", bytes_str(h->disposition != NULL ? h->disposition : "")},
        {"Location", bytes_str(h->location != NULL ? h->location : "")},
        {"Set-Cookie", h->cookie},
        {"Allow", bytes_str(h->allow != NULL ? h->allow : "")},
        {"WWW-Authenticate", bytes_str(h->status == 401 ? "Bearer" : "")},
        {"x-should-retry", bytes_str(h->no_retry ? "false" : "")},
        {"Access-Control-Allow-Origin", v->origin},
        {"Vary", bytes_str(v->origin.len != 0 ? "Origin" : "")},
        {"Access-Control-Allow-Methods", bytes_str(v->preflight ? "GET, POST" : "")},
        {"Access-Control-Allow-Headers", v->preflight ? v->wished_headers : (struct bytes){0}},
        {"Access-Control-Max-Age", bytes_str(v->preflight ? "600" : "")},
        {"Cache-Control", bytes_str("no-store")},
        {"X-Content-Type-Options", bytes_str("nosniff")},
        {"Transfer-Encoding", bytes_str(!has_length && v->chunked ? "chunked" : "")},
        {"Connection", bytes_str(v->close_after ? "close" : "keep-alive")},
    };
    http_write_response(&w, h->status);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].value.len != 0)
            http_write_field(&w, fields[i].name, fields[i].value);
    if (has_length && h->status != 204)
        http_write_number(&w, "Content-Length", length);
    http_write_end(&w);
    if (writer_finish(&w, &head) == ERR_OK)
        put(v, head);
    else
        v->broken = true;
}

/* The request is dealt with; what is written still has to leave. */
static void done(struct visitor *v)
{
    v->state = VISITOR_ANSWERED;
    v->idle_since = uv_now(&v->proxy->loop);
    touch(v);
}

void visitor_answer(struct visitor *v, const struct answer_head *head, struct bytes body)
{
    put_head(v, head, true, body.len);
    put(v, body);
    done(v);
}

void visitor_refuse(struct visitor *v, uint16_t status, const char *code, const char *message)
{
    char *text = framing_error(v->route, false, status, code, message);
    struct answer_head head = {
        .status = status, .type = "application/json", .no_retry = status == 502 || status == 503};
    if (status == 405)
        head.allow = v->route != NULL ? v->route->method : "GET";
    visitor_answer(v, &head, bytes_str(text != NULL ? text : "{}"));
    secret_free(text);
}

void visitor_stream_begin(struct visitor *v)
{
    const struct answer_head head = {.status = 200, .type = "text/event-stream; charset=utf-8"};
    if (!v->chunked)
        v->close_after = true; /* HTTP/1.0: the end of the connection is the end of the answer */
    put_head(v, &head, false, 0);
}

void visitor_stream_piece(struct visitor *v, struct bytes piece)
{
    if (!v->chunked)
        put(v, piece);
    else if (http_chunk_append(&v->out, piece, PROXY_OUT_MAX) != ERR_OK)
        v->broken = true;
    touch(v);
}

void visitor_stream_end(struct visitor *v)
{
    if (v->chunked)
        put(v, bytes_str(HTTP_LAST_CHUNK));
    done(v);
}

void visitor_stream_abort(struct visitor *v)
{
    v->close_after = true;
    done(v);
}

/* ---- requests ---- */

/* What cannot be served is answered at once, and the connection ended: the rest of the request need not be read. */
static void turn_away(struct visitor *v, uint16_t status, const char *code, const char *message)
{
    v->close_after = true;
    visitor_refuse(v, status, code, message);
}

/* May this client ask here at all? Before anything of the body is read. */
static bool is_welcome(struct visitor *v, const struct http_head *head)
{
    const struct guard *g = &v->proxy->guard;
    struct bytes origin;
    if (!guard_host(g, head)) {
        turn_away(v, 421, "wrong-host",
                  "The Host of this request is not this proxy's own name (localhost, 127.0.0.1 or [::1], and "
                  "its port)");
        return false;
    }
    switch (guard_origin(g, head, &origin)) {
    case GUARD_ORIGIN_NONE:
    case GUARD_ORIGIN_OWN:
        return true;
    case GUARD_ORIGIN_ALLOWED:
        v->origin = origin;
        return true;
    case GUARD_ORIGIN_REFUSED:
        break;
    }
    turn_away(v, 403, "wrong-origin",
              "Web pages may not use this proxy, unless it was started with --allow-origin and their origin");
    return false;
}

/* A browser asks what a page of an allowed origin may send. It has no token yet, and gets nothing but that. */
static bool answer_preflight(struct visitor *v, const struct http_head *head)
{
    const struct answer_head none = {.status = 204};
    if (v->origin.len == 0 || !bytes_is_str(head->method, "OPTIONS"))
        return false;
    (void)http_find(head, "Access-Control-Request-Headers", &v->wished_headers);
    v->close_after = v->close_after ||
                     head->body != HTTP_BODY_NONE; /* which is not read, and must not pass for a request */
    v->preflight = true;
    visitor_answer(v, &none, (struct bytes){0});
    v->preflight = false;
    return true;
}

#define API_PREFIX "/v1"

/* Most paths that are none come of a base_url with a part too few or too many. */
static const char *no_such_path(struct bytes path)
{
    enum { PREFIX = sizeof API_PREFIX - 1 };
    char longer[PREFIX + CHANNEL_PATH_MAX + 1];
    bool prefixed = path.len > PREFIX && memcmp(path.ptr, API_PREFIX, PREFIX) == 0;
    if (memmem(path.ptr, path.len, "//", 2) != NULL)
        return "There is no such path here: it has two slashes in a row. Take the one at the end of the "
               "base_url away";
    if (prefixed && route_find(bytes_of(path.ptr + PREFIX, path.len - PREFIX)) != NULL)
        return "There is no such path here: it has " API_PREFIX
               " twice. Take it off the end of the base_url; "
               "this SDK adds it (as Anthropic's do)";
    if (path.len <= CHANNEL_PATH_MAX) {
        int n = snprintf(longer, sizeof longer, API_PREFIX "%.*s", (int)path.len, (const char *)path.ptr);
        if (route_find(bytes_of((const uint8_t *)longer, (size_t)n)) != NULL)
            return "There is no such path here. Add " API_PREFIX " to the end of the base_url; this SDK does "
                   "not (OpenAI's do not)";
    }
    return "There is no such path here";
}

static void on_head(struct visitor *v, const struct http_head *head)
{
    v->close_after = !head->keep_alive;
    v->chunked = head->minor == 1;
    v->origin = (struct bytes){0};
    v->route = route_find(head->path);
    if (!is_welcome(v, head) || answer_preflight(v, head))
        return;
    if (local_is_path(head->path)) {
        if (head->body != HTTP_BODY_NONE && (head->body != HTTP_BODY_LENGTH || head->length > LOCAL_BODY_MAX))
            turn_away(v, 413, "too-large", "That is more than this page takes");
    } else if (!guard_token(&v->proxy->guard, head)) {
        turn_away(v, 401, "invalid_api_key",
                  "This proxy wants its token, as api_key; `enclume proxy` said it, or where it is");
    } else if (v->route == NULL) {
        turn_away(v, 404, "unknown_url", no_such_path(head->path));
    } else if (!bytes_is_str(head->method, v->route->method)) {
        char message[64];
        (void)snprintf(message, sizeof message, "This path is asked by %s", v->route->method);
        turn_away(v, 405, "method_not_allowed", message);
    }
    if (v->state == VISITOR_READING && head->expect_continue)
        put(v, bytes_str("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void on_body(struct visitor *v, struct bytes piece)
{
    struct proxy *p = v->proxy;
    enum err e = piece.len > PROXY_BODIES_MAX - p->body_bytes
                     ? ERR_BUSY
                     : secret_buffer_append(&v->body, piece, PROXY_BODY_MAX);
    if (e == ERR_OK)
        p->body_bytes += piece.len;
    else
        turn_away(v, e == ERR_TOO_LARGE ? 413 : 503, err_name(e),
                  "The request is too large, or too many are being read at once");
}

static void on_request(struct visitor *v, const struct http_head *head)
{
    v->state = VISITOR_ANSWERING;
    if (local_is_path(head->path)) {
        local_answer(v, head, secret_buffer_bytes(&v->body));
        body_release(v);
        return;
    }
    if (exchange_begin(v, v->route, head->path, &v->body) != ERR_OK)
        turn_away(v, 500, err_name(ERR_MEMORY), err_text(ERR_MEMORY));
}

/* One event of the reader. False: nothing more to be done with this input now. */
static bool read_event(struct visitor *v, struct bytes *in)
{
    struct http_event event;
    struct err_note note = {{0}};
    enum err e = http_read(v->reader, in, &event, &note);
    if (e != ERR_OK) {
        v->route = NULL;
        v->origin = (struct bytes){0};
        turn_away(v, http_reader_status(v->reader), err_name(e), note.text);
        return false;
    }
    if (event.kind == HTTP_HEAD)
        on_head(v, http_head(v->reader));
    else if (event.kind == HTTP_BODY)
        on_body(v, event.body);
    else if (event.kind == HTTP_END)
        on_request(v, http_head(v->reader));
    return event.kind != HTTP_MORE && v->state == VISITOR_READING;
}

static void feed(struct visitor *v, struct bytes in)
{
    if (v->state == VISITOR_READING) {
        if (!v->request_begun && in.len != 0) {
            v->request_begun = true;
            v->began_at = uv_now(&v->proxy->loop);
        }
        while (read_event(v, &in))
            ;
    }
    /* Behind a request that is being answered: kept for later, and no more is read meanwhile. Behind the last one: thrown away. */
    if (in.len != 0 && !v->close_after && v->state != VISITOR_READING) {
        (void)uv_read_stop((uv_stream_t *)&v->socket);
        v->read_stopped = true;
        if (secret_buffer_append(&v->behind, in, 2 * PROXY_READ_SIZE) != ERR_OK)
            v->broken = true;
        touch(v);
    }
}

/* ---- the socket ---- */

static void on_read_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct visitor *v = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)v->proxy->read_buffer, PROXY_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct visitor *v = stream->data;
    if (n == 0 || v->state == VISITOR_CLOSED)
        return;
    if (n < 0 && v->state == VISITOR_ANSWERED) { /* it says nothing more; its answer still has to leave */
        (void)uv_read_stop(stream);
        v->read_stopped = true;
        v->close_after = true;
        return;
    }
    if (n < 0) { /* gone: whoever still answers may stop */
        visitor_drop(v);
        return;
    }
    if (v->state != VISITOR_LINGERING)
        feed(v, bytes_of(buffer->base, (size_t)n));
    secret_wipe(buffer->base, (size_t)n);
}

/* The answer has left, down to its last byte. */
static void go_on(struct visitor *v)
{
    http_reader_next(v->reader);
    body_release(v);
    v->origin = (struct bytes){0};
    v->route = NULL;
    v->request_begun = false;
    v->idle_since = uv_now(&v->proxy->loop);
    v->state = VISITOR_READING;
    struct secret_buffer behind = v->behind;
    v->behind = (struct secret_buffer){0};
    if (v->read_stopped) {
        v->read_stopped = false;
        if (uv_read_start((uv_stream_t *)&v->socket, on_read_buffer, on_read) != 0)
            v->broken = true;
    }
    feed(v, secret_buffer_bytes(&behind));
    secret_buffer_release(&behind);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

static void linger(struct visitor *v)
{
    v->state = VISITOR_LINGERING;
    v->linger_until = uv_now(&v->proxy->loop) + PROXY_LINGER_MS;
    body_release(v);
    if (v->read_stopped && uv_read_start((uv_stream_t *)&v->socket, on_read_buffer, on_read) != 0)
        v->broken = true;
    v->read_stopped = false;
    if (uv_shutdown(&v->shutdown, (uv_stream_t *)&v->socket, on_shutdown) != 0)
        v->broken = true;
}

void visitor_settle(struct visitor *v)
{
    v->dirty = false;
    if (v->state == VISITOR_CLOSED)
        return;
    if (!v->broken)
        flush(v);
    if (v->broken) {
        visitor_drop(v);
        return;
    }
    if (v->exchange != NULL)
        exchange_drained(v->exchange);
    if (v->state != VISITOR_ANSWERED || visitor_pending(v) != 0)
        return;
    if (v->close_after)
        linger(v);
    else
        go_on(v);
    if (v->broken)
        visitor_drop(v);
}

/* ---- coming ---- */

void visitor_accept(struct proxy *p)
{
    const struct http_config config = {.kind = HTTP_REQUEST, .body_max = PROXY_BODY_MAX};
    struct visitor *v = secret_alloc(sizeof *v);
    if (v == NULL)
        return;
    *v = (struct visitor){.proxy = p};
    if (uv_tcp_init(&p->loop, &v->socket) != 0) {
        secret_free(v);
        return;
    }
    v->socket.data = v;
    bool accepted = uv_accept((uv_stream_t *)&p->listener, (uv_stream_t *)&v->socket) == 0;
    if (!accepted || p->visitor_count >= p->options.connections || p->stopping ||
        http_reader_new(&config, &v->reader) != ERR_OK) {
        v->state = VISITOR_CLOSED;
        uv_close((uv_handle_t *)&v->socket, on_socket_closed);
        return;
    }
    v->next = p->visitors;
    v->back = &p->visitors;
    if (v->next != NULL)
        v->next->back = &v->next;
    p->visitors = v;
    p->visitor_count++;
    v->began_at = v->idle_since = v->wrote_at = uv_now(&p->loop);
    (void)uv_tcp_nodelay(&v->socket, 1);
    if (uv_read_start((uv_stream_t *)&v->socket, on_read_buffer, on_read) != 0)
        visitor_drop(v);
}

/* ---- time ---- */

void visitor_sweep(struct visitor *v, uint64_t now)
{
    uint64_t allowed = (uint64_t)v->proxy->options.request_seconds * 1000 + v->body.len / BODY_RATE * 1000;
    bool reading = v->state == VISITOR_READING;
    bool stalled = v->in_flight && now - v->wrote_at > PROXY_STALL_MS;
    bool lingered = v->state == VISITOR_LINGERING && now > v->linger_until;
    bool idle = reading && !v->request_begun && now - v->idle_since > PROXY_IDLE_MS;
    if (stalled || lingered || idle)
        visitor_drop(v);
    else if (reading && v->request_begun && now - v->began_at > allowed)
        turn_away(v, 408, err_name(ERR_CHANNEL_TIMEOUT), "The request did not come to its end in time");
}
