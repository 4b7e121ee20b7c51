/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LLAMA_INTERNAL_H
#define ENGINE_LLAMA_INTERNAL_H

/*
 * What the files of the llama engine share.
 *
 *     llama.c            open and close
 *     llama_cpu.c        does this processor have what ggml was compiled for
 *     llama_gpu.c        GPUs, where this build knows them
 *     llama_model.c      the weights and their digest
 *     llama_request.c    all requests that are accepted and not done
 *     llama_prepare.c    threads of its own: messages to tokens, schemas to grammars
 *     llama_scheduler.c  the engine's thread: slots, one batch a step
 *     llama_shares.c     whose prompt is read first (llama_shares.h)
 *     llama_slot.c       one answer in a slot: its tokens, its text
 *     llama_sampler.c    the next token
 *     llama_logprobs.c   how likely it and its rivals were
 *     llama_embedding.c  vectors instead of tokens
 *     llama_images.c     images to what the model reads (libmtmd)
 *     llama_vision.cpp   libmtmd, which is C++ (llama_vision.h)
 *     llama_output.c     pieces of an answer to lines
 *     llama_template.c   which chat template; prompts without Jinja
 *     llama_common.cpp   over llama.cpp's "common", which is C++ (llama_common.h says how these go together); silence
 *     llama_jinja.cpp    chat templates
 *     llama_plan.cpp     what a template makes of a request
 *     llama_grammar.cpp  grammars, and budgets of reasoning
 *     llama_constraint.cpp  where an answer stands in its grammar
 *     llama_parser.cpp   an answer's text to reasoning, content and tool calls
 *     llama_work.cpp     a bound on what a grammar may cost
 *     llama_schema.c     what a schema may be before a grammar is made of it
 *     llama_runs.c       what a text may be before a tokenizer sees it
 *     llama_text.c       token bytes to text
 *     llama_batch.c      the tokens of one step
 *     llama_pages.c      large pages for weights and caches
 *     llama_wipe.c       what a finished request leaves behind, overwritten
 *     llama_kept.c       what stays of a conversation for its next turn
 *     llama_opening.c    what all conversations begin with, computed once
 *     llama_session.c    which sessions there are
 *     wipe_on_free.c     the same for what llama.cpp gives back to the heap; linked into programs by name
 *
 * A request has one or more answers ("choices"; for embeddings, vectors), and each takes a slot. A slot is one sequence of llama.cpp with a KV stream of
 * its own. A request goes ARRIVED -> PREPARING -> WAITING -> ACTIVE -> gone, or to FAILED in between. The requests and what is said of them under
 * `lock` are shared; everything else in struct engine_llama is used by the engine's thread alone after open.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <llama.h>

#include "crypto/crypto.h"
#include "engine/engine.h"
#include "engine/llama_common.h"
#include "engine/llama_text.h"
#include "openai/answer.h"

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
    ENGINE_STEP_TOKENS_SHARED = 256,
    /* And of prompts that become vectors: each token has an output, for which llama.cpp makes room as wide as the vocabulary. */
    ENGINE_STEP_TOKENS_VECTOR = 64,
    ENGINE_STOPS_MAX = GENERATION_STOPS_MAX + 16,
    /* The grammar's trigger and the reader of answers go as deep as the answer does. */
    ENGINE_STACK_SIZE = 64 * 1024 * 1024,
    ENGINE_CACHES_MAX = 1024,
    ENGINE_BUFFERS_MAX = 16,
    ENGINE_PREPARERS = 2,               /* for short requests, for lengthy ones */
    ENGINE_SHORT_BODY_MAX = 32 * 1024,  /* bytes of a request that is soon prepared, */
    ENGINE_SHORT_SCHEMA_MAX = 4 * 1024, /* and of the schemas in it */
    ENGINE_DIGEST_SIZE = 16,            /* of a token and all before it */
    ENGINE_KEPT_KEY_SIZE = 32,
};

