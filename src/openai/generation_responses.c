/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /v1/responses. Its input is a list of items; what the model once said in a turn (reasoning, a message, calls) comes as several of them, and becomes
 * one message here. Nothing is kept between requests, so whatever refers to an earlier answer is refused by name.
 */
#include "openai/generation_fields.h"

#define KEPT "nothing is kept here: send the whole conversation"

/* ---- the parts of a content ---- */

struct part {
    struct bytes text;
    struct bytes url;
};

static const struct parse_field text_fields[] = {
    {"type", parse_label, .offset = 0},
    {"text", parse_text, .offset = offsetof(struct part, text), .required = true},
    {"annotations", parse_any_list, .offset = 0}, /* of an answer that is sent back */
    {"logprobs", parse_any_list, .offset = 0},
    {"parsed", parse_any, .offset = 0},
    {"prompt_cache_breakpoint", parse_any_object, .offset = 0},
    PARSE_END,
};

static const struct parse_field refusal_fields[] = {
    {"type", parse_label, .offset = 0},
    {"refusal", parse_text, .offset = offsetof(struct part, text), .required = true},
    PARSE_END,
};

static const char *const details[] = {"auto", "low", "high", "original", NULL};

static const struct parse_field image_fields[] = {
    {"type", parse_label, .offset = 0},
    {"image_url", parse_text, .offset = offsetof(struct part, url), .required = true},
    {"detail", parse_one_of, .more = details},
    {"file_id", parse_refused, .more = "files are not kept here; send the image as a data: URL"},
    {"prompt_cache_breakpoint", parse_any_object, .offset = 0},
    PARSE_END,
};

static const struct parse_variant user_parts[] = {
    {"input_text", text_fields},
    {"input_image", image_fields},
    {NULL, NULL},
};
static const struct parse_variant system_parts[] = {{"input_text", text_fields}, {NULL, NULL}};
static const struct parse_variant assistant_parts[] = {
    {"output_text", text_fields},
    {"refusal", refusal_fields},
    {"input_text", text_fields},
    {NULL, NULL},
};

/* Which parts there may be depends on the role, which may stand behind them: so the content is only noted, and taken afterwards. */
struct item {
    unsigned role;
    const json_t *content;
    struct bytes call_id;
    struct bytes name;
    struct bytes arguments;
    struct bytes reasoning;
    struct bytes summary;
};

struct content {
    struct generation_message *message;
    const struct parse_variant *parts;
};

static enum err take_part(struct parse *p, const json_t *element, void *to)
{
    const struct content *content = to;
    struct part part = {{0}, {0}};
    enum err e = parse_union(p, element, "type", content->parts, NULL, NULL, &part);
    if (e != ERR_OK)
        return e;
    if (part.url.ptr == NULL)
        return parse_part(p, content->message, GENERATION_TEXT, part.text);
    struct bytes image;
    size_t mark = parse_enter(p, "image_url", 0);
    e = parse_data_url(p, part.url, &image);
    if (e != ERR_OK)
        return e;
    parse_leave(p, mark);
    return parse_part(p, content->message, GENERATION_IMAGE, image);
}

static enum err take_content(struct parse *p, const json_t *value, const char *member,
                             struct content *content)
{
    enum err e;
    size_t mark = parse_enter(p, member, 0);
    if (json_is_string(value))
        e = parse_part(p, content->message, GENERATION_TEXT, parse_bytes(value));
    else if (json_is_array(value))
        e = parse_list(p, value, 0, GENERATION_PARTS_MAX, take_part, content);
    else
        e = parse_refuse(p, "is neither a text nor a list of parts");
    if (e == ERR_OK)
        parse_leave(p, mark);
    return e;
}

/* ---- items ---- */

static PARSE_TAKE(take_content_later)
{
    (void)p;
    *(const json_t **)((char *)to + f->offset) = value;
    return ERR_OK;
}

