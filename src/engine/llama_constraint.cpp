/* SPDX-License-Identifier: Apache-2.0 */

/* Where one answer stands in its grammar. */

#include "engine/llama_common_internal.h"

#include <cmath>

#include <reasoning-budget.h>

struct engine_constraint {
    engine_sampler_ptr grammar;
    engine_sampler_ptr thinking;
    std::vector<llama_token> mark;
    size_t marked = 0; /* tokens of it that came */
    bool lazy = false;
};

namespace
{

/* And for all tokens of the vocabulary at once: what several thousand ways on from one place take. */
size_t work_of_all(size_t candidates)
{
    return engine_work_of_token() + 4 * candidates;
}

engine_sampler_ptr copy_of(const engine_sampler_ptr &sampler)
{
    engine_sampler_ptr copy(sampler == nullptr ? nullptr : llama_sampler_clone(sampler.get()));
    if (sampler != nullptr && copy == nullptr)
        throw std::bad_alloc();
    return copy;
}

/* A grammar that waits for its trigger does not look into reasoning. */
bool grammar_applies(const engine_constraint *c)
{
    if (c->grammar == nullptr)
        return false;
    if (c->thinking == nullptr || !c->lazy)
        return true;
    const common_reasoning_budget_state state = common_reasoning_budget_get_state(c->thinking.get());
    return state == REASONING_BUDGET_IDLE || state == REASONING_BUDGET_DONE;
}

void apply(engine_constraint *c, llama_token_data_array *candidates)
{
    for (size_t i = 0; c->marked < c->mark.size() && i < candidates->size; i++)
        if (candidates->data[i].id != c->mark[c->marked])
            candidates->data[i].logit = -INFINITY;
    if (c->thinking != nullptr)
        llama_sampler_apply(c->thinking.get(), candidates);
    if (grammar_applies(c))
        llama_sampler_apply(c->grammar.get(), candidates);
}

void accept(engine_constraint *c, llama_token token)
{
    if (c->marked < c->mark.size())
        c->marked++;
    /* As it was before this token. */
    const bool applies = grammar_applies(c);
    if (c->thinking != nullptr) {
        llama_sampler_accept(c->thinking.get(), token);
        const llama_tokens *end = common_reasoning_budget_get_end_match(c->thinking.get());
        const bool done = common_reasoning_budget_get_state(c->thinking.get()) == REASONING_BUDGET_DONE;
        /* What ended the reasoning may be the trigger. */
        if (c->grammar != nullptr && !applies && done && end != nullptr)
            for (const llama_token last : *end)
                llama_sampler_accept(c->grammar.get(), last);
    }
    if (applies)
        llama_sampler_accept(c->grammar.get(), token);
}

} // namespace

enum err engine_constraint_open(const struct engine_plan *p, struct engine_constraint **out)
{
    *out = nullptr;
    return engine_guarded(ERR_MEMORY, [&] {
        std::unique_ptr<engine_constraint> c(new engine_constraint());
        c->grammar = copy_of(p->grammar);
        c->thinking = copy_of(p->thinking);
        c->mark = p->mark;
        c->lazy = p->lazy;
        *out = c.release();
        return ERR_OK;
    });
}

void engine_constraint_close(struct engine_constraint *c)
{
    delete c;
}

enum err engine_constraint_apply(struct engine_constraint *c, struct llama_token_data_array *candidates)
{
    return engine_guarded(ERR_ENGINE, [&] {
        const work_limit limit(work_of_all(candidates->size));
        apply(c, candidates);
        for (size_t i = 0; i < candidates->size; i++)
            if (candidates->data[i].logit != -INFINITY)
                return ERR_OK;
        return ERR_ENGINE;
    });
}

enum err engine_constraint_allows(struct engine_constraint *c, int32_t token, bool *allowed)
{
    return engine_guarded(ERR_ENGINE, [&] {
        llama_token_data one = {token, 1.0F, 0.0F};
        llama_token_data_array array = {&one, 1, -1, false};
        const work_limit limit(engine_work_of_token());
        apply(c, &array);
        *allowed = one.logit != -INFINITY;
        return ERR_OK;
    });
}

enum err engine_constraint_accept(struct engine_constraint *c, int32_t token)
{
    return engine_guarded(ERR_ENGINE, [&] {
        const work_limit limit(engine_work_of_token());
        accept(c, token);
        return ERR_OK;
    });
}
