/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/bucket.h"

enum { UNIT = 1000 };

static int64_t capacity(const struct bucket_rule *rule)
{
    return (int64_t)rule->burst * UNIT;
}

/* A rate of r units a second is r thousandths of a unit a millisecond. */
static void fill(struct bucket *b, const struct bucket_rule *rule, uint64_t now)
{
    if (now <= b->at || rule->rate == 0)
        return;
    uint64_t elapsed = now - b->at;
    uint64_t wanted = (uint64_t)(capacity(rule) - b->level);
    b->at = now;
    /* Compared by division, since the product of a long time and a high rate may not fit. */
    if (elapsed > wanted / rule->rate)
        b->level = capacity(rule);
    else
        b->level += (int64_t)(elapsed * rule->rate);
}

void bucket_open(struct bucket *b, const struct bucket_rule *rule, uint64_t now)
{
    *b = (struct bucket){.level = capacity(rule), .at = now};
}

bool bucket_take(struct bucket *b, const struct bucket_rule *rule, uint64_t now)
{
    if (rule->rate == 0)
        return true;
    fill(b, rule, now);
    if (b->level < UNIT)
        return false;
    b->level -= UNIT;
    return true;
}

void bucket_charge(struct bucket *b, const struct bucket_rule *rule, uint32_t n, uint64_t now)
{
    if (rule->rate == 0)
        return;
    fill(b, rule, now);
    b->level -= (int64_t)n * UNIT;
}

uint64_t bucket_wait(struct bucket *b, const struct bucket_rule *rule, uint64_t now)
{
    if (rule->rate == 0)
        return 0;
    fill(b, rule, now);
    return b->level >= 0 ? 0 : ((uint64_t)-b->level + rule->rate - 1) / rule->rate;
}

bool bucket_full(struct bucket *b, const struct bucket_rule *rule, uint64_t now)
{
    if (rule->rate == 0)
        return true;
    fill(b, rule, now);
    return b->level >= capacity(rule);
}
