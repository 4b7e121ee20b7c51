/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CHANNEL_PAIR_H
#define TESTS_CHANNEL_PAIR_H

/* Two channels that talk to each other in memory, and what their owners were told. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "channel/channel_internal.h"

enum told {
    TOLD_WANTED,
    TOLD_EVIDENCE,
    TOLD_OPENED,
    TOLD_REPLIED,
    TOLD_DATA,
    TOLD_CANCELLED,
    TOLD_CLOSED,
    TOLD_COUNT
};

enum { BODIES_MAX = 512 };

struct body {
    uint8_t *bytes;
    size_t len;
    bool end;
};

struct side {
    struct channel *ch;
    /* what the owner does by itself */
    bool accept;         /* initiator: channel_verified from within `evidence` */
    bool consume;        /* deals with data at once */
    struct bytes bundle; /* responder: gives it from within `evidence_wanted`, unless empty */
    /* what it was told */
    unsigned told[TOLD_COUNT];
    uint32_t stream;
    uint16_t status;
    enum err cancel_reason;
    enum err close_reason;
    uint8_t challenge[CHANNEL_CHALLENGE_SIZE];
    char path[CHANNEL_PATH_MAX + 1];
    struct body evidence;
    struct body bodies[BODIES_MAX]; /* by stream id */
};

struct pair {
    struct noise_keypair client_s;
    struct noise_keypair server_s;
    struct noise_keypair old_s; /* a key that the server has no longer */
    struct side client;
    struct side server;
};

struct pair_options {
    enum channel_path path; /* CHANNEL_PATH_XX when 0 */
    bool fresh;             /* IK: with evidence */
    bool hold;              /* the client does not accept by itself */
    bool mute;              /* the server gives no evidence by itself */
    bool hoard;             /* nobody consumes by itself */
    size_t bundle;          /* its size; 0 is 5,000 */
    uint32_t rekey_records;
};

int channel_test_setup(void **state); /* group setup: crypto_init */

struct pair *pair_new(const struct pair_options *options);
void pair_free(struct pair *p);
/* Flushes both sides and carries their output, until nothing moves. */
void pair_pump(struct pair *p);
/* A pair that has come to VERIFIED on both sides. */
struct pair *pair_verified(void);
struct pair *pair_verified_with(const struct pair_options *options);

/* Carries what `from` has in its output to `to`; the result of channel_receive. */
enum err carry(struct side *from, struct side *to);
/* Throws the output away. */
void discard(struct side *from);

/* Seals frames that the channel would not send itself, padded to a bucket, into the output of `from`: a peer that breaks the rules. */
void forge(struct side *from, const struct frame *frames, size_t count);
void forge_plain(struct side *from, struct bytes plain);
/* forge, then carry. */
enum err forge_one(struct side *from, struct side *to, enum frame_type type, uint8_t flags, uint32_t stream,
                   struct bytes payload);

/* Opens a request from the client and pumps; its id. */
uint32_t open_stream(struct pair *p);
/* The same with a REPLY of 200. */
uint32_t open_and_reply(struct pair *p);

/* n bytes that depend on n and seed; freed by the caller. */
uint8_t *some_bytes(size_t n, unsigned seed);

#endif
