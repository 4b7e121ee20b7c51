/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "client/dial.h"

/*
 * DIALING -> HANDSHAKE -> READY -> CLOSED. Streams are opened in READY alone, which begins when verifier_evidence has made the channel VERIFIED; the channel itself
 * refuses them before.
 */

/* ---- the end ---- */

static void on_socket_closed(uv_handle_t *handle)
{
    struct link *l = handle->data;
    channel_free(l->channel);
    secret_free(l->key);
    free(l->writing);
    free(l);
}

static void lose_streams(struct link *l)
{
    for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++) {
        struct exchange *x = l->streams[i];
        if (x == NULL)
            continue;
        link_stream_forget(l, x);
        exchange_link_lost(x, l->failure, &l->note);
    }
}

/* Out of the endpoint's list, its exchanges told, its memory given back when the socket is closed. Not from within the channel's callbacks. */
static void end(struct link *l)
{
    if (l->state == LINK_CLOSED)
        return;
    bool dialing = l->state == LINK_DIALING;
    l->state = LINK_CLOSED;
    endpoint_link_ended(l->endpoint, l);
    lose_streams(l);
    if (!dialing) /* else there is no socket yet; it is freed where the dialling ends */
        uv_close((uv_handle_t *)&l->socket, on_socket_closed);
    l->endpoint->proxy->unsettled = true;
}

static void fail(struct link *l, enum err reason)
{
    if (l->failure == ERR_OK)
        l->failure = reason == ERR_OK ? ERR_CHANNEL_CLOSED : reason;
}

/* ---- writing ---- */

static void on_written(uv_write_t *write, int status)
{
    struct link *l = write->data;
    free(l->writing);
    l->writing = NULL;
    if (l->state == LINK_CLOSED)
        return;
    if (status != 0) {
        fail(l, ERR_NETWORK);
        end(l);
        return;
    }
    link_touch(l);
}

/* The socket is full: the rest goes into a buffer of its own, and nothing more is made until it is written. */
static bool write_later(struct link *l, struct bytes out)
{
    l->writing = malloc(out.len);
    if (l->writing == NULL)
        return false;
    memcpy(l->writing, out.ptr, out.len);
    channel_output_sent(l->channel, out.len);
    l->write.data = l;
    uv_buf_t buffer = uv_buf_init((char *)l->writing, (unsigned)out.len);
    return uv_write(&l->write, (uv_stream_t *)&l->socket, &buffer, 1, on_written) == 0;
}

static bool write_now(struct link *l)
{
    while (l->writing == NULL) {
        enum err e = channel_flush(l->channel);
        if (e != ERR_OK && channel_state(l->channel) != CHANNEL_CLOSED)
            channel_close(l->channel, e);
        struct bytes out = channel_output(l->channel);
        if (out.len == 0)
            return true;
        uv_buf_t buffer = uv_buf_init(bytes_owned(out), (unsigned)out.len);
        int n = uv_try_write((uv_stream_t *)&l->socket, &buffer, 1);
        if (n > 0)
            channel_output_sent(l->channel, (size_t)n);
        else if (n != UV_EAGAIN || !write_later(l, out))
            return false;
    }
    return true;
}

static void push_bodies(struct link *l)
{
    for (size_t i = 0; i < CHANNEL_STREAMS_MAX && l->stream_count != 0; i++)
        if (l->streams[i] != NULL)
            exchange_push(l->streams[i]);
}

void link_touch(struct link *l)
{
    l->dirty = true;
    l->endpoint->proxy->unsettled = true;
}

void link_pump(struct link *l)
{
    l->dirty = false;
    if (l->state == LINK_CLOSED || l->state == LINK_DIALING)
        return;
    push_bodies(l);
    if (!write_now(l)) {
        fail(l, ERR_NETWORK);
        end(l);
    } else if (channel_state(l->channel) == CHANNEL_CLOSED) {
        fail(l, ERR_CHANNEL_CLOSED);
        end(l);
    }
}

void link_close(struct link *l, enum err reason)
{
    fail(l, reason);
    if (l->state == LINK_HANDSHAKE || l->state == LINK_READY) {
        channel_close(l->channel, reason);
        (void)!write_now(l);
    }
    end(l);
}

