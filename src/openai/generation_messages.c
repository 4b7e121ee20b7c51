/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /v1/messages, Anthropic's API. A message is a list of blocks; results of tools stand among the user's blocks there, and are messages of their own
 * here.
 */
#include "openai/generation_fields.h"

/* ---- blocks ---- */

struct block {
    struct bytes text;
    struct bytes data;
    struct bytes id;
    struct bytes name;
    const json_t *input;
    const json_t *content;
};

#define BLOCK(field) offsetof(struct block, field)

static PARSE_TAKE(take_later)
{
    (void)p;
    *(const json_t **)((char *)to + f->offset) = value;
    return ERR_OK;
}

/* "type", and a hint to a cache, which there is none of. */
#define BLOCK_ROWS                                                                                           \
    {"type", parse_label, .offset = 0},                                                                      \
    {                                                                                                        \
        "cache_control", parse_any_object, .offset = 0                                                       \
    }

static const struct parse_field text_fields[] = {
    BLOCK_ROWS,
    {"text", parse_text, .offset = BLOCK(text), .required = true},
    {"citations", parse_any_list, .offset = 0}, /* of an answer that is sent back */
    PARSE_END,
};

static const char *const media_types[] = {"image/jpeg", "image/png", "image/gif", "image/webp", NULL};

static const struct parse_field base64_fields[] = {
    {"type", parse_label, .offset = 0},
    {"media_type", parse_one_of, .more = media_types, .required = true},
    {"data", parse_text, .offset = BLOCK(data), .min = 1, .required = true},
    PARSE_END,
};
static const struct parse_field url_fields[] = {
    {"type", parse_refused, .more = "an enclave fetches nothing: send the image in base64"},
    {"url", parse_any_text, .offset = 0},
    PARSE_END,
};
static const struct parse_variant sources[] = {{"base64", base64_fields}, {"url", url_fields}, {NULL, NULL}};

static PARSE_TAKE(take_source)
{
    (void)f;
    return parse_union(p, value, "type", sources, NULL, NULL, to);
}

static const struct parse_field image_fields[] = {
    BLOCK_ROWS,
    {"source", take_source, .required = true},
    PARSE_END,
};

static const struct parse_field result_fields[] = {
    BLOCK_ROWS,
    {"tool_use_id", parse_text, .offset = BLOCK(id), .min = 1, .max = GENERATION_NAME_MAX, .required = true},
    {"content", take_later, .offset = BLOCK(content)},
    /* The model reads the text, which says so. */
    {"is_error", parse_any_bool, .offset = 0},
    PARSE_END,
};

static const struct parse_field thinking_fields[] = {
    {"type", parse_label, .offset = 0},
    {"thinking", parse_text, .offset = BLOCK(text), .required = true},
    {"signature", parse_any_text, .offset = 0},
    PARSE_END,
};

static const struct parse_field redacted_fields[] = {
    {"type", parse_label, .offset = 0},
    {"data", parse_any_text, .offset = 0}, /* another server's, which nobody here could read */
    PARSE_END,
};

static const struct parse_field use_fields[] = {
    BLOCK_ROWS,
    {"id", parse_text, .offset = BLOCK(id), .min = 1, .max = GENERATION_NAME_MAX, .required = true},
    {"name", parse_name, .offset = BLOCK(name), .required = true},
    {"input", take_later, .offset = BLOCK(input), .required = true},
    {"caller", parse_any_object, .offset = 0},
    PARSE_END,
};

enum { KIND_TEXT, KIND_IMAGE, KIND_RESULT, KIND_THINKING, KIND_REDACTED, KIND_USE };

static const struct parse_variant user_blocks[] = {
    [KIND_TEXT] = {"text", text_fields},
    [KIND_IMAGE] = {"image", image_fields},
    [KIND_RESULT] = {"tool_result", result_fields},
    {NULL, NULL},
};
static const struct parse_variant result_blocks[] = {
    [KIND_TEXT] = {"text", text_fields},
    [KIND_IMAGE] = {"image", image_fields},
    {NULL, NULL},
};
static const struct parse_variant system_blocks[] = {{"text", text_fields}, {NULL, NULL}};
/* As the first list, in which thinking and uses of tools come instead. */
enum { ASSISTANT_TEXT, ASSISTANT_THINKING, ASSISTANT_REDACTED, ASSISTANT_USE };
static const struct parse_variant assistant_blocks[] = {
    [ASSISTANT_TEXT] = {"text", text_fields},
    [ASSISTANT_THINKING] = {"thinking", thinking_fields},
    [ASSISTANT_REDACTED] = {"redacted_thinking", redacted_fields},
    [ASSISTANT_USE] = {"tool_use", use_fields},
    {NULL, NULL},
};

