/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v1/responses: a sequence of events, or the response object that the last of them carries. Each stretch of the answer is an output item, with events of its
 * own: added, its content part added, deltas, and then the whole once more, part by part.
 */
#include "openai/answer_internal.h"

/* ---- items ---- */

static const struct {
    const char *prefix; /* of its id */
    const char *delta, *done;
} kinds[] = {
    [ANSWER_ITEM_TEXT] = {"msg_", "response.output_text.delta", "response.output_text.done"},
    [ANSWER_ITEM_REASONING] = {"rs_", "response.reasoning_text.delta", "response.reasoning_text.done"},
    [ANSWER_ITEM_TOOL] = {"fc_", "response.function_call_arguments.delta",
                          "response.function_call_arguments.done"},
};

static bool is_summary(const struct answer *a, const struct answer_item *item)
{
    return item->kind == ANSWER_ITEM_REASONING && a->g->reasoning_summary;
}

static void put_item_id(struct answer *a, size_t index, struct json_line *l)
{
    json_put(l, "\"");
    json_put(l, kinds[a->choices[0].items[index].kind].prefix);
    json_put(l, a->id);
    json_put(l, "_");
    json_put_integer(l, (int64_t)index);
    json_put(l, "\"");
}

static void put_text(const struct answer_item *item, bool full, struct json_line *l)
{
    json_put_text(l, full ? secret_buffer_bytes(&item->text) : (struct bytes){0});
}

static void put_part(struct answer *a, const struct answer_item *item, bool full, struct json_line *l)
{
    if (item->kind == ANSWER_ITEM_TEXT) {
        json_put(l, "{\"type\":\"output_text\",\"text\":");
        put_text(item, full, l);
        json_put(l, ",\"annotations\":[],\"logprobs\":[");
        if (full)
            json_put_bytes(l, secret_buffer_bytes(&item->tokens));
        json_put(l, "]}");
        return;
    }
    json_put(l, is_summary(a, item) ? "{\"type\":\"summary_text\",\"text\":"
                                    : "{\"type\":\"reasoning_text\",\"text\":");
    put_text(item, full, l);
    json_put(l, "}");
}

/* full: with its content, as it is at the end. */
static void put_item(struct answer *a, size_t index, const char *status, bool full, struct json_line *l)
{
    const struct answer_item *item = &a->choices[0].items[index];
    json_put(l, "{\"id\":");
    put_item_id(a, index, l);
    if (item->kind == ANSWER_ITEM_TOOL) {
        json_put(l, ",\"type\":\"function_call\",\"call_id\":\"");
        json_put(l, item->id);
        json_put(l, "\",\"name\":");
        json_put_text(l, secret_buffer_bytes(&item->name));
        json_put(l, ",\"arguments\":");
        put_text(item, full, l);
    } else if (item->kind == ANSWER_ITEM_TEXT) {
        json_put(l, ",\"type\":\"message\",\"role\":\"assistant\",\"content\":[");
        if (full)
            put_part(a, item, full, l);
        json_put(l, "]");
    } else {
        bool summary = is_summary(a, item);
        json_put(l, ",\"type\":\"reasoning\",\"summary\":[");
        if (full && summary)
            put_part(a, item, full, l);
        json_put(l, "],\"content\":[");
        if (full && !summary)
            put_part(a, item, full, l);
        json_put(l, "]");
    }
    json_put(l, ",\"status\":\"");
    json_put(l, status);
    json_put(l, "\"}");
}

static const char *item_status(const struct answer *a, size_t index)
{
    const struct answer_choice *c = &a->choices[0];
    bool cut = c->finished && c->finish == ANSWER_LENGTH && index + 1 == c->item_count;
    return cut ? "incomplete" : "completed";
}

/* ---- the response object ---- */

static void put_optional(struct json_line *l, const char *member, struct bytes json)
{
    json_put(l, member);
    if (json.len != 0)
        json_put_bytes(l, json);
    else
        json_put(l, "null");
}

static void put_optional_number(struct json_line *l, const char *member, uint32_t value)
{
    json_put(l, member);
    if (value != 0)
        json_put_integer(l, value);
    else
        json_put(l, "null");
}

static void put_tools(const struct generation *g, struct json_line *l)
{
    static const char *const choices[] = {
        [GENERATION_TOOLS_AUTO] = "\"auto\"",
        [GENERATION_TOOLS_NONE] = "\"none\"",
        [GENERATION_TOOLS_REQUIRED] = "\"required\"",
        [GENERATION_TOOLS_NAMED] = "{\"type\":\"function\",\"name\":",
    };
    json_put(l, ",\"tool_choice\":");
    json_put(l, choices[g->tool_choice]);
    if (g->tool_choice == GENERATION_TOOLS_NAMED) {
        json_put_text(l, g->tool_choice_name);
        json_put(l, "}");
    }
    json_put(l, ",\"tools\":[");
    for (size_t i = 0; i < g->tool_count; i++) {
        const struct generation_tool *tool = &g->tools[i];
        json_put(l, i == 0 ? "{\"type\":\"function\",\"name\":" : ",{\"type\":\"function\",\"name\":");
        json_put_text(l, tool->name);
        json_put(l, ",\"description\":");
        if (tool->description.len != 0)
            json_put_text(l, tool->description);
        else
            json_put(l, "null");
        put_optional(l, ",\"parameters\":", tool->parameters);
        json_put(l, ",\"strict\":");
        json_put_bool(l, tool->strict);
        json_put(l, "}");
    }
    json_put(l, "]");
}

