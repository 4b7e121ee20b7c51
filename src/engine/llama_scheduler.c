/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine's thread. Each step is one llama_decode of a batch that holds the next token of every slot that answers and a piece of
 * the prompt of every slot that does not yet, so a long prompt delays the others by a bounded piece and no more. Prompts that become vectors have steps of their
 * own, in turns with the others', because llama.cpp is set to the one or the other.
 */

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "engine/llama_shares.h"

bool engine_scheduler_abort(void *engine)
{
    struct engine_llama *e = engine;
    return atomic_load(&e->abort);
}

/* ---- requests come and go ---- */

static void finish_request(struct engine_llama *e, struct engine_request *r)
{
    uint64_t id = r->id;
    enum err result = r->result;
    struct err_note note = r->note;
    if (result == ERR_OK)
        result = engine_output_end(e, r);
    engine_request_free(r);
    secret_wipe_stack();
    pthread_mutex_lock(&e->lock);
    e->live--;
    pthread_mutex_unlock(&e->lock);
    e->callbacks.done(e->owner, id, result, &note);
}

static void finish_requests(struct engine_llama *e)
{
    for (;;) {
        pthread_mutex_lock(&e->lock);
        struct engine_request *r = engine_request_take_over(e);
        pthread_mutex_unlock(&e->lock);
        if (r == NULL)
            return;
        finish_request(e, r);
    }
}

static bool is_idle(const struct engine_llama *e)
{
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->slots[i].state != ENGINE_SLOT_FREE && e->slots[i].state != ENGINE_SLOT_KEPT)
            return false;
    return true;
}

/* The lock is held. Is there anything that this thread could do? */
static bool has_work(const struct engine_llama *e)
{
    if (!is_idle(e))
        return true;
    for (const struct engine_request *r = e->requests; r != NULL; r = r->next) {
        bool elsewhere = r->state == ENGINE_REQUEST_PREPARING ||
                         (r->state == ENGINE_REQUEST_ARRIVED && !atomic_load(&r->cancelled));
        if (!elsewhere)
            return true;
    }
    return false;
}

/* The lock is held. False: the engine is closing and nothing is left. */
static bool wait_for_work(struct engine_llama *e)
{
    for (;;) {
        for (struct engine_request *r = e->requests; r != NULL && e->closing; r = r->next)
            atomic_store(&r->cancelled, true);
        if (has_work(e) || engine_kept_is_due(e))
            return true;
        if (e->closing && e->requests == NULL)
            return false;
        engine_kept_wait(e);
    }
}

/* Begins choices in free slots. False: the engine is closing and nothing is left. */
static bool admit(struct engine_llama *e)
{
    pthread_mutex_lock(&e->lock);
    bool more = wait_for_work(e);
    while (!e->closing) {
        struct engine_request *r = engine_request_next(e);
        struct engine_slot *slot = r == NULL ? NULL : engine_kept_choose(e, r);
        if (slot == NULL)
            break;
        e->turn = r->turn + r->started;
        r->state = ENGINE_REQUEST_ACTIVE;
        slot->choice = r->started++;
        pthread_mutex_unlock(&e->lock);
        engine_slot_begin(e, slot, r);
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return more;
}

static void end_unwanted(struct engine_llama *e)
{
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        if (slot->request != NULL &&
            (atomic_load(&slot->request->cancelled) || slot->request->result != ERR_OK))
            engine_slot_end(slot, ERR_CANCELLED);
    }
}

static uint32_t count_in(const struct engine_llama *e, enum engine_slot_state state)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->info.slots; i++)
        n += e->slots[i].state == state;
    return n;
}

