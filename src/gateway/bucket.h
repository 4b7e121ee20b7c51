/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_BUCKET_H
#define GATEWAY_BUCKET_H

/*
 * A token bucket: so many units a second on the long run, and `burst` of them at once. Time is an argument, in milliseconds of any clock that
 * does not go back. A rate of 0 is no limit.
 *
 *     bucket_open(&b, &rule, now);
 *     if (!bucket_take(&b, &rule, now)) refuse;             // what may be refused: a connection
 *     bucket_charge(&b, &rule, n, now);                      // what has happened already: n bytes, on credit
 *     pause for bucket_wait(&b, &rule, now) milliseconds;
 */

#include <stdbool.h>
#include <stdint.h>

struct bucket_rule {
    uint32_t rate;  /* units a second; 0: no limit */
    uint32_t burst; /* units; at least 1 where there is a rate */
};

struct bucket {
    int64_t level; /* thousandths of a unit; negative: owed */
    uint64_t at;   /* when the level was that */
};

/* Full. */
void bucket_open(struct bucket *b, const struct bucket_rule *rule, uint64_t now);
/* Takes one unit, or gives false. */
bool bucket_take(struct bucket *b, const struct bucket_rule *rule, uint64_t now);
/* Takes n units whether they are there or not. */
void bucket_charge(struct bucket *b, const struct bucket_rule *rule, uint32_t n, uint64_t now);
/* Milliseconds until nothing is owed any more; 0 when nothing is. */
uint64_t bucket_wait(struct bucket *b, const struct bucket_rule *rule, uint64_t now);
/* As good as new: forgetting it loses nothing. */
bool bucket_full(struct bucket *b, const struct bucket_rule *rule, uint64_t now);

#endif
