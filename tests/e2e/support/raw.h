/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_RAW_H
#define TESTS_E2E_RAW_H

/*
 * A client that believes everything and can be told to behave badly: a channel and a socket, moved by hand. Not a way to ask for anything: it accepts
 * any enclave.
 */

#include "channel/channel.h"

enum { RAW_FIRST_SIZE = 2 + 1217 }; /* the first record of XX */

struct raw {
    int fd;
    struct noise_keypair key;
    struct channel *channel;
    size_t asked;
    size_t ended;     /* answers that came to their end */
    size_t cancelled; /* answers that the enclave gave up */
    size_t bytes;     /* of answers */
    bool hoards;      /* gives no window back */
    bool closed;
    enum err reason;
    /* raw_request */
    bool keeps;
    uint16_t status;
    char *text;
    size_t len;
};

/* A blocking UNIX socket to path. */
int raw_connect(const char *path);
/* Connects and sends the first message. */
void raw_open(struct raw *r, const char *path);
/* Waits until the channel may carry requests; false when it ended before, or nothing came for timeout_ms. */
bool raw_finish(struct raw *r, int timeout_ms);
/* Sends what was queued on the channel by hand. */
void raw_send(struct raw *r);
/* Queues a chat request and sends it. */
void raw_ask(struct raw *r, const char *json);
/* Any request, alone on the channel, until its answer has ended: status, and text (with its NUL; until the next one or raw_close). False when that did not come. */
bool raw_request(struct raw *r, const char *path, const char *body, int timeout_ms);
/* Takes what comes within timeout_ms, once; false when nothing came or the connection has ended. */
bool raw_take(struct raw *r, int timeout_ms);
/* Without a word. */
void raw_close(struct raw *r);

#endif
