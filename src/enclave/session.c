/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/session.h"

#include <stdlib.h>

/* ---- what the channel tells ---- */

static void on_evidence_wanted(void *owner, const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct session *s = owner;
    enum err e = evidence_batch_ask(s->enclave->batch, challenge, s->id);
    if (e != ERR_OK)
        channel_close(s->channel, e);
}

static void on_opened(void *owner, uint32_t stream, struct bytes path)
{
    request_open(owner, stream, path);
}

static void on_data(void *owner, uint32_t stream, struct bytes data, bool end)
{
    request_data(owner, stream, data, end);
}

static void on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    (void)reason;
    request_cancelled(owner, stream);
}

/* Nothing comes from this user any more: the engine forgets what it keeps for them. */
static void end_for_engine(struct session *s)
{
    struct engine *engine = s->enclave->engine;
    requests_drop(s);
    if (s->begun)
        engine->session_end(engine, s->id);
    s->begun = false;
}

static void on_closed(void *owner, enum err reason)
{
    struct session *s = owner;
    end_for_engine(s);
    /* Connections that simply end are everyday; a broken rule is worth a line. */
    if (reason != ERR_OK && reason != ERR_CHANNEL_CUT)
        log_event(LOG_SESSION_CLOSED, LOG_ERR(reason));
}

static const struct channel_handler session_handler = {
    .evidence_wanted = on_evidence_wanted,
    .opened = on_opened,
    .data = on_data,
    .cancelled = on_cancelled,
    .closed = on_closed,
};

/* ---- the socket ---- */

static void on_socket_closed(uv_handle_t *handle)
{
    struct session *s = handle->data;
    channel_free(s->channel);
    free(s->write_buffer);
    free(s);
}

void session_drop(struct session *s)
{
    if (s->closing)
        return;
    s->closing = true;
    end_for_engine(s);
    idmap_remove(&s->enclave->session_ids, s->id);
    *s->link = s->next;
    if (s->next != NULL)
        s->next->link = s->link;
    s->enclave->session_count--;
    uv_close(&s->socket.handle, on_socket_closed);
}

static void on_written(uv_write_t *write, int status)
{
    struct session *s = write->data;
    free(s->write_buffer);
    s->write_buffer = NULL;
    if (s->closing)
        return;
    s->last_written = uv_now(&s->enclave->loop);
    if (status != 0) {
        session_drop(s);
        return;
    }
    session_pump(s);
}

/* The socket is full: hand the rest to libuv in a buffer of its own, and wait for it before more is made. */
static bool write_later(struct session *s, struct bytes out)
{
    s->write_buffer = malloc(out.len);
    if (s->write_buffer == NULL)
        return false;
    memcpy(s->write_buffer, out.ptr, out.len);
    channel_output_sent(s->channel, out.len);
    s->last_written = uv_now(&s->enclave->loop);
    s->write.data = s;
    uv_buf_t buffer = uv_buf_init((char *)s->write_buffer, (unsigned)out.len);
    return uv_write(&s->write, &s->socket.stream, &buffer, 1, on_written) == 0;
}

static bool write_now(struct session *s)
{
    for (;;) {
        requests_write_rest(s);
        enum err e = channel_flush(s->channel);
        if (e != ERR_OK && channel_state(s->channel) != CHANNEL_CLOSED)
            channel_close(s->channel, e);
        struct bytes out = channel_output(s->channel);
        if (out.len == 0)
            return true;
        uv_buf_t buffer = uv_buf_init(bytes_owned(out), (unsigned)out.len);
        int n = uv_try_write(&s->socket.stream, &buffer, 1);
        if (n > 0) {
            channel_output_sent(s->channel, (size_t)n);
            s->last_written = uv_now(&s->enclave->loop);
            continue;
        }
        return n == UV_EAGAIN && write_later(s, out);
    }
}

void session_pump(struct session *s)
{
    s->dirty = false;
    if (s->closing || s->write_buffer != NULL)
        return;
    if (!write_now(s)) {
        session_drop(s);
        return;
    }
    if (channel_state(s->channel) == CHANNEL_CLOSED && s->write_buffer == NULL)
        session_drop(s);
}

void sessions_pump(struct enclave *enclave)
{
    for (struct session *s = enclave->sessions, *next; s != NULL; s = next) {
        next = s->next;
        if (s->dirty)
            session_pump(s);
    }
}

