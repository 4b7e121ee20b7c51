/* SPDX-License-Identifier: Apache-2.0 */

/* The batch that is handed to llama_decode: token ids in their order, so in our memory and overwritten at once. */

#include "base/secret.h"
#include "engine/llama_internal.h"

enum err engine_batch_open(struct engine_llama *e)
{
    size_t n = e->step_tokens;
    struct llama_batch *b = &e->batch;
    *b = (struct llama_batch){
        .token = secret_alloc(n * sizeof *b->token),
        .pos = secret_alloc(n * sizeof *b->pos),
        .n_seq_id = secret_alloc(n * sizeof *b->n_seq_id),
        .seq_id = secret_alloc(n * sizeof *b->seq_id),
        .logits = secret_alloc(n * sizeof *b->logits),
    };
    if (b->token == NULL || b->pos == NULL || b->n_seq_id == NULL || b->seq_id == NULL || b->logits == NULL)
        return ERR_MEMORY;
    return ERR_OK;
}

void engine_batch_close(struct engine_llama *e)
{
    struct llama_batch *b = &e->batch;
    secret_free(b->token);
    secret_free(b->pos);
    secret_free(b->n_seq_id);
    secret_free(b->seq_id);
    secret_free(b->logits);
    *b = (struct llama_batch){0};
}

void engine_batch_empty(struct engine_llama *e)
{
    secret_wipe(e->batch.token, (size_t)e->batch.n_tokens * sizeof *e->batch.token);
    e->batch.n_tokens = 0;
}

int32_t engine_batch_put(struct engine_llama *e, llama_token token, uint32_t position, llama_seq_id sequence,
                         bool output)
{
    struct llama_batch *b = &e->batch;
    int32_t at = b->n_tokens++;
    b->token[at] = token;
    b->pos[at] = (llama_pos)position;
    b->n_seq_id[at] = 1;
    b->seq_id[at] = &e->slots[sequence].sequence;
    b->logits[at] = output;
    return at;
}
