/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/chat/completions: chat.completion.chunk objects, or one chat.completion. */
#include "openai/answer_internal.h"

static const char *const finish_names[ANSWER_FINISH_COUNT] = {
    [ANSWER_STOP] = "\"stop\"",
    [ANSWER_LENGTH] = "\"length\"",
    [ANSWER_TOOL_CALLS] = "\"tool_calls\"",
};

static void put_head(struct answer *a, struct json_line *head, const char *object)
{
    json_put(head, "{\"id\":\"chatcmpl-");
    json_put(head, a->id);
    json_put(head, "\",\"object\":\"");
    json_put(head, object);
    json_put(head, "\",\"created\":");
    json_put_integer(head, a->created);
    json_put(head, ",\"model\":");
    json_put_text(head, bytes_str(a->model));
    json_put(head, ",\"choices\":[");
}

static void open_chat(struct answer *a, struct json_line *head)
{
    put_head(a, head, a->g->stream ? "chat.completion.chunk" : "chat.completion");
}

/* ---- streamed ---- */

static void chunk_begin(struct answer *a, uint32_t choice, struct json_line *l)
{
    json_put_bytes(l, secret_buffer_bytes(&a->head));
    json_put(l, "{\"index\":");
    json_put_integer(l, choice);
    json_put(l, ",\"delta\":{");
}

/* With include_usage each chunk has the member, and all but the last have null there. */
static void chunk_end(struct answer *a, const char *finish, struct json_line *l)
{
    json_put(l, ",\"finish_reason\":");
    json_put(l, finish);
    json_put(l, a->g->include_usage ? "}],\"usage\":null" : "}]");
}

static void begin(struct answer *a, struct json_line *l)
{
    for (uint32_t i = 0; i < a->choice_count; i++) {
        chunk_begin(a, i, l);
        json_put(l, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}");
        chunk_end(a, "null", l);
        json_put(l, "}\n");
    }
}

static void progress(struct answer *a, uint32_t processed, uint32_t total, struct json_line *l)
{
    chunk_begin(a, 0, l);
    json_put(l, "}");
    chunk_end(a, "null", l);
    json_put(l, ",\"prompt_progress\":{\"total\":");
    json_put_integer(l, total);
    json_put(l, ",\"cache\":");
    json_put_integer(l, a->prompt.cached_tokens);
    json_put(l, ",\"processed\":");
    json_put_integer(l, processed);
    json_put(l, "}}\n");
}

static void put_tool_delta(const struct answer_item *item, const struct answer_delta *d, struct json_line *l)
{
    json_put(l, "\"tool_calls\":[{\"index\":");
    json_put_integer(l, item->tool);
    if (d->kind == ANSWER_TOOL_BEGIN) {
        json_put(l, ",\"id\":\"");
        json_put(l, item->id);
        json_put(l, "\",\"type\":\"function\",\"function\":{\"name\":");
        json_put_text(l, d->name);
        json_put(l, ",\"arguments\":\"\"}}]");
    } else {
        json_put(l, ",\"function\":{\"arguments\":");
        json_put_text(l, d->text);
        json_put(l, "}}]");
    }
}

static void delta(struct answer *a, uint32_t choice, struct answer_item *item, bool fresh,
                  const struct answer_delta *d, struct json_line *l)
{
    (void)fresh;
    chunk_begin(a, choice, l);
    if (item->kind == ANSWER_ITEM_TOOL) {
        put_tool_delta(item, d, l);
    } else {
        json_put(l, d->kind == ANSWER_TEXT ? "\"content\":" : "\"reasoning_content\":");
        json_put_text(l, d->text);
    }
    json_put(l, "}");
    if (a->g->logprobs && d->token_count != 0) {
        json_put(l, ",\"logprobs\":{\"content\":[");
        answer_put_tokens(l, d);
        json_put(l, "],\"refusal\":null}");
    }
    chunk_end(a, "null", l);
    json_put(l, "}\n");
}

static void finish(struct answer *a, uint32_t choice, struct json_line *l)
{
    chunk_begin(a, choice, l);
    json_put(l, "}");
    chunk_end(a, finish_names[a->choices[choice].finish], l);
    json_put(l, "}\n");
}

static void end(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    if (!a->g->include_usage)
        return;
    json_put_bytes(l, secret_buffer_bytes(&a->head));
    json_put(l, "]");
    answer_put_usage(l, usage);
    json_put(l, "}\n");
}

/* ---- whole ---- */

static void put_calls(struct json_line *l, const struct answer_choice *c)
{
    const char *before = ",\"tool_calls\":[";
    for (size_t i = 0; i < c->item_count; i++) {
        const struct answer_item *item = &c->items[i];
        if (item->kind != ANSWER_ITEM_TOOL)
            continue;
        json_put(l, before);
        json_put(l, "{\"id\":\"");
        json_put(l, item->id);
        json_put(l, "\",\"type\":\"function\",\"function\":{\"name\":");
        json_put_text(l, secret_buffer_bytes(&item->name));
        json_put(l, ",\"arguments\":");
        json_put_text(l, secret_buffer_bytes(&item->text));
        json_put(l, "}}");
        before = ",";
    }
    if (c->tools != 0)
        json_put(l, "]");
}

static void put_logprobs(struct json_line *l, const struct answer_choice *c)
{
    const char *before = "";
    json_put(l, "{\"content\":[");
    for (size_t i = 0; i < c->item_count; i++) {
        if (c->items[i].tokens.len == 0)
            continue;
        json_put(l, before);
        json_put_bytes(l, secret_buffer_bytes(&c->items[i].tokens));
        before = ",";
    }
    json_put(l, "],\"refusal\":null}");
}

static void put_choice(struct answer *a, uint32_t index, struct json_line *l)
{
    const struct answer_choice *c = &a->choices[index];
    json_put(l, index == 0 ? "{\"index\":" : ",{\"index\":");
    json_put_integer(l, index);
    json_put(l, ",\"message\":{\"role\":\"assistant\",\"content\":");
    if (c->tools != 0 && !answer_has(c, ANSWER_ITEM_TEXT))
        json_put(l, "null");
    else
        answer_put_joined(l, c, ANSWER_ITEM_TEXT);
    json_put(l, ",\"refusal\":null");
    if (answer_has(c, ANSWER_ITEM_REASONING)) {
        json_put(l, ",\"reasoning_content\":");
        answer_put_joined(l, c, ANSWER_ITEM_REASONING);
    }
    put_calls(l, c);
    json_put(l, "},\"logprobs\":");
    if (a->g->logprobs)
        put_logprobs(l, c);
    else
        json_put(l, "null");
    json_put(l, ",\"finish_reason\":");
    json_put(l, finish_names[c->finish]);
    json_put(l, "}");
}

static void whole(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    json_put_bytes(l, secret_buffer_bytes(&a->head));
    for (uint32_t i = 0; i < a->choice_count; i++)
        put_choice(a, i, l);
    json_put(l, "]");
    answer_put_usage(l, usage);
    json_put(l, "}\n");
}

const struct answer_form answer_chat = {
    .open = open_chat,
    .begin = begin,
    .progress = progress,
    .delta = delta,
    .finish = finish,
    .end = end,
    .whole = whole,
};
