/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The next token of an answer. Without a grammar: the most likely one, or what llama.cpp's chain of samplers draws. With one, a token is chosen the same way and
 * then held against the grammar, which mostly allows it; only when it does not is the grammar asked about the whole vocabulary.
 */

#include <math.h>

#include "base/secret.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"

/* ---- the chain ---- */

/* Several answers to one prompt must not be the same one. */
static enum err choose_seed(const struct engine_slot *slot, uint32_t *seed)
{
    const struct generation_sampling *s = &slot->request->generation.sampling;
    *seed = s->seed + slot->choice;
    if (!s->has_seed) {
        enum err e = crypto_random(seed, sizeof *seed);
        if (e != ERR_OK)
            return e;
    }
    /* The one value that means "random" to llama.cpp. */
    if (*seed == LLAMA_DEFAULT_SEED)
        *seed = 0;
    return ERR_OK;
}

static bool has_penalties(const struct generation_sampling *s)
{
    return s->repeat_penalty != 1.0F || s->frequency_penalty != 0.0F || s->presence_penalty != 0.0F;
}

static enum err add_biases(struct engine_llama *e, struct llama_sampler *chain,
                           const struct generation_sampling *s)
{
    if (s->bias_count == 0)
        return ERR_OK;
    llama_logit_bias *biases = secret_alloc(s->bias_count * sizeof *biases);
    if (biases == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < s->bias_count; i++)
        biases[i] = (llama_logit_bias){.token = s->biases[i].token, .bias = s->biases[i].bias};
    llama_sampler_chain_add(
        chain, llama_sampler_init_logit_bias(llama_vocab_n_tokens(e->vocab), (int32_t)s->bias_count, biases));
    secret_free(biases);
    return ERR_OK;
}

static void add_chance(struct llama_sampler *chain, const struct generation_sampling *s, uint32_t seed)
{
    if (s->top_k > 0)
        llama_sampler_chain_add(chain, llama_sampler_init_top_k(s->top_k));
    if (s->top_p < 1.0F)
        llama_sampler_chain_add(chain, llama_sampler_init_top_p(s->top_p, 1));
    if (s->min_p > 0.0F)
        llama_sampler_chain_add(chain, llama_sampler_init_min_p(s->min_p, 1));
    if (s->temperature != 1.0F)
        llama_sampler_chain_add(chain, llama_sampler_init_temp(s->temperature));
    llama_sampler_chain_add(chain, llama_sampler_init_dist(seed));
}

/* Leaves slot->sampler NULL when the most likely token is wanted: finding it needs no list of 100,000 candidates.
 * The penalties look at the answer only, as the OpenAI API has it. */
static enum err open_chain(struct engine_llama *e, struct engine_slot *slot)
{
    const struct generation_sampling *s = &slot->request->generation.sampling;
    if (s->temperature <= 0 && !has_penalties(s) && s->bias_count == 0)
        return ERR_OK;
    uint32_t seed = 0;
    enum err result = choose_seed(slot, &seed);
    if (result != ERR_OK)
        return result;
    slot->sampler = llama_sampler_chain_init((struct llama_sampler_chain_params){.no_perf = true});
    if (slot->sampler == NULL)
        return ERR_MEMORY;
    result = add_biases(e, slot->sampler, s);
    if (result != ERR_OK)
        return result;
    if (has_penalties(s))
        llama_sampler_chain_add(slot->sampler,
                                llama_sampler_init_penalties(llama_vocab_n_tokens(e->vocab),
                                                             (int32_t)e->info.context, s->repeat_penalty,
                                                             s->frequency_penalty, s->presence_penalty));
    if (s->temperature <= 0)
        llama_sampler_chain_add(slot->sampler, llama_sampler_init_greedy());
    else
        add_chance(slot->sampler, s, seed);
    return ERR_OK;
}