static void finish_ended(struct engine_llama *e)
{
    if (count_in(e, ENGINE_SLOT_ENDED) != 0) {
        engine_kept_decide(e);
        engine_wipe_ended(e);
        for (uint32_t i = 0; i < e->info.slots; i++) {
            struct engine_slot *slot = &e->slots[i];
            struct engine_request *r = slot->request;
            if (slot->state != ENGINE_SLOT_ENDED)
                continue;
            r->usage.completion_tokens += slot->completion;
            r->working--;
            r->ended++;
            if (r->result == ERR_OK)
                r->result = slot->result;
            engine_slot_release(e, slot);
        }
    }
    finish_requests(e);
}

/* ---- a step ---- */

static bool makes_vector(const struct engine_slot *slot)
{
    return slot->vector != NULL;
}

/* Another answer to a prompt that was read already: its KV rows are copied. All but the last token, whose logits are wanted once more. Right
 * before a decode, which is when llama.cpp does the copying: nothing may be wiped in between. */
static void copy_prompt(struct engine_llama *e, struct engine_slot *slot)
{
    if (slot->state != ENGINE_SLOT_PROMPT || slot->decoded != 0 || makes_vector(slot) || !e->traces.streams ||
        slot->prompt->count < 2 || slot->prompt->image_count != 0)
        return;
    for (uint32_t i = 0; i < e->info.slots; i++) {
        const struct engine_slot *from = &e->slots[i];
        if (from->request != slot->request || from->state != ENGINE_SLOT_ANSWER ||
            from->prompt != slot->prompt)
            continue;
        llama_memory_t memory = llama_get_memory(e->context);
        llama_memory_seq_cp(memory, from->sequence, slot->sequence, -1, -1);
        slot->rows = from->rows;
        slot->decoded = slot->position = slot->prompt->count - 1;
        if (llama_memory_seq_rm(memory, slot->sequence, (llama_pos)slot->position, -1))
            return;
        engine_slot_end(slot, ERR_ENGINE);
        return;
    }
}

static void put_prompt(struct engine_llama *e, struct engine_slot *slot, uint32_t share)
{
    const struct engine_prompt *p = slot->prompt;
    uint32_t end = slot->image < p->image_count ? p->images[slot->image].at : p->count;
    uint32_t left = end - slot->decoded;
    uint32_t n = left < share ? left : share;
    /* The last token always gets logits, needed or not: llama.cpp then keeps all its graphs in one place, where the next
     * step replaces this one's tokens (llama_wipe.c). */
    for (uint32_t i = 0; i < n; i++) {
        bool wanted = i + 1 == n || makes_vector(slot);
        int32_t at =
            engine_batch_put(e, p->tokens[slot->decoded + i], slot->position + i, slot->sequence, wanted);
        if (i == 0 || !makes_vector(slot))
            slot->output = at;
    }
    slot->in_batch = n;
}

/* How many slots have something for a step of this kind. */
static uint32_t prompts_in(const struct engine_llama *e, bool vectors)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->info.slots; i++)
        n += e->slots[i].state == ENGINE_SLOT_PROMPT && makes_vector(&e->slots[i]) == vectors;
    return n;
}

static bool choose_vectors(const struct engine_llama *e, uint32_t answering)
{
    if (prompts_in(e, true) == 0)
        return false;
    return !e->vectors || (answering == 0 && prompts_in(e, false) == 0);
}

static bool takes_prompt(const struct engine_slot *slot, bool vectors)
{
    return slot->state == ENGINE_SLOT_PROMPT && makes_vector(slot) == vectors;
}

/* How many tokens of each prompt this step takes. Each eighth step belongs to who came first. On a processor, where a token of a prompt costs the same whatever it is read with, a few short prompts are read one by
 * one: the first of them need not wait for the others. In a crowd the answers that go on beside each step would cost more than that gains. */
