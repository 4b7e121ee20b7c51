/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What can be done with a request before a slot is free for it, in threads of its own, so that neither those who stream nor the enclave's connections wait
 * meanwhile: the template makes a prompt of the messages, the prompt becomes tokens, schemas become a grammar.
 *
 * The longest text that a request can have keeps a tokenizer busy for some seconds, and its memory for as long. So lengthy requests have one thread, which takes them one by
 * one, and all others have another, where nobody waits longer than for other short ones.
 */

#include <time.h>

#include "base/secret.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"

/* A token is at least a byte; what is longer than this many bytes a token never fits, and need not be tokenized. */
enum { BYTES_A_TOKEN_MAX = 512 };

/* ---- what this model cannot do ---- */

static enum err check_tools(const struct engine_llama *e, const struct generation *g, struct err_note *note)
{
    if (g->tool_count == 0 || g->tool_choice == GENERATION_TOOLS_NONE)
        return ERR_OK;
    if (!e->info.tools)
        return err_noted(ERR_REQUEST, note, "tools: the model's chat template knows none");
    if (g->format != GENERATION_FORMAT_TEXT)
        return err_noted(ERR_REQUEST, note, "response_format: not together with tools");
    for (size_t i = 0; i < g->tool_count; i++) {
        enum err result = engine_schema_check(g->tools[i].parameters, "tools", note);
        if (result != ERR_OK)
            return result;
    }
    return ERR_OK;
}

/* Past calls, whose arguments a template may take apart. */
static enum err check_calls(const struct generation *g, struct err_note *note)
{
    for (size_t i = 0; i < g->message_count; i++)
        for (size_t k = 0; k < g->messages[i].call_count; k++)
            if (!engine_schema_is_shallow(g->messages[i].calls[k].arguments))
                return err_noted(ERR_REQUEST, note,
                                 "messages[%zu]: a tool call's arguments are nested too deep", i);
    return ERR_OK;
}

static enum err check_biases(const struct engine_llama *e, const struct generation *g, struct err_note *note)
{
    for (size_t i = 0; i < g->sampling.bias_count; i++)
        if (g->sampling.biases[i].token >= llama_vocab_n_tokens(e->vocab))
            return err_noted(ERR_REQUEST, note, "logit_bias: the model has no token %d",
                             (int)g->sampling.biases[i].token);
    return ERR_OK;
}

static enum err check(const struct engine_llama *e, const struct generation *g, struct err_note *note)
{
    if (g->image_count != 0 && !e->info.images)
        return err_noted(ERR_REQUEST, note, "messages: the model reads no images");
    if (g->api != API_EMBEDDINGS && e->encodes)
        return err_noted(ERR_REQUEST, note, "the model makes embeddings and nothing else");
    if (g->api == API_EMBEDDINGS && !e->info.embeddings)
        return err_noted(ERR_REQUEST, note, "the model makes no embeddings");
    if (g->echo && g->logprobs)
        return err_noted(ERR_REQUEST, note, "echo: not together with logprobs");
    if (g->dimensions > (uint32_t)llama_model_n_embd_out(e->model))
        return err_noted(ERR_REQUEST, note, "dimensions: the model has %d",
                         (int)llama_model_n_embd_out(e->model));
    enum err result = check_tools(e, g, note);
    if (result == ERR_OK)
        result = check_calls(g, note);
    if (result == ERR_OK)
        result = check_biases(e, g, note);
    if (result == ERR_OK && g->format == GENERATION_FORMAT_SCHEMA)
        result = engine_schema_check(g->schema, "response_format", note);
    return result;
}

/* ---- prompts to tokens ---- */

/* An empty text for a model that does not want a first token of its own: there is nothing to continue. */
static void at_least_one(const struct engine_llama *e, struct engine_prompt *p)
{
    llama_token bos = llama_vocab_bos(e->vocab);
    if (p->count == 0)
        p->tokens[p->count++] = bos == LLAMA_TOKEN_NULL ? 0 : bos;
}

static enum err fits(const struct engine_llama *e, const struct engine_request *r,
                     const struct engine_prompt *p)
{
    /* A vector needs no room for an answer; a number no room at all. */
    if (r->generation.api == API_TOKENS)
        return ERR_OK;
    uint32_t most = r->generation.api == API_EMBEDDINGS ? e->info.context : e->info.context - 1;
    return p->count <= most ? ERR_OK : ERR_CONTEXT;
}

