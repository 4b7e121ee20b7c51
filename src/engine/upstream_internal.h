/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_UPSTREAM_INTERNAL_H
#define ENGINE_UPSTREAM_INTERNAL_H

/*
 * What the files of the upstream engine share.
 *
 *     upstream.c             open and close; what the enclave's thread calls
 *     upstream_loop.c        the engine's thread: which request goes next, and how each ends
 *     upstream_connection.c  one connection to the server, and the request on it
 *     upstream_health.c      is the server there, and is it the one that it was
 *     upstream_answer.c      from the bytes of an answer to lines
 *     upstream_json.c        one JSON object
 *     upstream_models.c      what the server says about itself
 *     upstream_dial.c        how connections come in
 *     upstream_address.c     where the server listens
 *     upstream_weights.c     the digest of the weights
 *
 * Everything below `lock` in struct upstream is shared between threads and used with the lock held; all else is the loop's own after open.
 */

#include <pthread.h>
#include <uv.h>

#include "engine/engine.h"
#include "engine/upstream_answer.h"
#include "engine/upstream_dial.h"
#include "engine/upstream_models.h"

enum {
    UPSTREAM_SLOTS_DEFAULT = 4,
    UPSTREAM_SLOTS_MAX = 1024,
    UPSTREAM_QUEUE_DEFAULT = 64,
    UPSTREAM_QUEUE_MAX = 65536,
    UPSTREAM_READ_SIZE = 64 * 1024,
    UPSTREAM_HEAD_MAX = 512,
    UPSTREAM_SALT_SIZE = 33,
    UPSTREAM_TICK_MS = 100,
    UPSTREAM_DIAL_WAIT_MS = 10000, /* for a connection */
    UPSTREAM_DIALS_MAX = 64,       /* asked of the dialer and not answered */
    UPSTREAM_MISSES_MAX = 3,       /* unanswered questions how it is, after which the server counts as gone */
    UPSTREAM_PROBE_SIZE = 512,
    UPSTREAM_REPEAT_MS = 1000, /* how soon a server that is gone is asked again, at the latest */
};

/* Whose request it is: a client's, or one of the engine's own questions. */
enum upstream_errand { UPSTREAM_FORWARD, UPSTREAM_HEALTH, UPSTREAM_MODELS, UPSTREAM_PROBE };

enum upstream_state {
    UPSTREAM_WAITING, /* for a slot */
    UPSTREAM_DIALING, /* for a connection */
    UPSTREAM_WORKING, /* on a connection, or on one that is being closed */
};

/* /v1/messages, where a server may let the prompts of different users meet in its cache. */
enum upstream_messages { UPSTREAM_MESSAGES_OPEN, UPSTREAM_MESSAGES_UNTRIED, UPSTREAM_MESSAGES_CLOSED };

struct upstream_connection;

/* In secret memory, with its body. */
struct upstream_request {
    struct upstream_request *next;    /* of all requests; below lock */
    struct upstream_request *dialing; /* the next that waits for a connection */
    enum upstream_errand errand;
    enum upstream_state state;
    uint64_t id;
    uint64_t asker;
    uint64_t turn;
    enum api api;
    bool streamed;
    bool cancelled; /* below lock */
    bool repeated;  /* a kept connection had ended when it was used; this is the second attempt */
    uint64_t deadline;
    struct upstream_connection *connection;
    uint8_t *body; /* behind this */
    size_t body_len;
};

struct upstream_connection {
    uv_pipe_t pipe; /* libuv's pipes are any stream socket */
    struct upstream *u;
    struct upstream_connection *next;
    struct upstream_connection **link;
    struct upstream_request *request; /* NULL: it waits for one */
    struct upstream_answer answer;
    uv_write_t write;
    bool writing;
    bool used; /* it has carried a request before */
    bool closing;
    bool repeat; /* closing: its request goes to another connection */
    enum err result;
    struct err_note note;
    uint64_t deadline;
    size_t head_len;
    char head[UPSTREAM_HEAD_MAX];
};

