/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What llama.cpp keeps of a request after it ended, and how it is overwritten through public interfaces alone:
 *
 *   KV cache            its tensors are found by name in the first graph; the rows of the ended sequence are zeroed there, but
 *                       for those that stay until the session's next request (llama_kept.c), which are zeroed later
 *   intermediate        the buffers of the last graph (token ids, masks, activations) are found the same way and cleared
 *   logits, vectors     zeroed through the pointers that llama_get_logits and llama_get_embeddings give
 *   the last graph      keeps a copy of the batch piece it was built for; a decode of one neutral token replaces it
 *   the C++ heap        vectors and strings are overwritten when they are released, by wipe_on_free.c
 *
 * One thing is not reached: the scratch memory of ggml's CPU backend keeps quantised activations of the last operations until the
 * next request overwrites them. It holds neither text nor token ids. ggml's code for GPUs has such scratch memory too, in theirs.
 *
 * On a GPU all of this but logits, batch and heap lies in its memory, and is overwritten there by the driver's own fill.
 */

#include "base/secret.h"
#include "engine/llama_internal.h"

#include <stdlib.h>
#include <sys/mman.h>

#include <ggml-backend.h>

/* ---- finding ---- */

static void note_buffer(struct engine_traces *t, struct ggml_backend_buffer *buffer)
{
    for (size_t i = t->buffer_count; i-- > 0;)
        if (t->buffers[i] == buffer)
            return;
    if (t->buffer_count < ENGINE_BUFFERS_MAX)
        t->buffers[t->buffer_count++] = buffer;
}

/* llama.cpp calls them cache_k_l0, cache_v_l0, ..., with a tag before the k where a model has several caches. */
static void note_cache(struct engine_traces *t, struct ggml_tensor *tensor)
{
    struct ggml_tensor *root = tensor->view_src != NULL ? tensor->view_src : tensor;
    if (strncmp(root->name, "cache_", strlen("cache_")) != 0)
        return;
    for (size_t i = 0; i < t->cache_count; i++)
        if (t->caches[i] == root)
            return;
    if (t->cache_count < ENGINE_CACHES_MAX)
        t->caches[t->cache_count++] = root;
}

bool engine_wipe_observe(struct ggml_tensor *node, bool ask, void *user)
{
    struct engine_traces *t = user;
    if (!ask)
        return true;
    /* A view lies in somebody else's memory. */
    if (node->view_src == NULL && node->buffer != NULL)
        note_buffer(t, node->buffer);
    if (t->learning) {
        note_cache(t, node);
        for (size_t i = 0; i < GGML_MAX_SRC && node->src[i] != NULL; i++)
            note_cache(t, node->src[i]);
        if (node->op == GGML_OP_FLASH_ATTN_EXT)
            t->rows = true;
        if (node->op == GGML_OP_SOFT_MAX && node->src[1] != NULL)
            t->columns = true;
    }
    return false;
}

/* [values of a row, rows, sequences]; each sequence's rows follow each other without a gap. */
static bool has_streams(const struct ggml_tensor *cache, uint32_t slots)
{
    return cache->ne[2] == slots && cache->ne[3] == 1 && ggml_is_contiguous(cache);
}

static llama_token neutral_token(const struct engine_llama *e)
{
    llama_token bos = llama_vocab_bos(e->vocab);
    return bos == LLAMA_TOKEN_NULL ? 0 : bos;
}

/* One token at the end of a sequence of so many rows. */
static int32_t decode_neutral(struct engine_llama *e, llama_seq_id sequence, uint32_t rows)
{
    engine_batch_empty(e);
    (void)engine_batch_put(e, neutral_token(e), rows, sequence, true);
    e->traces.buffer_count = 0;
    int32_t status = llama_decode(e->context, e->batch);
    (void)llama_memory_seq_rm(llama_get_memory(e->context), sequence, (llama_pos)rows, -1);
    engine_batch_empty(e);
    return status;
}

