/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_LIMITS_H
#define GATEWAY_LIMITS_H

/*
 * What one user may have: connections at once, new connections a second, bytes a second (both directions together). A user is an address, or a token.
 *
 *     struct limits_user *u = limits_find(&table, &peer, now);      // NULL: the table is full of users who are busy
 *     if (limits_open(u, now) != LIMITS_FINE) refuse;
 *     limits_charge(u, n, now); pause for limits_wait(u, now);
 *     limits_close(u);
 *
 * What is known of an address lives in memory while it has connections or owes something, and is in no log and no metric.
 */

#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"
#include "gateway/bucket.h"

struct limits_rules {
    uint32_t connections; /* at once; 0: no limit */
    struct bucket_rule opening;
    struct bucket_rule bytes;
};

struct limits_user {
    struct limits_rules rules;
    uint32_t connections;
    struct bucket opening;
    struct bucket bytes;
};

enum limits_answer { LIMITS_FINE, LIMITS_CONNECTIONS, LIMITS_RATE };

/* rate: connections a second; bytes: bytes a second; 0 for none. A second's worth may come at once. */
struct limits_rules limits_rules_of(uint32_t connections, uint32_t rate, uint32_t bytes);
void limits_user_open(struct limits_user *u, const struct limits_rules *rules, uint64_t now);

/* NULL is a user without limits, here and below. */
enum limits_answer limits_open(struct limits_user *u, uint64_t now);
void limits_close(struct limits_user *u);
void limits_charge(struct limits_user *u, uint32_t bytes, uint64_t now);
/* Milliseconds for which nothing should be read from this user, or for it. */
uint64_t limits_wait(struct limits_user *u, uint64_t now);

/* ---- users by address: IPv4 addresses, and IPv6 networks of 64 bits, which is what one subscriber has ---- */

enum { LIMITS_ADDRESS_SIZE = 16, LIMITS_ADDRESSES_MAX = 1 << 18 };

struct limits_entry;
struct limits_table {
    struct limits_rules rules;
    uint8_t key[32]; /* random, so that nobody can choose addresses that fall together */
    struct limits_entry **heads;
    size_t count;
};

/* ERR_MEMORY, ERR_CRYPTO (no randomness). */
ERR_MUST_USE enum err limits_table_open(struct limits_table *t, const struct limits_rules *rules);
void limits_table_close(struct limits_table *t);
/* The user at that address, a new one if need be. NULL for a peer that is not at an IP address, with *full false; and NULL, with *full true, when there
 * is no place left. Users stay where they are until limits_table_sweep, and those with connections beyond. */
struct limits_user *limits_find(struct limits_table *t, const struct sockaddr_storage *peer, uint64_t now,
                                bool *full);
/* Forgets who has no connection and is as good as new. */
void limits_table_sweep(struct limits_table *t, uint64_t now);

#endif
