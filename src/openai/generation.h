/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_GENERATION_H
#define OPENAI_GENERATION_H

/*
 * What is to be generated, whichever API it was asked through. Each API has a parser; all fill the same struct, so that an engine needs to know
 * no API. docs/api.md lists the members of each.
 *
 *     struct generation g;
 *     enum err e = generation_parse(API_CHAT, body, &g, &note);
 *     ...
 *     generation_release(&g);
 *
 * Strict: what we do not do is refused by name, never ignored, because a client that asked for a tool to be called and silently got prose would be
 * worse off than one that got an error. Members that ask for nothing (a label, a hint to a cache) are accepted.
 *
 * All text is content: it stands in secret memory, all of which generation_release wipes. Every range of bytes lives as long as the generation;
 * texts are UTF-8 without NUL characters; none ends in NUL by promise.
 */

#include "openai/api.h"

enum {
    GENERATION_MESSAGES_MAX = 4096,
    GENERATION_PARTS_MAX = 256, /* of one message */
    GENERATION_IMAGES_MAX = 16, /* of one request */
    GENERATION_TOOLS_MAX = 256,
    GENERATION_CALLS_MAX = 128, /* tool calls of one message */
    GENERATION_STOPS_MAX = 16,
    GENERATION_STOP_SIZE_MAX = 256,
    GENERATION_BIASES_MAX = 1024,
    GENERATION_PROMPTS_MAX = 2048, /* inputs of one request for embeddings */
    GENERATION_CHOICES_MAX = 128,  /* n, and for completions prompts times n */
    GENERATION_TOP_LOGPROBS_MAX = 20,
    GENERATION_TOKENS_MAX = 1 << 20,   /* max_tokens, and the tokens of a prompt that is given in tokens */
    GENERATION_NAME_MAX = 128,         /* bytes of the name of a tool or a schema, and of an id */
    GENERATION_DIMENSIONS_MAX = 65536, /* of an embedding */
};

enum generation_role {
    GENERATION_SYSTEM,
    GENERATION_DEVELOPER, /* "developer": for templates without it the same as system */
    GENERATION_USER,
    GENERATION_ASSISTANT,
    GENERATION_TOOL, /* what a tool answered */
    GENERATION_ROLE_COUNT
};
const char *generation_role_name(enum generation_role role); /* "system", ... */

enum generation_part_kind { GENERATION_TEXT, GENERATION_IMAGE };
struct generation_part {
    enum generation_part_kind kind;
    struct bytes
        bytes; /* TEXT: the text. IMAGE: the image file as it was before base64, looked at by nobody yet */
};

struct generation_call {
    struct bytes id; /* may be empty */
    struct bytes name;
    struct bytes arguments; /* a text; JSON as a rule, but a model once wrote it: not checked */
};

struct generation_message {
    enum generation_role role;
    struct bytes name; /* empty: none */
    size_t part_count; /* may be 0, when there are calls or reasoning */
    struct generation_part *parts;
    struct bytes reasoning; /* ASSISTANT: what the model thought before; empty: none */
    size_t call_count;      /* ASSISTANT */
    struct generation_call *calls;
    struct bytes call_id; /* TOOL: which call it answers */
};

struct generation_tool {
    struct bytes name;        /* 1 to 128 of A-Z a-z 0-9 _ - . */
    struct bytes description; /* empty: none */
    struct bytes parameters;  /* JSON Schema, an object's text */
    bool strict;
};

enum generation_tool_choice {
    GENERATION_TOOLS_AUTO,     /* the model decides (also when there are no tools) */
    GENERATION_TOOLS_NONE,     /* no call, though there are tools */
    GENERATION_TOOLS_REQUIRED, /* at least one call */
    GENERATION_TOOLS_NAMED,    /* a call of tool_choice_name, which is among the tools */
};

enum generation_format { GENERATION_FORMAT_TEXT, GENERATION_FORMAT_JSON, GENERATION_FORMAT_SCHEMA };

