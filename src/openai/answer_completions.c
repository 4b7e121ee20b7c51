/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/completions: text_completion objects; and /v1/embeddings, one list. */
#include "openai/answer_internal.h"

#include <math.h>

#include "base/encoding.h"

static void open_completion(struct answer *a, struct json_line *head)
{
    json_put(head, "{\"id\":\"cmpl-");
    json_put(head, a->id);
    json_put(head, "\",\"object\":\"text_completion\",\"created\":");
    json_put_integer(head, a->created);
    json_put(head, ",\"model\":");
    json_put_text(head, bytes_str(a->model));
    json_put(head, ",\"choices\":[");
}

/* ---- logprobs: four lists side by side ---- */

enum list { LIST_TOKENS, LIST_LOGPROBS, LIST_TOP, LIST_OFFSETS };
_Static_assert(LIST_OFFSETS + 1 == ANSWER_LISTS, "one buffer for each list");
static const char *const list_names[ANSWER_LISTS] = {
    [LIST_TOKENS] = "tokens",
    [LIST_LOGPROBS] = "token_logprobs",
    [LIST_TOP] = "top_logprobs",
    [LIST_OFFSETS] = "text_offset",
};

/* A token that is only a part of a character is written "bytes:\xe2\x82", so that different ones stay different keys. */
static void put_token(struct json_line *l, struct bytes text)
{
    if (encoding_is_utf8(text)) {
        json_put_text(l, text);
        return;
    }
    json_put(l, "\"bytes:");
    for (size_t i = 0; i < text.len; i++) {
        char digits[ENCODING_HEX_SIZE(1)];
        encoding_hex(bytes_of(text.ptr + i, 1), digits);
        json_put(l, "\\\\x");
        json_put(l, digits);
    }
    json_put(l, "\"");
}

/* The first token of a prompt that is echoed has none: NaN. */
static void put_logprob(struct json_line *l, float logprob)
{
    json_put_number(l, isinf(logprob) ? -9999.0F : logprob);
}

/* Two tokens may have the same text, but two members not the same name: the likelier one stays. */
static bool is_repeated(const struct answer_token *t, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (bytes_equal(t->top[i].text, t->top[index].text))
            return true;
    return false;
}

static void put_top(struct json_line *l, const struct answer_token *t)
{
    if (isnan(t->logprob)) {
        json_put(l, "null");
        return;
    }
    json_put(l, "{");
    for (size_t k = 0; k < t->top_count; k++) {
        if (is_repeated(t, k))
            continue;
        json_put(l, k == 0 ? "" : ",");
        put_token(l, t->top[k].text);
        json_put(l, ":");
        put_logprob(l, t->top[k].logprob);
    }
    json_put(l, "}");
}