enum err engine_wipe_learn(struct engine_llama *e)
{
    struct engine_traces *t = &e->traces;
    *t = (struct engine_traces){.learning = true};
    int32_t status = decode_neutral(e, 0, 0);
    t->learning = false;
    if (status != 0)
        return ERR_MODEL;
    /* With flash attention V has a row a token as K has; without, it is transposed, and a sequence's whole slab is zeroed. */
    t->rows = t->rows && !t->columns;
    t->streams = t->cache_count > 0 && t->cache_count < ENGINE_CACHES_MAX &&
                 !llama_model_is_recurrent(e->model) && !llama_model_is_hybrid(e->model);
    for (size_t i = 0; i < t->cache_count; i++)
        t->streams = t->streams && has_streams(t->caches[i], e->info.slots);
    llama_memory_clear(llama_get_memory(e->context), true);
    /* Their pages are there from now on, so that the first request does not wait for them at its end. */
    for (size_t i = 0; i < t->buffer_count; i++)
        ggml_backend_buffer_clear(t->buffers[i], 0);
    return ERR_OK;
}

/* llama.cpp forgets the rows from that one on. Returns how many are left: none where its memory cannot be shortened. */
static uint32_t forget_rows(struct engine_llama *e, const struct engine_slot *slot, uint32_t from)
{
    llama_memory_t memory = llama_get_memory(e->context);
    if (llama_memory_seq_rm(memory, slot->sequence, (llama_pos)from, -1))
        return from;
    (void)llama_memory_seq_rm(memory, slot->sequence, -1, -1);
    return 0;
}

enum { SAVED_TOKENS = 6, SAVED_STRIDE_MAX = 64, SAVED_HEAD_MAX = 1024 };

/* Do they stand there one after the other, at the same distance? */
static bool holds_tokens(const uint8_t *saved, size_t size, const llama_token *tokens)
{
    for (size_t at = 0; at < size; at++)
        for (size_t stride = sizeof *tokens; stride <= SAVED_STRIDE_MAX; stride += sizeof *tokens) {
            size_t i = 0;
            while (i < SAVED_TOKENS && at + i * stride + sizeof *tokens <= size &&
                   memcmp(saved + at + i * stride, &tokens[i], sizeof *tokens) == 0)
                i++;
            if (i == SAVED_TOKENS)
                return true;
        }
    return false;
}

bool engine_wipe_saves_tokens(struct engine_llama *e)
{
    llama_token tokens[SAVED_TOKENS];
    bool holds = true;
    engine_batch_empty(e);
    for (int32_t i = 0; i < SAVED_TOKENS; i++) {
        tokens[i] = llama_vocab_n_tokens(e->vocab) - 1 - i;
        (void)engine_batch_put(e, tokens[i], (uint32_t)i, 0, i + 1 == SAVED_TOKENS);
    }
    if (llama_vocab_n_tokens(e->vocab) < SAVED_TOKENS || llama_decode(e->context, e->batch) != 0)
        goto out;
    size_t size = llama_state_seq_get_size(e->context, 0);
    uint8_t *saved = malloc(size);
    if (saved != NULL && llama_state_seq_get_data(e->context, saved, size, 0) == size)
        holds = holds_tokens(saved, size < SAVED_HEAD_MAX ? size : SAVED_HEAD_MAX, tokens);
    free(saved);
out:
    engine_batch_empty(e);
    llama_memory_clear(llama_get_memory(e->context), true);
    return holds;
}

#ifdef ENCLUME_NO_WIPE

/* The test that scans the process for leftovers is built once with this, to show that it finds them. */
void engine_wipe_ended(struct engine_llama *e)
{
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->slots[i].state == ENGINE_SLOT_ENDED)
            (void)forget_rows(e, &e->slots[i], e->slots[i].kept.rows);
}

uint32_t engine_wipe_rows(struct engine_llama *e, struct engine_slot *slot, uint32_t from)
{
    return slot->rows = forget_rows(e, slot, from);
}

