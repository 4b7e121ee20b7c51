/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ENGINE_FAKE_SERVER_H
#define TESTS_UNIT_ENGINE_FAKE_SERVER_H

/*
 * A server that answers by a script, on a UNIX socket in a directory of its own: a thread for each connection. /health and /v1/models have answers of their own, which a test
 * may replace; everything else is answered by the steps of `script`, which begin anew with each request.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    FAKE_STEPS_MAX = 12,
    FAKE_REQUEST_MAX = 1 << 16,
    FAKE_CHUNK_MAX = 1 << 10,
    FAKE_CONNECTIONS_MAX = 1024
};

enum fake_step_kind {
    FAKE_END, /* of the script: the next request of the connection */
    FAKE_SEND,
    FAKE_SEND_BYTES, /* the same, each byte by itself */
    FAKE_CHUNK,      /* the text, framed as a chunk */
    FAKE_SLEEP,      /* ms */
    FAKE_WAIT,       /* until fake_release */
    FAKE_CLOSE,
    FAKE_UNTIL_CLOSED, /* by the engine */
};

struct fake_step {
    enum fake_step_kind kind;
    const char *text;
    int ms;
};

struct fake_server {
    char dir[64];
    char address[80]; /* unix:... */
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Below: with the lock held. */
    struct fake_step script[FAKE_STEPS_MAX];
    const char *health; /* whole answers, both */
    char models[1024];
    size_t connections; /* so far */
    size_t ended;       /* of these */
    size_t requests;    /* so far, health and models not counted */
    size_t busy;        /* being answered */
    size_t most_busy;   /* at any time */
    size_t hung_up;     /* the engine closed a connection while it was being answered */
    size_t released;
    bool stopping;
    size_t thread_count;
    pthread_t threads[FAKE_CONNECTIONS_MAX];
    int fds[FAKE_CONNECTIONS_MAX];
    char last[FAKE_REQUEST_MAX]; /* the last request, head and body */
};

#define FAKE_JSON(text_length, text)                                                                         \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " text_length "\r\n\r\n" text
#define FAKE_MODELS                                                                                          \
    "{\"object\":\"list\",\"data\":[{\"id\":\"a model\",\"object\":\"model\",\"owned_by\":\"somebody\"}]}"
#define FAKE_EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

void fake_start(struct fake_server *s);
/* Stops and goes away; fake_restart listens at the same place again. */
void fake_stop(struct fake_server *s);
void fake_restart(struct fake_server *s);
void fake_remove(struct fake_server *s);
void fake_script(struct fake_server *s, const struct fake_step *steps, size_t count);
/* Lets that many FAKE_WAIT steps go on. */
void fake_release(struct fake_server *s, size_t count);
void fake_health(struct fake_server *s, const char *answer);
/* answer: whole, or the JSON text alone. */
void fake_models(struct fake_server *s, const char *answer);
/* The counter when it has reached that number, or what it is after ten seconds. */
size_t fake_reaches(struct fake_server *s, const size_t *counter, size_t number);

#endif
