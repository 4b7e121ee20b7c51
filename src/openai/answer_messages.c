/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/messages, Anthropic's API: message_start, the content blocks one after the other, message_delta, message_stop; or one message. */
#include "base/strict_json.h"
#include "openai/answer_internal.h"

/* What its usage calls input is what was computed; what came from a cache is told apart. */
static void put_usage(const struct answer_usage *usage, struct json_line *l)
{
    json_put(l, "{\"input_tokens\":");
    json_put_integer(l, (int64_t)usage->prompt_tokens - usage->cached_tokens);
    json_put(l, ",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":");
    json_put_integer(l, usage->cached_tokens);
    json_put(l, ",\"output_tokens\":");
    json_put_integer(l, usage->completion_tokens);
    json_put(l, "}");
}

static void put_message_head(struct answer *a, struct json_line *l)
{
    json_put(l, "{\"id\":\"msg_");
    json_put(l, a->id);
    json_put(l, "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
    json_put_text(l, bytes_str(a->model));
    json_put(l, ",\"content\":[");
}

static void put_stop(const struct answer_choice *c, struct json_line *l)
{
    static const char *const reasons[ANSWER_FINISH_COUNT] = {
        [ANSWER_STOP] = "end_turn",
        [ANSWER_LENGTH] = "max_tokens",
        [ANSWER_TOOL_CALLS] = "tool_use",
    };
    bool stopped = c->finish == ANSWER_STOP && c->stop.len != 0;
    json_put(l, "\"stop_reason\":\"");
    json_put(l, stopped ? "stop_sequence" : reasons[c->finish]);
    json_put(l, "\",\"stop_sequence\":");
    if (stopped)
        json_put_text(l, secret_buffer_bytes(&c->stop));
    else
        json_put(l, "null");
}

/* ---- streamed ---- */

static void begin(struct answer *a, struct json_line *l)
{
    json_put(l, "{\"type\":\"message_start\",\"message\":");
    put_message_head(a, l);
    json_put(l, "],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
    put_usage(&a->prompt, l);
    json_put(l, "}}\n");
}

static void event(const char *type, size_t index, struct json_line *l)
{
    json_put(l, "{\"type\":\"");
    json_put(l, type);
    json_put(l, "\",\"index\":");
    json_put_integer(l, (int64_t)index);
}

static void block_close(struct answer *a, size_t index, struct json_line *l)
{
    /* The API signs what was thought, so that it knows it again; nobody does here, but clients wait for the member. */
    if (a->choices[0].items[index].kind == ANSWER_ITEM_REASONING) {
        event("content_block_delta", index, l);
        json_put(l, ",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"\"}}\n");
    }
    event("content_block_stop", index, l);
    json_put(l, "}\n");
}

static void block_open(const struct answer_item *item, size_t index, struct json_line *l)
{
    event("content_block_start", index, l);
    json_put(l, ",\"content_block\":");
    if (item->kind == ANSWER_ITEM_TEXT) {
        json_put(l, "{\"type\":\"text\",\"text\":\"\"}}\n");
    } else if (item->kind == ANSWER_ITEM_REASONING) {
        json_put(l, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n");
    } else {
        json_put(l, "{\"type\":\"tool_use\",\"id\":\"");
        json_put(l, item->id);
        json_put(l, "\",\"name\":");
        json_put_text(l, secret_buffer_bytes(&item->name));
        json_put(l, ",\"input\":{}}}\n");
    }
}

static void delta(struct answer *a, uint32_t choice, struct answer_item *item, bool fresh,
                  const struct answer_delta *d, struct json_line *l)
{
    static const char *const deltas[] = {
        [ANSWER_ITEM_TEXT] = ",\"delta\":{\"type\":\"text_delta\",\"text\":",
        [ANSWER_ITEM_REASONING] = ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":",
        [ANSWER_ITEM_TOOL] = ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":",
    };
    size_t index = a->choices[choice].item_count - 1;
    if (fresh && index != 0)
        block_close(a, index - 1, l);
    if (fresh)
        block_open(item, index, l);
    if (d->kind == ANSWER_TOOL_BEGIN)
        return;
    event("content_block_delta", index, l);
    json_put(l, deltas[item->kind]);
    json_put_text(l, d->text);
    json_put(l, "}}\n");
}

static void finish(struct answer *a, uint32_t choice, struct json_line *l)
{
    if (a->choices[choice].item_count != 0)
        block_close(a, a->choices[choice].item_count - 1, l);
}

static void end(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    json_put(l, "{\"type\":\"message_delta\",\"delta\":{");
    put_stop(&a->choices[0], l);
    json_put(l, "},\"usage\":");
    put_usage(usage, l);
    json_put(l, "}\n{\"type\":\"message_stop\"}\n");
}

/* ---- whole ---- */

/* The arguments stand in the document as JSON, so they have to be JSON; when the answer was cut off in the middle of them (max_tokens), they are not. A model may
 * break its lines between members, a document may not. */
static void put_input(struct bytes arguments, struct json_line *l)
{
    json_t *document = NULL;
    bool is_object =
        strict_json_parse(arguments, ANSWER_SIZE_MAX, &document, NULL) == ERR_OK && json_is_object(document);
    json_decref(document);
    if (!is_object) {
        json_put(l, "{}");
        return;
    }
    while (arguments.len != 0) {
        size_t n = 0;
        while (n < arguments.len && arguments.ptr[n] != '\n' && arguments.ptr[n] != '\r')
            n++;
        json_put_bytes(l, bytes_of(arguments.ptr, n));
        n += n < arguments.len ? 1 : 0;
        arguments = bytes_of(arguments.ptr + n, arguments.len - n);
    }
}

static void put_block(const struct answer_item *item, struct json_line *l)
{
    struct bytes text = secret_buffer_bytes(&item->text);
    if (item->kind == ANSWER_ITEM_TEXT) {
        json_put(l, "{\"type\":\"text\",\"text\":");
        json_put_text(l, text);
    } else if (item->kind == ANSWER_ITEM_REASONING) {
        json_put(l, "{\"type\":\"thinking\",\"thinking\":");
        json_put_text(l, text);
        json_put(l, ",\"signature\":\"\"");
    } else {
        json_put(l, "{\"type\":\"tool_use\",\"id\":\"");
        json_put(l, item->id);
        json_put(l, "\",\"name\":");
        json_put_text(l, secret_buffer_bytes(&item->name));
        json_put(l, ",\"input\":");
        put_input(text, l);
    }
    json_put(l, "}");
}

static void whole(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    const struct answer_choice *c = &a->choices[0];
    put_message_head(a, l);
    for (size_t i = 0; i < c->item_count; i++) {
        json_put(l, i == 0 ? "" : ",");
        put_block(&c->items[i], l);
    }
    json_put(l, "],");
    put_stop(c, l);
    json_put(l, ",\"usage\":");
    put_usage(usage, l);
    json_put(l, "}\n");
}

const struct answer_form answer_messages = {
    .ordered = true,
    .begin = begin,
    .delta = delta,
    .finish = finish,
    .end = end,
    .whole = whole,
};