#else

/* ---- overwriting ---- */

static void zero_tensor(struct ggml_tensor *tensor, size_t offset, size_t size)
{
    if (ggml_backend_buffer_is_host(tensor->buffer))
        secret_wipe((uint8_t *)tensor->data + offset, size);
    else
        ggml_backend_tensor_memset(tensor, 0, offset,
                                   size); /* ends the process where a backend has no such thing */
}

/* from: its first row that does not stay; not 0 only where there are rows (engine_llama.keeps). */
static void zero_cache(struct engine_llama *e, const struct engine_slot *slot, size_t from)
{
    const struct engine_traces *t = &e->traces;
    if (!t->streams) {
        /* Then there is one slot only (engine_llama_open), so everything in the caches is its own. */
        llama_memory_clear(llama_get_memory(e->context), true);
        return;
    }
    for (size_t i = 0; i < t->cache_count; i++) {
        struct ggml_tensor *cache = t->caches[i];
        size_t rows = (size_t)cache->ne[1];
        if (t->rows && slot->rows < rows)
            rows = slot->rows;
        if (from < rows)
            zero_tensor(cache, (size_t)slot->sequence * cache->nb[2] + from * cache->nb[1],
                        (rows - from) * cache->nb[1]);
    }
}

static void zero_logits(struct engine_llama *e)
{
    /* llama.cpp gives this buffer a row for each sequence at least. */
    float *logits = llama_get_logits(e->context);
    size_t rows = e->info.slots;
    if (logits != NULL)
        secret_wipe(logits, rows * (size_t)llama_vocab_n_tokens(e->vocab) * sizeof *logits);
}

/* llama.cpp notes at each row which token it is of. A sequence that was saved and loaded has the rows where they were and, as that is not saved, no tokens (engine_wipe_saves_tokens).
 * False: it was not possible. */
static bool forget_tokens(struct engine_llama *e, const struct engine_slot *slot)
{
    size_t size = llama_state_seq_get_size(e->context, slot->sequence);
    void *saved = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (saved == MAP_FAILED)
        return false;
    (void)madvise(saved, size, MADV_HUGEPAGE);
    bool good = llama_state_seq_get_data(e->context, saved, size, slot->sequence) == size &&
                llama_state_seq_set_data(e->context, saved, size, slot->sequence) == size;
    secret_wipe(saved, size);
    (void)munmap(saved, size);
    return good;
}

void engine_wipe_ended(struct engine_llama *e)
{
    struct engine_slot *replace = NULL;
    llama_synchronize(e->context);
    engine_batch_empty(e);
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        if (slot->state != ENGINE_SLOT_ENDED || slot->rows == 0)
            continue;
        slot->kept.rows = forget_rows(e, slot, slot->kept.rows);
        /* A graph built for one token of a sequence keeps only that one. */
        if (slot->in_batch != 1)
            replace = slot;
    }
    if (replace != NULL) {
        atomic_store(&e->abort, false);
        (void)decode_neutral(e, replace->sequence, replace->kept.rows);
        replace->rows++;               /* behind those that stay, if all do */
        llama_synchronize(e->context); /* what is filled below is filled beside the GPU's queue */
    }
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        if (slot->state != ENGINE_SLOT_ENDED || slot->rows == 0)
            continue;
        if (slot->kept.rows != 0 && !forget_tokens(e, slot))
            slot->kept.rows = forget_rows(e, slot, 0);
        zero_cache(e, slot, slot->kept.rows);
    }
    for (size_t i = 0; i < e->traces.buffer_count; i++)
        ggml_backend_buffer_clear(e->traces.buffers[i], 0);
    zero_logits(e);
    secret_wipe_stack();
}

uint32_t engine_wipe_rows(struct engine_llama *e, struct engine_slot *slot, uint32_t from)
{
    llama_synchronize(e->context);
    from = forget_rows(e, slot, from);
    zero_cache(e, slot, from);
    return slot->rows = from;
}

#endif
