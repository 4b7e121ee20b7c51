/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_ANSWER_INTERNAL_H
#define OPENAI_ANSWER_INTERNAL_H

/* What the files of the answer share: answer.c gathers, one file an API writes. */

#include "openai/answer.h"
#include "openai/json_line.h"

enum {
    ANSWER_ID_TEXT_SIZE = (ANSWER_ID_SIZE * 4 + 2) / 3 + 1, /* base64url, with its NUL */
    ANSWER_CALL_ID_SIZE = 64 + 1,
    ANSWER_ITEM_ID_SIZE = 48,
    ANSWER_LISTS = 4, /* of the logprobs of /v1/completions */
};

enum answer_item_kind { ANSWER_ITEM_TEXT, ANSWER_ITEM_REASONING, ANSWER_ITEM_TOOL };

/* A stretch of the answer of one kind. */
struct answer_item {
    enum answer_item_kind kind;
    struct secret_buffer text; /* a tool's: the arguments. Empty where nothing is gathered */
    struct secret_buffer
        tokens; /* TEXT, with logprobs: JSON objects, with a comma before each but the first */
    uint32_t tool;
    struct secret_buffer name; /* TOOL */
    char id[ANSWER_CALL_ID_SIZE];
};

struct answer_choice {
    bool finished;
    enum answer_finish finish;
    struct secret_buffer stop;
    uint32_t tools; /* begun */
    size_t item_count;
    struct answer_item *items;
    /* COMPLETIONS */
    uint32_t characters;                      /* of the text so far, for text_offset */
    struct secret_buffer lists[ANSWER_LISTS]; /* not streamed: the elements of each */
};

struct answer {
    const struct generation *g;
    const struct answer_form *form;
    const char *model;
    int64_t created;
    char id[ANSWER_ID_TEXT_SIZE];
    bool begun, ended;
    struct answer_usage prompt; /* what answer_begin was told */
    uint32_t sequence;          /* RESPONSES: of the next event */
    struct secret_buffer head;  /* of each line, as far as all are the same */
    size_t choice_count;
    struct answer_choice *choices;
    size_t vector_count;
    struct secret_buffer *vectors; /* EMBEDDINGS: the JSON of each */
};

/* How one API writes. Where a function is NULL it writes nothing. */
struct answer_form {
    bool gathers; /* a streamed answer, too, needs the whole text */
    bool ordered; /* a stretch ends for good when the next begins */
    void (*open)(struct answer *a, struct json_line *head);
    /* streamed */
    void (*begin)(struct answer *a, struct json_line *l);
    void (*progress)(struct answer *a, uint32_t processed, uint32_t total, struct json_line *l);
    /* item: where d belongs; fresh: it begins with d */
    void (*delta)(struct answer *a, uint32_t choice, struct answer_item *item, bool fresh,
                  const struct answer_delta *d, struct json_line *l);
    void (*finish)(struct answer *a, uint32_t choice, struct json_line *l);
    void (*end)(struct answer *a, const struct answer_usage *usage, struct json_line *l);
    /* not streamed */
    void (*gather)(struct answer *a, uint32_t choice, const struct answer_delta *d, struct json_line *l);
    void (*whole)(struct answer *a, const struct answer_usage *usage, struct json_line *l);
};

extern const struct answer_form answer_chat, answer_completions, answer_embeddings, answer_responses,
    answer_messages, answer_tokens;

/* What several forms have in common. */
/* ,"usage":{...} of chat and completions */
void answer_put_usage(struct json_line *l, const struct answer_usage *usage);
/* The tokens of d as objects with token, logprob, bytes and top_logprobs, commas between. */
void answer_put_tokens(struct json_line *l, const struct answer_delta *d);
/* All stretches of one kind, as one string. */
void answer_put_joined(struct json_line *l, const struct answer_choice *c, enum answer_item_kind kind);
static inline struct answer_item *answer_last(const struct answer_choice *c)
{
    return c->item_count == 0 ? NULL : &c->items[c->item_count - 1];
}
static inline bool answer_has(const struct answer_choice *c, enum answer_item_kind kind)
{
    for (size_t i = 0; i < c->item_count; i++)
        if (c->items[i].kind == kind)
            return true;
    return false;
}

#endif
