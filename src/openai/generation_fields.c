/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/generation_fields.h"

#include <stdio.h>

const char *const generation_tiers[] = {"auto", "default", NULL};
const char *const generation_verbosities[] = {"low", "medium", "high", NULL};

PARSE_TAKE(generation_take_model)
{
    (void)f;
    struct generation *g = to;
    struct bytes name = parse_bytes(value);
    if (!json_is_string(value) || name.len > API_MODEL_NAME_MAX)
        return parse_refusef(p, "is not a text of at most %d bytes", API_MODEL_NAME_MAX);
    memcpy(g->model, name.ptr, name.len);
    g->model[name.len] = '\0';
    return ERR_OK;
}

PARSE_TAKE(generation_take_stream_options)
{
    static const struct parse_field fields[] = {
        {"include_usage", parse_bool, .offset = GENERATION_AT(include_usage)},
        {"include_obfuscation", parse_any_bool, .offset = 0},
        PARSE_END,
    };
    (void)f;
    return parse_object(p, value, fields, to);
}

/* ---- the form of the answer ---- */

/* "strict" makes no difference: an answer in a schema's form is always held to it. */
#define SCHEMA_ROWS                                                                                          \
    {"name", parse_name, .offset = GENERATION_AT(schema_name), .required = true},                            \
        {"description", parse_any_text, .offset = 0},                                                        \
        {"schema", parse_json, .offset = GENERATION_AT(schema), .required = true},                           \
    {                                                                                                        \
        "strict", parse_any_bool, .offset = 0                                                                \
    }

static const struct parse_field only_type[] = {{"type", parse_label, .offset = 0}, PARSE_END};

static enum err take_format(struct parse *p, const json_t *value, const struct parse_variant *variants,
                            void *to)
{
    struct generation *g = to;
    size_t which = GENERATION_FORMAT_TEXT;
    enum err e = parse_union(p, value, "type", variants, NULL, &which, to);
    if (e == ERR_OK)
        g->format = GENERATION_FORMAT_TEXT + (unsigned)which;
    return e;
}

PARSE_TAKE(generation_take_response_format)
{
    static const struct parse_field schema[] = {SCHEMA_ROWS, PARSE_END};
    static const struct parse_field with_schema[] = {
        {"type", parse_label, .offset = 0},
        {"json_schema", parse_nested, .more = schema, .required = true},
        PARSE_END,
    };
    static const struct parse_variant variants[] = {
        [GENERATION_FORMAT_TEXT] = {"text", only_type},
        [GENERATION_FORMAT_JSON] = {"json_object", only_type},
        [GENERATION_FORMAT_SCHEMA] = {"json_schema", with_schema},
        {NULL, NULL},
    };
    (void)f;
    return take_format(p, value, variants, to);
}

PARSE_TAKE(generation_take_text_format)
{
    static const struct parse_field schema[] = {{"type", parse_label, .offset = 0}, SCHEMA_ROWS, PARSE_END};
    static const struct parse_variant variants[] = {
        [GENERATION_FORMAT_TEXT] = {"text", only_type},
        [GENERATION_FORMAT_JSON] = {"json_object", only_type},
        [GENERATION_FORMAT_SCHEMA] = {"json_schema", schema},
        {NULL, NULL},
    };
    (void)f;
    return take_format(p, value, variants, to);
}

/* ---- which tools ---- */

/* A named tool, in both forms: {"type":"function","name":...} and {"type":"function","function":{"name":...}}. */
struct named {
    struct bytes name;
};
static const struct parse_field named_function[] = {
    {"name", parse_name, .offset = offsetof(struct named, name), .required = true},
    PARSE_END,
};
static const struct parse_field named_fields[] = {
    {"type", parse_label, .offset = 0},
    {"name", parse_name, .offset = offsetof(struct named, name)},
    {"function", parse_nested, .more = named_function},
    PARSE_END,
};

struct allowed {
    unsigned mode;
    size_t count;
    struct bytes names[GENERATION_TOOLS_MAX];
};
static const char *const allowed_modes[] = {"auto", "required", NULL};

static enum err take_allowed_tool(struct parse *p, const json_t *element, void *to)
{
    static const struct parse_variant variants[] = {{"function", named_fields}, {NULL, NULL}};
    struct allowed *allowed = to;
    struct named named = {{0}};
    enum err e = parse_union(p, element, "type", variants, NULL, NULL, &named);
    allowed->names[allowed->count++] = named.name;
    return e;
}

static PARSE_TAKE(take_allowed_tools)
{
    (void)f;
    return parse_list(p, value, 1, GENERATION_TOOLS_MAX, take_allowed_tool, to);
}

