/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How likely each token of an answer was, and which others came near: from the logits as the model gave them, before temperature and penalties. A token waits
 * here until the text that it is part of goes out (llama_text.c).
 */

#include <math.h>

#include "base/secret.h"
#include "engine/llama_internal.h"

enum { CHUNK = 32 };

struct rival {
    llama_token token;
    float logprob;
};

struct entry {
    llama_token token;
    float logprob;
    size_t len; /* bytes of its text */
    uint32_t top_count;
    struct rival top[GENERATION_TOP_LOGPROBS_MAX];
};

struct engine_logprobs {
    uint32_t top;  /* wanted */
    size_t behind; /* bytes of the first entry's text that have gone out */
    size_t count, capacity;
    size_t taken;                     /* entries that the last delta has */
    struct entry *entries;            /* secret memory */
    struct answer_token *tokens;      /* of the last delta; secret memory */
    struct answer_alternative *rival; /* theirs */
    uint8_t **texts;                  /* theirs, each secret memory */
    size_t text_count;
};

enum err engine_logprobs_open(const struct generation *g, struct engine_logprobs **out)
{
    *out = secret_alloc(sizeof **out);
    if (*out == NULL)
        return ERR_MEMORY;
    (*out)->top = g->top_logprobs < GENERATION_TOP_LOGPROBS_MAX ? g->top_logprobs : GENERATION_TOP_LOGPROBS_MAX;
    return ERR_OK;
}

static void release_delta(struct engine_logprobs *l)
{
    for (size_t i = 0; i < l->text_count; i++)
        secret_free(l->texts[i]);
    secret_free(l->texts);
    secret_free(l->tokens);
    secret_free(l->rival);
    l->texts = NULL;
    l->tokens = NULL;
    l->rival = NULL;
    l->text_count = 0;
}

void engine_logprobs_close(struct engine_logprobs *l)
{
    if (l == NULL)
        return;
    release_delta(l);
    secret_free(l->entries);
    secret_free(l);
}

/* ---- in ---- */

/* The logarithm of what the exponentials of all logits add up to. */
static float normaliser(const float *logits, int32_t count)
{
    float best = logits[0];
    for (int32_t i = 1; i < count; i++)
        best = logits[i] > best ? logits[i] : best;
    double sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += (double)expf(logits[i] - best);
    return best + (float)log(sum);
}

/* The likeliest come first, and of those that are alike the one with the lower number. */
static void find_rivals(struct entry *entry, uint32_t wanted, const float *logits, int32_t count, float all)
{
    for (int32_t i = 0; i < count && wanted != 0; i++) {
        if (entry->top_count == wanted && logits[i] - all <= entry->top[wanted - 1].logprob)
            continue;
        uint32_t at = entry->top_count < wanted ? entry->top_count++ : wanted - 1;
        while (at > 0 && entry->top[at - 1].logprob < logits[i] - all) {
            entry->top[at] = entry->top[at - 1];
            at--;
        }
        entry->top[at] = (struct rival){.token = i, .logprob = logits[i] - all};
    }
}

enum err engine_logprobs_add(const struct engine_llama *e, struct engine_logprobs *l, const float *logits,
                             llama_token token, size_t len)
{
    if (l->count == l->capacity) {
        struct entry *more = secret_realloc(l->entries, (l->capacity + CHUNK) * sizeof *more);
        if (more == NULL)
            return ERR_MEMORY;
        l->entries = more;
        l->capacity += CHUNK;
    }
    int32_t count = llama_vocab_n_tokens(e->vocab);
    float all = normaliser(logits, count);
    struct entry *entry = &l->entries[l->count++];
    *entry = (struct entry){.token = token, .logprob = logits[token] - all, .len = len};
    find_rivals(entry, l->top, logits, count, all);
    return ERR_OK;
}

/* ---- out ---- */

/* Entries whose text ends within the next len bytes. */
static size_t count_within(struct engine_logprobs *l, size_t len)
{
    size_t n = 0;
    size_t left = len + l->behind;
    while (n < l->count && l->entries[n].len <= left)
        left -= l->entries[n++].len;
    l->behind = left;
    return n;
}

static enum err text_of(const struct engine_llama *e, struct engine_logprobs *l, llama_token token,
                        struct bytes *text)
{
    size_t len = 0;
    uint8_t *piece = engine_piece_of(e, token, true, &len);
    if (piece == NULL)
        return ERR_MEMORY;
    l->texts[l->text_count++] = piece;
    *text = bytes_of(piece, len);
    return ERR_OK;
}

enum err engine_logprobs_take(const struct engine_llama *e, struct engine_logprobs *l, size_t len, bool last,
                              struct answer_delta *delta)
{
    release_delta(l);
    l->taken = last ? l->count : count_within(l, len);
    if (l->taken == 0)
        return ERR_OK;
    l->tokens = secret_alloc(l->taken * sizeof *l->tokens);
    l->rival = secret_alloc(l->taken * l->top * sizeof *l->rival);
    l->texts = secret_alloc(l->taken * (l->top + 1) * sizeof *l->texts);
    if (l->tokens == NULL || l->rival == NULL || l->texts == NULL)
        return ERR_MEMORY;
    struct answer_alternative *rival = l->rival;
    for (size_t i = 0; i < l->taken; i++) {
        const struct entry *entry = &l->entries[i];
        struct answer_token *t = &l->tokens[i];
        *t = (struct answer_token){.logprob = entry->logprob, .top_count = entry->top_count, .top = rival};
        enum err result = text_of(e, l, entry->token, &t->text);
        for (uint32_t k = 0; result == ERR_OK && k < entry->top_count; k++, rival++) {
            rival->logprob = entry->top[k].logprob;
            result = text_of(e, l, entry->top[k].token, &rival->text);
        }
        if (result != ERR_OK)
            return result;
    }
    delta->tokens = l->tokens;
    delta->token_count = l->taken;
    return ERR_OK;
}

void engine_logprobs_taken(struct engine_logprobs *l)
{
    release_delta(l);
    l->count -= l->taken;
    if (l->count != 0)
        memmove(l->entries, l->entries + l->taken, l->count * sizeof *l->entries);
    if (l->taken != 0)
        secret_wipe(l->entries + l->count, l->taken * sizeof *l->entries);
    l->taken = 0;
}
