/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/connection.h"

#include <stdlib.h>

/* ---- rates ---- */

static void charge(struct connection *c, size_t len)
{
    struct gateway *g = c->gateway;
    uint64_t now = uv_now(&g->loop);
    struct limits_user *by_token = c->token != NULL ? &c->token->user : NULL;
    limits_charge(c->address, (uint32_t)len, now);
    limits_charge(by_token, (uint32_t)len, now);
    uint64_t address_wait = limits_wait(c->address, now);
    uint64_t token_wait = limits_wait(by_token, now);
    uint64_t wait = address_wait > token_wait ? address_wait : token_wait;
    if (wait == 0 || c->throttled)
        return;
    c->throttled = true;
    c->resume_at = now + wait;
    g->throttled++;
    g->counters.throttled++;
}

/* ---- from the client ---- */

static void send_up(struct connection *c, struct bytes bytes)
{
    c->payload_at = uv_now(&c->gateway->loop);
    c->gateway->counters.bytes_up += bytes.len;
    if (!outlet_write(&c->server, bytes))
        c->failed = true;
}

/* What one read brings of a WebSocket. */
struct input {
    struct connection *connection;
    uint8_t *payload; /* of all frames so far, moved together where they stand */
    size_t len;
};

/* Passed on in one piece: a client that sends a byte a frame would otherwise cost a call to the kernel, and when the backend is slow a buffer, for each. */
static void on_payload(void *owner, struct bytes payload)
{
    struct input *in = owner;
    if (in->len == 0)
        in->payload = bytes_owned(payload);
    else
        memmove(in->payload + in->len, payload.ptr, payload.len);
    in->len += payload.len;
}

/* Of several that were not answered yet only the latest is (RFC 6455, section 5.5.3): what a client does not take must not become more with each. */
static void on_ping(void *owner, struct bytes payload)
{
    struct connection *c = ((struct input *)owner)->connection;
    if (c->pong == NULL)
        c->pong = malloc(WEBSOCKET_CONTROL_FRAME_MAX);
    if (c->pong == NULL)
        c->failed = true;
    else
        c->pong_len = (uint8_t)websocket_pong(c->pong, payload);
}

static void on_close(void *owner, uint16_t status)
{
    ((struct input *)owner)->connection->close_status = status;
}

static const struct websocket_sink websocket_sink = {
    .data = on_payload,
    .ping = on_ping,
    .close = on_close,
};

void relay_send_close(struct connection *c, uint16_t status, const char *reason)
{
    uint8_t frame[WEBSOCKET_CONTROL_FRAME_MAX];
    if (c->websocket != NULL)
        connection_send(c, bytes_of(frame, websocket_close(frame, status, reason)));
}

void relay_send_ping(struct connection *c)
{
    uint8_t frame[WEBSOCKET_CONTROL_FRAME_MAX];
    connection_send(c, bytes_of(frame, websocket_ping(frame)));
}

void relay_send_pong(struct connection *c)
{
    if (c->pong == NULL || c->state != RELAYING || outlet_backlog(&c->client) != 0)
        return;
    connection_send(c, bytes_of(c->pong, c->pong_len));
    free(c->pong);
    c->pong = NULL;
}

void relay_up(struct connection *c, uint8_t *bytes, size_t len)
{
    if (c->websocket == NULL) {
        send_up(c, bytes_of(bytes, len));
        return;
    }
    struct input in = {.connection = c};
    enum websocket_refusal no = websocket_receive(c->websocket, bytes, len, &websocket_sink, &in);
    if (in.len != 0)
        send_up(c, bytes_of(in.payload, in.len));
    if (no != WEBSOCKET_FINE) {
        relay_send_close(c, websocket_code(no), websocket_reason(no));
        connection_finish(c, ENDED_WEBSOCKET);
    } else if (c->close_status != 0) {
        relay_send_close(c, c->close_status, "");
        connection_finish(c, ENDED_CLIENT);
    }
}