/* ---- what the channel tells ---- */

static void on_evidence(void *owner, struct bytes bundle,
                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct link *l = owner;
    struct verifier *v = &l->endpoint->verifier;
    bool fresh = false;
    enum err e = verifier_evidence(v, l->channel, bundle, challenge, (int64_t)time(NULL), &fresh);
    if (e != ERR_OK) {
        fail(l, e);
        if (e == ERR_REFUSED && v->has_verdict && !v->verdict.accepted)
            endpoint_refused(l->endpoint);
        return;
    }
    l->verified_at = v->pin.verified_at;
    l->fresh = fresh;
    l->renewing = false;
}

/* The stream's exchange; NULL when it was given up meanwhile. */
static struct exchange *find(const struct link *l, uint32_t stream)
{
    for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++)
        if (l->streams[i] != NULL && l->streams[i]->stream == stream)
            return l->streams[i];
    return NULL;
}

static void on_replied(void *owner, uint32_t stream, uint16_t status)
{
    struct exchange *x = find(owner, stream);
    if (x != NULL)
        exchange_replied(x, status);
}

static void on_data(void *owner, uint32_t stream, struct bytes data, bool end_of_stream)
{
    struct exchange *x = find(owner, stream);
    if (x != NULL)
        exchange_data(x, data, end_of_stream);
}

static void on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    struct link *l = owner;
    struct exchange *x = find(l, stream);
    if (x == NULL)
        return;
    link_stream_forget(l, x);
    exchange_given_up(x, reason);
}

static void on_closed(void *owner, enum err reason)
{
    fail(owner, reason);
}

static const struct channel_handler handler = {
    .evidence = on_evidence,
    .replied = on_replied,
    .data = on_data,
    .cancelled = on_cancelled,
    .closed = on_closed,
};

/* ---- reading ---- */

static void on_read_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct link *l = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)l->endpoint->proxy->read_buffer, PROXY_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct link *l = stream->data;
    struct proxy *p = l->endpoint->proxy;
    if (n == 0 || l->state == LINK_CLOSED)
        return;
    l->heard_at = uv_now(&p->loop);
    l->full = false;
    enum err e = n < 0 ? channel_receive_eof(l->channel)
                       : channel_receive(l->channel, bytes_of(buffer->base, (size_t)n));
    if (e != ERR_OK)
        fail(l, e);
    if (n < 0) {
        end(l);
        return;
    }
    if (l->state == LINK_HANDSHAKE && channel_state(l->channel) == CHANNEL_VERIFIED) {
        l->state = LINK_READY;
        endpoint_link_ready(l->endpoint, l);
    }
    link_touch(l);
}

/* ---- connecting ---- */

static void dial_work(uv_work_t *work)
{
    struct link *l = work->data;
    l->dialed = dial(l->endpoint->address, PROXY_DIAL_MS, l->endpoint->proxy->cancel_fd, &l->fd, &l->note);
}

/* Over a socket that is connected: the channel, and the first message. */
static enum err begin_channel(struct link *l)
{
    struct endpoint *e = l->endpoint;
    struct channel_config config = {.role = NOISE_INITIATOR, .s = l->key};
    verifier_begin(&e->verifier, (int64_t)time(NULL), &config);
    return channel_new(&config, &handler, l, &l->channel);
}

static void on_dialed(uv_work_t *work, int status)
{
    struct link *l = work->data;
    struct proxy *p = l->endpoint->proxy;
    if (l->state == LINK_CLOSED || l->dialed != ERR_OK || status != 0) {
        if (l->fd >= 0)
            (void)close(l->fd);
        fail(l, l->dialed != ERR_OK ? l->dialed : ERR_NETWORK);
        end(l);
        secret_free(l->key);
        free(l);
        return;
    }
    (void)uv_pipe_init(&p->loop, &l->socket, 0);
    l->socket.data = l;
    l->state = LINK_HANDSHAKE;
    l->heard_at = uv_now(&p->loop);
    bool good = uv_pipe_open(&l->socket, l->fd) == 0;
    if (!good)
        (void)close(l->fd);
    l->fd = -1;
    enum err e = good ? begin_channel(l) : ERR_SYSTEM;
    if (e == ERR_OK && uv_read_start((uv_stream_t *)&l->socket, on_read_buffer, on_read) != 0)
        e = ERR_SYSTEM;
    if (e != ERR_OK) {
        fail(l, e);
        end(l);
        return;
    }
    link_touch(l);
}