/* An image in a prompt. Its tokens stand in the prompt as LLAMA_TOKEN_NULL. */
struct engine_image {
    uint32_t at;        /* index of its first token */
    uint32_t tokens;    /* how many */
    uint32_t positions; /* how many positions they take; fewer than tokens in some models */
    const struct mtmd_input_chunk *chunk;
};

struct engine_prompt {
    llama_token *tokens; /* secret memory */
    uint32_t count;
    size_t image_count;
    struct engine_image *images;      /* in their order; secret memory */
    struct mtmd_input_chunks *chunks; /* what they point into; NULL: none */
    struct secret_buffer digests;     /* one a token (llama_kept.c); empty: nothing is spared, nothing kept */
};

enum engine_request_state {
    ENGINE_REQUEST_ARRIVED,
    ENGINE_REQUEST_PREPARING,
    ENGINE_REQUEST_WAITING,
    ENGINE_REQUEST_ACTIVE,
    ENGINE_REQUEST_FAILED, /* with a result, before it had a slot */
};

/* In secret memory. */
struct engine_request {
    struct engine_request *next;     /* lock */
    enum engine_request_state state; /* lock */
    uint64_t id;
    uint64_t asker;
    uint64_t turn;
    bool lengthy;     /* to prepare */
    uint32_t before;  /* lock: how many of the asker's earlier ones are not prepared */
    uint32_t choices; /* answers or vectors in all */
    uint32_t started; /* choices that have or had a slot; the engine's thread writes, with lock */
    atomic_bool cancelled;
    struct generation generation;

    /* made by llama_prepare.c */
    struct answer *answer;
    size_t prompt_count;
    struct engine_prompt *prompts; /* secret memory */
    struct engine_plan *plan;      /* NULL: none is needed */
    size_t stop_count;
    struct bytes stops[ENGINE_STOPS_MAX]; /* the request's first */

    /* the engine's thread */
    uint32_t working; /* slots */
    uint32_t ended;   /* choices */
    bool begun;       /* the first lines are out */
    struct answer_usage usage;
    enum err result;
    struct err_note note;
};

enum engine_slot_state {
    ENGINE_SLOT_FREE,
    ENGINE_SLOT_PROMPT,
    ENGINE_SLOT_ANSWER,
    ENGINE_SLOT_ENDED,
    ENGINE_SLOT_KEPT, /* nothing but rows and kept */
};

struct engine_kept {
    struct secret_buffer digests; /* one for each token whose row is there, and perhaps more of the prompt */
    uint32_t rows;                /* ENDED, KEPT: how many stay; 0: none */
    uint64_t asker;               /* ENDED, KEPT: whose they are */
    uint64_t at;                  /* KEPT: since when; milliseconds of the monotonic clock */
};

struct engine_slot {
    enum engine_slot_state state;
    llama_seq_id sequence;
    struct engine_request *request;
    uint32_t choice;
    const struct engine_prompt *prompt; /* the request's */
    size_t image;                       /* of the prompt's images, the next one */
    uint32_t decoded;                   /* tokens read, the prompt's and the answer's */
    uint32_t position;                  /* of the next one */
    uint32_t rows;    /* KV rows that may have been written, those of aborted steps included */
    llama_token next; /* ANSWER: sampled, not yet decoded */
    uint32_t limit;   /* completion tokens allowed */
    uint32_t completion;
    struct llama_sampler *sampler;        /* NULL: the most likely token */
    struct engine_constraint *constraint; /* NULL: none */
    struct engine_parser *parser;         /* NULL: all text is content */
    struct engine_logprobs *logprobs;     /* NULL: not wanted; secret memory */
    struct engine_text text;
    size_t unclaimed;  /* bytes of text whose tokens went out with nothing yet (logprobs) */
    uint32_t calls;    /* tool calls that began */
    bool reasoning;    /* what came last was reasoning */
    double *vector;    /* EMBEDDINGS: the sum so far; secret memory */
    uint32_t in_batch; /* tokens of it in the last batch */
    int32_t
        output; /* index in the batch of the token whose logits it wants; for a vector, of its first token */
    enum err result; /* ENDED */
    struct engine_kept kept;
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

/* What all conversations begin with (llama_opening.c). */
struct engine_opening {
    uint32_t count; /* tokens; 0: nothing */
    llama_token *tokens;
    size_t size;
    uint8_t *rows; /* of the KV cache, as llama_state_seq_get_data gives them */
};

/* A thread of llama_prepare.c. */
struct engine_preparer {
    struct engine_llama *engine;
    bool lengthy; /* which requests are its */
    pthread_t thread;
};

struct engine_llama {
    struct engine base;
    struct engine_info info;
    struct engine_callbacks callbacks;
    void *owner;
    pthread_t thread;
    struct engine_preparer preparers[ENGINE_PREPARERS];

