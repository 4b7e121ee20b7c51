/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_FIXTURE_H
#define TESTS_ENGINE_FIXTURE_H

/*
 * An engine with its answers collected, for tests that speak to it as the enclave does: bodies of requests in, lines out. Of streamed chat answers the text of the
 * first choice is put together. All of it stands in secret memory.
 */

#include <jansson.h>
#include <pthread.h>

#include "base/secret_buffer.h"
#include "engine/engine.h"

#define FIXTURE_MODEL ENCLUME_DEPS_DIR "/model/stories15M-q8_0.gguf"

enum { FIXTURE_ANSWERS = 128, FIXTURE_TEXT_MAX = 16 * 1024, FIXTURE_LINES_MAX = 4 * 1024 * 1024 };

struct fixture_usage {
    uint32_t prompt_tokens, completion_tokens, cached_tokens;
};

struct fixture_answer {
    struct secret_buffer lines;
    char text[FIXTURE_TEXT_MAX]; /* of the first choice: content; NUL-terminated */
    size_t len;
    char finish[16]; /* of the first choice */
    struct fixture_usage usage;
    uint32_t pieces; /* lines with content */
    uint32_t dones;  /* calls of done */
    uint16_t status;
    enum err result;
    struct err_note note;
    bool lines_after_done;
    bool ill_formed; /* not whole lines, or not JSON in UTF-8 */
};

struct fixture {
    struct engine *engine;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool discard;                                    /* keep no text */
    uint8_t *opening;                                /* the rows of slot 0 when the model was loaded */
    struct fixture_answer *answers[FIXTURE_ANSWERS]; /* by id; secret memory */
};

/* A chat of one message, streamed, greedy unless `more` says otherwise. */
struct fixture_request {
    const char *prompt;
    uint32_t max_tokens; /* 0: not said */
    const char *more;    /* further members of the JSON object; NULL: none */
};

/* Ends the test program with 77 and a sentence when there is no model. */
void fixture_require_model(void);

struct fixture *fixture_open(const struct engine_llama_options *options);
void fixture_close(struct fixture *f);

/* The body of such a request; secret memory. */
char *fixture_body(const struct fixture_request *request);

void fixture_submit_body(struct fixture *f, uint64_t id, uint64_t asker, enum api api, const char *body);
void fixture_submit(struct fixture *f, uint64_t id, const struct fixture_request *request);
/* Submits it and waits. */
struct fixture_answer *fixture_ask(struct fixture *f, uint64_t id, const struct fixture_request *request);
struct fixture_answer *fixture_ask_body(struct fixture *f, uint64_t id, enum api api, const char *body);
struct fixture_answer *fixture_wait(struct fixture *f, uint64_t id);
/* Waits until so many pieces of text have come (or it is done). */
void fixture_wait_pieces(struct fixture *f, uint64_t id, uint32_t pieces);

/* Is the slot as all were when the model was loaded: what every conversation begins with (llama_opening.c), and zero behind it? */
bool fixture_slot_is_fresh(const struct fixture *f, uint32_t slot);
/* From that row on. */
bool fixture_rows_are_zero(const struct fixture *f, uint32_t slot, uint32_t from);

/* The i-th line as JSON (json_decref); NULL when there are fewer. */
json_t *fixture_line(const struct fixture_answer *a, size_t i);

#endif