static enum err put_image(struct parse *p, struct generation_message *m, struct bytes data)
{
    struct bytes image;
    size_t mark = parse_enter(p, "source.data", 0);
    enum err e = parse_base64(p, data, &image);
    if (e != ERR_OK)
        return e;
    parse_leave(p, mark);
    return parse_part(p, m, GENERATION_IMAGE, image);
}

/* ---- contents ---- */

/* Text and images to one message. */
static enum err take_plain(struct parse *p, const json_t *element, void *to)
{
    struct generation_message *m = to;
    struct block block = {{0}, .input = NULL};
    size_t kind = KIND_TEXT;
    const struct parse_variant *kinds = m->role == GENERATION_SYSTEM ? system_blocks : result_blocks;
    enum err e = parse_union(p, element, "type", kinds, NULL, &kind, &block);
    if (e != ERR_OK)
        return e;
    return kind == KIND_IMAGE ? put_image(p, m, block.data) : parse_part(p, m, GENERATION_TEXT, block.text);
}

static enum err take_content(struct parse *p, const json_t *value, struct generation_message *m)
{
    if (value == NULL)
        return ERR_OK;
    if (json_is_string(value))
        return parse_part(p, m, GENERATION_TEXT, parse_bytes(value));
    return parse_list(p, value, 0, GENERATION_PARTS_MAX, take_plain, m);
}

static struct generation_message *message_of(struct parse *p, enum generation_role role, enum err *e)
{
    struct generation_message *m = parse_message(p, e);
    if (m != NULL)
        m->role = role;
    return m;
}

static enum err take_user_block(struct parse *p, const json_t *element, void *to)
{
    size_t *own =
        to; /* the user's message that this content has so far; 0: none (there is one before it, or it is the first block) */
    struct block block = {{0}, .input = NULL};
    size_t kind = KIND_TEXT;
    enum err e = parse_union(p, element, "type", user_blocks, NULL, &kind, &block);
    if (e != ERR_OK)
        return e;
    struct generation *g = p->g;
    if (kind == KIND_RESULT) {
        struct generation_message *result = message_of(p, GENERATION_TOOL, &e);
        if (result == NULL)
            return e;
        result->call_id = block.id;
        *own = 0;
        size_t mark = parse_enter(p, "content", 0);
        e = take_content(p, block.content, result);
        if (e == ERR_OK)
            parse_leave(p, mark);
        return e;
    }
    struct generation_message *m = *own != 0 ? &g->messages[*own - 1] : message_of(p, GENERATION_USER, &e);
    if (m == NULL)
        return e;
    *own = g->message_count;
    return kind == KIND_IMAGE ? put_image(p, m, block.data) : parse_part(p, m, GENERATION_TEXT, block.text);
}

static enum err put_use(struct parse *p, struct generation_message *m, const struct block *block)
{
    enum err e = ERR_OK;
    struct generation_call *call = parse_call(p, m, &e);
    if (call == NULL)
        return e;
    *call = (struct generation_call){.id = block->id, .name = block->name};
    size_t mark = parse_enter(p, "input", 0);
    e = json_is_object(block->input) ? parse_dump(p, block->input, &call->arguments)
                                     : parse_refuse(p, "is not an object");
    if (e == ERR_OK)
        parse_leave(p, mark);
    return e;
}

static enum err take_assistant_block(struct parse *p, const json_t *element, void *to)
{
    struct generation_message *m = to;
    struct block block = {{0}, .input = NULL};
    size_t kind = ASSISTANT_TEXT;
    enum err e = parse_union(p, element, "type", assistant_blocks, NULL, &kind, &block);
    if (e != ERR_OK || kind == ASSISTANT_REDACTED)
        return e;
    if (kind == ASSISTANT_THINKING)
        return parse_join(p, &m->reasoning, block.text);
    return kind == ASSISTANT_USE ? put_use(p, m, &block) : parse_part(p, m, GENERATION_TEXT, block.text);
}

/* ---- messages ---- */

