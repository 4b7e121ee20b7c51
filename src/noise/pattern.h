/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOISE_PATTERN_H
#define NOISE_PATTERN_H

/* Handshake patterns as data (sections 7.4, 7.5, 10.2; the hfs draft, section 3): a reader can hold pattern.c against the specification. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum noise_token {
    NOISE_TOKEN_END = 0,
    NOISE_TOKEN_E,
    NOISE_TOKEN_S,
    NOISE_TOKEN_EE,
    NOISE_TOKEN_ES,
    NOISE_TOKEN_SE,
    NOISE_TOKEN_SS,
    NOISE_TOKEN_E1,    /* hfs: a fresh KEM public key */
    NOISE_TOKEN_EKEM1, /* hfs: the encapsulation to it */
};

enum { NOISE_TOKENS_MAX = 6, NOISE_MESSAGES_MAX = 3 };

struct noise_pattern {
    const char *name;     /* as it stands in a protocol name */
    bool initiator_pre_s; /* pre-message "-> s" */
    bool responder_pre_s; /* pre-message "<- s" */
    bool initiator_pre_e; /* pre-message "-> e" (fallback); the first message is then Bob's (section 10.2) */
    bool hfs;             /* there is a KEM in the protocol name */
    /* enum noise_token, each message ended by END; directions alternate; an unused message is empty */
    uint8_t messages[NOISE_MESSAGES_MAX][NOISE_TOKENS_MAX];
};

/* NULL when there is no such pattern. name: the pattern part of a protocol name, of length len. */
const struct noise_pattern *noise_pattern_find(const char *name, size_t len);

/* The patterns one after the other: NULL behind the last. */
const struct noise_pattern *noise_pattern_at(size_t index);

/* How many messages the pattern has. One: it is a one-way pattern (section 7.4). */
unsigned noise_pattern_messages(const struct noise_pattern *p);

#endif
