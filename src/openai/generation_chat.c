/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/chat/completions. */
#include "openai/generation_fields.h"

/* ---- the parts of a content ---- */

struct part {
    struct bytes text;
    struct bytes url;
};

static const struct parse_field text_fields[] = {
    {"type", parse_label, .offset = 0},
    {"text", parse_text, .offset = offsetof(struct part, text), .required = true},
    {"prompt_cache_breakpoint", parse_any_object, .offset = 0},
    PARSE_END,
};

static const struct parse_field refusal_fields[] = {
    {"type", parse_label, .offset = 0},
    {"refusal", parse_text, .offset = offsetof(struct part, text), .required = true},
    PARSE_END,
};

static const char *const details[] = {"auto", "low", "high", "original", NULL};

static const struct parse_field url_fields[] = {
    {"url", parse_text, .offset = offsetof(struct part, url), .required = true},
    /* how finely the image is looked at is the model's own affair */
    {"detail", parse_one_of, .more = details},
    PARSE_END,
};

static const struct parse_field image_fields[] = {
    {"type", parse_label, .offset = 0},
    {"image_url", parse_nested, .more = url_fields, .required = true},
    {"prompt_cache_breakpoint", parse_any_object, .offset = 0},
    PARSE_END,
};

enum { PART_TEXT, PART_IMAGE };
static const struct parse_variant user_parts[] = {
    [PART_TEXT] = {"text", text_fields},
    [PART_IMAGE] = {"image_url", image_fields},
    {NULL, NULL},
};
static const struct parse_variant text_parts[] = {{"text", text_fields}, {NULL, NULL}};
static const struct parse_variant assistant_parts[] = {
    {"text", text_fields},
    {"refusal", refusal_fields},
    {NULL, NULL},
};

struct content {
    struct generation_message *message;
    const struct parse_variant *parts;
};

static enum err take_part(struct parse *p, const json_t *element, void *to)
{
    const struct content *content = to;
    struct part part = {{0}, {0}};
    size_t which = PART_TEXT;
    enum err e = parse_union(p, element, "type", content->parts, NULL, &which, &part);
    if (e != ERR_OK)
        return e;
    if (part.url.ptr == NULL)
        return parse_part(p, content->message, GENERATION_TEXT, part.text);
    struct bytes image;
    size_t mark = parse_enter(p, "image_url.url", 0);
    e = parse_data_url(p, part.url, &image);
    if (e != ERR_OK)
        return e;
    parse_leave(p, mark);
    return parse_part(p, content->message, GENERATION_IMAGE, image);
}

/* A text, or a list of parts of the kinds in `more`. */
static PARSE_TAKE(take_content)
{
    struct content content = {.message = to, .parts = f->more};
    if (json_is_string(value))
        return parse_part(p, to, GENERATION_TEXT, parse_bytes(value));
    if (!json_is_array(value))
        return parse_refuse(p, "is neither a text nor a list of parts");
    return parse_list(p, value, 0, GENERATION_PARTS_MAX, take_part, &content);
}

/* ---- the calls in an assistant's message ---- */

#define CALL(field) offsetof(struct generation_call, field)

static const struct parse_field function_fields[] = {
    {"name", parse_name, .offset = CALL(name), .required = true},
    {"arguments", parse_text, .offset = CALL(arguments), .required = true},
    {"parsed_arguments", parse_any, .offset = 0}, /* SDKs add it to what came */
    PARSE_END,
};

static const struct parse_field call_fields[] = {
    {"id", parse_text, .offset = CALL(id), .max = GENERATION_NAME_MAX},
    {"type", parse_label, .offset = 0},
    {"index", parse_any_integer, .offset = 0},
    {"function", parse_nested, .more = function_fields, .required = true},
    PARSE_END,
};
static const struct parse_variant call_variants[] = {{"function", call_fields}, {NULL, NULL}};

static enum err take_call(struct parse *p, const json_t *element, void *to)
{
    enum err e = ERR_OK;
    struct generation_call *call = parse_call(p, to, &e);
    return call == NULL ? e : parse_union(p, element, "type", call_variants, "function", NULL, call);
}

static PARSE_TAKE(take_calls)
{
    (void)f;
    return parse_list(p, value, 0, GENERATION_CALLS_MAX, take_call, to);
}

static PARSE_TAKE(take_refusal)
{
    (void)f;
    if (!json_is_string(value))
        return parse_refuse(p, "is not a text");
    return parse_part(p, to, GENERATION_TEXT, parse_bytes(value));
}

/* ---- messages ---- */

#define MESSAGE(field) offsetof(struct generation_message, field)

static const struct parse_field system_fields[] = {
    {"role", parse_label, .offset = 0},
    {"content", take_content, .more = text_parts, .required = true},
    {"name", parse_text, .offset = MESSAGE(name), .max = GENERATION_NAME_MAX},
    PARSE_END,
};

static const struct parse_field user_fields[] = {
    {"role", parse_label, .offset = 0},
    {"content", take_content, .more = user_parts, .required = true},
    {"name", parse_text, .offset = MESSAGE(name), .max = GENERATION_NAME_MAX},
    PARSE_END,
};

/* Clients send back what came: with it the members that an answer has and a request need not. */
static const struct parse_field assistant_fields[] = {
    {"role", parse_label, .offset = 0},
    {"content", take_content, .more = assistant_parts},
    {"name", parse_text, .offset = MESSAGE(name), .max = GENERATION_NAME_MAX},
    {"reasoning_content", parse_text, .offset = MESSAGE(reasoning)},
    {"reasoning", parse_text, .offset = MESSAGE(reasoning)},
    {"tool_calls", take_calls, .offset = 0},
    {"refusal", take_refusal, .offset = 0},
    {"annotations", parse_any_list, .offset = 0},
    {"parsed", parse_any, .offset = 0},
    {"audio", parse_refused, .offset = 0},
    {"function_call", parse_refused, .more = "is not supported; use tool_calls"},
    PARSE_END,
};

