/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A prompt as one vector. llama.cpp gives the last layer's vector of every token; how they become one, the model says (mean, the last, the first), and is done
 * here, so that a prompt may be longer than a step. The vector has length 1.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "engine/llama_internal.h"

enum { KEY_SIZE = 128, VALUE_SIZE = 32 };

enum llama_pooling_type engine_embedding_pooling(const struct llama_model *model)
{
    char architecture[KEY_SIZE / 2];
    char key[KEY_SIZE];
    char value[VALUE_SIZE];
    if (llama_model_meta_val_str(model, "general.architecture", architecture, sizeof architecture) <= 0)
        return LLAMA_POOLING_TYPE_MEAN;
    (void)snprintf(key, sizeof key, "%s.pooling_type", architecture);
    if (llama_model_meta_val_str(model, key, value, sizeof value) <= 0)
        return LLAMA_POOLING_TYPE_MEAN;
    switch (strtol(value, NULL, 10)) {
    case LLAMA_POOLING_TYPE_CLS:
        return LLAMA_POOLING_TYPE_CLS;
    case LLAMA_POOLING_TYPE_LAST:
        return LLAMA_POOLING_TYPE_LAST;
    case LLAMA_POOLING_TYPE_RANK:
        return LLAMA_POOLING_TYPE_RANK;
    default:
        return LLAMA_POOLING_TYPE_MEAN;
    }
}

static size_t width(const struct engine_llama *e)
{
    return (size_t)llama_model_n_embd_out(e->model);
}

enum err engine_embedding_open(const struct engine_llama *e, struct engine_slot *slot)
{
    slot->vector = secret_alloc(width(e) * sizeof *slot->vector);
    return slot->vector == NULL ? ERR_MEMORY : ERR_OK;
}

static void take(const struct engine_llama *e, struct engine_slot *slot, const float *v, uint32_t at)
{
    bool replaces = (e->pooling == LLAMA_POOLING_TYPE_CLS && at == 0) || e->pooling == LLAMA_POOLING_TYPE_LAST;
    for (size_t i = 0; i < width(e); i++) {
        if (replaces)
            slot->vector[i] = (double)v[i];
        else if (e->pooling == LLAMA_POOLING_TYPE_MEAN)
            slot->vector[i] += (double)v[i];
    }
}

/* The mean's divisor does not matter: the length becomes 1 (a vector of zeros stays as it is). */
static enum err hand_out(struct engine_llama *e, struct engine_slot *slot)
{
    struct engine_request *r = slot->request;
    size_t count = r->generation.dimensions != 0 ? r->generation.dimensions : width(e);
    double length = 0;
    for (size_t i = 0; i < count; i++)
        length += slot->vector[i] * slot->vector[i];
    length = sqrt(length);
    float *vector = secret_alloc(count * sizeof *vector);
    if (vector == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        vector[i] = length > 0 ? (float)(slot->vector[i] / length) : 0;
    enum err result = answer_embedding(r->answer, slot->choice, vector, count);
    secret_free(vector);
    return result;
}

void engine_embedding_advance(struct engine_llama *e, struct engine_slot *slot)
{
    uint32_t first = slot->decoded - slot->in_batch;
    for (uint32_t i = 0; i < slot->in_batch; i++) {
        const float *v = llama_get_embeddings_ith(e->context, slot->output + (int32_t)i);
        if (v == NULL) {
            engine_slot_end(slot, ERR_ENGINE);
            return;
        }
        take(e, slot, v, first + i);
    }
    if (slot->decoded >= slot->prompt->count)
        engine_slot_end(slot, hand_out(e, slot));
}

void engine_embedding_wipe(struct engine_llama *e)
{
    size_t rows = (size_t)e->batch.n_tokens;
    float *logits = llama_get_logits(e->context);
    float *vectors = llama_get_embeddings(e->context);
    if (logits != NULL)
        secret_wipe(logits, rows * (size_t)llama_vocab_n_tokens(e->vocab) * sizeof *logits);
    if (vectors != NULL)
        secret_wipe(vectors, rows * width(e) * sizeof *vectors);
}