static const struct parse_field allowed_fields[] = {
    {"mode", parse_word, .offset = offsetof(struct allowed, mode), .more = allowed_modes, .required = true},
    {"tools", take_allowed_tools, .required = true},
    PARSE_END,
};
/* In /v1/responses the mode and the tools stand beside the type. */
static const struct parse_field allowed_flat[] = {
    {"type", parse_label, .offset = 0},
    {"allowed_tools", parse_nested, .more = allowed_fields},
    {"mode", parse_word, .offset = offsetof(struct allowed, mode), .more = allowed_modes},
    {"tools", take_allowed_tools, .offset = 0},
    PARSE_END,
};

/* The tools are known only when all members were taken, so the names are kept until then in the generation's own storage. */
static enum err choose_allowed(struct parse *p, const json_t *value)
{
    struct allowed *allowed = parse_alloc(p, sizeof *allowed);
    if (allowed == NULL)
        return ERR_MEMORY;
    enum err e = parse_object(p, value, allowed_flat, allowed);
    if (e != ERR_OK)
        return e;
    if (allowed->count == 0)
        return parse_refuse(p, "names no tool");
    p->allowed_count = allowed->count;
    p->allowed = allowed->names;
    p->g->tool_choice = allowed->mode == 0 ? GENERATION_TOOLS_AUTO : GENERATION_TOOLS_REQUIRED;
    return ERR_OK;
}

PARSE_TAKE(generation_take_tool_choice)
{
    static const char *const words[] = {"auto", "none", "required", NULL};
    static const struct parse_variant variants[] = {{"function", named_fields}, {NULL, NULL}};
    struct generation *g = to;
    (void)f;
    if (json_is_string(value)) {
        unsigned word = 0;
        const struct parse_field field = {.more = words};
        enum err e = parse_word(p, &field, value, &word);
        if (e == ERR_OK)
            g->tool_choice = GENERATION_TOOLS_AUTO + word;
        return e;
    }
    const char *type = json_string_value(json_object_get(value, "type"));
    if (type != NULL && strcmp(type, "allowed_tools") == 0)
        return choose_allowed(p, value);
    struct named named = {{0}};
    enum err e = parse_union(p, value, "type", variants, NULL, NULL, &named);
    if (e == ERR_OK && named.name.len == 0)
        e = parse_refuse(p, "names no tool");
    g->tool_choice = GENERATION_TOOLS_NAMED;
    g->tool_choice_name = named.name;
    return e;
}

/* ---- prompts ---- */

static enum err take_tokens(struct parse *p, const json_t *list, struct generation_prompt *prompt)
{
    size_t count = json_array_size(list);
    int32_t *tokens = count > GENERATION_TOKENS_MAX ? NULL : parse_alloc(p, count * sizeof *tokens);
    if (count == 0 || count > GENERATION_TOKENS_MAX)
        return parse_refuse(p, "is not a text, or a list of tokens");
    if (tokens == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const json_t *token = json_array_get(list, i);
        if (!json_is_integer(token) || json_integer_value(token) < 0 || json_integer_value(token) > INT32_MAX)
            return parse_refuse(p, "has an entry that is not a token's number");
        tokens[i] = (int32_t)json_integer_value(token);
    }
    prompt->tokens = tokens;
    prompt->token_count = count;
    return ERR_OK;
}

static enum err take_prompt(struct parse *p, const json_t *element, void *to)
{
    struct generation *g = to;
    struct generation_prompt *all = parse_grow(p, g->prompts, g->prompt_count, sizeof *all);
    if (all == NULL)
        return ERR_MEMORY;
    g->prompts = all;
    struct generation_prompt *prompt = &all[g->prompt_count++];
    *prompt = (struct generation_prompt){0};
    if (json_is_array(element))
        return take_tokens(p, element, prompt);
    if (!json_is_string(element) || (g->api == API_EMBEDDINGS && json_string_length(element) == 0))
        return parse_refuse(p, "is not a text, or a list of tokens");
    prompt->text = parse_bytes(element);
    return ERR_OK;
}

PARSE_TAKE(generation_take_prompts)
{
    (void)f;
    if (!json_is_array(value) || json_is_integer(json_array_get(value, 0)))
        return take_prompt(p, value, to);
    return parse_list(p, value, 1, GENERATION_PROMPTS_MAX, take_prompt, to);
}

/* ---- tools ---- */

static enum err take_tool(struct parse *p, const json_t *element, void *to)
{
    const struct generation_tool_kinds *kinds = to;
    enum err e = ERR_OK;
    struct generation_tool *tool = parse_tool(p, &e);
    return tool == NULL ? e : parse_union(p, element, "type", kinds->variants, kinds->otherwise, NULL, tool);
}

PARSE_TAKE(generation_take_tools)
{
    struct generation_tool_kinds kinds = *(const struct generation_tool_kinds *)f->more;
    (void)to;
    return parse_list(p, value, 0, GENERATION_TOOLS_MAX, take_tool, &kinds);
}
