/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_PARSE_H
#define OPENAI_PARSE_H

/*
 * What the parsers of the APIs are made of (generation_*.c). Each kind of object is a table of fields: a row says a member's name, how its value is taken,
 * and where to. A member without a row is refused by name; null means "not said".
 *
 *     static const struct parse_field fields[] = {
 *         {"name", parse_text, .offset = offsetof(struct generation_tool, name), .min = 1, .max = 128, .required = true},
 *         {"strict", parse_bool, .offset = offsetof(struct generation_tool, strict)},
 *         PARSE_END,
 *     };
 *     return parse_object(p, value, fields, tool);
 *
 * Where one is in the document is kept as a path ("messages[2].content[0].type"), with which every refusal begins.
 */

#include <jansson.h>

#include "openai/generation.h"

enum { PARSE_PATH_SIZE = 160, PARSE_LABEL_MAX = 512, PARSE_TEXT_MAX = API_BODY_MAX };

struct parse_block;

/* All that a generation points to. */
struct generation_storage {
    json_t *document;          /* most strings stay where jansson put them; NULL in a copy */
    struct parse_block *first; /* the rest */
};

struct parse {
    struct generation *g;
    struct generation_storage *storage;
    struct err_note *note;
    /* What can be dealt with only when all members were taken: */
    const struct bytes *allowed; /* tool_choice "allowed_tools": the names */
    size_t allowed_count;
    uint32_t best_of;     /* 0: not said */
    const json_t *input;  /* the items of RESPONSES, the messages of MESSAGES */
    const json_t *system; /* MESSAGES */
    bool thinking;        /* MESSAGES */
    size_t path_len;
    char path[PARSE_PATH_SIZE];
};

struct parse_field {
    const char *name;
    enum err (*take)(struct parse *p, const struct parse_field *f, const json_t *value, void *to);
    size_t offset; /* in the struct that `to` of parse_object points to */
    double min, max;
    const void *more; /* what that way of taking needs besides */
    bool required;
};
#define PARSE_END                                                                                            \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

/* ---- refusing ---- */

