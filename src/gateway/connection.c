/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/connection.h"

#include <stdlib.h>

enum {
    SECOND_MS = 1000,
    HALF_OPEN_MS = 30 * 1000, /* for the backend to end as well, after the client has */
    DOWN_MAX =
        2 *
        GATEWAY_READ_SIZE, /* backlog to a client from which its own control frames are not read any more */
};

static uint64_t now_of(const struct connection *c)
{
    return uv_now(&c->gateway->loop);
}

/* ---- the end of a connection ---- */

static void connection_free(struct connection *c)
{
    greeting_close(c);
    tls_close(c->tls);
    free(c->pong);
    free(c->websocket);
    free(c);
}

static void on_outlet_closed(void *owner)
{
    struct connection *c = owner;
    if (--c->handles == 0 && c->dropped)
        connection_free(c);
}

static void release_backend(struct connection *c)
{
    connector_cancel(c->connector);
    c->connector = NULL;
    if (c->backend != NULL)
        c->backend->connections--;
    c->backend = NULL;
}

static void count_end(struct connection *c, enum ended why)
{
    if (!c->counted && c->state != GREETING)
        c->gateway->counters.ended[why]++;
    c->counted = true;
}

void connection_drop(struct connection *c)
{
    if (c->dropped)
        return;
    c->dropped = true;
    release_backend(c);
    limits_close(c->address);
    if (c->token != NULL)
        limits_close(&c->token->user);
    if (c->throttled)
        c->gateway->throttled--;
    if (c->link != NULL) {
        *c->link = c->next;
        if (c->next != NULL)
            c->next->link = c->link;
        c->gateway->connection_count--;
    }
    outlet_close(&c->server);
    outlet_close(&c->client);
}

void connection_cut(struct connection *c, enum ended why)
{
    count_end(c, why);
    connection_drop(c);
}

/* The client may have what is on its way to it, and time to take it. */
static void linger(struct connection *c)
{
    release_backend(c);
    c->state = ENDING;
    c->since = now_of(c);
    if (outlet_backlog(&c->server) != 0)
        outlet_end(&c->server);
    else
        outlet_close(&c->server);
    relay_read_server(c, false);
    if (c->tls != NULL)
        tls_end(c->tls);
    outlet_end(&c->client);
}

void connection_finish(struct connection *c, enum ended why)
{
    count_end(c, why);
    if (!c->dropped && c->state != ENDING)
        linger(c);
}

void connection_refuse(struct connection *c, enum refused why, const struct upgrade *answer)
{
    uint8_t response[UPGRADE_RESPONSE_MAX];
    struct bytes text = {0};
    c->gateway->counters.refused[why]++;
    c->counted = true;
    if (answer == NULL || upgrade_response(answer, response, &text) != ERR_OK) {
        connection_drop(c);
        return;
    }
    connection_send(c, text);
    linger(c);
}

/* ---- the sockets' events, other than bytes ---- */

static void on_client_moved(void *owner, bool fine)
{
    struct connection *c = owner;
    c->failed = c->failed || !fine;
    connection_pace(c);
}

static void on_server_moved(void *owner, bool fine)
{
    struct connection *c = owner;
    if (!fine && c->state == RELAYING) {
        relay_send_close(c, WEBSOCKET_INTERNAL, "the backend broke off");
        connection_finish(c, ENDED_BACKEND_FAILED);
    }
    connection_pace(c);
}

static void on_client_ended(void *owner)
{
    struct connection *c = owner;
    if (c->client_ended)
        connection_drop(c);
}

static void on_server_ended(void *owner)
{
    struct connection *c = owner;
    if (c->state == ENDING)
        outlet_close(&c->server);
}

void connection_send(struct connection *c, struct bytes bytes)
{
    bool fine = c->tls != NULL ? tls_send(c->tls, bytes) : outlet_write(&c->client, bytes);
    if (!fine)
        c->failed = true;
}

void connection_pace(struct connection *c)
{
    if (c->dropped)
        return;
    relay_send_pong(c);
    if (c->failed) {
        connection_cut(c, ENDED_FAILED);
        return;
    }
    size_t up = outlet_backlog(&c->server);
    size_t down = outlet_backlog(&c->client);
    bool flows = c->state == RELAYING && !c->throttled;
    bool client = c->state == ENDING || (c->state == GREETING && !c->throttled) ||
                  (flows && up == 0 && down < DOWN_MAX);
    relay_read_client(c, client && !c->client_ended);
    relay_read_server(c, flows && down == 0);
}

/* ---- the beginning ---- */

static void enlist(struct gateway *g, struct connection *c)
{
    c->next = g->connections;
    c->link = &g->connections;
    if (c->next != NULL)
        c->next->link = &c->next;
    g->connections = c;
    g->connection_count++;
}

/* REFUSED_COUNT: it may come in. */
static enum refused admit(struct connection *c)
{
    struct gateway *g = c->gateway;
    struct sockaddr_storage peer = {0};
    int size = sizeof peer;
    bool full = false;
    if (g->connection_count >= g->options.connections)
        return REFUSED_FULL;
    if (c->client.socket.handle.type == UV_TCP &&
        uv_tcp_getpeername(&c->client.socket.tcp, (struct sockaddr *)&peer, &size) != 0)
        return REFUSED_SILENT;
    struct limits_user *user = limits_find(&g->addresses, &peer, now_of(c), &full);
    enum limits_answer answer = full ? LIMITS_CONNECTIONS : limits_open(user, now_of(c));
    if (answer == LIMITS_FINE)
        c->address = user;
    return answer == LIMITS_FINE   ? REFUSED_COUNT
           : answer == LIMITS_RATE ? REFUSED_ADDRESS_RATE
                                   : REFUSED_ADDRESS_CONNECTIONS;
}

