/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_ANSWER_H
#define OPENAI_ANSWER_H

/*
 * The other way round: what an engine generates becomes the lines of the API through which it was asked, as docs/protocol.md, section 9, says.
 * When the answer is streamed, each call adds the lines that it causes (perhaps none) to `out`; when it is not, the same calls gather, and answer_end
 * adds the one document. An engine does not ask which.
 *
 *     struct answer *a;
 *     answer_open(&g, "model", id, now, &a);
 *     answer_begin(a, &usage, &out);              // the prompt was read; optional
 *     answer_delta(a, 0, &(struct answer_delta){.kind = ANSWER_TEXT, .text = piece}, &out);   // any number, choices mixed
 *     answer_finish(a, 0, ANSWER_STOP, (struct bytes){0}, &out);                              // once for each choice
 *     answer_end(a, &usage, &out);                // once, after all choices; then hand out the lines
 *     answer_close(a);
 *
 * Pieces of text are whole UTF-8 characters. Lines and all that is gathered are content, in secret memory, wiped.
 * Calls in an order that makes no sense (a delta after finish, arguments of a call that was not begun) are ERR_ENGINE.
 */

#include "base/secret_buffer.h"
#include "openai/generation.h"

enum {
    ANSWER_ID_SIZE = 16,                /* random bytes behind the ids of an answer */
    ANSWER_SIZE_MAX = 64 * 1024 * 1024, /* bytes that are gathered, or stand in out at once */
};

struct answer_alternative {
    struct bytes text; /* the token's bytes, any */
    float logprob;
};

/* One token, for `logprobs`. */
struct answer_token {
    struct bytes text; /* the token's bytes: perhaps a part of a character */
    float logprob;
    size_t top_count; /* at most GENERATION_TOP_LOGPROBS_MAX, the likeliest first */
    const struct answer_alternative *top;
};

enum answer_delta_kind {
    ANSWER_TEXT,
    ANSWER_REASONING,
    ANSWER_TOOL_BEGIN,     /* the call `tool` begins: its id and name */
    ANSWER_TOOL_ARGUMENTS, /* text: a piece of the arguments of the call `tool` */
};

struct answer_delta {
    enum answer_delta_kind kind;
    struct bytes text; /* TEXT, REASONING, TOOL_ARGUMENTS */
    uint32_t tool;     /* TOOL_*: 0, 1, ... in the order in which they begin */
    struct bytes id;   /* TOOL_BEGIN: 1 to 64 bytes of A-Z a-z 0-9 _ -; empty: one is made */
    struct bytes name; /* TOOL_BEGIN */
    /* With generation.logprobs, for TEXT: the tokens that this text came of (none is allowed). For echo, those of the prompt. */
    size_t token_count;
    const struct answer_token *tokens;
};

enum answer_finish {
    ANSWER_STOP,       /* the model ended, or a stop sequence came */
    ANSWER_LENGTH,     /* max_tokens, or the end of the context */
    ANSWER_TOOL_CALLS, /* the model ended after calling tools */
    ANSWER_FINISH_COUNT
};

struct answer_usage {
    uint32_t prompt_tokens;     /* of all prompts */
    uint32_t cached_tokens;     /* those of them that were not computed again */
    uint32_t completion_tokens; /* of all choices, reasoning included */
    uint32_t reasoning_tokens;
};

struct answer;

/* g and model (printable ASCII) are borrowed until answer_close. created: seconds since 1970. ERR_MEMORY. */
ERR_MUST_USE enum err answer_open(const struct generation *g, const char *model,
                                  const uint8_t id[static ANSWER_ID_SIZE], int64_t created,
                                  struct answer **a);
/* NULL does nothing. */
void answer_close(struct answer *a);

/* All below: ERR_MEMORY, ERR_TOO_LARGE (ANSWER_SIZE_MAX), ERR_ENGINE. */

/* What a stream begins with, once, before the first delta; usage: of the prompt. What comes first calls it with zeros when it was not called. */
ERR_MUST_USE enum err answer_begin(struct answer *a, const struct answer_usage *usage,
                                   struct secret_buffer *out);
/* For generation.return_progress: how many tokens of the prompt were read; nothing otherwise. Calls answer_begin like a delta. */
ERR_MUST_USE enum err answer_progress(struct answer *a, uint32_t processed, uint32_t total,
                                      struct secret_buffer *out);
ERR_MUST_USE enum err answer_delta(struct answer *a, uint32_t choice, const struct answer_delta *d,
                                   struct secret_buffer *out);
/* EMBEDDINGS: the vector of prompt `index`; each once, in any order. */
ERR_MUST_USE enum err answer_embedding(struct answer *a, uint32_t index, const float *vector, size_t count);
/* stop: the stop sequence that came, when it was one (/v1/messages tells); else empty. */
ERR_MUST_USE enum err answer_finish(struct answer *a, uint32_t choice, enum answer_finish finish,
                                    struct bytes stop, struct secret_buffer *out);
ERR_MUST_USE enum err answer_end(struct answer *a, const struct answer_usage *usage,
                                 struct secret_buffer *out);

#endif