struct upstream_health {
    bool asking;
    bool known;       /* the model below is the one of open */
    unsigned misses;  /* in a row */
    uint64_t next_at; /* uv_now */
    struct upstream_model model;
    struct secret_buffer text; /* the answer as far as it has come */
    struct upstream_request request;
    unsigned probes; /* asked since the server came */
    char probe[UPSTREAM_PROBE_SIZE];
};

struct upstream {
    struct engine base;
    struct engine_info info;
    struct engine_callbacks callbacks;
    void *owner;
    struct engine_upstream_options options;
    char salt[UPSTREAM_SALT_SIZE];
    pthread_t thread;

    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t tick;
    uv_poll_t dialer;
    bool dialer_gone;
    unsigned dials; /* asked and not answered */
    struct upstream_request *dialing_first, **dialing_last;
    uint32_t working; /* requests in DIALING and WORKING, the engine's own not counted */
    struct upstream_connection *connections;
    uint8_t *read_buffer; /* secret memory; one for all: what is read is dealt with at once */
    struct upstream_health health;
    bool ending; /* everything is being closed */

    pthread_mutex_t lock;
    pthread_cond_t changed;                                   /* ready or down_note */
    struct upstream_request *requests_first, **requests_last; /* the clients', in every state */
    uint32_t live;
    uint64_t turn; /* of the request that was started last */
    bool closing;
    bool ready; /* the server has answered once */
    bool down;
    struct err_note down_note;
    enum upstream_messages messages;
};

/* ---- upstream_loop.c ---- */
void *upstream_loop_run(void *upstream);
void upstream_loop_wake(uv_async_t *wake);
void upstream_loop_tick(uv_timer_t *tick);
void upstream_loop_dialed(uv_poll_t *dialer, int status, int events);
/* Gives it a connection, one that is kept or a new one; or ends it. */
void upstream_request_start(struct upstream *u, struct upstream_request *r);
/* Forgets a request that has no connection, wiping it, and says how it ended. */
void upstream_request_end(struct upstream *u, struct upstream_request *r, enum err result,
                          const struct err_note *note);

/* ---- upstream_connection.c ---- */
/* fd is the connection's after this, also after ERR_MEMORY. */
ERR_MUST_USE enum err upstream_connection_new(struct upstream *u, int fd, struct upstream_connection **c);
/* One that is kept and waits; NULL: there is none. */
struct upstream_connection *upstream_connection_kept(const struct upstream *u);
void upstream_connection_send(struct upstream_connection *c, struct upstream_request *r);
/* Closes it; its request, if it has one, ends so when it is closed. */
void upstream_connection_close(struct upstream_connection *c, enum err result, const struct err_note *note);
/* Closes those that have taken too long. */
void upstream_connections_sweep(struct upstream *u);

/* ---- upstream_health.c ---- */
/* Asks when it is time to. */
void upstream_health_tick(struct upstream *u);
/* One of the questions has come to its end. status: of the answer, 0 when there is none. */
void upstream_health_answered(struct upstream *u, enum err result, const struct err_note *note,
                              uint16_t status);
void upstream_health_text(struct upstream *u, struct bytes text);
/* It broke off in an answer: it may be another one that comes in its place. */
void upstream_health_doubt(struct upstream *u);
/* The server did not take a connection. */
void upstream_health_refused(struct upstream *u, const struct err_note *note);

/* ---- upstream_weights.c ---- */
/* SHA-256 of the file, or of a block device's first size bytes; of a directory: of its listing, as sha256sum would print it for all of its files in the order of their names.
 * size: that the model must have; 0: as a file is long. ERR_MODEL. */
ERR_MUST_USE enum err upstream_weights_digest(const char *path, uint64_t size, uint8_t digest[static 32],
                                              struct err_note *note);

#endif
