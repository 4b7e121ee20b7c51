/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/completions and /v1/embeddings: what is continued, or turned into vectors, is text or tokens, not messages. */
#include "openai/generation_fields.h"

/* The number of alternatives; 0 asks for the tokens' own. */
static PARSE_TAKE(take_logprobs)
{
    struct generation *g = to;
    if (json_is_false(value)) /* what some clients send for "none" */
        return ERR_OK;
    enum err e = parse_u32(p, f, value, to);
    g->logprobs = e == ERR_OK;
    return e;
}

static PARSE_TAKE(take_best_of)
{
    (void)to;
    return parse_u32(p, f, value, &p->best_of);
}

static PARSE_TAKE(take_suffix)
{
    (void)f;
    (void)to;
    return json_is_string(value) && json_string_length(value) == 0 ? ERR_OK
                                                                   : parse_refuse(p, "is not supported");
}

const struct parse_field generation_completions_fields[] = {
    GENERATION_COMMON_ROWS,
    GENERATION_SAMPLING_ROWS,
    {"prompt", generation_take_prompts, .required = true},
    {"max_tokens", parse_u32, .offset = GENERATION_AT(max_tokens), .min = 1, .max = GENERATION_TOKENS_MAX},
    {"n", parse_u32, .offset = GENERATION_AT(n), .min = 1, .max = GENERATION_CHOICES_MAX},
    {"best_of", take_best_of, .min = 1, .max = GENERATION_CHOICES_MAX},
    {"logprobs", take_logprobs, .offset = GENERATION_AT(top_logprobs), .max = GENERATION_TOP_LOGPROBS_MAX},
    {"echo", parse_bool, .offset = GENERATION_AT(echo)},
    {"suffix", take_suffix, .offset = 0},
    {"stream_options", generation_take_stream_options, .offset = 0},
    PARSE_END,
};

static const char *const encodings[] = {"float", "base64", NULL};

const struct parse_field generation_embeddings_fields[] = {
    {"model", generation_take_model, .offset = 0},
    {"input", generation_take_prompts, .required = true},
    {"encoding_format", parse_word, .offset = GENERATION_AT(encoding), .more = encodings},
    {"dimensions", parse_u32, .offset = GENERATION_AT(dimensions), .min = 1,
     .max = GENERATION_DIMENSIONS_MAX},
    {"user", parse_label, .offset = 0},
    PARSE_END,
};