struct turn {
    unsigned role;
    const json_t *content;
};

static enum err take_turn(struct parse *p, const json_t *element, void *to)
{
    static const char *const roles[] = {"user", "assistant", NULL};
    static const struct parse_field fields[] = {
        {"role", parse_word, .offset = offsetof(struct turn, role), .more = roles, .required = true},
        {"content", take_later, .offset = offsetof(struct turn, content), .required = true},
        PARSE_END,
    };
    struct turn turn = {0};
    (void)to;
    enum err e = parse_object(p, element, fields, &turn);
    if (e != ERR_OK)
        return e;
    bool user = turn.role == 0;
    size_t mark = parse_enter(p, "content", 0);
    if (user && json_is_array(turn.content)) {
        size_t own = 0;
        e = parse_list(p, turn.content, 1, GENERATION_PARTS_MAX, take_user_block, &own);
    } else {
        struct generation_message *m = message_of(p, user ? GENERATION_USER : GENERATION_ASSISTANT, &e);
        if (m == NULL)
            return e;
        if (json_is_string(turn.content))
            e = parse_part(p, m, GENERATION_TEXT, parse_bytes(turn.content));
        else if (json_is_array(turn.content))
            e = parse_list(p, turn.content, 0, GENERATION_PARTS_MAX, take_assistant_block, m);
        else
            e = parse_refuse(p, "is neither a text nor a list of blocks");
    }
    if (e == ERR_OK)
        parse_leave(p, mark);
    return e;
}

enum err generation_messages_finish(struct parse *p)
{
    struct generation *g = p->g;
    enum err e = ERR_OK;
    if (p->system != NULL) {
        struct generation_message *m = message_of(p, GENERATION_SYSTEM, &e);
        if (m == NULL)
            return e;
        size_t mark = parse_enter(p, "system", 0);
        e = take_content(p, p->system, m);
        if (e != ERR_OK)
            return e;
        parse_leave(p, mark);
        if (m->part_count == 0)
            g->message_count--;
    }
    size_t mark = parse_enter(p, "messages", 0);
    e = parse_list(p, p->input, 1, GENERATION_MESSAGES_MAX, take_turn, NULL);
    if (e == ERR_OK && g->messages[g->message_count - 1].role == GENERATION_ASSISTANT)
        e = parse_refuse(p, "the last one is the assistant's, and to continue that is not supported");
    if (e != ERR_OK)
        return e;
    parse_leave(p, mark);
    if (!p->thinking)
        g->reasoning_effort = GENERATION_EFFORT_NONE;
    return ERR_OK;
}

/* ---- tools ---- */

#define TOOL(field) offsetof(struct generation_tool, field)

static const struct parse_field tool_fields[] = {
    BLOCK_ROWS,
    {"name", parse_name, .offset = TOOL(name), .required = true},
    {"description", parse_text, .offset = TOOL(description)},
    {"input_schema", parse_json, .offset = TOOL(parameters), .required = true},
    {"strict", parse_bool, .offset = TOOL(strict)},
    {"input_examples", parse_any_list, .offset = 0},
    {"eager_input_streaming", parse_any_bool, .offset = 0},
    {"allowed_callers", parse_any_list, .offset = 0}, /* of which the model itself is the only one here */
    {"defer_loading", parse_false, .offset = 0},
    PARSE_END,
};
static const struct parse_variant tool_variants[] = {{"custom", tool_fields}, {NULL, NULL}};

static const struct generation_tool_kinds tool_kinds = {tool_variants, "custom"};

struct choice {
    struct bytes name;
    bool alone;
};

static PARSE_TAKE(take_tool_choice)
{
    static const struct parse_field plain[] = {
        {"type", parse_label, .offset = 0},
        {"disable_parallel_tool_use", parse_bool, .offset = offsetof(struct choice, alone)},
        PARSE_END,
    };
    static const struct parse_field named[] = {
        {"type", parse_label, .offset = 0},
        {"disable_parallel_tool_use", parse_bool, .offset = offsetof(struct choice, alone)},
        {"name", parse_name, .offset = offsetof(struct choice, name), .required = true},
        PARSE_END,
    };
    static const struct parse_variant variants[] = {
        [GENERATION_TOOLS_AUTO] = {"auto", plain},
        [GENERATION_TOOLS_NONE] = {"none", plain},
        [GENERATION_TOOLS_REQUIRED] = {"any", plain},
        [GENERATION_TOOLS_NAMED] = {"tool", named},
        {NULL, NULL},
    };
    struct generation *g = to;
    struct choice choice = {{0}, .alone = false};
    size_t which = GENERATION_TOOLS_AUTO;
    (void)f;
    enum err e = parse_union(p, value, "type", variants, NULL, &which, &choice);
    g->tool_choice = (enum generation_tool_choice)which;
    g->tool_choice_name = choice.name;
    g->parallel_tool_calls = !choice.alone;
    return e;
}