static enum err take_thought(struct parse *p, const json_t *element, void *to)
{
    static const struct parse_variant variants[] = {
        {"reasoning_text", text_fields},
        {"summary_text", text_fields},
        {NULL, NULL},
    };
    struct part part = {{0}, {0}};
    enum err e = parse_union(p, element, "type", variants, NULL, NULL, &part);
    return e == ERR_OK ? parse_join(p, to, part.text) : e;
}

static PARSE_TAKE(take_thoughts)
{
    return parse_list(p, value, 0, GENERATION_PARTS_MAX, take_thought, (char *)to + f->offset);
}

#define ITEM(field) offsetof(struct item, field)

/* The members with which an answer's items come back. */
#define ITEM_ROWS                                                                                            \
    {"type", parse_label, .offset = 0}, {"id", parse_label, .offset = 0},                                    \
    {                                                                                                        \
        "status", parse_label, .offset = 0                                                                   \
    }

static const char *const item_roles[] = {"system", "developer", "user", "assistant", NULL};

static const struct parse_field message_fields[] = {
    ITEM_ROWS,
    {"role", parse_word, .offset = ITEM(role), .more = item_roles, .required = true},
    {"content", take_content_later, .offset = ITEM(content), .required = true},
    {"phase", parse_label, .offset = 0},
    PARSE_END,
};

static const struct parse_field call_fields[] = {
    ITEM_ROWS,
    {"call_id", parse_text, .offset = ITEM(call_id), .min = 1, .max = GENERATION_NAME_MAX, .required = true},
    {"name", parse_name, .offset = ITEM(name), .required = true},
    {"arguments", parse_text, .offset = ITEM(arguments), .required = true},
    {"parsed_arguments", parse_any, .offset = 0},
    {"caller", parse_any_object, .offset = 0},
    PARSE_END,
};

static const struct parse_field output_fields[] = {
    ITEM_ROWS,
    {"call_id", parse_text, .offset = ITEM(call_id), .min = 1, .max = GENERATION_NAME_MAX, .required = true},
    {"output", take_content_later, .offset = ITEM(content), .required = true},
    {"caller", parse_any_object, .offset = 0},
    PARSE_END,
};

static const struct parse_field reasoning_fields[] = {
    ITEM_ROWS,
    {"content", take_thoughts, .offset = ITEM(reasoning)},
    {"summary", take_thoughts, .offset = ITEM(summary)},
    {"encrypted_content", parse_any_text, .offset = 0}, /* another server's, which nobody here could read */
    PARSE_END,
};

static const struct parse_field reference_fields[] = {
    {"type", parse_refused,
     .more = "an item_reference needs a server that keeps answers, and nothing is kept here: send \"store\": "
             "false, and the "
             "whole conversation"},
    {"id", parse_label, .offset = 0},
    PARSE_END,
};

enum { ITEM_MESSAGE, ITEM_CALL, ITEM_OUTPUT, ITEM_REASONING, ITEM_REFERENCE, ITEM_COUNT };
static const struct parse_variant items[] = {
    [ITEM_MESSAGE] = {"message", message_fields},
    [ITEM_CALL] = {"function_call", call_fields},
    [ITEM_OUTPUT] = {"function_call_output", output_fields},
    [ITEM_REASONING] = {"reasoning", reasoning_fields},
    [ITEM_REFERENCE] = {"item_reference", reference_fields},
    [ITEM_COUNT] = {NULL, NULL},
};

/* ---- items to messages ---- */

static struct generation_message *message_of(struct parse *p, enum generation_role role, enum err *e)
{
    struct generation_message *m = parse_message(p, e);
    if (m != NULL)
        m->role = role;
    return m;
}

