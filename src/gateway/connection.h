/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_CONNECTION_H
#define GATEWAY_CONNECTION_H

/*
 * One client and its backend. A connection is in one of four states, and goes through them in this order:
 *
 *     GREETING     TLS and the request for a WebSocket, or the first byte of a plain stream. Nobody who says nothing reaches a backend.
 *     CONNECTING   a backend was chosen; nothing is read. When it does not answer, another one is tried.
 *     RELAYING     bytes go both ways
 *     ENDING       the backend is gone; the client is given what there is for it, and time to go
 */

#include "gateway/connector.h"
#include "gateway/gateway.h"
#include "gateway/outlet.h"
#include "gateway/upgrade.h"

enum connection_state { GREETING, CONNECTING, RELAYING, ENDING };

/* What is needed until there is a backend. */
struct greeting {
    struct http_reader *request; /* of a WebSocket, until it was read */
    struct upgrade upgrade;
    uint8_t *early; /* of a plain stream: what came first */
    size_t early_len;
};

struct connection {
    struct gateway *gateway;
    struct connection *next;
    struct connection **link; /* what points to this one */
    struct outlet client;
    struct outlet server;
    struct tls *tls;
    struct greeting *greeting;
    struct websocket *websocket; /* NULL: a plain stream */
    struct backend *backend;
    struct connector *connector;
    struct limits_user *address; /* NULL: not limited */
    struct token *token;
    uint64_t since;        /* uv_now of the beginning; of ENDING its end */
    uint64_t heard_at;     /* of the client's last byte */
    uint64_t payload_at;   /* of the last byte of the stream, either way */
    uint64_t asked_at;     /* of the last ping */
    uint64_t moved_at;     /* of the last progress of a backlog */
    uint64_t resume_at;    /* while throttled */
    size_t backlog;        /* at the last sweep */
    uint8_t *pong;         /* the answer to the client's latest ping, until it is sent; NULL: none is due */
    uint16_t close_status; /* of the client's close frame; 0: none came */
    uint8_t pong_len;
    uint8_t handles;
    enum transport transport : 8;
    enum connection_state state : 8;
    bool client_ended; /* it sends nothing more */
    bool throttled;
    bool failed;  /* a socket broke in the middle of something: to be dropped when that is over */
    bool counted; /* how it ended was counted */
    bool dropped;
};

/* connection.c */
/* Writes to the client through what is around the stream: TLS. */
void connection_send(struct connection *c, struct bytes bytes);
/* It will get no backend. answer: an HTTP response to be given, or NULL: the connection is cut. */
void connection_refuse(struct connection *c, enum refused why, const struct upgrade *answer);
/* Its backend is done with: RELAYING becomes ENDING. */
void connection_finish(struct connection *c, enum ended why);
/* Closes both sockets now. */
void connection_drop(struct connection *c);
/* The same, and counts why. */
void connection_cut(struct connection *c, enum ended why);
/* Reads from each side if what it says can be passed on. Called at the end of every event; may drop the connection. */
void connection_pace(struct connection *c);

/* greeting.c */
/* ERR_MEMORY */
ERR_MUST_USE enum err greeting_open(struct connection *c);
void greeting_close(struct connection *c);
/* Bytes in GREETING or CONNECTING. */
void greeting_input(struct connection *c, const uint8_t *bytes, size_t len);

/* relay.c */
void relay_up(struct connection *c, uint8_t *bytes, size_t len);
void relay_read_client(struct connection *c, bool wanted);
void relay_read_server(struct connection *c, bool wanted);
extern const struct tls_sink relay_tls_sink;
/* A close frame, if it is a WebSocket. */
void relay_send_close(struct connection *c, uint16_t status, const char *reason);
void relay_send_ping(struct connection *c);
/* The pong that is due, once the client has taken what is there for it. */
void relay_send_pong(struct connection *c);

#endif