enum generation_effort {
    GENERATION_EFFORT_DEFAULT, /* not said */
    GENERATION_EFFORT_NONE,    /* no reasoning */
    GENERATION_EFFORT_MINIMAL,
    GENERATION_EFFORT_LOW,
    GENERATION_EFFORT_MEDIUM,
    GENERATION_EFFORT_HIGH,
    GENERATION_EFFORT_XHIGH,
    GENERATION_EFFORT_MAX,
    GENERATION_EFFORT_COUNT
};
/* "none", "minimal", ...; NULL for DEFAULT. */
const char *generation_effort_name(enum generation_effort effort);

enum generation_encoding { GENERATION_ENCODING_FLOAT, GENERATION_ENCODING_BASE64 };

struct generation_bias {
    int32_t token; /* 0 or more; whether the model has it, the engine knows */
    float bias;    /* -100..100 */
};

struct generation_sampling {
    float temperature;       /* 0: greedy. Default 1 */
    float top_p;             /* default 1 */
    float min_p;             /* default 0 */
    int32_t top_k;           /* 0: off (default) */
    float presence_penalty;  /* -2..2, default 0 */
    float frequency_penalty; /* -2..2, default 0 */
    float repeat_penalty;    /* 1: off (default) */
    bool has_seed;
    uint32_t seed;
    size_t bias_count;
    struct generation_bias *biases;
};

/* COMPLETIONS and EMBEDDINGS: a text, or tokens. */
struct generation_prompt {
    struct bytes text;
    size_t token_count;
    const int32_t *tokens; /* NULL: it is the text */
};

struct generation {
    enum api api;
    char model[API_MODEL_NAME_MAX + 1]; /* what the client called it; empty: nothing */
    bool stream;
    bool include_usage; /* stream_options.include_usage; CHAT and COMPLETIONS */
    bool
        return_progress; /* lines that say how much of the prompt was read; CHAT, streamed (answer_progress) */

    size_t message_count; /* CHAT, RESPONSES, MESSAGES, TOKENS: 1 or more */
    struct generation_message *messages;
    size_t image_count;  /* parts that are images, in all messages */
    size_t prompt_count; /* COMPLETIONS, EMBEDDINGS: 1 or more */
    struct generation_prompt *prompts;

    size_t tool_count;
    struct generation_tool *tools;
    enum generation_tool_choice tool_choice;
    struct bytes tool_choice_name;
    bool parallel_tool_calls; /* default true: more than one call in an answer */

    enum generation_format format;
    struct bytes schema_name; /* FORMAT_SCHEMA */
    struct bytes schema;      /* its JSON text, an object or true/false */

    struct generation_sampling sampling;
    uint32_t n;          /* answers to each prompt: 1 or more */
    uint32_t max_tokens; /* 0: as far as the context reaches; COMPLETIONS: 16 when not said */
    size_t stop_count;
    struct bytes stops[GENERATION_STOPS_MAX];
    bool logprobs;
    uint32_t top_logprobs; /* with logprobs: how many alternatives of each token */
    bool echo;             /* COMPLETIONS: the answer begins with the prompt */

    enum generation_effort reasoning_effort;
    bool reasoning_summary; /* RESPONSES: reasoning.summary was asked for: that is where its text goes then */
    uint32_t reasoning_budget; /* tokens; 0: none said. MESSAGES: thinking.budget_tokens */

    enum generation_encoding encoding; /* EMBEDDINGS */
    uint32_t dimensions;               /* 0: as many as the model has */

    struct bytes instructions; /* RESPONSES: what the answer repeats; the first message too */
    struct bytes metadata;     /* RESPONSES: JSON text of an object, which the answer repeats; empty: none */

    void *storage;
};

/* The note names the member and what is wrong with it, and never quotes a value of free text. ERR_REQUEST, ERR_TOO_LARGE, ERR_MEMORY; g is then empty. */
ERR_MUST_USE enum err generation_parse(enum api api, struct bytes json, struct generation *g,
                                       struct err_note *note);
/* A copy with all it points to, in one block of secret memory. ERR_MEMORY. Release it like the original. */
ERR_MUST_USE enum err generation_copy(const struct generation *from, struct generation *to);
/* Overwrites and releases all of it; harmless when repeated. */
void generation_release(struct generation *g);

/* How many answers there are to be: n, for COMPLETIONS prompt_count * n, for TOKENS none. Choice c answers prompt c / n. */
uint32_t generation_choices(const struct generation *g);

#endif