static const struct parse_field tool_fields[] = {
    {"role", parse_label, .offset = 0},
    {"content", take_content, .more = user_parts, .required = true},
    {"tool_call_id", parse_text, .offset = MESSAGE(call_id), .min = 1, .max = GENERATION_NAME_MAX,
     .required = true},
    {"name", parse_text, .offset = MESSAGE(name), .max = GENERATION_NAME_MAX},
    PARSE_END,
};

static const struct parse_variant roles[] = {
    [GENERATION_SYSTEM] = {"system", system_fields}, [GENERATION_DEVELOPER] = {"developer", system_fields},
    [GENERATION_USER] = {"user", user_fields},       [GENERATION_ASSISTANT] = {"assistant", assistant_fields},
    [GENERATION_TOOL] = {"tool", tool_fields},       [GENERATION_ROLE_COUNT] = {NULL, NULL},
};

static enum err take_message(struct parse *p, const json_t *element, void *to)
{
    enum err e = ERR_OK;
    size_t role = GENERATION_USER;
    (void)to;
    struct generation_message *m = parse_message(p, &e);
    if (m == NULL)
        return e;
    e = parse_union(p, element, "role", roles, NULL, &role, m);
    m->role = (enum generation_role)role;
    if (e == ERR_OK && role == GENERATION_ASSISTANT && m->part_count == 0 && m->call_count == 0 &&
        m->reasoning.len == 0)
        return parse_refuse(p, "has neither content nor tool_calls");
    return e;
}

static PARSE_TAKE(take_messages)
{
    (void)f;
    return parse_list(p, value, 1, GENERATION_MESSAGES_MAX, take_message, to);
}

/* ---- tools ---- */

#define TOOL(field) offsetof(struct generation_tool, field)

static const struct parse_field tool_function_fields[] = {
    {"name", parse_name, .offset = TOOL(name), .required = true},
    {"description", parse_text, .offset = TOOL(description)},
    {"parameters", parse_json, .offset = TOOL(parameters)},
    {"strict", parse_bool, .offset = TOOL(strict)},
    PARSE_END,
};

static const struct parse_field definition_fields[] = {
    {"type", parse_label, .offset = 0},
    {"function", parse_nested, .more = tool_function_fields, .required = true},
    PARSE_END,
};
static const struct parse_variant tool_variants[] = {{"function", definition_fields}, {NULL, NULL}};

static const struct generation_tool_kinds tool_kinds = {tool_variants, NULL};

/* ---- the rest ---- */

static enum err take_modality(struct parse *p, const json_t *element, void *to)
{
    (void)to;
    return bytes_is_str(parse_bytes(element), "text") ? ERR_OK : parse_refuse(p, "only text is supported");
}

static PARSE_TAKE(take_modalities)
{
    (void)f;
    return parse_list(p, value, 0, 4, take_modality, to);
}

/* What servers of open models take, to switch reasoning off. */
static PARSE_TAKE(take_template_arguments)
{
    struct thinking {
        bool enabled;
    } thinking = {true};
    static const struct parse_field fields[] = {
        {"enable_thinking", parse_bool, .offset = offsetof(struct thinking, enabled)},
        PARSE_END,
    };
    struct generation *g = to;
    (void)f;
    enum err e = parse_object(p, value, fields, &thinking);
    if (e == ERR_OK && !thinking.enabled)
        g->reasoning_effort = GENERATION_EFFORT_NONE;
    return e;
}

const struct parse_field generation_chat_fields[] = {
    GENERATION_COMMON_ROWS,
    GENERATION_SAMPLING_ROWS,
    GENERATION_HINT_ROWS,
    {"messages", take_messages, .required = true},
    {"max_tokens", parse_u32, .offset = GENERATION_AT(max_tokens), .min = 1, .max = GENERATION_TOKENS_MAX},
    {"max_completion_tokens", parse_u32, .offset = GENERATION_AT(max_tokens), .min = 1,
     .max = GENERATION_TOKENS_MAX},
    {"n", parse_u32, .offset = GENERATION_AT(n), .min = 1, .max = GENERATION_CHOICES_MAX},
    {"logprobs", parse_bool, .offset = GENERATION_AT(logprobs)},
    {"top_logprobs", parse_u32, .offset = GENERATION_AT(top_logprobs), .max = GENERATION_TOP_LOGPROBS_MAX},
    {"stream_options", generation_take_stream_options, .offset = 0},
    {"return_progress", parse_bool, .offset = GENERATION_AT(return_progress)},
    {"response_format", generation_take_response_format, .offset = 0},
    {"tools", generation_take_tools, .more = &tool_kinds},
    {"tool_choice", generation_take_tool_choice, .offset = 0},
    {"parallel_tool_calls", parse_bool, .offset = GENERATION_AT(parallel_tool_calls)},
    {"reasoning_effort", parse_effort, .offset = 0},
    {"chat_template_kwargs", take_template_arguments, .offset = 0},
    {"verbosity", parse_one_of, .more = generation_verbosities},
    {"modalities", take_modalities, .offset = 0},
    {"metadata", parse_any_object, .offset = 0},
    {"store", parse_false, .more = "nothing is kept here, so only false is supported"},
    {"prediction", parse_any_object, .offset = 0}, /* would only make it faster */
    {"functions", parse_refused, .more = "is not supported; use tools"},
    {"function_call", parse_refused, .more = "is not supported; use tool_choice"},
    PARSE_END,
};
