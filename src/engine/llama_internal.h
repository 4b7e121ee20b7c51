/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LLAMA_INTERNAL_H
#define ENGINE_LLAMA_INTERNAL_H

/*
 * What the files of the llama engine share.
 *
 *     llama.c            open and close
 *     llama_cpu.c        does this processor have what ggml was compiled for
 *     llama_model.c      the weights and their digest
 *     llama_scheduler.c  the thread: queue, slots, one batch a step
 *     llama_slot.c       one request in a slot: its tokens, its sampler, its text
 *     llama_template.c   messages to prompt text
 *     llama_text.c       token bytes to text
 *     llama_batch.c      the tokens of one step
 *     llama_wipe.c       what a finished request leaves behind, overwritten
 *     wipe_on_free.c     the same for what llama.cpp gives back to the heap; linked into programs by name
 *
 * Each slot is one sequence of llama.cpp with a KV stream of its own. Everything below `lock` in struct engine_llama is used
 * by the engine's thread alone after open.
 */

#include <pthread.h>
#include <stdatomic.h>

#include <llama.h>

#include "engine/engine.h"
#include "engine/llama_text.h"

enum {
    ENGINE_SLOTS_DEFAULT = 4,
    ENGINE_SLOTS_MAX = 64,
    ENGINE_QUEUE_DEFAULT = 64,
    ENGINE_QUEUE_MAX = 4096,
    ENGINE_CONTEXT_DEFAULT_MAX = 8192,
    ENGINE_CONTEXT_MAX = 1 << 20,
    ENGINE_THREADS_MAX = 64,
    /* Tokens in one step: the prompt's share when nobody waits for a next token, and when somebody does. */
    ENGINE_STEP_TOKENS = 512,
    ENGINE_STEP_TOKENS_SHARED = 128,
    ENGINE_CACHES_MAX = 1024,
    ENGINE_BUFFERS_MAX = 16,
};

/* A copy of a request, with all it points to, in one block of secret memory. */
struct engine_request {
    uint64_t id;
    uint64_t asker;
    uint64_t turn;
    struct engine_request *next;
    atomic_bool cancelled;
    struct chat_request chat;
};

enum engine_slot_state { ENGINE_SLOT_FREE, ENGINE_SLOT_PROMPT, ENGINE_SLOT_ANSWER, ENGINE_SLOT_ENDED };

struct engine_slot {
    enum engine_slot_state state;
    llama_seq_id sequence;
    struct engine_request *request;
    llama_token *tokens;           /* the prompt; secret memory */
    uint32_t prompt;               /* how many */
    uint32_t decoded;              /* tokens in the KV cache */
    uint32_t rows;                 /* KV rows that may have been written, those of aborted steps included */
    llama_token next;              /* ANSWER: sampled, not yet decoded */
    uint32_t limit;                /* completion tokens allowed */
    struct llama_sampler *sampler; /* NULL: the most likely token */
    struct engine_text text;
    struct chat_usage usage;
    uint32_t in_batch; /* tokens of it in the last batch */
    int32_t output;    /* index in the batch of the token whose logits it wants */
    enum err result;   /* ENDED */
    enum chat_finish finish;
};

/* Where content lies inside llama.cpp (llama_wipe.c). */
struct engine_traces {
    bool learning;
    bool streams; /* each sequence has its own slab in every cache tensor */
    bool rows;    /* and in it one row a token: attention reads the caches as they were written, */
    bool columns; /* not transposed */
    size_t cache_count;
    struct ggml_tensor *caches[ENGINE_CACHES_MAX];
    size_t buffer_count;
    struct ggml_backend_buffer
        *buffers[ENGINE_BUFFERS_MAX]; /* of the last graph's intermediate results and inputs */
};