static void put_format(const struct generation *g, struct json_line *l)
{
    json_put(l, ",\"text\":{\"format\":{\"type\":");
    if (g->format == GENERATION_FORMAT_SCHEMA) {
        json_put(l, "\"json_schema\",\"name\":");
        json_put_text(l, g->schema_name);
        json_put(l, ",\"schema\":");
        json_put_bytes(l, g->schema);
        json_put(l, ",\"strict\":true}}");
    } else {
        json_put(l, g->format == GENERATION_FORMAT_JSON ? "\"json_object\"}}" : "\"text\"}}");
    }
}

static void put_reasoning(const struct generation *g, struct json_line *l)
{
    const char *effort = generation_effort_name(g->reasoning_effort);
    json_put(l, ",\"reasoning\":{\"effort\":");
    if (effort != NULL)
        json_put_text(l, bytes_str(effort));
    else
        json_put(l, "null");
    json_put(l, g->reasoning_summary ? ",\"summary\":\"detailed\"}" : ",\"summary\":null}");
}

static void put_usage(const struct answer_usage *usage, struct json_line *l)
{
    json_put(l, "{\"input_tokens\":");
    json_put_integer(l, usage->prompt_tokens);
    json_put(l, ",\"input_tokens_details\":{\"cached_tokens\":");
    json_put_integer(l, usage->cached_tokens);
    json_put(l, "},\"output_tokens\":");
    json_put_integer(l, usage->completion_tokens);
    json_put(l, ",\"output_tokens_details\":{\"reasoning_tokens\":");
    json_put_integer(l, usage->reasoning_tokens);
    json_put(l, "},\"total_tokens\":");
    json_put_integer(l, (int64_t)usage->prompt_tokens + usage->completion_tokens);
    json_put(l, "}");
}

static bool is_cut(const struct answer *a)
{
    return a->choices[0].finish == ANSWER_LENGTH;
}

/* usage NULL: as it is at the beginning. */
static void put_response(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    const struct generation *g = a->g;
    bool ended = usage != NULL;
    json_put(l, "{\"id\":\"resp_");
    json_put(l, a->id);
    json_put(l, "\",\"object\":\"response\",\"created_at\":");
    json_put_integer(l, a->created);
    json_put(l, ",\"status\":\"");
    json_put(l, !ended ? "in_progress" : is_cut(a) ? "incomplete" : "completed");
    json_put(l, "\",\"background\":false,\"error\":null,\"incomplete_details\":");
    json_put(l, ended && is_cut(a) ? "{\"reason\":\"max_output_tokens\"}" : "null");
    json_put(l, ",\"instructions\":");
    if (g->instructions.len != 0)
        json_put_text(l, g->instructions);
    else
        json_put(l, "null");
    put_optional_number(l, ",\"max_output_tokens\":", g->max_tokens);
    json_put(l, ",\"model\":");
    json_put_text(l, bytes_str(a->model));
    json_put(l, ",\"output\":[");
    for (size_t i = 0; ended && i < a->choices[0].item_count; i++) {
        json_put(l, i == 0 ? "" : ",");
        put_item(a, i, item_status(a, i), true, l);
    }
    json_put(l, "],\"parallel_tool_calls\":");
    json_put_bool(l, g->parallel_tool_calls);
    json_put(l, ",\"previous_response_id\":null");
    put_reasoning(g, l);
    json_put(l, ",\"service_tier\":\"default\",\"store\":false,\"temperature\":");
    json_put_number(l, g->sampling.temperature);
    put_format(g, l);
    put_tools(g, l);
    json_put(l, ",\"top_logprobs\":");
    json_put_integer(l, g->top_logprobs);
    json_put(l, ",\"top_p\":");
    json_put_number(l, g->sampling.top_p);
    json_put(l, ",\"truncation\":\"disabled\",\"usage\":");
    if (ended)
        put_usage(usage, l);
    else
        json_put(l, "null");
    json_put(l, ",\"user\":null,\"metadata\":");
    if (g->metadata.len != 0)
        json_put_bytes(l, g->metadata);
    else
        json_put(l, "{}");
    json_put(l, "}");
}

/* ---- events ---- */

static void event(struct answer *a, const char *type, struct json_line *l)
{
    json_put(l, "{\"type\":\"");
    json_put(l, type);
    json_put(l, "\",\"sequence_number\":");
    json_put_integer(l, a->sequence++);
}