    pthread_mutex_t lock;
    pthread_cond_t wake;             /* the engine's thread */
    pthread_cond_t arrived;          /* llama_prepare.c's threads */
    struct engine_request *requests; /* accepted and not done, in the order of their arrival */
    uint32_t live;                   /* how many */
    bool closing;
    uint64_t turn;      /* of the choice that was started last */
    uint64_t *sessions; /* those that there are */
    size_t session_count;
    size_t session_room;
    bool session_ended; /* one, since llama_kept.c looked last */
    atomic_bool abort;  /* nobody wants the running decode any more */

    struct llama_model *model;
    const struct llama_vocab *vocab;
    struct llama_context *context;
    bool gpu; /* weights, caches and intermediate results are in the memory of GPUs */
    uint32_t threads_count;
    struct ggml_threadpool *threads;
    void (*threads_free)(struct ggml_threadpool *);
    char *chat_template;                /* the name of one that llama.cpp writes itself; NULL: none */
    struct engine_templates *templates; /* NULL: none */
    struct engine_projector *projector; /* NULL: no images */
    enum llama_pooling_type pooling;    /* of vectors */
    llama_token_data *candidates;       /* secret memory, room for the vocabulary; NULL until it is needed */
    struct secret_buffer lines;         /* of the piece that is being handed out */
    bool vectors;                       /* the last step made vectors */
    struct engine_slot slots[ENGINE_SLOTS_MAX];
    uint32_t step_tokens;
    uint32_t step_tokens_shared; /* the prompts' share of a step, when somebody waits for a next token */
    uint32_t vector_tokens;      /* of a step of prompts that become vectors */
    bool encodes;                /* the model makes vectors alone (BERT and the like) */
    uint64_t prompt_steps;       /* that read something of a prompt */
    struct llama_batch batch;    /* arrays in secret memory, room for step_tokens */
    struct engine_traces traces;
    struct engine_opening opening;
    bool keeps;       /* conversations between their turns (llama_kept.c), */
    uint64_t keep_ms; /* so long */
    uint8_t kept_key[ENGINE_KEPT_KEY_SIZE];
};

/* ---- llama_session.c ---- */
void engine_session_begin(struct engine *self, uint64_t asker);
void engine_session_end(struct engine *self, uint64_t asker);
/* With the lock held. */
bool engine_session_is_live(const struct engine_llama *e, uint64_t asker);

/* ---- llama_opening.c ---- */
/* When the model is loaded: computes it, and puts it into the slots. Where that is not possible there is none, and nothing is spared. */
void engine_opening_learn(struct engine_llama *e);
void engine_opening_release(struct engine_llama *e);
/* Into a slot that has become free, and was overwritten. */
void engine_opening_put(struct engine_llama *e, struct engine_slot *slot);
/* How many tokens of the request's prompt need not be read in this slot. */
uint32_t engine_opening_spares(const struct engine_llama *e, const struct engine_slot *slot,
                               const struct engine_request *r);

/* ---- llama_kept.c ---- */
/* llama_prepare.c's: the digests of the prompt. */
void engine_kept_prepare(const struct engine_llama *e, struct engine_request *r);
/* The rest is the engine's thread's. The slot that the request's next choice is to have: the one that holds its beginning, or a free one, or the one that was kept longest.
 * NULL: none. */
struct engine_slot *engine_kept_choose(struct engine_llama *e, const struct engine_request *r);
/* The slot, which was chosen, becomes the request's: what of its rows does not belong there is overwritten; decoded and position say how much of the prompt is read already. */
void engine_kept_take(struct engine_llama *e, struct engine_slot *slot, struct engine_request *r);
/* A token of the answer was decoded. */
void engine_kept_decoded(const struct engine_llama *e, struct engine_slot *slot, llama_token token);
/* Of each ended slot, before it is wiped: how many rows stay (kept.rows). */
void engine_kept_decide(struct engine_llama *e);
/* The slot becomes KEPT, or FREE when nothing of it stays. All else that it held is released. */
void engine_kept_release(struct engine_llama *e, struct engine_slot *slot);
/* Overwrites what is kept no longer. */
void engine_kept_sweep(struct engine_llama *e);
/* With the lock held: would that do anything? */
bool engine_kept_is_due(const struct engine_llama *e);
/* Waits for e->wake, or until something that is kept has become too old. */
void engine_kept_wait(struct engine_llama *e);

/* ---- llama_request.c ---- */
ERR_MUST_USE enum err engine_request_submit(struct engine *self, uint64_t id, uint64_t asker, enum api api,
                                            struct bytes body, struct err_note *note);
void engine_request_cancel(struct engine *self, uint64_t id);
/* The prompt that a choice answers. */
const struct engine_prompt *engine_request_prompt(const struct engine_request *r, uint32_t choice);
/* The rest with the lock held. */
/* Does nobody want any more what the slots are working on? */
bool engine_request_all_cancelled(const struct engine_llama *e);
/* The request whose next choice is to be started now: of those that wait and those that have choices left, the one whose turn it is. NULL: none. */
struct engine_request *engine_request_next(const struct engine_llama *e);
/* Takes out one that is to end without a slot: cancelled, failed, or with no slot working on it any more. NULL: none. */
struct engine_request *engine_request_take_over(struct engine_llama *e);
/* It is prepared now, or will not be: its asker's later ones need not wait for that. */
void engine_request_let_pass(struct engine_llama *e, const struct engine_request *r);
/* Without the lock: releases it. */
void engine_request_free(struct engine_request *r);

/* ---- llama_prepare.c ---- */
void *engine_prepare_run(void *preparer);
/* What such a thread does with one request. ERR_REQUEST with a note, ERR_CONTEXT, ERR_MEMORY, ERR_ENGINE. */
ERR_MUST_USE enum err engine_prepare(const struct engine_llama *e, struct engine_request *r,
                                     struct err_note *note);

void engine_prompt_release(struct engine_prompt *p);

/* ---- llama_images.c ---- */
/* Loads the projector and makes info.digest that of both (docs/protocol.md, the key statement). ERR_MODEL with a note. */
ERR_MUST_USE enum err engine_images_open(struct engine_llama *e, const struct engine_llama_options *options,
                                         struct err_note *note);
void engine_images_close(struct engine_llama *e);
/* What stands for an image in a prompt's text; NULL without a projector. */
const char *engine_images_marker(const struct engine_projector *p);
/* A prompt of text and images. ERR_REQUEST with a note, ERR_CONTEXT, ERR_MEMORY. */
ERR_MUST_USE enum err engine_images_tokenize(const struct engine_llama *e, struct bytes text,
                                             const struct generation *g, struct engine_prompt *p,
                                             struct err_note *note);
void engine_images_release(struct engine_prompt *p);
/* Reads the image that comes next in the slot's prompt, if one does; ends the slot when it cannot be read. */
void engine_images_decode(struct engine_llama *e, struct engine_slot *slot);

/* ---- llama_scheduler.c ---- */
void *engine_scheduler_run(void *engine);
bool engine_scheduler_abort(void *engine); /* ggml_abort_callback */

/* ---- llama_cpu.c ---- */
/* ERR_MODEL when this processor lacks what the library was compiled for. */
ERR_MUST_USE enum err engine_cpu_check(struct err_note *note);

/* ---- llama.c ---- */
/* Once; harmless after that. */
void engine_library_start(void);

/* ---- llama_model.c ---- */
/* Sets model, vocab, info.name and info.digest. ERR_MODEL with a note. */
ERR_MUST_USE enum err engine_model_load(struct engine_llama *e, const struct engine_llama_options *options,
                                        struct err_note *note);

/* Reads a file of weights into sealed memory, and hashes it on the way. what: "model" or "projector". ERR_MODEL with a note. */
ERR_MUST_USE enum err engine_model_read(const char *path, const char *what, FILE **file,
                                        uint8_t digest[static CRYPTO_SHA256_SIZE], struct err_note *note);

/* ---- llama_pages.c ---- */
/* Can a model of so many bytes, which is in memory already, be there twice for a while? */
bool engine_pages_has_room(uint64_t model_size);
/* Weights, caches and buffers that exist now get large pages, as far as the kernel gives any. */
void engine_pages_enlarge(void);

/* ---- llama_batch.c ---- */
ERR_MUST_USE enum err engine_batch_open(struct engine_llama *e);
void engine_batch_close(struct engine_llama *e);
/* Empties it, overwriting the tokens. */
void engine_batch_empty(struct engine_llama *e);
/* Returns the index. */
int32_t engine_batch_put(struct engine_llama *e, llama_token token, uint32_t position, llama_seq_id sequence,
                         bool output);

/* ---- llama_slot.c: the slot's own state, and what it asks of the model ---- */
/* FREE to PROMPT, with the request's next choice, or to ENDED with a result (ERR_ENGINE, ERR_MEMORY). */
void engine_slot_begin(struct engine_llama *e, struct engine_slot *slot, struct engine_request *request);
/* After a decode that had its output: takes the next token, hands out text, perhaps ends. */
void engine_slot_advance(struct engine_llama *e, struct engine_slot *slot);
void engine_slot_end(struct engine_slot *slot, enum err result);
/* Releases what an ended slot holds. */
void engine_slot_release(struct engine_llama *e, struct engine_slot *slot);
/* The token's bytes. Secret memory; with secret_free. NULL without memory. */
uint8_t *engine_piece_of(const struct engine_llama *e, llama_token token, bool special, size_t *len);

/* ---- llama_sampler.c ---- */
/* Sets sampler and constraint. ERR_MEMORY, ERR_CRYPTO. */
ERR_MUST_USE enum err engine_sampler_open(struct engine_llama *e, struct engine_slot *slot);
void engine_sampler_close(struct engine_slot *slot);
/* ERR_ENGINE: the grammar allows no token of the vocabulary. ERR_REQUEST: it takes too long (the request's note says so). ERR_MEMORY. */
ERR_MUST_USE enum err engine_sampler_next(struct engine_llama *e, struct engine_slot *slot,
                                          llama_token *token);

/* ---- llama_logprobs.c: the tokens of text that was not handed out yet ---- */
ERR_MUST_USE enum err engine_logprobs_open(const struct generation *g, struct engine_logprobs **out);
void engine_logprobs_close(struct engine_logprobs *l);
/* The token was chosen by these logits; len: bytes of its text. */
ERR_MUST_USE enum err engine_logprobs_add(const struct engine_llama *e, struct engine_logprobs *l,
                                          const float *logits, llama_token token, size_t len);
/* len bytes of text go out: sets the delta's tokens, those that lie before its end; or, last, all. They stay until engine_logprobs_taken. */
ERR_MUST_USE enum err engine_logprobs_take(const struct engine_llama *e, struct engine_logprobs *l,
                                           size_t len, bool last, struct answer_delta *delta);
void engine_logprobs_taken(struct engine_logprobs *l);

/* ---- llama_embedding.c ---- */
/* How the model makes one vector of many; LLAMA_POOLING_TYPE_RANK: it makes none. */
enum llama_pooling_type engine_embedding_pooling(const struct llama_model *model);
ERR_MUST_USE enum err engine_embedding_open(const struct engine_llama *e, struct engine_slot *slot);
/* After a decode: takes the vectors of the slot's tokens, and at the prompt's end hands out the one of them all and ends the slot. */
void engine_embedding_advance(struct engine_llama *e, struct engine_slot *slot);
/* Overwrites what the last step put into llama.cpp's output. */
void engine_embedding_wipe(struct engine_llama *e);

/* ---- llama_output.c ---- */
/* Each: hands out the lines that it causes. ERR_MEMORY, ERR_TOO_LARGE, ERR_ENGINE. */
/* Once for a request, harmless after that. */
ERR_MUST_USE enum err engine_output_begin(struct engine_llama *e, struct engine_request *r);
ERR_MUST_USE enum err engine_output_progress(struct engine_llama *e, const struct engine_slot *slot);
ERR_MUST_USE enum err engine_output_delta(struct engine_llama *e, const struct engine_slot *slot,
                                          const struct answer_delta *delta);
/* The next bytes of the answer's text, through the parser if there is one. */
ERR_MUST_USE enum err engine_output_text(struct engine_llama *e, struct engine_slot *slot, struct bytes text,
                                         enum engine_parser_step step);
ERR_MUST_USE enum err engine_output_finish(struct engine_llama *e, const struct engine_slot *slot,
                                           enum answer_finish finish, struct bytes stop);
ERR_MUST_USE enum err engine_output_end(struct engine_llama *e, struct engine_request *r);

/* ---- llama_template.c ---- */
/* Which template to use: the option's (a name or a Jinja program), the model's, or none: sets chat_template or templates. ERR_MODEL. */
ERR_MUST_USE enum err engine_template_choose(struct engine_llama *e, const char *option,
                                             struct err_note *note);
/* The prompt's text in secret memory, by llama.cpp's own template of that name; NULL: the contents, one after the other. Texts
 * only. ERR_REQUEST with a note, ERR_MEMORY, ERR_ENGINE. */
ERR_MUST_USE enum err engine_template_apply(const char *name, const struct generation *g, uint8_t **text,
                                            size_t *len, struct err_note *note);

/* ---- llama_schema.c ---- */
/* JSON Schema from a stranger, before the converter sees it, whose time and stack grow with it. member: for the note. ERR_REQUEST. */
ERR_MUST_USE enum err engine_schema_check(struct bytes json, const char *member, struct err_note *note);
/* The brackets of a JSON text (perhaps malformed) are not nested deeper than strict_json allows. */
bool engine_schema_is_shallow(struct bytes json);

/* ---- llama_runs.c ---- */
/* A text (UTF-8) before a byte-pair tokenizer sees it, whose stack and time grow with runs of one kind of character. ERR_REQUEST with a note. */
ERR_MUST_USE enum err engine_runs_check(struct bytes text, struct err_note *note);

/* ---- llama_wipe.c ---- */
/* For llama_context_params: sees every graph, costs a comparison a node. user: struct engine_traces. */
bool engine_wipe_observe(struct ggml_tensor *node, bool ask, void *user);
/* Runs the model once, to see its caches. Afterwards traces.streams says whether several requests at once can be wiped apart. */
ERR_MUST_USE enum err engine_wipe_learn(struct engine_llama *e);
/* Overwrites what the ended slots left in llama.cpp, but for the rows that stay (kept.rows, which becomes 0 where they cannot). Between decodes, after the other slots have taken
 * their tokens. */
void engine_wipe_ended(struct engine_llama *e);
/* Does llama.cpp save, with a sequence, which tokens its rows are of? Then they cannot be made to be forgotten while the rows stay. Before there is any request. */
bool engine_wipe_saves_tokens(struct engine_llama *e);
/* Overwrites the rows of a kept slot from that one on, and makes llama.cpp forget them. Returns how many are left: `from`, or none where its memory cannot be shortened. */
uint32_t engine_wipe_rows(struct engine_llama *e, struct engine_slot *slot, uint32_t from);

#endif