/* ---- the other members ---- */

static PARSE_TAKE(take_thinking)
{
    static const char *const displays[] = {"summarized", NULL}; /* what is shown is all of it */
    static const struct parse_field enabled[] = {
        {"type", parse_label, .offset = 0},
        {"budget_tokens", parse_u32, .offset = GENERATION_AT(reasoning_budget), .min = 1,
         .max = GENERATION_TOKENS_MAX, .required = true},
        {"display", parse_one_of, .more = displays},
        PARSE_END,
    };
    static const struct parse_field adaptive[] = {
        {"type", parse_label, .offset = 0},
        {"display", parse_one_of, .more = displays},
        PARSE_END,
    };
    static const struct parse_field disabled[] = {{"type", parse_label, .offset = 0}, PARSE_END};
    static const struct parse_variant variants[] = {
        {"disabled", disabled},
        {"enabled", enabled},
        {"adaptive", adaptive},
        {NULL, NULL},
    };
    size_t which = 0;
    (void)f;
    enum err e = parse_union(p, value, "type", variants, NULL, &which, to);
    p->thinking = which != 0;
    return e;
}

static PARSE_TAKE(take_format)
{
    static const struct parse_field fields[] = {
        {"type", parse_label, .offset = 0},
        {"schema", parse_json, .offset = GENERATION_AT(schema), .required = true},
        PARSE_END,
    };
    static const struct parse_variant variants[] = {{"json_schema", fields}, {NULL, NULL}};
    struct generation *g = to;
    (void)f;
    enum err e = parse_union(p, value, "type", variants, NULL, NULL, to);
    g->format = GENERATION_FORMAT_SCHEMA;
    g->schema_name = bytes_str("response");
    return e;
}

static const struct parse_field output_config[] = {
    {"effort", parse_effort, .offset = 0},
    {"format", take_format, .offset = 0},
    PARSE_END,
};

static const struct parse_field metadata[] = {
    {"user_id", parse_label, .offset = 0},
    PARSE_END,
};

static const char *const tiers[] = {"auto", "standard_only", NULL};
static const char *const speeds[] = {"standard", NULL};

/* What the prompt is made of, and hints. */
#define PROMPT_ROWS                                                                                          \
    {"model", generation_take_model, .offset = 0},                                                           \
        {"messages", parse_later, .offset = offsetof(struct parse, input), .required = true},                \
        {"system", parse_later, .offset = offsetof(struct parse, system)},                                   \
        {"tools", generation_take_tools, .more = &tool_kinds},                                               \
        {"tool_choice", take_tool_choice, .offset = 0}, {"thinking", take_thinking, .offset = 0},            \
        {"output_config", parse_nested, .more = output_config}, {"speed", parse_one_of, .more = speeds},     \
    {                                                                                                        \
        "cache_control", parse_any_object, .offset = 0                                                       \
    }

const struct parse_field generation_messages_fields[] = {
    PROMPT_ROWS,
    {"max_tokens", parse_u32, .offset = GENERATION_AT(max_tokens), .min = 1, .max = GENERATION_TOKENS_MAX,
     .required = true},
    {"stream", parse_bool, .offset = GENERATION_AT(stream)},
    {"stop_sequences", parse_stops, .offset = 0},
    {"temperature", parse_float, .offset = GENERATION_AT(sampling.temperature), .max = 1},
    {"top_p", parse_float, .offset = GENERATION_AT(sampling.top_p), .max = 1},
    {"top_k", parse_u32, .offset = GENERATION_AT(sampling.top_k), .max = 1 << 20},
    {"metadata", parse_nested, .more = metadata},
    {"service_tier", parse_one_of, .more = tiers},
    PARSE_END,
};

const struct parse_field generation_tokens_fields[] = {PROMPT_ROWS, PARSE_END};