/* An event about the item `index`, up to the members of its own. */
static void item_event(struct answer *a, const char *type, size_t index, struct json_line *l)
{
    event(a, type, l);
    json_put(l, ",\"item_id\":");
    put_item_id(a, index, l);
    json_put(l, ",\"output_index\":");
    json_put_integer(l, (int64_t)index);
}

/* ... and its one part. */
static void part_event(struct answer *a, const char *type, const char *summary_type, size_t index,
                       struct json_line *l)
{
    bool summary = is_summary(a, &a->choices[0].items[index]);
    item_event(a, summary ? summary_type : type, index, l);
    json_put(l, summary ? ",\"summary_index\":0" : ",\"content_index\":0");
}

static void response_event(struct answer *a, const char *type, const struct answer_usage *usage,
                           struct json_line *l)
{
    event(a, type, l);
    json_put(l, ",\"response\":");
    put_response(a, usage, l);
    json_put(l, "}\n");
}

static void begin(struct answer *a, struct json_line *l)
{
    response_event(a, "response.created", NULL, l);
    response_event(a, "response.in_progress", NULL, l);
}

static void item_open(struct answer *a, size_t index, struct json_line *l)
{
    const struct answer_item *item = &a->choices[0].items[index];
    event(a, "response.output_item.added", l);
    json_put(l, ",\"output_index\":");
    json_put_integer(l, (int64_t)index);
    json_put(l, ",\"item\":");
    put_item(a, index, "in_progress", false, l);
    json_put(l, "}\n");
    if (item->kind == ANSWER_ITEM_TOOL)
        return;
    part_event(a, "response.content_part.added", "response.reasoning_summary_part.added", index, l);
    json_put(l, ",\"part\":");
    put_part(a, item, false, l);
    json_put(l, "}\n");
}

static void text_done(struct answer *a, size_t index, struct json_line *l)
{
    const struct answer_item *item = &a->choices[0].items[index];
    part_event(a, kinds[item->kind].done, "response.reasoning_summary_text.done", index, l);
    json_put(l, ",\"text\":");
    put_text(item, true, l);
    if (item->kind == ANSWER_ITEM_TEXT) {
        json_put(l, ",\"logprobs\":[");
        json_put_bytes(l, secret_buffer_bytes(&item->tokens));
        json_put(l, "]");
    }
    json_put(l, "}\n");
    part_event(a, "response.content_part.done", "response.reasoning_summary_part.done", index, l);
    json_put(l, ",\"part\":");
    put_part(a, item, true, l);
    json_put(l, "}\n");
}

static void arguments_done(struct answer *a, size_t index, struct json_line *l)
{
    const struct answer_item *item = &a->choices[0].items[index];
    item_event(a, kinds[item->kind].done, index, l);
    json_put(l, ",\"name\":");
    json_put_text(l, secret_buffer_bytes(&item->name));
    json_put(l, ",\"arguments\":");
    put_text(item, true, l);
    json_put(l, "}\n");
}

static void item_close(struct answer *a, size_t index, struct json_line *l)
{
    if (a->choices[0].items[index].kind == ANSWER_ITEM_TOOL)
        arguments_done(a, index, l);
    else
        text_done(a, index, l);
    event(a, "response.output_item.done", l);
    json_put(l, ",\"output_index\":");
    json_put_integer(l, (int64_t)index);
    json_put(l, ",\"item\":");
    put_item(a, index, item_status(a, index), true, l);
    json_put(l, "}\n");
}

static void delta(struct answer *a, uint32_t choice, struct answer_item *item, bool fresh,
                  const struct answer_delta *d, struct json_line *l)
{
    size_t index = a->choices[choice].item_count - 1;
    if (fresh && index != 0)
        item_close(a, index - 1, l);
    if (fresh)
        item_open(a, index, l);
    if (d->kind == ANSWER_TOOL_BEGIN)
        return;
    if (item->kind == ANSWER_ITEM_TOOL)
        item_event(a, kinds[item->kind].delta, index, l);
    else
        part_event(a, kinds[item->kind].delta, "response.reasoning_summary_text.delta", index, l);
    json_put(l, ",\"delta\":");
    json_put_text(l, d->text);
    if (item->kind == ANSWER_ITEM_TEXT) {
        json_put(l, ",\"logprobs\":[");
        if (a->g->logprobs)
            answer_put_tokens(l, d);
        json_put(l, "]");
    }
    json_put(l, "}\n");
}

static void finish(struct answer *a, uint32_t choice, struct json_line *l)
{
    if (a->choices[choice].item_count != 0)
        item_close(a, a->choices[choice].item_count - 1, l);
}

static void end(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    response_event(a, is_cut(a) ? "response.incomplete" : "response.completed", usage, l);
}

static void whole(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    put_response(a, usage, l);
    json_put(l, "\n");
}

const struct answer_form answer_responses = {
    .gathers = true,
    .ordered = true,
    .begin = begin,
    .delta = delta,
    .finish = finish,
    .end = end,
    .whole = whole,
};