/* The assistant's message that the next item belongs to: the last one, unless that has what can only stand behind the item. */
static struct generation_message *turn(struct parse *p, size_t kind, enum err *e)
{
    struct generation *g = p->g;
    struct generation_message *last = g->message_count == 0 ? NULL : &g->messages[g->message_count - 1];
    bool goes_on = last != NULL && last->role == GENERATION_ASSISTANT;
    if (goes_on && kind != ITEM_CALL)
        goes_on = last->part_count == 0 && last->call_count == 0;
    return goes_on ? last : message_of(p, GENERATION_ASSISTANT, e);
}

static enum err put_message(struct parse *p, const struct item *item)
{
    static const struct parse_variant *const parts[] = {
        [GENERATION_SYSTEM] = system_parts,
        [GENERATION_DEVELOPER] = system_parts,
        [GENERATION_USER] = user_parts,
        [GENERATION_ASSISTANT] = assistant_parts,
    };
    enum err e = ERR_OK;
    struct content content = {.parts = parts[item->role]};
    content.message = item->role == GENERATION_ASSISTANT
                          ? turn(p, ITEM_MESSAGE, &e)
                          : message_of(p, (enum generation_role)item->role, &e);
    return content.message == NULL ? e : take_content(p, item->content, "content", &content);
}

static enum err put_call(struct parse *p, const struct item *item)
{
    enum err e = ERR_OK;
    struct generation_message *m = turn(p, ITEM_CALL, &e);
    struct generation_call *call = m == NULL ? NULL : parse_call(p, m, &e);
    if (call == NULL)
        return e;
    *call = (struct generation_call){.id = item->call_id, .name = item->name, .arguments = item->arguments};
    return ERR_OK;
}

static enum err put_output(struct parse *p, const struct item *item)
{
    enum err e = ERR_OK;
    struct content content = {.message = message_of(p, GENERATION_TOOL, &e), .parts = user_parts};
    if (content.message == NULL)
        return e;
    content.message->call_id = item->call_id;
    return take_content(p, item->content, "output", &content);
}

static enum err put_reasoning(struct parse *p, const struct item *item)
{
    enum err e = ERR_OK;
    struct bytes text = item->reasoning.len != 0 ? item->reasoning : item->summary;
    struct generation_message *m = text.len == 0 ? NULL : turn(p, ITEM_REASONING, &e);
    return m == NULL ? e : parse_join(p, &m->reasoning, text);
}

static enum err take_item(struct parse *p, const json_t *element, void *to)
{
    static enum err (*const put[ITEM_COUNT])(struct parse *, const struct item *) = {
        [ITEM_MESSAGE] = put_message,
        [ITEM_CALL] = put_call,
        [ITEM_OUTPUT] = put_output,
        [ITEM_REASONING] = put_reasoning,
    };
    struct item item = {0};
    size_t kind = ITEM_MESSAGE;
    (void)to;
    enum err e = parse_union(p, element, "type", items, "message", &kind, &item);
    if (e != ERR_OK)
        return e;
    return put[kind] != NULL ? put[kind](p, &item) : parse_refuse(p, "is not supported");
}

enum err generation_responses_finish(struct parse *p)
{
    struct generation *g = p->g;
    enum err e = ERR_OK;
    if (g->instructions.len != 0) {
        struct generation_message *m = message_of(p, GENERATION_SYSTEM, &e);
        if (m != NULL)
            e = parse_part(p, m, GENERATION_TEXT, g->instructions);
        if (e != ERR_OK)
            return e;
    }
    size_t mark = parse_enter(p, "input", 0);
    if (json_is_string(p->input)) {
        struct generation_message *m = message_of(p, GENERATION_USER, &e);
        if (m != NULL)
            e = parse_part(p, m, GENERATION_TEXT, parse_bytes(p->input));
    } else {
        e = parse_list(p, p->input, 1, GENERATION_MESSAGES_MAX, take_item, NULL);
    }
    if (e == ERR_OK && g->message_count == 0)
        e = parse_refuse(p, "says nothing");
    if (e != ERR_OK)
        return e;
    parse_leave(p, mark);
    if (g->top_logprobs != 0)
        g->logprobs = true;
    return ERR_OK;
}