/* Is it one that this model's tokenizer can be given? */
static enum err text_check(const struct engine_llama *e, struct bytes text, struct err_note *note)
{
    return llama_vocab_type(e->vocab) == LLAMA_VOCAB_TYPE_BPE ? engine_runs_check(text, note) : ERR_OK;
}

/* With ERR_CONTEXT p->count is how many there would be, where that is known, and not how many there are. */
static enum err tokenize(const struct engine_llama *e, struct engine_prompt *p, struct bytes text,
                         bool special, struct err_note *note)
{
    if (text.len > (size_t)e->info.context * BYTES_A_TOKEN_MAX || text.len > INT32_MAX)
        return ERR_CONTEXT;
    enum err result = text_check(e, text, note);
    if (result != ERR_OK)
        return result;
    int32_t room = (int32_t)(text.len < e->info.context ? text.len : e->info.context) + 8;
    p->tokens = secret_alloc((size_t)room * sizeof *p->tokens);
    if (p->tokens == NULL)
        return ERR_MEMORY;
    int32_t n =
        llama_tokenize(e->vocab, (const char *)text.ptr, (int32_t)text.len, p->tokens, room, true, special);
    if (n < 0) {
        p->count = n == INT32_MIN ? 0 : (uint32_t)-n;
        return ERR_CONTEXT;
    }
    p->count = (uint32_t)n;
    at_least_one(e, p);
    return ERR_OK;
}

static enum err take_tokens(const struct engine_llama *e, struct engine_prompt *p,
                            const struct generation_prompt *from, struct err_note *note)
{
    if (from->token_count > e->info.context)
        return ERR_CONTEXT;
    p->tokens = secret_alloc((from->token_count + 1) * sizeof *p->tokens);
    if (p->tokens == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < from->token_count; i++) {
        if (from->tokens[i] < 0 || from->tokens[i] >= llama_vocab_n_tokens(e->vocab))
            return err_noted(ERR_REQUEST, note, "the model has no token %d", (int)from->tokens[i]);
        p->tokens[i] = from->tokens[i];
    }
    p->count = (uint32_t)from->token_count;
    at_least_one(e, p);
    return ERR_OK;
}

/* COMPLETIONS and EMBEDDINGS: prompts as they are given. */
static enum err plain_prompts(const struct engine_llama *e, struct engine_request *r, struct err_note *note)
{
    const struct generation *g = &r->generation;
    for (size_t i = 0; i < r->prompt_count; i++) {
        struct engine_prompt *p = &r->prompts[i];
        enum err result = g->prompts[i].tokens != NULL ? take_tokens(e, p, &g->prompts[i], note)
                                                       : tokenize(e, p, g->prompts[i].text, false, note);
        if (result == ERR_OK)
            result = fits(e, r, p);
        if (result != ERR_OK)
            return result;
    }
    return ERR_OK;
}

static enum err chat_prompt(const struct engine_llama *e, struct engine_request *r, struct err_note *note)
{
    struct engine_prompt *p = &r->prompts[0];
    uint8_t *text = NULL;
    size_t len = 0;
    enum err result = ERR_OK;
    if (e->templates != NULL && r->generation.image_count != 0) {
        result = text_check(e, engine_plan_prompt(r->plan), note);
        if (result == ERR_OK)
            result = engine_images_tokenize(e, engine_plan_prompt(r->plan), &r->generation, p, note);
    } else if (e->templates != NULL) {
        result = tokenize(e, p, engine_plan_prompt(r->plan), true, note);
    } else {
        result = engine_template_apply(e->chat_template, &r->generation, &text, &len, note);
        if (result == ERR_OK)
            result = tokenize(e, p, bytes_of(text, len), e->chat_template != NULL, note);
        secret_free(text);
    }
    /* How much too long it is, is what was asked. */
    if (result == ERR_CONTEXT && r->generation.api == API_TOKENS && p->count != 0)
        result = ERR_OK;
    return result == ERR_OK ? fits(e, r, p) : result;
}

