/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine's thread. Each step is one llama_decode of a batch that holds the next token of every slot that answers and a piece of
 * the prompt of every slot that does not yet, so a long prompt delays the others by a bounded piece and no more.
 *
 * A request waits in the queue until a slot is free. Askers take turns: each request of an asker has the turn after that asker's last one, and
 * nobody's is earlier than the turn that is being served, so somebody with many requests does not keep the others waiting. Requests that are accepted and
 * not done are never more than slots + queue.
 */

#include "base/secret.h"
#include "engine/llama_internal.h"

/* ---- copies of requests ---- */

static struct bytes copy_bytes(uint8_t **at, struct bytes from)
{
    struct bytes copy = bytes_of(*at, from.len);
    if (from.len != 0)
        memcpy(*at, from.ptr, from.len);
    *at += from.len;
    return copy;
}

static struct engine_request *request_copy(uint64_t id, uint64_t asker, const struct chat_request *chat)
{
    size_t text = 0;
    for (size_t i = 0; i < chat->message_count; i++)
        text += chat->messages[i].content.len;
    for (size_t i = 0; i < chat->stop_count; i++)
        text += chat->stops[i].len;
    struct engine_request *r = secret_alloc(sizeof *r + chat->message_count * sizeof *chat->messages + text);
    if (r == NULL)
        return NULL;
    r->id = id;
    r->asker = asker;
    r->chat = *chat;
    r->chat.storage = NULL;
    r->chat.messages = (struct chat_message *)(r + 1);
    uint8_t *at = (uint8_t *)(r->chat.messages + chat->message_count);
    for (size_t i = 0; i < chat->message_count; i++) {
        r->chat.messages[i].role = chat->messages[i].role;
        r->chat.messages[i].content = copy_bytes(&at, chat->messages[i].content);
    }
    for (size_t i = 0; i < chat->stop_count; i++)
        r->chat.stops[i] = copy_bytes(&at, chat->stops[i]);
    return r;
}

/* ---- called from other threads ---- */

/* A template's roles and contents go to llama.cpp as C strings. */
static bool has_nul(const struct chat_request *request)
{
    for (size_t i = 0; i < request->message_count; i++) {
        struct bytes content = request->messages[i].content;
        if (content.len != 0 && memchr(content.ptr, 0, content.len) != NULL)
            return true;
    }
    return false;
}

/* The lock is held. */
static uint64_t turn_of(const struct engine_llama *e, uint64_t asker)
{
    uint64_t turn = e->turn;
    for (const struct engine_request *r = e->queue_first; r != NULL; r = r->next)
        if (r->asker == asker && r->turn >= turn)
            turn = r->turn + 1;
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->working[i] != NULL && e->working[i]->asker == asker && e->working[i]->turn >= turn)
            turn = e->working[i]->turn + 1;
    return turn;
}

enum err engine_scheduler_submit(struct engine *self, uint64_t id, uint64_t asker,
                                 const struct chat_request *request)
{
    struct engine_llama *e = (struct engine_llama *)self;
    if (has_nul(request))
        return ERR_REQUEST;
    struct engine_request *r = request_copy(id, asker, request);
    if (r == NULL)
        return ERR_MEMORY;
    enum err result = ERR_OK;
    pthread_mutex_lock(&e->lock);
    if (e->closing || e->live >= e->info.slots + e->info.queue) {
        result = ERR_BUSY;
    } else {
        e->live++;
        r->turn = turn_of(e, asker);
        *e->queue_last = r;
        e->queue_last = &r->next;
        pthread_cond_signal(&e->wake);
    }
    pthread_mutex_unlock(&e->lock);
    if (result != ERR_OK)
        secret_free(r);
    return result;
}

/* The lock is held: does anybody still want what the slots are working on? */
static bool all_cancelled(const struct engine_llama *e)
{
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->working[i] != NULL && !atomic_load(&e->working[i]->cancelled))
            return false;
    return true;
}

void engine_scheduler_cancel(struct engine *self, uint64_t id)
{
    struct engine_llama *e = (struct engine_llama *)self;
    pthread_mutex_lock(&e->lock);
    for (struct engine_request *r = e->queue_first; r != NULL; r = r->next)
        if (r->id == id)
            atomic_store(&r->cancelled, true);
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->working[i] != NULL && e->working[i]->id == id)
            atomic_store(&e->working[i]->cancelled, true);
    atomic_store(&e->abort, all_cancelled(e));
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

bool engine_scheduler_abort(void *engine)
{
    struct engine_llama *e = engine;
    return atomic_load(&e->abort);
}

/* ---- the thread ---- */

static void finish_request(struct engine_llama *e, struct engine_request *r, enum err result,
                           enum chat_finish finish, const struct chat_usage *usage)
{
    uint64_t id = r->id;
    secret_free(r);
    secret_wipe_stack();
    pthread_mutex_lock(&e->lock);
    e->live--;
    pthread_mutex_unlock(&e->lock);
    e->callbacks.done(e->owner, id, result, finish, usage);
}

static bool is_idle(const struct engine_llama *e)
{
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->slots[i].state != ENGINE_SLOT_FREE)
            return false;
    return true;
}

/* The lock is held. Takes the cancelled requests out of the queue and returns them as a list. */
static struct engine_request *take_cancelled(struct engine_llama *e)
{
    struct engine_request *taken = NULL;
    struct engine_request **at = &e->queue_first;
    while (*at != NULL) {
        struct engine_request *r = *at;
        if (!e->closing && !atomic_load(&r->cancelled)) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        r->next = taken;
        taken = r;
    }
    e->queue_last = at;
    return taken;
}

