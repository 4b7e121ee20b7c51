/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

/*
 * enclume-gateway: one loop (libuv) that owns everything. It sees ciphertext alone, holds no key of the channel, and parses nothing of it; what it must be is
 * hard to knock over. All memory of a connection: its struct, what TLS keeps, and what a slow side has not taken yet, which is at most one read.
 */

#include <uv.h>

#include "base/log.h"
#include "gateway/backends.h"
#include "gateway/limits.h"
#include "gateway/options.h"
#include "gateway/tls.h"
#include "gateway/tokens.h"
#include "gateway/websocket.h"

enum {
    GATEWAY_LISTENERS_MAX = 16,
    GATEWAY_READ_SIZE = 32 * 1024,
    GATEWAY_TICK_MS = 50,
    GATEWAY_SWEEP_TICKS = 20, /* a second */
    GATEWAY_LINGER_MS = 5000, /* for a client to take the last bytes and go */
};

/* How bytes come: as they are, in TLS, in a WebSocket, in both. X(constant, prefix) */
#define GATEWAY_TRANSPORT_TABLE(X)                                                                           \
    X(TRANSPORT_TCP, "tcp")                                                                                  \
    X(TRANSPORT_TLS, "tls")                                                                                  \
    X(TRANSPORT_WS, "ws")                                                                                    \
    X(TRANSPORT_WSS, "wss")                                                                                  \
    X(TRANSPORT_UNIX, "unix")

/* Why a connection got no backend. X(constant, label) */
#define GATEWAY_REFUSAL_TABLE(X)                                                                             \
    X(REFUSED_FULL, "max-connections")                                                                       \
    X(REFUSED_ADDRESS_CONNECTIONS, "address-connections")                                                    \
    X(REFUSED_ADDRESS_RATE, "address-rate")                                                                  \
    X(REFUSED_TOKEN, "token")                                                                                \
    X(REFUSED_TOKEN_CONNECTIONS, "token-connections")                                                        \
    X(REFUSED_TOKEN_RATE, "token-rate")                                                                      \
    X(REFUSED_REQUEST, "request")                                                                            \
    X(REFUSED_TLS, "tls")                                                                                    \
    X(REFUSED_GREETING, "greeting-timeout")                                                                  \
    X(REFUSED_SILENT, "went-before-greeting")                                                                \
    X(REFUSED_NO_BACKEND, "no-backend")

/* Why one that had a backend ended. X(constant, label) */
#define GATEWAY_END_TABLE(X)                                                                                 \
    X(ENDED_CLIENT, "client")                                                                                \
    X(ENDED_BACKEND, "backend")                                                                              \
    X(ENDED_BACKEND_FAILED, "backend-failed")                                                                \
    X(ENDED_FAILED, "failed")                                                                                \
    X(ENDED_WEBSOCKET, "websocket-rule")                                                                     \
    X(ENDED_IDLE, "idle-timeout")                                                                            \
    X(ENDED_STALLED, "stall-timeout")                                                                        \
    X(ENDED_REVOKED, "token-revoked")                                                                        \
    X(ENDED_GRACE, "grace")

#define GATEWAY_ENUM_ROW(constant, label) constant,
enum transport { GATEWAY_TRANSPORT_TABLE(GATEWAY_ENUM_ROW) TRANSPORT_COUNT };
enum refused { GATEWAY_REFUSAL_TABLE(GATEWAY_ENUM_ROW) REFUSED_COUNT };
enum ended { GATEWAY_END_TABLE(GATEWAY_ENUM_ROW) ENDED_COUNT };
#undef GATEWAY_ENUM_ROW

/* What the metrics say. Sums over everybody: nothing here is one user's. */
struct counters {
    uint64_t accepted[TRANSPORT_COUNT];
    uint64_t refused[REFUSED_COUNT];
    uint64_t ended[ENDED_COUNT];
    uint64_t bytes_up; /* to backends */
    uint64_t bytes_down;
    uint64_t throttled; /* times that a connection was paused */
    uint64_t retried;   /* connections that were given to another backend, because the first did not answer */
};

struct gateway;

struct listener {
    struct gateway *gateway;
    enum transport transport;
    int family;
    bool open;
    bool shared; /* the address, with other processes; set before listener_open */
    struct address address;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
};

struct connection;
struct metrics_client;
struct check;

struct gateway {
    struct gateway_options options;
    uv_loop_t loop;
    uv_timer_t tick;
    uint64_t ticks;
    uv_signal_t signals[3];
    struct listener listeners[GATEWAY_LISTENERS_MAX];
    size_t listener_count;
    struct listener metrics;
    struct metrics_client *metrics_clients; /* list */
    size_t metrics_count;

    struct backends backends;
    struct check *checks; /* list: under way */
    struct limits_table addresses;
    struct tokens tokens;
    struct tls_context *tls;

    struct connection *connections; /* list */
    size_t connection_count;
    size_t throttled; /* of them, paused for their rate */
    bool stopping;
    uint64_t stop_at;
    struct counters counters;

    /* One for all: what is read is dealt with at once. The room before it is for the head of a frame. */
    uint8_t read_buffer[WEBSOCKET_HEAD_MAX + GATEWAY_READ_SIZE];
};

/* gateway.c. The caller has filled options; returns when the gateway was asked to stop and has. */
ERR_MUST_USE enum err gateway_run(struct gateway *g, struct err_note *note);

/* listener.c: binds `tcp:HOST:PORT` and its like. *port: what to tell a person (0 for unix). ERR_USAGE, ERR_NETWORK. */
ERR_MUST_USE enum err listener_open(struct gateway *g, struct listener *l, const char *address,
                                    uv_connection_cb on_connection, int *port, struct err_note *note);
void listener_close(struct listener *l);

/* connection.c */
void connection_accept(uv_stream_t *stream, int status);
void connections_sweep(struct gateway *g);  /* once a second: who takes too long? */
void connections_resume(struct gateway *g); /* who was paused for its rate, and may go on? */
void connections_revoke(struct gateway *g); /* whose token is not listed any more */
void connections_drop(struct gateway *g);   /* all of them, now */

/* checks.c: connects to the backends whose time it is. */
void checks_run(struct gateway *g);
void checks_cancel(struct gateway *g);
/* An attempt to connect to it has come to an end. */
void checks_result(struct gateway *g, struct backend *backend, bool fine);

/* metrics.c */
void metrics_accept(uv_stream_t *stream, int status);
void metrics_sweep(struct gateway *g); /* once a second */
void metrics_drop(struct gateway *g);

#endif