/* ---- the other members ---- */

#define TOOL(field) offsetof(struct generation_tool, field)

static const struct parse_field tool_fields[] = {
    {"type", parse_label, .offset = 0},
    {"name", parse_name, .offset = TOOL(name), .required = true},
    {"description", parse_text, .offset = TOOL(description)},
    {"parameters", parse_json, .offset = TOOL(parameters)},
    {"strict", parse_bool, .offset = TOOL(strict)},
    PARSE_END,
};
static const struct parse_variant tool_variants[] = {{"function", tool_fields}, {NULL, NULL}};

static const struct generation_tool_kinds tool_kinds = {tool_variants, NULL};

/* Of what the API can include, one thing exists here, and one is there anyway, unencrypted. */
static enum err take_include(struct parse *p, const json_t *element, void *to)
{
    struct generation *g = to;
    struct bytes what = parse_bytes(element);
    if (bytes_is_str(what, "reasoning.encrypted_content"))
        return ERR_OK;
    if (!bytes_is_str(what, "message.output_text.logprobs"))
        return parse_refuse(p, "is not one of message.output_text.logprobs, reasoning.encrypted_content");
    g->logprobs = true;
    return ERR_OK;
}

static PARSE_TAKE(take_includes)
{
    (void)f;
    return parse_list(p, value, 0, 16, take_include, to);
}

static const struct parse_field text_options[] = {
    {"format", generation_take_text_format, .offset = 0},
    {"verbosity", parse_one_of, .more = generation_verbosities},
    PARSE_END,
};

static const char *const summaries[] = {"auto", "concise", "detailed", NULL};

static PARSE_TAKE(take_summary)
{
    struct generation *g = to;
    g->reasoning_summary = true;
    return parse_one_of(p, f, value, to);
}

static const struct parse_field reasoning_options[] = {
    {"effort", parse_effort, .offset = 0},
    {"summary", take_summary, .more = summaries},
    {"generate_summary", take_summary, .more = summaries},
    PARSE_END,
};

static const struct parse_field stream_options[] = {
    {"include_obfuscation", parse_any_bool, .offset = 0},
    PARSE_END,
};

static const char *const truncations[] = {"auto", "disabled", NULL};

const struct parse_field generation_responses_fields[] = {
    GENERATION_COMMON_ROWS,
    GENERATION_HINT_ROWS,
    {"input", parse_later, .offset = offsetof(struct parse, input), .required = true},
    {"instructions", parse_text, .offset = GENERATION_AT(instructions)},
    {"max_output_tokens", parse_u32, .offset = GENERATION_AT(max_tokens), .min = 1,
     .max = GENERATION_TOKENS_MAX},
    {"tools", generation_take_tools, .more = &tool_kinds},
    {"tool_choice", generation_take_tool_choice, .offset = 0},
    {"parallel_tool_calls", parse_bool, .offset = GENERATION_AT(parallel_tool_calls)},
    {"text", parse_nested, .more = text_options},
    {"reasoning", parse_nested, .more = reasoning_options},
    {"top_logprobs", parse_u32, .offset = GENERATION_AT(top_logprobs), .max = GENERATION_TOP_LOGPROBS_MAX},
    {"include", take_includes, .offset = 0},
    {"metadata", parse_metadata, .offset = GENERATION_AT(metadata)},
    {"stream_options", parse_nested, .more = stream_options},
    /* A prompt that is too long is an error either way: it is never cut. */
    {"truncation", parse_one_of, .more = truncations},
    {"max_tool_calls", parse_any_integer, .offset = 0}, /* of tools that the server itself would call */
    {"store", parse_false, .more = "nothing is kept here, so only false is supported"},
    {"background", parse_false, .more = "nothing is kept here, so only false is supported"},
    {"previous_response_id", parse_refused, .more = KEPT},
    {"conversation", parse_refused, .more = KEPT},
    {"prompt", parse_refused, .more = KEPT},
    PARSE_END,
};
