/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What every conversation with this model begins with: the token that starts a text, and what the model's template puts before the first word of a user, its default instructions for one. It is public,
 * a part of the weights' file, and the same for everybody, so its KV rows are computed once, when the model is loaded, and stand in every free slot: a prompt that begins so is read from
 * there on.
 *
 * A slot that becomes free is overwritten first (llama_wipe.c), and then has these rows put back, whatever was there before: what a request finds, and how long it takes, tells
 * nothing of the one before it.
 */

#include <stdlib.h>

#include "base/secret.h"
#include "engine/llama_internal.h"

/* Two texts that have no token in common with each other, and begin as numbers do: apart from any blank that a template or tokenizer puts in front. */
static const char *const chats[] = {"{\"messages\":[{\"role\":\"user\",\"content\":\"0\"}]}",
                                    "{\"messages\":[{\"role\":\"user\",\"content\":\"1\"}]}"};
static const char *const texts[] = {"{\"prompt\":\"0\"}", "{\"prompt\":\"1\"}"};
enum { SAMPLES = 2 };

static enum err prepare(const struct engine_llama *e, uint32_t number, struct engine_request **out)
{
    struct err_note note;
    const char *json = e->info.chat ? chats[number] : texts[number];
    struct engine_request *r = secret_alloc(sizeof *r);
    *out = r;
    if (r == NULL)
        return ERR_MEMORY;
    enum err result =
        generation_parse(e->info.chat ? API_CHAT : API_COMPLETIONS, bytes_str(json), &r->generation, &note);
    return result == ERR_OK ? engine_prepare(e, r, &note) : result;
}

/* How many tokens both begin with. The rest of a context is an answer's. */
static uint32_t common(const struct engine_llama *e, const struct engine_prompt *a,
                       const struct engine_prompt *b)
{
    uint32_t n = 0;
    uint32_t most = e->step_tokens < e->info.context / 2 ? e->step_tokens : e->info.context / 2;
    while (n < most && n < a->count && n < b->count && a->tokens[n] == b->tokens[n])
        n++;
    return n;
}

static bool compute(struct engine_llama *e)
{
    struct engine_opening *o = &e->opening;
    engine_batch_empty(e);
    for (uint32_t i = 0; i < o->count; i++)
        (void)engine_batch_put(e, o->tokens[i], i, 0, i + 1 == o->count);
    bool good = llama_decode(e->context, e->batch) == 0;
    engine_batch_empty(e);
    o->size = good ? llama_state_seq_get_size(e->context, 0) : 0;
    o->rows = o->size == 0 ? NULL : malloc(o->size);
    return o->rows != NULL && llama_state_seq_get_data(e->context, o->rows, o->size, 0) == o->size;
}

void engine_opening_learn(struct engine_llama *e)
{
    struct engine_request *samples[SAMPLES] = {NULL};
    struct engine_opening *o = &e->opening;
    bool good = e->traces.streams && e->traces.rows;
    for (uint32_t i = 0; good && i < SAMPLES; i++)
        good = prepare(e, i, &samples[i]) == ERR_OK;
    if (good) {
        o->count = common(e, samples[0]->prompts, samples[1]->prompts);
        o->tokens = calloc(o->count + 1, sizeof *o->tokens);
        good = o->count != 0 && o->tokens != NULL;
    }
    if (good) {
        memcpy(o->tokens, samples[0]->prompts->tokens, o->count * sizeof *o->tokens);
        good = compute(e);
        llama_memory_clear(llama_get_memory(e->context), true);
    }
    for (uint32_t i = 0; i < SAMPLES; i++)
        if (samples[i] != NULL)
            engine_request_free(samples[i]);
    if (!good)
        engine_opening_release(e);
    for (uint32_t i = 0; i < e->info.slots; i++)
        engine_opening_put(e, &e->slots[i]);
}

void engine_opening_release(struct engine_llama *e)
{
    free(e->opening.tokens);
    free(e->opening.rows);
    e->opening = (struct engine_opening){0};
}

void engine_opening_put(struct engine_llama *e, struct engine_slot *slot)
{
    const struct engine_opening *o = &e->opening;
    if (o->count == 0 || slot->state != ENGINE_SLOT_FREE)
        return;
    if (llama_state_seq_set_data(e->context, o->rows, o->size, slot->sequence) == o->size) {
        slot->rows = o->count;
        return;
    }
    (void)llama_memory_seq_rm(llama_get_memory(e->context), slot->sequence, -1, -1);
    slot->rows = 0;
}

uint32_t engine_opening_spares(const struct engine_llama *e, const struct engine_slot *slot,
                               const struct engine_request *r)
{
    const struct engine_prompt *p = r->prompts;
    /* Several answers read their prompt once, into one slot, and copy it from there. */
    if (slot->state != ENGINE_SLOT_FREE || r->choices != 1 || r->generation.api == API_EMBEDDINGS ||
        p->image_count != 0)
        return 0;
    uint32_t n = 0;
    while (n < slot->rows && n + 1 < p->count && p->tokens[n] == e->opening.tokens[n])
        n++;
    return n;
}