enum err link_open(struct endpoint *endpoint)
{
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL)
        return ERR_MEMORY;
    *l = (struct link){.endpoint = endpoint, .fd = -1, .dialed = ERR_NETWORK};
    l->key = secret_alloc(sizeof *l->key);
    enum err e = l->key == NULL ? ERR_MEMORY : crypto_x25519_keypair(l->key->secret, l->key->public_key);
    l->dial.data = l;
    if (e == ERR_OK && uv_queue_work(&endpoint->proxy->loop, &l->dial, dial_work, on_dialed) != 0)
        e = ERR_SYSTEM;
    if (e != ERR_OK) {
        secret_free(l->key);
        free(l);
        return e;
    }
    l->deadline = uv_now(&endpoint->proxy->loop) + PROXY_HANDSHAKE_MS;
    l->next = endpoint->links;
    endpoint->links = l;
    endpoint->link_count++;
    return ERR_OK;
}

/* ---- streams ---- */

/* Is the evidence that this channel rests on within the age limit, `ahead` seconds from now? */
static bool is_young(const struct link *l, int64_t ahead)
{
    return verifier_is_young(&l->endpoint->verifier, l->verified_at, (int64_t)time(NULL) + ahead);
}

bool link_is_full(const struct link *l)
{
    return l->stream_count == CHANNEL_STREAMS_MAX || l->full;
}

bool link_has_room(const struct link *l)
{
    return l->state == LINK_READY && !link_is_full(l) && is_young(l, 0) &&
           channel_state(l->channel) == CHANNEL_VERIFIED;
}

enum err link_stream_open(struct link *l, struct exchange *x, const char *path)
{
    enum err e = channel_stream_open(l->channel, bytes_str(path), &x->stream);
    for (size_t i = 0; e == ERR_OK && i < CHANNEL_STREAMS_MAX; i++)
        if (l->streams[i] == NULL) {
            l->streams[i] = x;
            l->stream_count++;
            x->link = l;
            return ERR_OK;
        }
    l->full = e == ERR_CHANNEL_STREAMS;
    return e;
}

void link_stream_forget(struct link *l, struct exchange *x)
{
    for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++)
        if (l->streams[i] == x) {
            l->streams[i] = NULL;
            l->stream_count--;
        }
    x->link = NULL;
}

/* ---- time ---- */

void link_renew(struct link *l)
{
    if (l->state != LINK_READY || l->renewing || channel_attest(l->channel) != ERR_OK)
        return;
    l->renewing = true;
    l->deadline = uv_now(&l->endpoint->proxy->loop) + PROXY_HANDSHAKE_MS;
    link_touch(l);
}

void link_sweep(struct link *l, uint64_t now)
{
    if (l->state == LINK_HANDSHAKE && now > l->deadline) {
        link_close(l, ERR_CHANNEL_TIMEOUT);
        return;
    }
    if (l->state != LINK_READY)
        return;
    uint64_t silence = now - l->heard_at;
    bool late = l->renewing && now > l->deadline;
    bool pinged = channel_ping_unanswered(l->channel);
    if (late || (pinged && silence > PROXY_SILENCE_MS && now - l->pinged_at > PROXY_SILENCE_MS)) {
        link_close(l, ERR_CHANNEL_TIMEOUT);
        return;
    }
    if (silence > PROXY_SILENCE_MS && !pinged && channel_ping(l->channel) == ERR_OK)
        l->pinged_at = now;
    /* Before it is too old, so that no request has to wait for it. */
    int64_t max_age = l->endpoint->verifier.max_age;
    if (!is_young(l, max_age / 8 < 60 ? max_age / 8 : 60))
        link_renew(l);
    link_touch(l);
}