void session_close(struct session *s, enum err reason)
{
    channel_close(s->channel, reason);
    session_pump(s);
}

static void on_read_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct session *s = handle->data;
    *buffer = uv_buf_init((char *)s->enclave->read_buffer, ENCLAVE_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct session *s = stream->data;
    if (n == 0)
        return;
    /* A failure closes the channel, says so through on_closed, and leaves its last record in the output. */
    enum err e = n < 0 ? channel_receive_eof(s->channel)
                       : channel_receive(s->channel, bytes_of(buffer->base, (size_t)n));
    if (n < 0 || (e != ERR_OK && channel_state(s->channel) != CHANNEL_CLOSED)) {
        session_drop(s);
        return;
    }
    session_pump(s);
}

/* ---- coming and going ---- */

static int socket_open(struct session *s)
{
    struct enclave *enclave = s->enclave;
    int e = 0;
    if (enclave->listener.handle.type == UV_TCP)
        e = uv_tcp_init(&enclave->loop, &s->socket.tcp);
    else
        e = uv_pipe_init(&enclave->loop, &s->socket.pipe, 0);
    s->socket.handle.data = s;
    return e;
}

void session_accept(struct enclave *enclave)
{
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return;
    s->enclave = enclave;
    struct channel_config config = {.role = NOISE_RESPONDER, .s = enclave->key};
    if (socket_open(s) != 0) {
        free(s);
        return;
    }
    bool refused = uv_accept(&enclave->listener.stream, &s->socket.stream) != 0 || enclave->stopping ||
                   enclave->session_count >= enclave->options.connections ||
                   channel_new(&config, &session_handler, s, &s->channel) != ERR_OK ||
                   idmap_add(&enclave->session_ids, s, &s->id) != ERR_OK;
    if (refused) {
        log_event(LOG_SESSION_REFUSED, LOG_NUM(LOG_KEY_SESSIONS, enclave->session_count));
        s->closing = true;
        uv_close(&s->socket.handle, on_socket_closed);
        return;
    }
    s->next = enclave->sessions;
    s->link = &enclave->sessions;
    if (s->next != NULL)
        s->next->link = &s->next;
    enclave->sessions = s;
    enclave->session_count++;
    s->last_active = uv_now(&enclave->loop);
    s->last_written = s->last_active;
    if (s->socket.handle.type == UV_TCP)
        (void)uv_tcp_nodelay(&s->socket.tcp, 1);
    if (uv_read_start(&s->socket.stream, on_read_buffer, on_read) != 0)
        session_drop(s);
}

void session_evidence_ready(struct enclave *enclave, const struct mail *mail)
{
    struct session *s = idmap_find(&enclave->session_ids, mail->id);
    if (s == NULL)
        return; /* it went away while the chip was busy */
    enum err e = mail->result;
    if (e == ERR_OK)
        e = channel_give_evidence(s->channel, bytes_of(mail->text, mail->size));
    if (e != ERR_OK) {
        log_event(LOG_EVIDENCE, LOG_ERR(e));
        session_close(s, e);
        return;
    }
    s->dirty = true;
}

/* Once a second: who takes too long? */
void sessions_sweep(struct enclave *enclave)
{
    uint64_t now = uv_now(&enclave->loop);
    for (struct session *s = enclave->sessions, *next; s != NULL; s = next) {
        next = s->next;
        requests_sweep(s, now);
        uint64_t idle = now - s->last_active;
        bool handshake = channel_state(s->channel) == CHANNEL_HANDSHAKE;
        bool stalled = s->write_buffer != NULL && now - s->last_written > ENCLAVE_WRITE_STALL_MS;
        if (stalled || (handshake && idle > (uint64_t)enclave->options.handshake_seconds * 1000))
            session_drop(s);
        else if (s->requests == NULL &&
                 (enclave->stopping || idle > (uint64_t)enclave->options.idle_seconds * 1000))
            session_close(s, enclave->stopping ? ERR_CHANNEL_SHUTDOWN : ERR_CHANNEL_TIMEOUT);
        else if (enclave->stopping && now >= enclave->stop_at)
            session_close(s, ERR_CHANNEL_SHUTDOWN);
        else if (s->dirty)
            session_pump(s);
    }
}
