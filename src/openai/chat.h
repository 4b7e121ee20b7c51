/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_CHAT_H
#define OPENAI_CHAT_H

/*
 * The client's side of POST /v1/chat/completions, as far as our own client goes: it writes a request of plain messages and reads the lines of a streamed
 * answer (docs/protocol.md, section 9). What an enclave understands is in openai/generation.h, what it answers in openai/answer.h.
 *
 * All text is content: it stands in secret memory and is wiped on release.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    CHAT_REQUEST_MAX = 4 * 1024 * 1024, /* bytes of JSON */
    CHAT_MESSAGES_MAX = 1024,
    CHAT_STOPS_MAX = 16,
    CHAT_STOP_SIZE_MAX = 256,
    CHAT_TOKENS_MAX = 1 << 20,
};

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_ROLE_COUNT };
const char *chat_role_name(enum chat_role role); /* "system", ... */

struct chat_message {
    enum chat_role role;
    struct bytes content; /* UTF-8 */
};

struct chat_sampling {
    float temperature;       /* 0: greedy. Default 1 */
    float top_p;             /* default 1 */
    float min_p;             /* default 0 */
    int32_t top_k;           /* 0: off (default) */
    float presence_penalty;  /* -2..2, default 0 */
    float frequency_penalty; /* -2..2, default 0 */
    float repeat_penalty;    /* 1: off (default) */
    bool has_seed;
    uint32_t seed;
};

struct chat_request {
    size_t message_count;
    struct chat_message *messages;
    struct chat_sampling sampling;
    uint32_t max_tokens; /* 0: as far as the context reaches */
    size_t stop_count;
    struct bytes stops[CHAT_STOPS_MAX];
    bool stream;
    bool progress; /* with stream: lines that tell how much of the prompt was read */
};

enum chat_finish { CHAT_FINISH_STOP, CHAT_FINISH_LENGTH, CHAT_FINISH_COUNT };

struct chat_usage {
    uint32_t prompt_tokens;
    uint32_t completion_tokens;
};

/* The body of a request. NUL-terminated, release with secret_free; NULL without memory. With stream it asks for the usage too. */
char *chat_request_write(const struct chat_request *request);
/* One chat.completion object for a program that reads what a client prints. Likewise. */
char *chat_answer(struct bytes text, enum chat_finish finish, const struct chat_usage *usage);

/* The client's side of a line: a chat.completion.chunk of one choice, or an error. */
enum chat_line_kind {
    CHAT_LINE_NOTHING, /* that the answer begins; a piece of it that is no text (a tool call) */
    CHAT_LINE_TEXT,
    CHAT_LINE_REASONING,
    CHAT_LINE_FINISH,
    CHAT_LINE_USAGE,
    CHAT_LINE_PROGRESS,
    CHAT_LINE_ERROR
};
struct chat_line {
    enum chat_line_kind kind;
    struct bytes text;       /* TEXT, REASONING */
    enum chat_finish finish; /* FINISH */
    struct chat_usage usage; /* USAGE */
    uint32_t processed;      /* PROGRESS: tokens of the prompt that were read, */
    uint32_t total;          /* and how many there are */
    char code[64];           /* ERROR */
    char message[256];
    void *storage;
};
/* ERR_JSON, ERR_UNKNOWN: the line is not in the form that was agreed. */
ERR_MUST_USE enum err chat_line_parse(struct bytes line, struct chat_line *out);
void chat_line_release(struct chat_line *line);

#endif
