/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_FIXTURE_H
#define TESTS_ENGINE_FIXTURE_H

/* An engine with its answers collected, for tests that speak to it as the enclave does. Answers stand in secret memory. */

#include <pthread.h>

#include "engine/engine.h"

#define FIXTURE_MODEL ENCLUME_DEPS_DIR "/model/stories15M-q8_0.gguf"

enum { FIXTURE_ANSWERS = 128, FIXTURE_TEXT_MAX = 16 * 1024 };

struct fixture_answer {
    uint8_t *text; /* secret memory, NUL-terminated */
    size_t len;
    uint32_t pieces; /* calls of text */
    uint32_t dones;  /* calls of done */
    enum err result;
    enum chat_finish finish;
    struct chat_usage usage;
    bool text_after_done;
    bool ill_formed; /* a piece that is not whole UTF-8 characters */
};

struct fixture {
    struct engine *engine;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool discard;                                   /* keep no text */
    struct fixture_answer answers[FIXTURE_ANSWERS]; /* by id */
};

/* Ends the test program with 77 and a sentence when there is no model. */
void fixture_require_model(void);

struct fixture *fixture_open(const struct engine_llama_options *options);
void fixture_close(struct fixture *f);

/* One user message, greedy, at most max_tokens. */
struct chat_request fixture_request(const char *prompt, uint32_t max_tokens, struct chat_message *message);
void fixture_submit_for(struct fixture *f, uint64_t id, uint64_t asker, const struct chat_request *request);
void fixture_submit(struct fixture *f, uint64_t id, const struct chat_request *request);
/* Submits it and waits. */
struct fixture_answer *fixture_ask(struct fixture *f, uint64_t id, const struct chat_request *request);
struct fixture_answer *fixture_wait(struct fixture *f, uint64_t id);
/* Waits until so many pieces of text have come (or it is done). */
void fixture_wait_pieces(struct fixture *f, uint64_t id, uint32_t pieces);

#endif