enum err engine_sampler_open(struct engine_llama *e, struct engine_slot *slot)
{
    const struct engine_plan *plan = slot->request->plan;
    enum err result = open_chain(e, slot);
    if (result != ERR_OK || plan == NULL || !engine_plan_has_constraint(plan))
        return result;
    if (e->candidates == NULL)
        e->candidates = secret_alloc((size_t)llama_vocab_n_tokens(e->vocab) * sizeof *e->candidates);
    if (e->candidates == NULL)
        return ERR_MEMORY;
    return engine_constraint_open(plan, &slot->constraint);
}

void engine_sampler_close(struct engine_slot *slot)
{
    if (slot->sampler != NULL)
        llama_sampler_free(slot->sampler);
    engine_constraint_close(slot->constraint);
    slot->sampler = NULL;
    slot->constraint = NULL;
}

/* ---- a token ---- */

static llama_token most_likely(const float *logits, int32_t count)
{
    /* Two passes without a branch in the first: the compiler makes vector code of it. */
    float best = logits[0];
    for (int32_t i = 1; i < count; i++)
        best = logits[i] > best ? logits[i] : best;
    int32_t at = 0;
    while (at < count - 1 && logits[at] != best)
        at++;
    return at;
}

static llama_token_data_array list_candidates(struct engine_llama *e, const struct engine_slot *slot)
{
    const float *logits = llama_get_logits_ith(e->context, slot->output);
    size_t count = (size_t)llama_vocab_n_tokens(e->vocab);
    for (size_t i = 0; i < count; i++)
        e->candidates[i] = (llama_token_data){.id = (llama_token)i, .logit = logits[i]};
    return (llama_token_data_array){.data = e->candidates, .size = count, .selected = -1};
}

static llama_token choose(const struct engine_slot *slot, llama_token_data_array *list)
{
    if (slot->sampler != NULL) {
        llama_sampler_apply(slot->sampler, list);
        if (list->selected >= 0)
            return list->data[list->selected].id;
    }
    size_t best = 0;
    for (size_t i = 1; i < list->size; i++)
        if (list->data[i].logit > list->data[best].logit)
            best = i;
    return list->data[best].id;
}

static enum err next_constrained(struct engine_llama *e, struct engine_slot *slot, llama_token *token)
{
    bool allowed = false;
    llama_token_data_array list = list_candidates(e, slot);
    *token = choose(slot, &list);
    enum err result = engine_constraint_allows(slot->constraint, *token, &allowed);
    if (result == ERR_OK && !allowed) {
        list = list_candidates(e, slot);
        result = engine_constraint_apply(slot->constraint, &list);
        if (result == ERR_OK) {
            *token = choose(slot, &list);
            /* A sampler may not drop all that the grammar leaves: then the grammar has the last word. */
            result = engine_constraint_allows(slot->constraint, *token, &allowed);
        }
        if (result == ERR_OK && !allowed)
            result = ERR_ENGINE;
    }
    if (result != ERR_OK || llama_vocab_is_eog(e->vocab, *token))
        return result;
    if (slot->sampler != NULL)
        llama_sampler_accept(slot->sampler, *token);
    return engine_constraint_accept(slot->constraint, *token);
}

enum err engine_sampler_next(struct engine_llama *e, struct engine_slot *slot, llama_token *token)
{
    if (slot->constraint != NULL) {
        enum err result = next_constrained(e, slot, token);
        secret_wipe(e->candidates, (size_t)llama_vocab_n_tokens(e->vocab) * sizeof *e->candidates);
        return result == ERR_REQUEST
                   ? err_noted(result, &slot->request->note,
                               "the schema leaves too many ways to go on at once; say less that may be left "
                               "out or repeated")
                   : result;
    }
    if (slot->sampler != NULL)
        *token = llama_sampler_sample(slot->sampler, e->context, slot->output);
    else
        *token = most_likely(llama_get_logits_ith(e->context, slot->output), llama_vocab_n_tokens(e->vocab));
    return ERR_OK;
}