static void input(struct connection *c, uint8_t *bytes, size_t len)
{
    if (c->state == RELAYING)
        relay_up(c, bytes, len);
    else if (c->state != ENDING)
        greeting_input(c, bytes, len);
}

static bool on_tls_plain(void *owner, uint8_t *bytes, size_t len)
{
    struct connection *c = owner;
    input(c, bytes, len);
    return !c->failed && !c->dropped;
}

static bool on_tls_send(void *owner, struct bytes ciphertext)
{
    struct connection *c = owner;
    return outlet_write(&c->client, ciphertext);
}

const struct tls_sink relay_tls_sink = {.send = on_tls_send, .plain = on_tls_plain};

/* The client has nothing more to say. A plain stream may still be answered; a WebSocket would have said goodbye. */
static void client_ended(struct connection *c)
{
    c->client_ended = true;
    if (c->state == GREETING)
        connection_refuse(c, REFUSED_SILENT, NULL);
    else if (c->websocket == NULL && c->state == RELAYING)
        outlet_end(&c->server);
    else if (c->websocket == NULL && c->state == CONNECTING)
        return; /* begin_relay will tell the backend */
    else if (c->state != ENDING || outlet_backlog(&c->client) == 0)
        connection_cut(c, ENDED_FAILED);
}

static void client_bytes(struct connection *c, uint8_t *bytes, size_t len)
{
    c->heard_at = uv_now(&c->gateway->loop);
    charge(c, len);
    if (c->tls == NULL || c->state == ENDING) {
        input(c, bytes, len);
        return;
    }
    enum tls_answer answer = tls_receive(c->tls, bytes_of(bytes, len));
    if (c->dropped)
        return;
    if (answer == TLS_ENDED)
        client_ended(c);
    else if (answer == TLS_FAILED && c->state == GREETING)
        connection_refuse(c, REFUSED_TLS, NULL);
    else if (answer == TLS_FAILED)
        c->failed = true;
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct outlet *o = handle->data;
    struct connection *c = o->owner;
    (void)suggested;
    *buffer = uv_buf_init((char *)c->gateway->read_buffer + WEBSOCKET_HEAD_MAX, GATEWAY_READ_SIZE);
}

static void on_client_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct outlet *o = stream->data;
    struct connection *c = o->owner;
    if (n > 0)
        client_bytes(c, (uint8_t *)buffer->base, (size_t)n);
    else if (n == UV_EOF)
        client_ended(c);
    else if (n < 0 && c->state == GREETING)
        connection_refuse(c, REFUSED_SILENT, NULL);
    else if (n < 0)
        c->failed = true;
    connection_pace(c);
}

void relay_read_client(struct connection *c, bool wanted)
{
    outlet_read(&c->client, wanted, on_buffer, on_client_read);
}

/* ---- from the backend ---- */

/* The head of the frame goes into the room before the bytes, so that nothing is copied. */
static void send_down(struct connection *c, uint8_t *bytes, size_t len)
{
    uint8_t head[WEBSOCKET_HEAD_MAX];
    c->payload_at = uv_now(&c->gateway->loop);
    c->gateway->counters.bytes_down += len;
    if (c->websocket != NULL) {
        size_t size = websocket_binary_head(head, len);
        bytes -= size;
        len += size;
        memcpy(bytes, head, size);
    }
    connection_send(c, bytes_of(bytes, len));
}

static void on_server_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct outlet *o = stream->data;
    struct connection *c = o->owner;
    if (n > 0) {
        charge(c, (size_t)n);
        send_down(c, (uint8_t *)buffer->base, (size_t)n);
    } else if (n == UV_EOF) {
        relay_send_close(c, WEBSOCKET_NORMAL, "");
        connection_finish(c, ENDED_BACKEND);
    } else if (n < 0) {
        relay_send_close(c, WEBSOCKET_INTERNAL, "the backend broke off");
        connection_finish(c, ENDED_BACKEND_FAILED);
    }
    connection_pace(c);
}

void relay_read_server(struct connection *c, bool wanted)
{
    outlet_read(&c->server, wanted, on_buffer, on_server_read);
}
