/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LLAMA_COMMON_H
#define ENGINE_LLAMA_COMMON_H

/*
 * A thin layer over llama.cpp's "common" library, which is C++: the model's own chat template (a Jinja program), the grammar that tools and schemas
 * ask for, and the way back from generated text to reasoning, content and tool calls.
 *
 *     engine_templates    the chat template of a model; one an engine (llama_jinja.cpp)
 *     engine_plan         what it makes of one request: prompt, grammar, how to read the answer; one a request, read only once made (llama_plan.cpp, llama_grammar.cpp)
 *     engine_constraint   where one answer stands in the grammar (llama_constraint.cpp)
 *     engine_parser       one answer's text so far (llama_parser.cpp)
 *
 * No C++ exception crosses: each function that can fail says how. Texts are copied onto the C++ heap, whose blocks are overwritten when they are released
 * (wipe_on_free.c). Nothing here opens a file, and what the library would print goes nowhere.
 */

#ifdef __cplusplus
extern "C" { /* the headers of C rooms say nothing of C++ */
#endif

#include "openai/generation.h"

struct llama_model;
struct llama_vocab;
struct llama_token_data_array;
struct engine_templates;
struct engine_plan;
struct engine_constraint;
struct engine_parser;

/* ---- templates ---- */

/* source: the Jinja program; NULL: the model's own, which it must have. ERR_MODEL: it is not one that can be run; ERR_MEMORY. */
ERR_MUST_USE enum err engine_templates_open(const struct llama_model *model, const char *source,
                                            struct engine_templates **out, struct err_note *note);
void engine_templates_close(struct engine_templates *t); /* NULL does nothing */
/* Does the template write tools into the prompt and read calls from the answer? */
bool engine_templates_tools(const struct engine_templates *t);

/* ---- plans ---- */

/* t: NULL when the model has no template: then only the grammar of a schema is made, and there is no prompt. marker: stands for an image in the
 * prompt; NULL when there are none. Schemas have passed engine_schema_check. ERR_REQUEST with a note: the template refuses the
 * messages, or the schema cannot be followed; ERR_MEMORY. */
ERR_MUST_USE enum err engine_plan_make(const struct engine_templates *t, const struct llama_vocab *vocab,
                                       const struct generation *g, const char *marker,
                                       struct engine_plan **out, struct err_note *note);
void engine_plan_close(struct engine_plan *p); /* NULL does nothing */
struct bytes engine_plan_prompt(const struct engine_plan *p);
/* The i-th text at which an answer ends, besides those that the request names; an empty range after the last. */
struct bytes engine_plan_stop(const struct engine_plan *p, size_t i);
/* Is the token's own text part of the answer, though it is a special token? */
bool engine_plan_keeps(const struct engine_plan *p, int32_t token);
bool engine_plan_has_parser(const struct engine_plan *p); /* else all text is content */
bool engine_plan_has_constraint(const struct engine_plan *p);

/* ---- constraints ---- */

/* Of the four below: ERR_REQUEST: the grammar leaves too many ways at once to be followed in reasonable time (llama_work.h); then there is no going on with it. */

/* ERR_MEMORY. */
ERR_MUST_USE enum err engine_constraint_open(const struct engine_plan *p, struct engine_constraint **out);
void engine_constraint_close(struct engine_constraint *c); /* NULL does nothing */
/* Makes the logit of every candidate that cannot come next -INFINITY. ERR_ENGINE: none can. */
ERR_MUST_USE enum err engine_constraint_apply(struct engine_constraint *c,
                                              struct llama_token_data_array *candidates);
/* The same for one token. */
ERR_MUST_USE enum err engine_constraint_allows(struct engine_constraint *c, int32_t token, bool *allowed);
/* The token comes next: one that is allowed, and not one that ends the answer. */
ERR_MUST_USE enum err engine_constraint_accept(struct engine_constraint *c, int32_t token);

/* ---- answers ---- */

enum engine_piece_kind {
    ENGINE_PIECE_TEXT,
    ENGINE_PIECE_REASONING,
    ENGINE_PIECE_CALL,
    ENGINE_PIECE_ARGUMENTS
};
struct engine_piece {
    enum engine_piece_kind kind;
    uint32_t call;     /* CALL, ARGUMENTS: 0, 1, ... */
    struct bytes name; /* CALL */
    struct bytes id;   /* CALL; empty: the template has none */
    struct bytes text; /* TEXT, REASONING, ARGUMENTS */
};
typedef enum err (*engine_piece_sink)(void *owner, const struct engine_piece *piece);

/* More of the answer's text; what is certain by now goes to the sink, in order. */
enum engine_parser_step {
    ENGINE_PARSER_MORE, /* there will be more */
    ENGINE_PARSER_CUT,  /* there will be no more, and it may be incomplete */
    ENGINE_PARSER_END,  /* there will be no more */
};
/* The plan must outlive it. ERR_MEMORY. */
ERR_MUST_USE enum err engine_parser_open(const struct engine_plan *p, struct engine_parser **out);
void engine_parser_close(struct engine_parser *p); /* NULL does nothing */
/* ERR_ENGINE: the whole is not in the form that the template has; ERR_MEMORY; or the sink's error. */
ERR_MUST_USE enum err engine_parser_push(struct engine_parser *p, struct bytes text,
                                         enum engine_parser_step step, engine_piece_sink sink, void *owner);

#ifdef __cplusplus
}
#endif

#endif
