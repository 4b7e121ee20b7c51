/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CLIENT_INTERNAL_H
#define CLIENT_CLIENT_INTERNAL_H

#include "base/secret_buffer.h"
#include "client/client.h"
#include "client/verifier.h"

enum { CLIENT_LINE_MAX = 4 * 1024 * 1024, CLIENT_READ_SIZE = 64 * 1024 };

/* The request under way. */
struct ask {
    bool active;
    bool done;
    enum err result;
    uint32_t stream;
    uint16_t status;
    bool finished;             /* the line that ends an answer was read, */
    bool counted;              /* and the usage behind it */
    struct secret_buffer line; /* the line that is not complete yet */
    void (*on_text)(void *owner, struct bytes text);
    void *owner;
    struct client_answer answer;
    struct err_note note; /* what the enclave said when it refused the request */
};

struct client {
    struct client_options options;
    int cancel_fd; /* eventfd */
    int fd;        /* -1: not connected */
    struct channel *channel;
    struct noise_keypair *key; /* fresh for each connection */
    struct verifier verifier;
    bool fresh;       /* the enclave answered a challenge of this connection */
    bool appraised;   /* this connection: evidence came (or none was due) since it was last asked for */
    enum err failure; /* of this connection */
    struct ask ask;
    int64_t heard_at; /* monotonic_ms of the last bytes from the enclave */
    uint8_t *read_buffer;
};

/* client.c: client_connect, as a part of what is under way. */
ERR_MUST_USE enum err client_ready(struct client *c, struct err_note *note);
/* client.c: evidence past its age is renewed in place. */
ERR_MUST_USE enum err client_renew(struct client *c, struct err_note *note);

/* link.c: one turn of waiting for the socket and moving bytes. deadline: monotonic milliseconds. ERR_CANCELLED when client_cancel was called;
 * ERR_CHANNEL_TIMEOUT; or the connection's failure. */
ERR_MUST_USE enum err link_turn(struct client *c, int64_t deadline);
/* Sends what is queued, as far as the socket takes it, without waiting; a failure shows in the next turn. */
void link_send(struct client *c);
void link_drop(struct client *c);
/* A cancel that came when nothing was under way, or that dial has obeyed, is not for what begins now. */
void link_forget_cancel(struct client *c);

/* ask.c: the channel's stream callbacks. */
void ask_on_replied(void *owner, uint32_t stream, uint16_t status);
void ask_on_data(void *owner, uint32_t stream, struct bytes data, bool end);
void ask_on_cancelled(void *owner, uint32_t stream, enum err reason);

#endif