static uint32_t characters(struct bytes text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* The elements of one list that d adds. offset: of the first token. */
static void put_elements(struct json_line *l, enum list list, const struct answer_delta *d, uint32_t offset)
{
    for (size_t i = 0; i < d->token_count; i++) {
        const struct answer_token *t = &d->tokens[i];
        json_put(l, i == 0 ? "" : ",");
        if (list == LIST_TOKENS)
            put_token(l, t->text);
        else if (list == LIST_LOGPROBS)
            put_logprob(l, t->logprob);
        else if (list == LIST_TOP)
            put_top(l, t);
        else
            json_put_integer(l, offset);
        offset += characters(t->text);
    }
}

static uint32_t count_characters(const struct answer_delta *d)
{
    uint32_t count = 0;
    for (size_t i = 0; i < d->token_count; i++)
        count += characters(d->tokens[i].text);
    return count;
}

static void gather(struct answer *a, uint32_t choice, const struct answer_delta *d, struct json_line *l)
{
    struct answer_choice *c = &a->choices[choice];
    for (unsigned i = 0; i < ANSWER_LISTS; i++) {
        struct json_line list = {.out = &c->lists[i]};
        json_put(&list, c->lists[i].len != 0 ? "," : "");
        put_elements(&list, (enum list)i, d, c->characters);
        if (json_line_finish(&list) != ERR_OK)
            l->failed = json_line_finish(&list);
    }
    c->characters += count_characters(d);
}

/* ---- choices ---- */

static const char *finish_name(const struct answer_choice *c)
{
    return c->finish == ANSWER_LENGTH ? "\"length\"" : "\"stop\"";
}

static void put_choice_end(struct json_line *l, const char *finish)
{
    json_put(l, ",\"finish_reason\":");
    json_put(l, finish);
    json_put(l, "}");
}

static void chunk(struct answer *a, uint32_t choice, const struct answer_delta *d, const char *finish,
                  struct json_line *l)
{
    struct answer_choice *c = &a->choices[choice];
    json_put_bytes(l, secret_buffer_bytes(&a->head));
    json_put(l, "{\"text\":");
    json_put_text(l, d->text);
    json_put(l, ",\"index\":");
    json_put_integer(l, choice);
    json_put(l, ",\"logprobs\":");
    if (a->g->logprobs && d->token_count != 0) {
        for (unsigned i = 0; i < ANSWER_LISTS; i++) {
            json_put(l, i == 0 ? "{\"" : ",\"");
            json_put(l, list_names[i]);
            json_put(l, "\":[");
            put_elements(l, (enum list)i, d, c->characters);
            json_put(l, "]");
        }
        json_put(l, "}");
        c->characters += count_characters(d);
    } else {
        json_put(l, "null");
    }
    put_choice_end(l, finish);
    json_put(l, a->g->include_usage ? "],\"usage\":null}\n" : "]}\n");
}

static void delta(struct answer *a, uint32_t choice, struct answer_item *item, bool fresh,
                  const struct answer_delta *d, struct json_line *l)
{
    (void)item;
    (void)fresh;
    chunk(a, choice, d, "null", l);
}

static void finish(struct answer *a, uint32_t choice, struct json_line *l)
{
    static const struct answer_delta nothing = {.kind = ANSWER_TEXT};
    chunk(a, choice, &nothing, finish_name(&a->choices[choice]), l);
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

static void put_choice(struct answer *a, uint32_t index, struct json_line *l)
{
    const struct answer_choice *c = &a->choices[index];
    json_put(l, index == 0 ? "{\"text\":" : ",{\"text\":");
    answer_put_joined(l, c, ANSWER_ITEM_TEXT);
    json_put(l, ",\"index\":");
    json_put_integer(l, index);
    json_put(l, ",\"logprobs\":");
    if (a->g->logprobs) {
        for (unsigned i = 0; i < ANSWER_LISTS; i++) {
            json_put(l, i == 0 ? "{\"" : ",\"");
            json_put(l, list_names[i]);
            json_put(l, "\":[");
            json_put_bytes(l, secret_buffer_bytes(&c->lists[i]));
            json_put(l, "]");
        }
        json_put(l, "}");
    } else {
        json_put(l, "null");
    }
    put_choice_end(l, finish_name(c));
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

const struct answer_form answer_completions = {
    .open = open_completion,
    .delta = delta,
    .finish = finish,
    .end = end,
    .gather = gather,
    .whole = whole,
};

/* ---- embeddings ---- */

static void whole_embeddings(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    json_put(l, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < a->vector_count; i++) {
        json_put(l, i == 0 ? "" : ",");
        json_put(l, "{\"object\":\"embedding\",\"index\":");
        json_put_integer(l, (int64_t)i);
        json_put(l, ",\"embedding\":");
        json_put_bytes(l, secret_buffer_bytes(&a->vectors[i]));
        json_put(l, "}");
    }
    json_put(l, "],\"model\":");
    json_put_text(l, bytes_str(a->model));
    json_put(l, ",\"usage\":{\"prompt_tokens\":");
    json_put_integer(l, usage->prompt_tokens);
    json_put(l, ",\"total_tokens\":");
    json_put_integer(l, usage->prompt_tokens);
    json_put(l, "}}\n");
}

const struct answer_form answer_embeddings = {.whole = whole_embeddings};