struct engine_llama {
    struct engine base;
    struct engine_info info;
    struct engine_callbacks callbacks;
    void *owner;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct engine_request *queue_first, **queue_last;
    uint32_t live; /* accepted and not done */
    bool closing;
    uint64_t turn;                                    /* of the request that was started last */
    struct engine_request *working[ENGINE_SLOTS_MAX]; /* by slot */
    atomic_bool abort;                                /* nobody wants the running decode any more */

    struct llama_model *model;
    const struct llama_vocab *vocab;
    struct llama_context *context;
    struct ggml_threadpool *threads;
    void (*threads_free)(struct ggml_threadpool *);
    char *chat_template; /* NULL: none */
    struct engine_slot slots[ENGINE_SLOTS_MAX];
    uint32_t step_tokens;
    struct llama_batch batch; /* arrays in secret memory, room for step_tokens */
    struct engine_traces traces;
};

/* ---- llama_scheduler.c ---- */
void *engine_scheduler_run(void *engine);
ERR_MUST_USE enum err engine_scheduler_submit(struct engine *self, uint64_t id, uint64_t asker,
                                              const struct chat_request *request);
void engine_scheduler_cancel(struct engine *self, uint64_t id);
bool engine_scheduler_abort(void *engine); /* ggml_abort_callback */

/* ---- llama_cpu.c ---- */
/* ERR_MODEL when this processor lacks what the library was compiled for. */
ERR_MUST_USE enum err engine_cpu_check(struct err_note *note);

/* ---- llama_model.c ---- */
/* Sets model, vocab, info.name and info.digest. ERR_MODEL with a note. */
ERR_MUST_USE enum err engine_model_load(struct engine_llama *e, const struct engine_llama_options *options,
                                        struct err_note *note);

/* ---- llama_batch.c ---- */
ERR_MUST_USE enum err engine_batch_open(struct engine_llama *e);
void engine_batch_close(struct engine_llama *e);
/* Empties it, overwriting the tokens. */
void engine_batch_empty(struct engine_llama *e);
/* Returns the index. */
int32_t engine_batch_put(struct engine_llama *e, llama_token token, uint32_t position, llama_seq_id sequence,
                         bool output);

/* ---- llama_slot.c: the slot's own state, and what it asks of the model ---- */
/* FREE to PROMPT, or to ENDED with a result (ERR_CONTEXT, ERR_ENGINE, ERR_MEMORY). */
void engine_slot_begin(struct engine_llama *e, struct engine_slot *slot, struct engine_request *request);
/* After a decode that had its output: takes the next token, hands out text, perhaps ends. */
void engine_slot_advance(struct engine_llama *e, struct engine_slot *slot);
void engine_slot_end(struct engine_slot *slot, enum err result, enum chat_finish finish);
/* Releases the sampler, the tokens and the text of an ended slot; the request stays. */
void engine_slot_release(struct engine_slot *slot);

/* ---- llama_template.c ---- */
/* Which template to use: the option's, the model's, or none (*out NULL). Release with free. ERR_MODEL. */
ERR_MUST_USE enum err engine_template_choose(const struct llama_model *model, const char *option, char **out,
                                             struct err_note *note);
/* The prompt's text in secret memory; with a template NULL the contents, one after the other. ERR_MEMORY, ERR_ENGINE. */
ERR_MUST_USE enum err engine_template_apply(const char *chat_template, const struct chat_request *request,
                                            uint8_t **text, size_t *len);

/* ---- llama_wipe.c ---- */
/* For llama_context_params: sees every graph, costs a comparison a node. user: struct engine_traces. */
bool engine_wipe_observe(struct ggml_tensor *node, bool ask, void *user);
/* Runs the model once, to see its caches. Afterwards traces.streams says whether several requests at once can be wiped apart. */
ERR_MUST_USE enum err engine_wipe_learn(struct engine_llama *e);
/* Overwrites what the ended slots left in llama.cpp. Between decodes, after the other slots have taken their tokens. */
void engine_wipe_ended(struct engine_llama *e);

#endif
