/* SPDX-License-Identifier: Apache-2.0 */

/*
 * All requests that were accepted and are not done: one list, in the order of their arrival. It holds no more than slots + queue.
 *
 * Askers take turns: each answer that an asker wants has the turn after that asker's last one, and nobody's is earlier than the turn that is being served, so
 * somebody who wants much does not keep the others waiting. A request of several answers has as many turns, one after the other.
 *
 * An asker's requests are prepared, and so begun, in the order of their arrival; those of several askers are not held up by one that takes long (llama_prepare.c).
 */

#include "base/secret.h"
#include "engine/llama_internal.h"

/* ---- called from other threads ---- */

/* The lock is held. */
static uint64_t turn_of(const struct engine_llama *e, uint64_t asker)
{
    uint64_t turn = e->turn;
    for (const struct engine_request *r = e->requests; r != NULL; r = r->next)
        if (r->asker == asker && r->turn + r->choices > turn)
            turn = r->turn + r->choices;
    return turn;
}

/* The lock is held. */
static uint32_t unprepared_of(const struct engine_llama *e, uint64_t asker)
{
    uint32_t n = 0;
    for (const struct engine_request *r = e->requests; r != NULL; r = r->next)
        if (r->asker == asker && (r->state == ENGINE_REQUEST_ARRIVED || r->state == ENGINE_REQUEST_PREPARING))
            n++;
    return n;
}

/* The lock is held. */
static void append(struct engine_llama *e, struct engine_request *r)
{
    struct engine_request **at = &e->requests;
    while (*at != NULL)
        at = &(*at)->next;
    *at = r;
    e->live++;
}

/* Does it take long to prepare? What 4 MiB of text are for a tokenizer (3 to 8 seconds) some 300 KiB of a schema can be. */
static bool is_lengthy(const struct generation *g, size_t size)
{
    size_t schemas = g->schema.len;
    for (size_t i = 0; i < g->tool_count; i++)
        schemas += g->tools[i].parameters.len;
    return size > ENGINE_SHORT_BODY_MAX || schemas > ENGINE_SHORT_SCHEMA_MAX || g->image_count != 0;
}

static bool has_room(struct engine_llama *e)
{
    pthread_mutex_lock(&e->lock);
    bool room = !e->closing && e->live < e->info.slots + e->info.queue;
    pthread_mutex_unlock(&e->lock);
    return room;
}

enum err engine_request_submit(struct engine *self, uint64_t id, uint64_t asker, enum api api,
                               struct bytes body, struct err_note *note)
{
    struct engine_llama *e = (struct engine_llama *)self;
    if (!has_room(e))
        return ERR_BUSY;
    struct engine_request *r = secret_alloc(sizeof *r);
    if (r == NULL)
        return ERR_MEMORY;
    enum err result = generation_parse(api, body, &r->generation, note);
    if (result != ERR_OK)
        goto fail;
    r->id = id;
    r->asker = asker;
    r->choices =
        api == API_EMBEDDINGS ? (uint32_t)r->generation.prompt_count : generation_choices(&r->generation);
    r->lengthy = is_lengthy(&r->generation, body.len);
    pthread_mutex_lock(&e->lock);
    if (e->closing || e->live >= e->info.slots + e->info.queue) {
        result = ERR_BUSY;
    } else {
        r->turn = turn_of(e, asker);
        r->before = unprepared_of(e, asker);
        append(e, r);
        pthread_cond_broadcast(&e->arrived);
    }
    pthread_mutex_unlock(&e->lock);
    if (result == ERR_OK)
        return ERR_OK;
fail:
    engine_request_free(r);
    return result;
}

bool engine_request_all_cancelled(const struct engine_llama *e)
{
    for (const struct engine_request *r = e->requests; r != NULL; r = r->next)
        if (r->state == ENGINE_REQUEST_ACTIVE && !atomic_load(&r->cancelled))
            return false;
    return true;
}

void engine_request_cancel(struct engine *self, uint64_t id)
{
    struct engine_llama *e = (struct engine_llama *)self;
    pthread_mutex_lock(&e->lock);
    for (struct engine_request *r = e->requests; r != NULL; r = r->next)
        if (r->id == id)
            atomic_store(&r->cancelled, true);
    atomic_store(&e->abort, engine_request_all_cancelled(e));
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

/* ---- called from the engine's thread, with the lock ---- */

const struct engine_prompt *engine_request_prompt(const struct engine_request *r, uint32_t choice)
{
    return &r->prompts[r->generation.api == API_EMBEDDINGS ? choice : choice / r->generation.n];
}

/* An answer to a prompt that is being read for another answer waits, so that it is read once. */
static bool is_being_read(const struct engine_llama *e, const struct engine_request *r)
{
    const struct engine_prompt *p = engine_request_prompt(r, r->started);
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->slots[i].state == ENGINE_SLOT_PROMPT && e->slots[i].prompt == p)
            return true;
    return false;
}

static bool may_start(const struct engine_llama *e, const struct engine_request *r)
{
    if (r->state == ENGINE_REQUEST_WAITING)
        return true;
    return r->state == ENGINE_REQUEST_ACTIVE && r->result == ERR_OK && !atomic_load(&r->cancelled) &&
           r->started < r->choices && !is_being_read(e, r);
}

struct engine_request *engine_request_next(const struct engine_llama *e)
{
    struct engine_request *best = NULL;
    for (struct engine_request *r = e->requests; r != NULL; r = r->next)
        if (may_start(e, r) && (best == NULL || r->turn + r->started < best->turn + best->started))
            best = r;
    return best;
}

static bool is_over(const struct engine_llama *e, const struct engine_request *r)
{
    bool unwanted = e->closing || atomic_load(&r->cancelled);
    switch (r->state) {
    case ENGINE_REQUEST_PREPARING:
        return false;
    case ENGINE_REQUEST_ARRIVED:
    case ENGINE_REQUEST_WAITING:
        return unwanted;
    case ENGINE_REQUEST_FAILED:
        return true;
    case ENGINE_REQUEST_ACTIVE:
        break;
    }
    return r->working == 0 && (unwanted || r->result != ERR_OK || r->ended == r->choices);
}

void engine_request_let_pass(struct engine_llama *e, const struct engine_request *r)
{
    for (struct engine_request *later = r->next; later != NULL; later = later->next)
        if (later->asker == r->asker)
            later->before--;
    pthread_cond_broadcast(&e->arrived);
}

struct engine_request *engine_request_take_over(struct engine_llama *e)
{
    struct engine_request **at = &e->requests;
    while (*at != NULL && !is_over(e, *at))
        at = &(*at)->next;
    struct engine_request *r = *at;
    if (r == NULL)
        return NULL;
    if (r->state == ENGINE_REQUEST_ARRIVED)
        engine_request_let_pass(e, r);
    *at = r->next;
    if (r->result == ERR_OK && (r->state != ENGINE_REQUEST_ACTIVE || r->ended < r->choices))
        r->result = ERR_CANCELLED;
    return r;
}

void engine_request_free(struct engine_request *r)
{
    answer_close(r->answer);
    engine_plan_close(r->plan);
    for (size_t i = 0; i < r->prompt_count; i++)
        engine_prompt_release(&r->prompts[i]);
    secret_free(r->prompts);
    generation_release(&r->generation);
    secret_free(r);
}
