/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "gateway/connection.h"

enum err greeting_open(struct connection *c)
{
    c->greeting = calloc(1, sizeof *c->greeting);
    if (c->greeting == NULL)
        return ERR_MEMORY;
    if (c->transport != TRANSPORT_WS && c->transport != TRANSPORT_WSS)
        return ERR_OK;
    c->websocket = calloc(1, sizeof *c->websocket);
    return c->websocket == NULL ? ERR_MEMORY : ERR_OK;
}

void greeting_close(struct connection *c)
{
    if (c->greeting == NULL)
        return;
    http_reader_free(c->greeting->request);
    free(c->greeting->early);
    free(c->greeting);
    c->greeting = NULL;
}

/* ---- the backend ---- */

static void find_backend(struct connection *c);

/* What the client said first goes to the backend; what the gateway says first goes to the client. */
static void begin_relay(struct connection *c)
{
    struct greeting *greeting = c->greeting;
    uint8_t response[UPGRADE_RESPONSE_MAX];
    struct bytes text = {0};
    c->state = RELAYING;
    c->payload_at = uv_now(&c->gateway->loop);
    c->backend->served++;
    if (c->websocket != NULL) {
        if (upgrade_response(&greeting->upgrade, response, &text) == ERR_OK)
            connection_send(c, text);
        else
            c->failed = true;
    } else if (greeting->early_len != 0) {
        relay_up(c, greeting->early, greeting->early_len);
    }
    if (c->client_ended)
        outlet_end(&c->server);
    greeting_close(c);
}

static bool adopt(struct connection *c, int fd)
{
    if (!outlet_init(&c->server, &c->gateway->loop, c->backend->address.where.ss_family)) {
        (void)close(fd);
        return false;
    }
    c->handles++;
    if (!outlet_adopt(&c->server, fd))
        return false;
    if (c->server.socket.handle.type == UV_TCP)
        (void)uv_tcp_nodelay(&c->server.socket.tcp, 1);
    return true;
}

static void on_connected(void *owner, int fd)
{
    struct connection *c = owner;
    c->connector = NULL;
    checks_result(c->gateway, c->backend, fd >= 0);
    if (fd >= 0) {
        if (adopt(c, fd))
            begin_relay(c);
        else
            c->failed = true;
    } else {
        c->backend->connections--;
        c->backend = NULL;
        c->gateway->counters.retried++;
        find_backend(c);
    }
    connection_pace(c);
}

/* Each one that does not answer counts as down from then on, so this comes to an end. */
static void find_backend(struct connection *c)
{
    static const unsigned ms = 1000;
    struct gateway *g = c->gateway;
    c->state = CONNECTING;
    c->backend = backends_choose(&g->backends);
    if (c->backend == NULL) {
        struct upgrade busy = upgrade_refusal(503, "no enclave can be reached");
        connection_refuse(c, REFUSED_NO_BACKEND, c->websocket != NULL ? &busy : NULL);
        return;
    }
    c->backend->connections++;
    c->connector =
        connector_start(&g->loop, &c->backend->address, g->options.connect_seconds * ms, on_connected, c);
    if (c->connector == NULL)
        c->failed = true;
}

/* ---- what the client says first ---- */

static void keep_early(struct connection *c, const uint8_t *bytes, size_t len)
{
    struct greeting *greeting = c->greeting;
    uint8_t *more = realloc(greeting->early, greeting->early_len + len);
    if (more == NULL) {
        c->failed = true;
        return;
    }
    memcpy(more + greeting->early_len, bytes, len);
    greeting->early = more;
    greeting->early_len += len;
}

static void refuse_request(struct connection *c, enum refused why, uint16_t status, const char *text)
{
    struct upgrade answer = upgrade_refusal(status, text);
    connection_refuse(c, why, &answer);
}

/* The token's own limits. */
static bool admit_token(struct connection *c, struct token *token)
{
    if (token == NULL)
        return true;
    enum limits_answer answer = limits_open(&token->user, uv_now(&c->gateway->loop));
    if (answer == LIMITS_FINE)
        c->token = token;
    else if (answer == LIMITS_RATE)
        refuse_request(c, REFUSED_TOKEN_RATE, 429, "too many new connections with this token");
    else
        refuse_request(c, REFUSED_TOKEN_CONNECTIONS, 429, "too many connections with this token");
    return answer == LIMITS_FINE;
}

static void request_complete(struct connection *c)
{
    struct upgrade *u = &c->greeting->upgrade;
    http_reader_free(c->greeting->request); /* wipes the token */
    c->greeting->request = NULL;
    if (admit_token(c, u->token))
        find_backend(c);
}

/* False when the request was refused. */
static bool request_head(struct connection *c)
{
    struct gateway *g = c->gateway;
    const struct upgrade_rules rules = {
        .origins = &g->options.origins,
        .tokens = g->options.token_file != NULL ? &g->tokens : NULL,
    };
    struct upgrade *u = &c->greeting->upgrade;
    upgrade_check(http_head(c->greeting->request), &rules, u);
    if (u->status != 101)
        connection_refuse(c, u->status == 401 ? REFUSED_TOKEN : REFUSED_REQUEST, u);
    return u->status == 101;
}

static void request_input(struct connection *c, struct bytes in)
{
    static const struct http_config config = {.kind = HTTP_REQUEST, .head_max = UPGRADE_HEAD_MAX};
    struct http_event event = {.kind = HTTP_MORE};
    struct err_note note = {0};
    if (c->greeting->request == NULL && http_reader_new(&config, &c->greeting->request) != ERR_OK) {
        c->failed = true;
        return;
    }
    struct http_reader *r = c->greeting->request;
    do {
        enum err e = http_read(r, &in, &event, &note);
        if (e != ERR_OK) {
            uint16_t status = http_reader_status(r);
            refuse_request(c, REFUSED_REQUEST, status != 0 ? status : 500, note.text);
            return;
        }
        if (event.kind == HTTP_HEAD && !request_head(c))
            return;
    } while (event.kind != HTTP_MORE && event.kind != HTTP_END);
    if (event.kind == HTTP_END && in.len != 0)
        refuse_request(c, REFUSED_REQUEST, 400, "bytes behind the request, before it was answered");
    else if (event.kind == HTTP_END)
        request_complete(c);
}

void greeting_input(struct connection *c, const uint8_t *bytes, size_t len)
{
    if (c->websocket == NULL) {
        keep_early(c, bytes, len);
        if (c->state == GREETING && !c->failed)
            find_backend(c);
    } else if (c->state == GREETING) {
        request_input(c, bytes_of(bytes, len));
    } else {
        c->failed = true; /* in a TLS record of its own, what request_input refuses in the same one */
    }
}
