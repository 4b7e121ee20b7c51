/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_NOISE_NOISE_PAIR_H
#define TESTS_UNIT_NOISE_NOISE_PAIR_H

/* Both ends of one handshake, and the wire between them. A cmocka assertion fails when something that must work does not. */

#include "noise/noise_internal.h"

enum { PAIR_ROOM = NOISE_MESSAGE_MAX };

struct noise_pair {
    struct noise_keypair s[2]; /* by enum noise_role */
    struct noise_keypair e;    /* Alice's, in a fallback */
    struct noise_handshake *hs[2];
    uint8_t wire[PAIR_ROOM + 1];
    size_t wire_len;
};

/* Fresh keys on both sides; each gets what its pattern takes. The two prologues are usually the same. */
void pair_new(struct noise_pair *p, const char *name, struct bytes prologue_i, struct bytes prologue_r);
void pair_free(struct noise_pair *p);

/* The keys that side takes: pointers into the pair. */
struct noise_keys pair_keys(const struct noise_pair *p, const char *name, enum noise_role role);

/* Whose turn it is to write. */
enum noise_role pair_writer(const struct noise_pair *p);

/* The writer's next message, onto the wire. */
enum err pair_write(struct noise_pair *p, struct bytes payload);

/* What is on the wire, read by that side into a buffer that is thrown away. */
enum err pair_read(struct noise_pair *p, enum noise_role reader);

/* Write and read with an empty payload, count times; all must succeed. */
void pair_run(struct noise_pair *p, unsigned count);

/* How many messages the protocol of that name has. */
unsigned pair_messages(const char *name);

#endif
