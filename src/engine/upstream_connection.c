/* SPDX-License-Identifier: Apache-2.0 */

/* One connection to the server: it carries one request at a time, and is kept for the next one when the server keeps it. */

#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "engine/upstream_internal.h"

/* ---- ends ---- */

static void on_closed(uv_handle_t *handle)
{
    struct upstream_connection *c = handle->data;
    struct upstream *u = c->u;
    struct upstream_request *r = c->request;
    uint16_t status = c->answer.status;
    upstream_answer_close(&c->answer);
    if (r == NULL) {
        free(c);
        return;
    }
    r->connection = NULL;
    if (c->repeat) {
        r->repeated = true;
        upstream_request_start(u, r);
    } else if (r->errand == UPSTREAM_FORWARD) {
        upstream_request_end(u, r, c->result, &c->note);
    } else {
        upstream_health_answered(u, c->result, &c->note, status);
    }
    free(c);
}

void upstream_connection_close(struct upstream_connection *c, enum err result, const struct err_note *note)
{
    if (c->closing)
        return;
    c->closing = true;
    c->result = result;
    if (note != NULL)
        c->note = *note;
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    uv_close((uv_handle_t *)&c->pipe, on_closed);
}

/* What the server said is whole. */
static void request_done(struct upstream_connection *c)
{
    struct upstream *u = c->u;
    struct upstream_request *r = c->request;
    if (!c->answer.reusable || c->writing || u->ending) {
        upstream_connection_close(c, ERR_OK, NULL);
        return;
    }
    uint16_t status = c->answer.status;
    upstream_answer_close(&c->answer);
    c->request = NULL;
    c->used = true;
    c->deadline = uv_now(&u->loop) + u->options.idle_ms;
    r->connection = NULL;
    if (r->errand == UPSTREAM_FORWARD)
        upstream_request_end(u, r, ERR_OK, &(struct err_note){{0}});
    else
        upstream_health_answered(u, ERR_OK, &(struct err_note){{0}}, status);
}

/* ---- reading ---- */

static void on_lines(void *owner, uint16_t status, struct bytes lines)
{
    struct upstream_connection *c = owner;
    struct upstream *u = c->u;
    if (c->request->errand == UPSTREAM_FORWARD)
        u->callbacks.lines(u->owner, c->request->id, status, lines);
    else if (c->request->errand != UPSTREAM_HEALTH)
        upstream_health_text(u, lines);
}

static void on_read_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct upstream_connection *c = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)c->u->read_buffer, UPSTREAM_READ_SIZE);
}

/* A server may close a connection that it kept just when we use it again. Nothing of the request was looked at then, so it is sent once more. */
static void on_broken(struct upstream_connection *c)
{
    struct err_note note = {{0}};
    enum err e = upstream_answer_eof(&c->answer, &note);
    c->repeat = c->used && !c->answer.begun && !c->request->repeated;
    if (e != ERR_OK && !c->repeat)
        upstream_health_doubt(c->u);
    upstream_connection_close(c, e, &note);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct upstream_connection *c = stream->data;
    struct err_note note = {{0}};
    if (n == 0 || c->closing)
        return;
    if (c->request == NULL) { /* the server closed it, or says something unasked */
        if (n > 0)
            secret_wipe(buffer->base, (size_t)n);
        upstream_connection_close(c, ERR_OK, NULL);
        return;
    }
    if (n < 0) {
        on_broken(c);
        return;
    }
    c->deadline = uv_now(&c->u->loop) + c->u->options.silence_ms;
    enum err e = upstream_answer_read(&c->answer, bytes_of(buffer->base, (size_t)n), &note);
    secret_wipe(buffer->base, (size_t)n);
    if (e != ERR_OK)
        upstream_connection_close(c, e, &note);
    else if (c->answer.ended)
        request_done(c);
}

/* ---- writing ---- */

static void on_written(uv_write_t *write, int status)
{
    struct upstream_connection *c = write->data;
    /* A server that stops reading has said why, or ends the connection: reading tells. */
    (void)status;
    c->writing = false;
}

