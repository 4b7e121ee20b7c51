/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_GENERATION_FIELDS_H
#define OPENAI_GENERATION_FIELDS_H

/* Rows that several APIs have in common, for their tables (parse.h). */

#include "openai/parse.h"

#define GENERATION_AT(field) offsetof(struct generation, field)

/* "model" as the client calls it, into generation.model */
PARSE_TAKE(generation_take_model);
/* {"include_usage": ..., "include_obfuscation": ...}: records are padded in any case */
PARSE_TAKE(generation_take_stream_options);
/* {"type": "text" | "json_object" | "json_schema", ...}, with the members of a schema inside "json_schema" (chat) or beside the type (responses) */
PARSE_TAKE(generation_take_response_format);
PARSE_TAKE(generation_take_text_format);
/* "auto", "none", "required", or an object that names a tool, or those that are allowed; chat has their names inside "function" */
PARSE_TAKE(generation_take_tool_choice);
/* A list of tools; .more: what kinds of them the API has, by their "type", and which kind one without it is (NULL: it must say) */
struct generation_tool_kinds {
    const struct parse_variant *variants;
    const char *otherwise;
};
PARSE_TAKE(generation_take_tools);
/* One prompt or a list of them, each a text or a list of tokens */
PARSE_TAKE(generation_take_prompts);

extern const char *const generation_tiers[];       /* of service_tier: what every server has */
extern const char *const generation_verbosities[]; /* a wish, and no more than that */

#define GENERATION_SAMPLING_ROWS                                                                             \
    {"seed", parse_seed, .offset = GENERATION_AT(sampling)}, {"stop", parse_stops, .offset = 0},             \
        {"logit_bias", parse_bias, .offset = GENERATION_AT(sampling)},                                       \
        {"presence_penalty", parse_float, .offset = GENERATION_AT(sampling.presence_penalty), .min = -2,     \
         .max = 2},                                                                                          \
        {"frequency_penalty", parse_float, .offset = GENERATION_AT(sampling.frequency_penalty), .min = -2,   \
         .max = 2},                                                                                          \
        {"repeat_penalty", parse_float, .offset = GENERATION_AT(sampling.repeat_penalty), .min = 0.1,        \
         .max = 10},                                                                                         \
        {"min_p", parse_float, .offset = GENERATION_AT(sampling.min_p), .max = 1},                           \
    {                                                                                                        \
        "top_k", parse_u32, .offset = GENERATION_AT(sampling.top_k), .max = 1 << 20                          \
    }

#define GENERATION_COMMON_ROWS                                                                               \
    {"model", generation_take_model, .offset = 0}, {"stream", parse_bool, .offset = GENERATION_AT(stream)},  \
        {"user", parse_label, .offset = 0},                                                                  \
        {"temperature", parse_float, .offset = GENERATION_AT(sampling.temperature), .max = 2},               \
    {                                                                                                        \
        "top_p", parse_float, .offset = GENERATION_AT(sampling.top_p), .max = 1                              \
    }

/* Hints to a cache or a filter that a server might have. */
#define GENERATION_HINT_ROWS                                                                                 \
    {"service_tier", parse_one_of, .more = generation_tiers},                                                \
        {"prompt_cache_key", parse_label, .offset = 0},                                                      \
        {"prompt_cache_options", parse_any_object, .offset = 0},                                             \
        {"prompt_cache_retention", parse_label, .offset = 0},                                                \
    {                                                                                                        \
        "safety_identifier", parse_label, .offset = 0                                                        \
    }

#endif
