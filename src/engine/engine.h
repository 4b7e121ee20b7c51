/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

/*
 * What answers prompts. One small struct of functions an engine (siblings: llama.c in this process; upstream.c for a local server comes
 * beside it), so that the enclave does not ask which one it has. Engines know nothing of channels or attestation.
 *
 * An engine works in a thread of its own. The two callbacks are called from that thread; `text` any number of times, then `done` once for each request
 * that submit accepted, also when it was cancelled. Text is whole UTF-8 characters, wiped when the callback returns.
 * When `done` has been called, no copy of the prompt, of the answer, of their tokens or of the KV cache is left in the engine.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "openai/chat.h"

struct engine_callbacks {
    void (*text)(void *owner, uint64_t id, struct bytes text);
    /* result ERR_OK: finish says why it ended; else ERR_CANCELLED, ERR_CONTEXT, ERR_ENGINE. */
    void (*done)(void *owner, uint64_t id, enum err result, enum chat_finish finish,
                 const struct chat_usage *usage);
};

struct engine_info {
    char name[64];      /* printable ASCII, from the model */
    uint8_t digest[32]; /* SHA-256 of the weights as loaded */
    uint32_t context;   /* tokens a request may have, prompt and answer together */
    uint32_t slots;     /* requests that are worked on at once */
    uint32_t queue;     /* requests that may wait */
    bool chat;          /* false: no chat template, the model continues the last message's text */
};

struct engine {
    void (*info)(struct engine *self, struct engine_info *info);
    /* Copies the request. id: the caller's, unique among live requests. asker: whose request it is; slots are
     * shared fairly among askers. ERR_BUSY when slots and queue are full; ERR_REQUEST for a message
     * with a NUL character, which a chat template cannot carry; ERR_MEMORY. After an error there is no `done`. */
    ERR_MUST_USE enum err (*submit)(struct engine *self, uint64_t id, uint64_t asker,
                                    const struct chat_request *request);
    /* Takes effect within one decode step; `done` follows with ERR_CANCELLED unless it was already on its way. */
    void (*cancel)(struct engine *self, uint64_t id);
    /* Cancels everything, waits, wipes, releases self. No callback after it returns. */
    void (*close)(struct engine *self);
};

struct engine_llama_options {
    const char *model_path;
    uint64_t
        model_size;   /* in bytes, which it must have; 0: as long as the file is. Needed for a block device */
    uint32_t slots;   /* 0: 4 */
    uint32_t queue;   /* 0: 64 */
    uint32_t context; /* tokens a slot; 0: the model's own, at most 8192 */
    uint32_t threads; /* 0: one fewer than there are processors; at most 64 */
    const char *chat_template; /* NULL: the model's own; or the name of one that llama.cpp knows */
    /* progress 0..1 while loading; may be NULL */
    void (*progress)(void *owner, float fraction);
    void *progress_owner;
};

/* Loads the model (digest included) and starts the thread. ERR_MODEL with a note. */
ERR_MUST_USE enum err engine_llama_open(const struct engine_llama_options *options,
                                        const struct engine_callbacks *callbacks, void *owner,
                                        struct engine **engine, struct err_note *note);

#endif
