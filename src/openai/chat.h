/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_CHAT_H
#define OPENAI_CHAT_H

/*
 * The JSON of chat requests and answers, in the shape of the OpenAI API (POST /v1/chat/completions), as it travels inside the channel.
 * docs/protocol.md, "Requests", lists the members. Strict: what we do not do is refused by name, never ignored, because a client that asked for
 * JSON output or tools and silently got prose would be worse off than one that got an error.
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
    void *storage;
};

enum chat_finish { CHAT_FINISH_STOP, CHAT_FINISH_LENGTH, CHAT_FINISH_COUNT };

struct chat_usage {
    uint32_t prompt_tokens;
    uint32_t completion_tokens;
};

/* The note names the member and what is wrong with it, and never quotes a value of free text. ERR_REQUEST, ERR_TOO_LARGE. */
ERR_MUST_USE enum err chat_request_parse(struct bytes json, struct chat_request *request,
                                         struct err_note *note);
void chat_request_release(struct chat_request *request);
/* The client's side. NUL-terminated, release with secret_free; NULL without memory. */
char *chat_request_write(const struct chat_request *request);

/* One line of a streamed answer, with its '\n'; NULL without memory. Release with secret_free.
 * text:   {"choices":[{"index":0,"delta":{"content":"..."}}]}
 * finish: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{...}} */
char *chat_line_text(struct bytes text);
char *chat_line_finish(enum chat_finish finish, const struct chat_usage *usage);
/* The whole answer of a request without "stream": one chat.completion object. */
char *chat_answer(struct bytes text, enum chat_finish finish, const struct chat_usage *usage);
/* {"error":{"type":...,"code":"<err_name>","message":"..."}} and the status that goes with it. */
char *chat_error(enum err e, const struct err_note *note);
uint16_t chat_error_status(enum err e);

/* The client's side of a line. */
enum chat_line_kind { CHAT_LINE_TEXT, CHAT_LINE_FINISH, CHAT_LINE_ERROR };
struct chat_line {
    enum chat_line_kind kind;
    struct bytes text;       /* TEXT */
    enum chat_finish finish; /* FINISH */
    struct chat_usage usage;
    char code[64]; /* ERROR */
    char message[256];
    void *storage;
};
ERR_MUST_USE enum err chat_line_parse(struct bytes line, struct chat_line *out);
void chat_line_release(struct chat_line *line);

#endif