static void share_out(struct engine_llama *e, bool vectors, uint32_t room, uint32_t most,
                      struct engine_share *shares)
{
    enum { STEPS_A_TURN = 8, FEW = 4 };
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < e->info.slots; i++) {
        const struct engine_slot *slot = &e->slots[i];
        shares[i] = (struct engine_share){0};
        if (!takes_prompt(slot, vectors))
            continue;
        shares[i].left = slot->prompt->count - slot->decoded;
        shares[i].turn = slot->request->turn + slot->choice;
        waiting++;
    }
    if (waiting != 0)
        e->prompt_steps++;
    engine_shares(shares, e->info.slots, room, most, e->prompt_steps % STEPS_A_TURN == 0,
                  vectors || e->gpu || waiting > FEW);
}

/* Slots in ascending order: llama.cpp takes neighbouring sequences together. */
static void fill_batch(struct engine_llama *e)
{
    uint32_t answering = count_in(e, ENGINE_SLOT_ANSWER);
    bool vectors = choose_vectors(e, answering);
    struct engine_share shares[ENGINE_SLOTS_MAX];
    uint32_t room = answering == 0 ? e->step_tokens : e->step_tokens_shared;
    uint32_t most = e->step_tokens;
    if (vectors) {
        room = most = e->vector_tokens;
        answering = 0;
    }
    share_out(e, vectors, room - answering, most - answering, shares);
    if (vectors != e->vectors)
        llama_set_embeddings(e->context, vectors);
    e->vectors = vectors;
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        slot->in_batch = 0;
        if (takes_prompt(slot, vectors))
            put_prompt(e, slot, shares[i].taken);
        if (slot->state == ENGINE_SLOT_ANSWER && !vectors) {
            slot->output = engine_batch_put(e, slot->next, slot->position, slot->sequence, true);
            slot->in_batch = 1;
        }
        slot->rows += slot->in_batch;
    }
}

/* Not aborted: only what was asked for since the last step counts. */
static void begin_step(struct engine_llama *e)
{
    pthread_mutex_lock(&e->lock);
    atomic_store(&e->abort, e->closing || engine_request_all_cancelled(e));
    pthread_mutex_unlock(&e->lock);
}

/* After a decode that went well. */
static void advance(struct engine_llama *e, struct engine_slot *slot)
{
    slot->decoded += slot->in_batch;
    slot->position += slot->in_batch;
    if (slot->state == ENGINE_SLOT_ANSWER)
        engine_kept_decoded(e, slot, slot->next);
    if (makes_vector(slot)) {
        engine_embedding_advance(e, slot);
        return;
    }
    if (slot->state == ENGINE_SLOT_PROMPT && slot->request->generation.return_progress) {
        enum err result = engine_output_progress(e, slot);
        if (result != ERR_OK) {
            engine_slot_end(slot, result);
            return;
        }
    }
    if (slot->decoded >= slot->prompt->count)
        engine_slot_advance(e, slot);
}

static void step(struct engine_llama *e)
{
    begin_step(e);
    for (uint32_t i = 0; i < e->info.slots; i++) {
        if (e->slots[i].state != ENGINE_SLOT_PROMPT)
            continue;
        engine_images_decode(e, &e->slots[i]);
        copy_prompt(e, &e->slots[i]);
    }
    fill_batch(e);
    if (e->batch.n_tokens == 0)
        return;
    e->traces.buffer_count = 0;
    int32_t status = llama_decode(e->context, e->batch);
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        if (slot->in_batch == 0 || slot->state == ENGINE_SLOT_ENDED)
            continue;
        if (status == 0)
            advance(e, slot);
        else if (status !=
                 2) /* 2: aborted, so every request of this step is cancelled, which the next round sees. */
            engine_slot_end(slot, ERR_ENGINE);
    }
    if (e->vectors)
        engine_embedding_wipe(e);
    engine_batch_empty(e);
}

void *engine_scheduler_run(void *engine)
{
    struct engine_llama *e = engine;
    while (admit(e)) {
        engine_kept_sweep(e);
        end_unwanted(e);
        finish_ended(e);
        step(e);
        end_unwanted(e);
        finish_ended(e);
    }
    return NULL;
}
