/* SPDX-License-Identifier: Apache-2.0 */

/* Which sessions there are: what is kept between requests (llama_kept.c) is kept for one of these, or not at all. */

#include <stdlib.h>

#include "engine/llama_internal.h"

enum { ROOM_FIRST = 16 };

/* The lock is held. */
static uint64_t *find(const struct engine_llama *e, uint64_t asker)
{
    for (size_t i = 0; i < e->session_count; i++)
        if (e->sessions[i] == asker)
            return &e->sessions[i];
    return NULL;
}

bool engine_session_is_live(const struct engine_llama *e, uint64_t asker)
{
    return find(e, asker) != NULL;
}

/* The lock is held. */
static bool make_room(struct engine_llama *e)
{
    if (e->session_count < e->session_room)
        return true;
    size_t room = e->session_room == 0 ? ROOM_FIRST : 2 * e->session_room;
    uint64_t *larger = realloc(e->sessions, room * sizeof *larger);
    if (larger == NULL)
        return false;
    e->sessions = larger;
    e->session_room = room;
    return true;
}

/* Without memory the session stays unknown, and nothing is kept for it. */
void engine_session_begin(struct engine *self, uint64_t asker)
{
    struct engine_llama *e = (struct engine_llama *)self;
    pthread_mutex_lock(&e->lock);
    if (find(e, asker) == NULL && make_room(e))
        e->sessions[e->session_count++] = asker;
    pthread_mutex_unlock(&e->lock);
}

void engine_session_end(struct engine *self, uint64_t asker)
{
    struct engine_llama *e = (struct engine_llama *)self;
    pthread_mutex_lock(&e->lock);
    uint64_t *at = find(e, asker);
    if (at != NULL) {
        *at = e->sessions[--e->session_count];
        e->session_ended = true;
        pthread_cond_signal(&e->wake);
    }
    pthread_mutex_unlock(&e->lock);
}
