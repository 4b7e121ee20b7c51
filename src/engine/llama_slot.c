/* SPDX-License-Identifier: Apache-2.0 */

/* One request in a slot: its prompt's tokens, its sampler, its text, its end. */

#include "base/secret.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"

enum { PIECE_SIZE = 256 };

void engine_slot_end(struct engine_slot *slot, enum err result, enum chat_finish finish)
{
    if (slot->state == ENGINE_SLOT_ENDED)
        return;
    slot->state = ENGINE_SLOT_ENDED;
    slot->result = result;
    slot->finish = finish;
}

void engine_slot_release(struct engine_slot *slot)
{
    if (slot->sampler != NULL)
        llama_sampler_free(slot->sampler);
    secret_free(slot->tokens);
    engine_text_close(&slot->text);
    *slot = (struct engine_slot){.sequence = slot->sequence};
}

/* ---- the prompt ---- */

static enum err tokenize(struct engine_llama *e, struct engine_slot *slot, const uint8_t *text, size_t len)
{
    const bool chat = e->chat_template != NULL;
    /* A token is at least a byte; what is longer than this many bytes a token never fits, and need not be tokenized. */
    const size_t bytes_a_token_max = 512;
    if (len > e->info.context * bytes_a_token_max || len > INT32_MAX)
        return ERR_CONTEXT;
    int32_t room = (int32_t)(len < e->info.context ? len : e->info.context) + 8;
    slot->tokens = secret_alloc((size_t)room * sizeof *slot->tokens);
    if (slot->tokens == NULL)
        return ERR_MEMORY;
    int32_t n = llama_tokenize(e->vocab, (const char *)text, (int32_t)len, slot->tokens, room, true, chat);
    if (n < 0)
        return ERR_CONTEXT;
    if (n == 0) {
        /* An empty text for a model that does not want a first token of its own: there is nothing to continue. */
        slot->tokens[n++] = llama_vocab_bos(e->vocab) != LLAMA_TOKEN_NULL ? llama_vocab_bos(e->vocab) : 0;
    }
    slot->prompt = (uint32_t)n;
    slot->usage.prompt_tokens = slot->prompt;
    return slot->prompt < e->info.context ? ERR_OK : ERR_CONTEXT;
}

/* ---- the sampler ---- */

static enum err choose_seed(const struct chat_sampling *sampling, uint32_t *seed)
{
    *seed = sampling->seed;
    if (!sampling->has_seed) {
        enum err e = crypto_random(seed, sizeof *seed);
        if (e != ERR_OK)
            return e;
    }
    /* The one value that means "random" to llama.cpp. */
    if (*seed == LLAMA_DEFAULT_SEED)
        *seed = 0;
    return ERR_OK;
}

static bool has_penalties(const struct chat_sampling *s)
{
    return s->repeat_penalty != 1.0F || s->frequency_penalty != 0.0F || s->presence_penalty != 0.0F;
}

/* Leaves slot->sampler NULL when the most likely token is wanted: finding it needs no list of 100,000 candidates.
 * The penalties look at the answer only, as the OpenAI API has it. */
static enum err build_sampler(struct engine_llama *e, struct engine_slot *slot)
{
    const struct chat_sampling *s = &slot->request->chat.sampling;
    if (s->temperature <= 0 && !has_penalties(s))
        return ERR_OK;
    uint32_t seed = 0;
    enum err result = choose_seed(s, &seed);
    if (result != ERR_OK)
        return result;
    struct llama_sampler *chain =
        llama_sampler_chain_init((struct llama_sampler_chain_params){.no_perf = true});
    if (has_penalties(s))
        llama_sampler_chain_add(chain, llama_sampler_init_penalties(
                                           llama_vocab_n_tokens(e->vocab), (int32_t)e->info.context,
                                           s->repeat_penalty, s->frequency_penalty, s->presence_penalty));
    if (s->temperature <= 0) {
        llama_sampler_chain_add(chain, llama_sampler_init_greedy());
    } else {
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
    slot->sampler = chain;
    return ERR_OK;
}

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

static llama_token sample(struct engine_llama *e, struct engine_slot *slot)
{
    if (slot->sampler != NULL)
        return llama_sampler_sample(slot->sampler, e->context, slot->output);
    return most_likely(llama_get_logits_ith(e->context, slot->output), llama_vocab_n_tokens(e->vocab));
}

/* ---- begin and advance ---- */

void engine_slot_begin(struct engine_llama *e, struct engine_slot *slot, struct engine_request *request)
{
    uint8_t *text = NULL;
    size_t len = 0;
    slot->state = ENGINE_SLOT_PROMPT;
    slot->request = request;
    enum err result = engine_template_apply(e->chat_template, &request->chat, &text, &len);
    if (result == ERR_OK)
        result = tokenize(e, slot, text, len);
    if (result == ERR_OK)
        result = build_sampler(e, slot);
    if (result == ERR_OK)
        result = engine_text_open(&slot->text, request->chat.stops, request->chat.stop_count);
    secret_free(text);
    if (result != ERR_OK) {
        engine_slot_end(slot, result, CHAT_FINISH_STOP);
        return;
    }
    uint32_t left = e->info.context - slot->prompt;
    slot->limit =
        request->chat.max_tokens == 0 || request->chat.max_tokens > left ? left : request->chat.max_tokens;
}

static void hand_out(struct engine_llama *e, struct engine_slot *slot)
{
    if (slot->text.ready == 0)
        return;
    e->callbacks.text(e->owner, slot->request->id, bytes_of(slot->text.bytes, slot->text.ready));
    engine_text_taken(&slot->text);
}

static enum err push_token(struct engine_llama *e, struct engine_slot *slot, llama_token token)
{
    char piece[PIECE_SIZE];
    char *longer = NULL;
    enum err result = ERR_OK;
    int32_t n = llama_token_to_piece(e->vocab, token, piece, sizeof piece, 0, false);
    if (n < 0) {
        longer = secret_alloc((size_t)-n);
        if (longer == NULL)
            return ERR_MEMORY;
        n = llama_token_to_piece(e->vocab, token, longer, -n, 0, false);
    }
    if (n > 0)
        result = engine_text_push(&slot->text, bytes_of(longer != NULL ? longer : piece, (size_t)n));
    secret_free(longer);
    secret_wipe(piece, sizeof piece);
    return result;
}

void engine_slot_advance(struct engine_llama *e, struct engine_slot *slot)
{
    llama_token token = sample(e, slot);
    bool ended = llama_vocab_is_eog(e->vocab, token);
    enum chat_finish finish = CHAT_FINISH_STOP;
    enum err result = ERR_OK;
    slot->state = ENGINE_SLOT_ANSWER;
    slot->next = token;
    if (!ended) {
        slot->usage.completion_tokens++;
        result = push_token(e, slot, token);
        if (slot->usage.completion_tokens == slot->limit && !slot->text.stopped) {
            ended = true;
            finish = CHAT_FINISH_LENGTH;
        }
    }
    if (ended && result == ERR_OK)
        result = engine_text_finish(&slot->text);
    if (result == ERR_OK)
        hand_out(e, slot);
    if (result != ERR_OK || ended || slot->text.stopped)
        engine_slot_end(slot, result, slot->text.stopped ? CHAT_FINISH_STOP : finish);
}
