/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/llama_shares.h"

#include <stddef.h>

/* A part of a step that is not worth one of its own. */
enum { CRUMBS_A_STEP = 8 };

static uint32_t steps_of(const struct engine_share *s, uint32_t room)
{
    return s->left / room + (s->left % room != 0);
}

static struct engine_share *next(struct engine_share *slots, uint32_t count, uint32_t room, bool oldest)
{
    struct engine_share *best = NULL;
    for (struct engine_share *s = slots; s < slots + count; s++) {
        if (s->left == 0 || s->taken != 0)
            continue;
        if (best == NULL || (oldest ? s->turn < best->turn : steps_of(s, room) < steps_of(best, room)))
            best = s;
    }
    return best;
}

void engine_shares(struct engine_share *slots, uint32_t count, uint32_t room, uint32_t most,
                   bool oldest_first, bool together)
{
    uint32_t whole = room < most ? room : most;
    uint32_t crumb = whole / CRUMBS_A_STEP;
    for (uint32_t i = 0; i < count; i++)
        slots[i].taken = 0;
    uint32_t used = 0;
    while (used < whole && (together || used == 0)) {
        struct engine_share *s = next(slots, count, whole, oldest_first && used == 0);
        if (s == NULL)
            return;
        uint32_t free = whole - used;
        if (s->left <= free + crumb && s->left <= most - used)
            s->taken = s->left;
        else if (used == 0)
            s->taken = free;
        else
            return;
        used += s->taken;
    }
}