/* The lock is held. */
static struct engine_request *queue_pop(struct engine_llama *e)
{
    struct engine_request **best = &e->queue_first;
    if (*best == NULL)
        return NULL;
    for (struct engine_request **at = best; *at != NULL; at = &(*at)->next)
        if ((*at)->turn < (*best)->turn)
            best = at;
    struct engine_request *r = *best;
    e->turn = r->turn;
    *best = r->next;
    if (r->next == NULL)
        e->queue_last = best;
    r->next = NULL;
    return r;
}

/* Waits for work, and moves requests from the queue into free slots. False: the engine is closing and nothing is left. */
static bool admit(struct engine_llama *e)
{
    struct engine_request *started[ENGINE_SLOTS_MAX] = {NULL};
    pthread_mutex_lock(&e->lock);
    while (!e->closing && e->queue_first == NULL && is_idle(e))
        pthread_cond_wait(&e->wake, &e->lock);
    struct engine_request *cancelled = take_cancelled(e);
    for (uint32_t i = 0; i < e->info.slots; i++) {
        if (e->working[i] != NULL && e->closing)
            atomic_store(&e->working[i]->cancelled, true);
        if (e->slots[i].state == ENGINE_SLOT_FREE)
            e->working[i] = started[i] = queue_pop(e);
    }
    bool more = !e->closing || !is_idle(e);
    pthread_mutex_unlock(&e->lock);

    while (cancelled != NULL) {
        struct engine_request *r = cancelled;
        cancelled = r->next;
        finish_request(e, r, ERR_CANCELLED, CHAT_FINISH_STOP, &(struct chat_usage){0});
    }
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (started[i] != NULL)
            engine_slot_begin(e, &e->slots[i], started[i]);
    return more;
}

static void end_cancelled(struct engine_llama *e)
{
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->slots[i].request != NULL && atomic_load(&e->slots[i].request->cancelled))
            engine_slot_end(&e->slots[i], ERR_CANCELLED, CHAT_FINISH_STOP);
}

static uint32_t count_in(const struct engine_llama *e, enum engine_slot_state state)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->info.slots; i++)
        n += e->slots[i].state == state;
    return n;
}

static void put_prompt(struct engine_llama *e, struct engine_slot *slot, uint32_t share)
{
    uint32_t left = slot->prompt - slot->decoded;
    uint32_t n = left < share ? left : share;
    /* The last token always gets logits, needed or not: llama.cpp then keeps all its graphs in one place, where the next
     * step replaces this one's tokens (llama_wipe.c). */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = slot->decoded + i;
        slot->output = engine_batch_put(e, slot->tokens[at], at, slot->sequence, i + 1 == n);
    }
    slot->in_batch = n;
}

/* Slots in ascending order: llama.cpp takes neighbouring sequences together. */
static void fill_batch(struct engine_llama *e)
{
    uint32_t answering = count_in(e, ENGINE_SLOT_ANSWER);
    uint32_t prompting = count_in(e, ENGINE_SLOT_PROMPT);
    uint32_t room = answering == 0 ? e->step_tokens : ENGINE_STEP_TOKENS_SHARED;
    uint32_t share = prompting == 0 ? 0 : (room - answering) / prompting;
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        slot->in_batch = 0;
        if (slot->state == ENGINE_SLOT_PROMPT)
            put_prompt(e, slot, share);
        if (slot->state == ENGINE_SLOT_ANSWER) {
            slot->output = engine_batch_put(e, slot->next, slot->decoded, slot->sequence, true);
            slot->in_batch = 1;
        }
        slot->rows += slot->in_batch;
    }
}

/* Not aborted: only what was asked for since the last step counts. */
static void begin_step(struct engine_llama *e)
{
    pthread_mutex_lock(&e->lock);
    atomic_store(&e->abort, e->closing || all_cancelled(e));
    pthread_mutex_unlock(&e->lock);
}

static void step(struct engine_llama *e)
{
    begin_step(e);
    fill_batch(e);
    if (e->batch.n_tokens == 0)
        return;
    e->traces.buffer_count = 0;
    int32_t status = llama_decode(e->context, e->batch);
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        if (slot->in_batch == 0 || slot->state == ENGINE_SLOT_ENDED)
            continue;
        if (status != 0) {
            /* 2: aborted, so every request of this step is cancelled, which the next round sees. */
            if (status != 2)
                engine_slot_end(slot, ERR_ENGINE, CHAT_FINISH_STOP);
            continue;
        }
        slot->decoded += slot->in_batch;
        if (slot->decoded >= slot->prompt)
            engine_slot_advance(e, slot);
    }
    engine_batch_empty(e);
}

static void finish_ended(struct engine_llama *e)
{
    if (count_in(e, ENGINE_SLOT_ENDED) == 0)
        return;
    engine_wipe_ended(e);
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        if (slot->state != ENGINE_SLOT_ENDED)
            continue;
        struct engine_request *request = slot->request;
        struct chat_usage usage = slot->usage;
        enum err result = slot->result;
        enum chat_finish finish = slot->finish;
        engine_slot_release(slot);
        pthread_mutex_lock(&e->lock);
        e->working[i] = NULL;
        pthread_mutex_unlock(&e->lock);
        finish_request(e, request, result, finish, &usage);
    }
}

void *engine_scheduler_run(void *engine)
{
    struct engine_llama *e = engine;
    while (admit(e)) {
        end_cancelled(e);
        finish_ended(e);
        step(e);
        end_cancelled(e);
        finish_ended(e);
    }
    return NULL;
}