/* "path: what"; ERR_REQUEST. */
ERR_MUST_USE enum err parse_refuse(struct parse *p, const char *what);
ERR_MUST_USE enum err parse_refusef(struct parse *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One step into the document and back: mark = parse_enter(p, "name", 0) or (p, NULL, index). */
size_t parse_enter(struct parse *p, const char *name, size_t index);
void parse_leave(struct parse *p, size_t mark);

/* ---- memory: all of it secret, released with the generation ---- */

void *parse_alloc(struct parse *p, size_t size);
/* Room for one more element behind `count` of them: the array, perhaps moved, or NULL. Start with NULL and 0. */
void *parse_grow(struct parse *p, void *array, size_t count, size_t element);

void parse_release(struct generation_storage *storage); /* all blocks, not the document */

/* ---- taking ---- */

ERR_MUST_USE enum err parse_object(struct parse *p, const json_t *value, const struct parse_field *fields,
                                   void *to);

/* An object whose member `key` (its text) chooses the table. */
struct parse_variant {
    const char *name;
    const struct parse_field *fields;
};
/* when_missing: the name to go by when there is no such member; NULL: refused. variant: which one it is, may be NULL. */
ERR_MUST_USE enum err parse_union(struct parse *p, const json_t *value, const char *key,
                                  const struct parse_variant *variants, const char *when_missing,
                                  size_t *variant, void *to);
/* Calls `take` for each element of a list of min to max. */
ERR_MUST_USE enum err parse_list(struct parse *p, const json_t *value, size_t min, size_t max,
                                 enum err (*take)(struct parse *p, const json_t *element, void *to),
                                 void *to);

/* The bytes of a text; empty when it is none. */
static inline struct bytes parse_bytes(const json_t *text)
{
    return bytes_of(json_string_value(text), json_string_length(text));
}
/* The compact JSON text of a value. ERR_MEMORY. */
ERR_MUST_USE enum err parse_dump(struct parse *p, const json_t *value, struct bytes *out);
/* The bytes behind a data: URL (RFC 2397) in base64. Refuses other URLs by name. */
ERR_MUST_USE enum err parse_data_url(struct parse *p, struct bytes url, struct bytes *out);
ERR_MUST_USE enum err parse_base64(struct parse *p, struct bytes text, struct bytes *out);
/* Is it 1 to GENERATION_NAME_MAX characters of A-Z a-z 0-9 _ - . ? */
bool parse_is_name(struct bytes name);

/* Ways of taking a member, for tables. The comment says what stands at offset. */
#define PARSE_TAKE(function)                                                                                 \
    enum err function(struct parse *p, const struct parse_field *f, const json_t *value, void *to)
PARSE_TAKE(parse_bool);     /* bool */
PARSE_TAKE(parse_float);    /* float, min to max */
PARSE_TAKE(parse_u32);      /* uint32_t or int32_t, min to max */
PARSE_TAKE(parse_text);     /* struct bytes, min to max bytes (max 0: PARSE_TEXT_MAX) */
PARSE_TAKE(parse_name);     /* struct bytes, parse_is_name */
PARSE_TAKE(parse_word);     /* an enum: index in `more`, a NULL-terminated list of texts */
PARSE_TAKE(parse_json);     /* struct bytes: the JSON text of an object */
PARSE_TAKE(parse_later);    /* const json_t *: in struct parse itself, not at `to` */
PARSE_TAKE(parse_nested);   /* `more`: the fields of an object whose members go to the same struct */
PARSE_TAKE(parse_seed);     /* struct generation_sampling */
PARSE_TAKE(parse_stops);    /* struct generation: a text, or a list of them */
PARSE_TAKE(parse_bias);     /* struct generation_sampling: an object of token: bias */
PARSE_TAKE(parse_metadata); /* struct bytes: the JSON text of an object of short texts */
/* Nothing is stored; only the form is checked. */
PARSE_TAKE(parse_label);       /* a short text */
PARSE_TAKE(parse_any_text);    /* a text */
PARSE_TAKE(parse_any_bool);    /* true or false */
PARSE_TAKE(parse_any_integer); /* an integer */
PARSE_TAKE(parse_any_object);  /* an object, a hint whose content does not matter */
PARSE_TAKE(parse_any_list);    /* a list, likewise */
PARSE_TAKE(parse_any);         /* whatever it is */
PARSE_TAKE(parse_one_of);      /* one of the texts in `more` */
PARSE_TAKE(parse_false);       /* false; refused when true */
PARSE_TAKE(parse_is_one);      /* 1; another number is refused */
PARSE_TAKE(parse_refused);     /* refused, whatever it is; `more`: why, a text */

/* ---- what several APIs have in common (parse_common.c) ---- */

/* The next message, empty, in g->messages; NULL when there is no memory or there are too many (then *e says so). Moves the messages before it. */
struct generation_message *parse_message(struct parse *p, enum err *e);
/* One more part or call of a message. */
ERR_MUST_USE enum err parse_part(struct parse *p, struct generation_message *m,
                                 enum generation_part_kind kind, struct bytes bytes);
/* A text behind another one, as when it came in pieces. */
ERR_MUST_USE enum err parse_join(struct parse *p, struct bytes *text, struct bytes more);
struct generation_call *parse_call(struct parse *p, struct generation_message *m, enum err *e);
struct generation_tool *parse_tool(struct parse *p, enum err *e);
/* What can only be asked when all was read: names that must be among the tools, images with a limit, ... */
ERR_MUST_USE enum err parse_check(struct parse *p);

extern const char *const parse_effort_words[]; /* of enum generation_effort, from NONE on; parse_effort */
PARSE_TAKE(parse_effort);                      /* struct generation */

/* ---- the parsers ---- */
extern const struct parse_field generation_chat_fields[];
extern const struct parse_field generation_completions_fields[];
extern const struct parse_field generation_embeddings_fields[];
extern const struct parse_field generation_responses_fields[];
extern const struct parse_field generation_messages_fields[];
extern const struct parse_field generation_tokens_fields[];
/* What follows when the members were taken; NULL for most. */
ERR_MUST_USE enum err generation_responses_finish(struct parse *p);
ERR_MUST_USE enum err generation_messages_finish(struct parse *p);

#endif