static bool has_tls(enum transport t)
{
    return t == TRANSPORT_TLS || t == TRANSPORT_WSS;
}

static bool equip(struct connection *c)
{
    if (has_tls(c->transport)) {
        c->tls = tls_open(c->gateway->tls, &relay_tls_sink, c);
        if (c->tls == NULL)
            return false;
    }
    return greeting_open(c) == ERR_OK;
}

static struct connection *connection_new(struct listener *l)
{
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->gateway = l->gateway;
    c->transport = l->transport;
    c->client = (struct outlet){
        .owner = c, .moved = on_client_moved, .ended = on_client_ended, .closed = on_outlet_closed};
    c->server = (struct outlet){
        .owner = c, .moved = on_server_moved, .ended = on_server_ended, .closed = on_outlet_closed};
    c->since = c->heard_at = c->payload_at = c->moved_at = c->asked_at = now_of(c);
    if (outlet_init(&c->client, &c->gateway->loop, l->family)) {
        c->handles = 1;
        return c;
    }
    free(c);
    return NULL;
}

void connection_accept(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    struct gateway *g = l->gateway;
    if (status != 0)
        return;
    struct connection *c = connection_new(l);
    if (c == NULL)
        return;
    if (uv_accept(stream, &c->client.socket.stream) != 0) {
        connection_drop(c);
        return;
    }
    enum refused no = admit(c);
    if (no != REFUSED_COUNT) {
        connection_refuse(c, no, NULL);
        return;
    }
    enlist(g, c);
    g->counters.accepted[c->transport]++;
    if (c->client.socket.handle.type == UV_TCP) {
        (void)uv_tcp_nodelay(&c->client.socket.tcp, 1);
        (void)uv_tcp_keepalive(&c->client.socket.tcp, 1, 60);
    }
    c->failed = !equip(c);
    connection_pace(c);
}

/* ---- time ---- */

static bool stalled(struct connection *c, uint64_t now)
{
    size_t backlog = outlet_backlog(&c->client) + outlet_backlog(&c->server);
    if (backlog != c->backlog || backlog == 0)
        c->moved_at = now;
    c->backlog = backlog;
    return now - c->moved_at > (uint64_t)c->gateway->options.stall_seconds * SECOND_MS;
}

/* A WebSocket that was asked and has not answered when it would be asked again is gone. */
static bool vanished(struct connection *c, uint64_t now)
{
    uint64_t interval = (uint64_t)c->gateway->options.ping_seconds * SECOND_MS;
    if (!c->client.reading)
        c->heard_at = now; /* it may have answered: it is we who do not listen */
    if (c->websocket == NULL || interval == 0 || now - c->heard_at < interval || now - c->asked_at < interval)
        return false;
    if (c->asked_at > c->heard_at)
        return true;
    c->asked_at = now;
    if (outlet_backlog(&c->client) == 0)
        relay_send_ping(c);
    return false;
}

static void sweep_relaying(struct connection *c, uint64_t now)
{
    const struct gateway *g = c->gateway;
    uint64_t idle = now - c->payload_at;
    if (g->stopping && now >= g->stop_at) {
        relay_send_close(c, WEBSOCKET_GOING_AWAY, "the gateway is being stopped");
        connection_finish(c, ENDED_GRACE);
    } else if (stalled(c, now)) {
        connection_cut(c, ENDED_STALLED);
    } else if (idle > (uint64_t)g->options.idle_seconds * SECOND_MS ||
               (c->client_ended && idle > HALF_OPEN_MS)) {
        relay_send_close(c, WEBSOCKET_GOING_AWAY, "nothing was said for too long");
        connection_finish(c, ENDED_IDLE);
    } else if (vanished(c, now)) {
        connection_cut(c, ENDED_IDLE);
    }
}

void connections_sweep(struct gateway *g)
{
    uint64_t now = uv_now(&g->loop);
    for (struct connection *c = g->connections, *next = NULL; c != NULL; c = next) {
        next = c->next;
        uint64_t age = now - c->since;
        if (c->state == GREETING && (g->stopping || age > (uint64_t)g->options.greeting_seconds * SECOND_MS))
            connection_refuse(c, REFUSED_GREETING, NULL);
        else if (c->state == CONNECTING && g->stopping && now >= g->stop_at)
            connection_cut(c, ENDED_GRACE);
        else if (c->state == ENDING && age > GATEWAY_LINGER_MS)
            connection_drop(c);
        else if (c->state == RELAYING)
            sweep_relaying(c, now);
        connection_pace(c);
    }
}

void connections_resume(struct gateway *g)
{
    uint64_t now = uv_now(&g->loop);
    for (struct connection *c = g->connections, *next = NULL; g->throttled != 0 && c != NULL; c = next) {
        next = c->next;
        if (!c->throttled || now < c->resume_at)
            continue;
        uint64_t wait = limits_wait(c->address, now);
        uint64_t token_wait = c->token != NULL ? limits_wait(&c->token->user, now) : 0;
        c->resume_at = now + (wait > token_wait ? wait : token_wait);
        c->throttled = c->resume_at > now;
        g->throttled -= !c->throttled;
        connection_pace(c);
    }
}

void connections_revoke(struct gateway *g)
{
    for (struct connection *c = g->connections, *next = NULL; c != NULL; c = next) {
        next = c->next;
        if (c->token == NULL || c->token->listed || c->state == ENDING)
            continue;
        if (c->state == RELAYING)
            relay_send_close(c, WEBSOCKET_POLICY, "the token is not valid any more");
        connection_finish(c, ENDED_REVOKED);
        connection_pace(c);
    }
}

void connections_drop(struct gateway *g)
{
    while (g->connections != NULL)
        connection_cut(g->connections, ENDED_GRACE);
}
