/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

/*
 * What answers prompts. One small struct of functions an engine (siblings: llama.c in this process; upstream.c for a local server beside it),
 * so that the enclave does not ask which one it has. Engines know nothing of channels or attestation; they get the body of a request as it came and give
 * back lines as they go to the client (docs/protocol.md, section 9).
 *
 * An engine works in a thread of its own. The two callbacks are called from that thread; `lines` any number of times, then `done` once for each
 * request that submit accepted, also when it was cancelled. Lines are wiped when the callback returns.
 * When `done` has been called, no copy of the prompt, of the answer or of their tokens is left in the engine; nor of the KV cache, unless rows of it are kept for the next request of
 * the same session (engine_llama_options.keep_seconds): these are gone within a step of its session_end.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "openai/api.h"

struct engine_callbacks {
    /* One or more whole lines. status: of the answer, the same in every call for one request: 200, or an error that an upstream server answered. */
    void (*lines)(void *owner, uint64_t id, uint16_t status, struct bytes lines);
    /* result ERR_OK: the answer is whole. Else ERR_CANCELLED, ERR_CONTEXT, ERR_ENGINE, ...: whoever asked writes the error's line (api_error). note: never NULL, perhaps empty. */
    void (*done)(void *owner, uint64_t id, enum err result, const struct err_note *note);
};

struct engine_info {
    char name[64]; /* printable ASCII without quotes, from the model */
    uint8_t digest
        [32]; /* SHA-256 of the weights as loaded; with a projector, over both (docs/protocol.md, section 4) */
    uint32_t context; /* tokens a request may have, prompt and answer together */
    uint32_t slots;   /* requests that are worked on at once */
    uint32_t queue;   /* requests that may wait */
    bool chat;        /* false: no chat template, the model continues the last message's text */
    bool embeddings;  /* /v1/embeddings */
    bool images;      /* messages may hold images */
    bool tools;       /* the chat template knows tools */
};

struct engine {
    void (*info)(struct engine *self, struct engine_info *info);
    /* Copies what it needs of the body, which is the request's JSON. id: the caller's, unique among live requests. asker: whose request it is; slots are
     * shared fairly among askers. ERR_REQUEST with a note; ERR_BUSY when slots and queue are full; ERR_MEMORY. After an error there is no `done`. */
    ERR_MUST_USE enum err (*submit)(struct engine *self, uint64_t id, uint64_t asker, enum api api,
                                    struct bytes body, struct err_note *note);
    /* Takes effect within one decode step; `done` follows with ERR_CANCELLED unless it was already on its way. */
    void (*cancel)(struct engine *self, uint64_t id);
    /* A session is what one user's requests come through: of an asker that has begun and not ended, something may be kept from one request to the next, and serves no other asker.
     * Numbers do not come again. An asker that never begins is served all the same. */
    void (*session_begin)(struct engine *self, uint64_t asker);
    /* After its last request was submitted, and cancelled if it was not done. Harmless when it never began. */
    void (*session_end)(struct engine *self, uint64_t asker);
    /* Cancels everything, waits, wipes, releases self. No callback after it returns. */
    void (*close)(struct engine *self);
};

/* Where the model lies and is computed: all of it in the one place. */
enum engine_device {
    ENGINE_DEVICE_ANY, /* on GPUs where this build knows them and one is there, else on the processor */
    ENGINE_DEVICE_CPU,
    ENGINE_DEVICE_GPU, /* or not at all */
};

struct engine_llama_options {
    const char *model_path;
    uint64_t
        model_size;   /* in bytes, which it must have; 0: as long as the file is. Needed for a block device */
    uint32_t slots;   /* 0: 4 */
    uint32_t queue;   /* 0: 64 */
    uint32_t context; /* tokens a slot; 0: the model's own, at most 8192 */
    uint32_t threads; /* 0: one fewer than there are processors, and one beside a GPU; at most 64 */
    /* For so long after a request what was computed of its conversation serves the next one of its session, which need not read it again; 0: not at all. Where the model's memory
     * cannot be shortened, or not wiped row by row, nothing is kept either way. */
    uint32_t keep_seconds;
    enum engine_device device;
    /* NULL: the model's own; or a Jinja program, or the name of one that llama.cpp writes itself (text alone, no tools) */
    const char *chat_template;
    /* NULL: no images; or what makes vectors of them ("mmproj", a GGUF file) */
    const char *projector_path;
    /* progress 0..1 while loading; may be NULL */
    void (*progress)(void *owner, float fraction);
    void *progress_owner;
};

/* Was this build made with code for GPUs? */
bool engine_llama_knows_gpus(void);
/*
 * Looks for GPUs and opens them, which makes the driver open its nodes and start its threads. Sets whether the model will be on GPUs. engine_llama_open does the same if nobody has. ERR_MODEL with a note: a GPU is asked for, and this build or this machine has none.
 */
ERR_MUST_USE enum err engine_llama_find_gpu(enum engine_device device, bool *gpu, struct err_note *note);

/* Loads the model (digest included) and starts the thread. ERR_MODEL with a note. */
ERR_MUST_USE enum err engine_llama_open(const struct engine_llama_options *options,
                                        const struct engine_callbacks *callbacks, void *owner,
                                        struct engine **engine, struct err_note *note);

/*
 * Hands requests to an OpenAI-style server (llama-server, vLLM, SGLang) in the same machine. What that server keeps of a prompt is its own: the promise at the top
 * of this page holds for the memory of this process alone. Each request is parsed as the llama engine parses it, so what that refuses by name is refused here too;
 * what the server itself refuses comes back with its status and its own words. Nothing else of the server's goes out but whole JSON objects.
 *
 * The server is asked how it is (GET /health, where it has that, and /v1/models) at open and from time to time. When it does not answer, or serves another model
 * than at open, requests fail with ERR_ENGINE and a note until it does again. Users' prompts must not meet in a cache of prefixes: llama-server is told to keep none, vLLM
 * and SGLang get a salt for each asker (upstream_models.h).
 */
struct engine_upstream_options {
    int dialer; /* the engine's end of a pair whose other end upstream_dial_serve serves; the engine's to close, also after an error */
    /* The weights that the server was told to load, for info.digest: a file, a block device, or a directory of files (upstream_internal.h). */
    const char *model_path;
    uint64_t
        model_size; /* in bytes, which a file must have; 0: as long as it is. Needed for a block device */
    uint32_t slots; /* requests handed on at once; 0: 4 */
    uint32_t queue; /* 0: 64 */
    /* Milliseconds; 0: the default, in brackets. */
    uint32_t start_ms;   /* for the server to be there at open (600000) */
    uint32_t first_ms;   /* to the first byte of an answer (600000) */
    uint32_t silence_ms; /* between two (120000) */
    uint32_t idle_ms;    /* that a connection is kept for another request (4000) */
    uint32_t health_ms;  /* between two questions how it is, each of which may take twice as long (5000) */
};

/* Returns when the server has said which model it serves. ERR_MODEL (weights), ERR_ENGINE (the server), each with a note. */
ERR_MUST_USE enum err engine_upstream_open(const struct engine_upstream_options *options,
                                           const struct engine_callbacks *callbacks, void *owner,
                                           struct engine **engine, struct err_note *note);

#endif