static enum err make_prompts(const struct engine_llama *e, struct engine_request *r, struct err_note *note)
{
    const bool chat = r->generation.message_count != 0;
    size_t count = chat ? 1 : r->generation.prompt_count;
    r->prompts = secret_alloc(count * sizeof *r->prompts);
    if (r->prompts == NULL)
        return ERR_MEMORY;
    r->prompt_count = count;
    enum err result = chat ? chat_prompt(e, r, note) : plain_prompts(e, r, note);
    for (size_t i = 0; i < count; i++)
        r->usage.prompt_tokens += r->prompts[i].count;
    return result;
}

void engine_prompt_release(struct engine_prompt *p)
{
    engine_images_release(p);
    secret_free(p->tokens);
    secret_buffer_release(&p->digests);
    *p = (struct engine_prompt){0};
}

/* ---- the rest ---- */

static enum err make_plan(const struct engine_llama *e, struct engine_request *r, struct err_note *note)
{
    const struct generation *g = &r->generation;
    const bool by_template = e->templates != NULL && g->message_count != 0;
    if (!by_template && g->format == GENERATION_FORMAT_TEXT)
        return ERR_OK;
    return engine_plan_make(by_template ? e->templates : NULL, e->vocab, g,
                            engine_images_marker(e->projector), &r->plan, note);
}

static void gather_stops(struct engine_request *r)
{
    for (size_t i = 0; i < r->generation.stop_count; i++)
        r->stops[r->stop_count++] = r->generation.stops[i];
    for (size_t i = 0; r->plan != NULL && r->stop_count < ENGINE_STOPS_MAX; i++) {
        struct bytes stop = engine_plan_stop(r->plan, i);
        if (stop.len == 0)
            break;
        r->stops[r->stop_count++] = stop;
    }
}

static enum err open_answer(const struct engine_llama *e, struct engine_request *r)
{
    uint8_t id[ANSWER_ID_SIZE];
    enum err result = crypto_random(id, sizeof id);
    if (result == ERR_OK)
        result = answer_open(&r->generation, e->info.name, id, (int64_t)time(NULL), &r->answer);
    return result;
}

enum err engine_prepare(const struct engine_llama *e, struct engine_request *r, struct err_note *note)
{
    enum err result = check(e, &r->generation, note);
    if (result == ERR_OK)
        result = make_plan(e, r, note);
    if (result == ERR_OK)
        result = make_prompts(e, r, note);
    if (result == ERR_OK)
        engine_kept_prepare(e, r);
    if (result == ERR_OK)
        result = open_answer(e, r);
    if (result == ERR_OK)
        gather_stops(r);
    /* Programs look for these words of OpenAI's ("maximum context length") and Anthropic's ("prompt is too long"). */
    if (result == ERR_CONTEXT)
        return err_noted(result, note,
                         "the prompt is too long: the model's maximum context length is %u tokens",
                         (unsigned)e->info.context);
    return result;
}

/* ---- the threads ---- */

/* The lock is held. */
static struct engine_request *take_arrived(struct engine_llama *e, bool lengthy)
{
    struct engine_request *best = NULL;
    for (struct engine_request *r = e->requests; r != NULL; r = r->next)
        if (r->state == ENGINE_REQUEST_ARRIVED && r->lengthy == lengthy && r->before == 0 &&
            !atomic_load(&r->cancelled) && (best == NULL || r->turn < best->turn))
            best = r;
    if (best != NULL)
        best->state = ENGINE_REQUEST_PREPARING;
    return best;
}

void *engine_prepare_run(void *preparer)
{
    const struct engine_preparer *self = preparer;
    struct engine_llama *e = self->engine;
    pthread_mutex_lock(&e->lock);
    while (!e->closing) {
        struct engine_request *r = take_arrived(e, self->lengthy);
        if (r == NULL) {
            pthread_cond_wait(&e->arrived, &e->lock);
            continue;
        }
        pthread_mutex_unlock(&e->lock);
        struct err_note note = {{0}};
        enum err result = engine_prepare(e, r, &note);
        secret_wipe_stack();
        pthread_mutex_lock(&e->lock);
        r->result = result;
        r->note = note;
        r->state = result != ERR_OK  ? ENGINE_REQUEST_FAILED
                   : r->choices == 0 ? ENGINE_REQUEST_ACTIVE /* and over: a number was all that was wanted */
                                     : ENGINE_REQUEST_WAITING;
        engine_request_let_pass(e, r);
        pthread_cond_signal(&e->wake);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}