static const char *target_of(const struct upstream_request *r)
{
    static const char *const own[] = {
        [UPSTREAM_HEALTH] = "/health", [UPSTREAM_MODELS] = "/v1/models", [UPSTREAM_PROBE] = "/v1/messages"};
    return r->errand == UPSTREAM_FORWARD ? api_path(r->api) : own[r->errand];
}

static enum err write_head(struct upstream_connection *c, const struct upstream_request *r)
{
    struct bytes head;
    struct writer w = writer_into(c->head, sizeof c->head);
    bool posts = r->body_len != 0;
    http_write_request(&w, posts ? "POST" : "GET", bytes_str(target_of(r)));
    http_write_field(&w, "Host", bytes_str("localhost"));
    http_write_field(&w, "Accept", bytes_str(r->streamed ? "text/event-stream" : "application/json"));
    if (posts) {
        http_write_field(&w, "Content-Type", bytes_str("application/json"));
        http_write_number(&w, "Content-Length", r->body_len);
    }
    http_write_end(&w);
    enum err e = writer_finish(&w, &head);
    c->head_len = head.len;
    return e;
}

void upstream_connection_send(struct upstream_connection *c, struct upstream_request *r)
{
    struct upstream *u = c->u;
    bool forward = r->errand == UPSTREAM_FORWARD;
    c->request = r;
    bool computes = r->body_len != 0;
    c->deadline = uv_now(&u->loop) + (computes ? u->options.first_ms : 2 * (uint64_t)u->options.health_ms);
    r->connection = c;
    r->state = UPSTREAM_WORKING;
    enum err e = upstream_answer_open(&c->answer, forward ? r->api : API_COUNT, r->streamed, on_lines, c);
    if (e == ERR_OK)
        e = write_head(c, r);
    if (e == ERR_OK) {
        const uv_buf_t buffers[] = {uv_buf_init(c->head, (unsigned)c->head_len),
                                    uv_buf_init((char *)r->body, (unsigned)r->body_len)};
        c->write.data = c;
        c->writing = uv_write(&c->write, (uv_stream_t *)&c->pipe, buffers, computes ? 2 : 1, on_written) == 0;
        e = c->writing ? ERR_OK : ERR_SYSTEM;
    }
    if (e != ERR_OK)
        upstream_connection_close(c, e, NULL);
}

/* ---- coming and going ---- */

enum err upstream_connection_new(struct upstream *u, int fd, struct upstream_connection **out)
{
    struct upstream_connection *c = calloc(1, sizeof *c);
    if (c == NULL || uv_pipe_init(&u->loop, &c->pipe, 0) != 0) {
        (void)close(fd);
        free(c);
        return ERR_MEMORY;
    }
    c->u = u;
    c->pipe.data = c;
    c->next = u->connections;
    c->link = &u->connections;
    if (c->next != NULL)
        c->next->link = &c->next;
    u->connections = c;
    bool open = uv_pipe_open(&c->pipe, fd) == 0;
    if (!open)
        (void)close(fd);
    if (!open || uv_read_start((uv_stream_t *)&c->pipe, on_read_buffer, on_read) != 0) {
        upstream_connection_close(c, ERR_SYSTEM, NULL);
        return ERR_SYSTEM;
    }
    *out = c;
    return ERR_OK;
}

struct upstream_connection *upstream_connection_kept(const struct upstream *u)
{
    struct upstream_connection *c = u->connections;
    while (c != NULL && c->request != NULL)
        c = c->next;
    return c;
}

void upstream_connections_sweep(struct upstream *u)
{
    static const struct err_note first = {"the inference server took too long to begin its answer"};
    static const struct err_note silent = {"the inference server fell silent in its answer"};
    uint64_t now = uv_now(&u->loop);
    for (struct upstream_connection *c = u->connections, *next; c != NULL; c = next) {
        next = c->next;
        if (now < c->deadline)
            continue;
        if (c->request == NULL)
            upstream_connection_close(c, ERR_OK, NULL);
        else
            upstream_connection_close(c, ERR_ENGINE, c->answer.begun ? &silent : &first);
    }
}
