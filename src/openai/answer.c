/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/answer_internal.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "openai/parse.h"

static const struct answer_form *const forms[API_COUNT] = {
    [API_CHAT] = &answer_chat,
    [API_COMPLETIONS] = &answer_completions,
    [API_EMBEDDINGS] = &answer_embeddings,
    [API_RESPONSES] = &answer_responses,
    [API_MESSAGES] = &answer_messages,
    [API_TOKENS] = &answer_tokens,
};

/* ---- opening and closing ---- */

enum err answer_open(const struct generation *g, const char *model, const uint8_t id[static ANSWER_ID_SIZE],
                     int64_t created, struct answer **out)
{
    *out = NULL;
    struct answer *a = secret_alloc(sizeof *a);
    if (a == NULL)
        return ERR_MEMORY;
    a->g = g;
    a->form = forms[g->api];
    a->model = model;
    a->created = created;
    encoding_base64url(bytes_of(id, ANSWER_ID_SIZE), a->id);
    a->choice_count = g->api == API_EMBEDDINGS ? 0 : generation_choices(g);
    a->vector_count = g->api == API_EMBEDDINGS ? g->prompt_count : 0;
    a->choices = secret_alloc(a->choice_count * sizeof *a->choices);
    a->vectors = secret_alloc(a->vector_count * sizeof *a->vectors);
    struct json_line head = {.out = &a->head};
    if (a->form->open != NULL)
        a->form->open(a, &head);
    if (a->choices == NULL || a->vectors == NULL || json_line_finish(&head) != ERR_OK) {
        answer_close(a);
        return ERR_MEMORY;
    }
    *out = a;
    return ERR_OK;
}

static void choice_release(struct answer_choice *c)
{
    for (size_t i = 0; i < c->item_count; i++) {
        secret_buffer_release(&c->items[i].text);
        secret_buffer_release(&c->items[i].tokens);
        secret_buffer_release(&c->items[i].name);
    }
    secret_free(c->items);
    secret_buffer_release(&c->stop);
    for (size_t i = 0; i < ANSWER_LISTS; i++)
        secret_buffer_release(&c->lists[i]);
}

void answer_close(struct answer *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; a->choices != NULL && i < a->choice_count; i++)
        choice_release(&a->choices[i]);
    for (size_t i = 0; a->vectors != NULL && i < a->vector_count; i++)
        secret_buffer_release(&a->vectors[i]);
    secret_free(a->choices);
    secret_free(a->vectors);
    secret_buffer_release(&a->head);
    secret_free(a);
}

/* ---- gathering ---- */

static const enum answer_item_kind item_kinds[] = {
    [ANSWER_TEXT] = ANSWER_ITEM_TEXT,
    [ANSWER_REASONING] = ANSWER_ITEM_REASONING,
    [ANSWER_TOOL_BEGIN] = ANSWER_ITEM_TOOL,
    [ANSWER_TOOL_ARGUMENTS] = ANSWER_ITEM_TOOL,
};

enum { ITEMS_FIRST = 4 };

static struct answer_item *item_add(struct answer_choice *c, enum answer_item_kind kind)
{
    /* Full are the capacities 4, 8, 16, ... */
    if (c->items == NULL || (c->item_count >= ITEMS_FIRST && (c->item_count & (c->item_count - 1)) == 0)) {
        size_t capacity = c->items == NULL ? ITEMS_FIRST : 2 * c->item_count;
        struct answer_item *larger = secret_realloc(c->items, capacity * sizeof *larger);
        if (larger == NULL)
            return NULL;
        c->items = larger;
    }
    struct answer_item *item = &c->items[c->item_count++];
    *item = (struct answer_item){.kind = kind};
    return item;
}

static bool is_call_id(struct bytes id)
{
    return id.len < ANSWER_CALL_ID_SIZE && parse_is_name(id);
}

static enum err tool_begin(struct answer *a, uint32_t choice, const struct answer_delta *d,
                           struct answer_item **out)
{
    struct answer_choice *c = &a->choices[choice];
    if (d->tool != c->tools || d->name.len == 0 || (d->id.len != 0 && !is_call_id(d->id)))
        return ERR_ENGINE;
    struct answer_item *item = item_add(c, ANSWER_ITEM_TOOL);
    if (item == NULL)
        return ERR_MEMORY;
    item->tool = c->tools++;
    if (d->id.len != 0)
        (void)snprintf(item->id, sizeof item->id, "%.*s", (int)d->id.len, (const char *)d->id.ptr);
    else
        (void)snprintf(item->id, sizeof item->id, "%s_%s_%u_%u", a->g->api == API_MESSAGES ? "toolu" : "call",
                       a->id, choice, item->tool);
    *out = item;
    return secret_buffer_append(&item->name, d->name, ANSWER_SIZE_MAX);
}

/* Where d belongs. */
static enum err place(struct answer *a, uint32_t choice, const struct answer_delta *d,
                      struct answer_item **out, bool *fresh)
{
    struct answer_choice *c = &a->choices[choice];
    struct answer_item *last = answer_last(c);
    *fresh = d->kind == ANSWER_TOOL_BEGIN;
    if (d->kind == ANSWER_TOOL_BEGIN)
        return tool_begin(a, choice, d, out);
    if (d->kind == ANSWER_TOOL_ARGUMENTS) {
        size_t i = c->item_count;
        while (i > 0 && (c->items[i - 1].kind != ANSWER_ITEM_TOOL || c->items[i - 1].tool != d->tool))
            i--;
        if (i == 0 || (a->g->stream && a->form->ordered && i != c->item_count))
            return ERR_ENGINE;
        *out = &c->items[i - 1];
        return ERR_OK;
    }
    *fresh = last == NULL || last->kind != item_kinds[d->kind];
    *out = *fresh ? item_add(c, item_kinds[d->kind]) : last;
    return *out == NULL ? ERR_MEMORY : ERR_OK;
}

static enum err gather(struct answer *a, uint32_t choice, struct answer_item *item,
                       const struct answer_delta *d)
{
    enum err e = secret_buffer_append(&item->text, d->text, ANSWER_SIZE_MAX);
    if (e != ERR_OK || d->token_count == 0 || !a->g->logprobs || item->kind != ANSWER_ITEM_TEXT)
        return e;
    struct json_line l = {.out = &item->tokens};
    if (a->form->gather != NULL) {
        a->form->gather(a, choice, d, &l);
    } else {
        json_put(&l, item->tokens.len != 0 ? "," : "");
        answer_put_tokens(&l, d);
    }
    return json_line_finish(&l);
}

/* ---- the calls of the engine ---- */

/* What one call adds to out stays only when all of it could be written. */
static enum err written(const struct json_line *l, size_t mark)
{
    if (json_line_finish(l) != ERR_OK)
        l->out->len = mark;
    return json_line_finish(l);
}

enum err answer_begin(struct answer *a, const struct answer_usage *usage, struct secret_buffer *out)
{
    struct json_line l = {.out = out};
    size_t mark = out->len;
    if (a->begun || a->ended)
        return ERR_ENGINE;
    a->begun = true;
    a->prompt = *usage;
    if (a->g->stream && a->form->begin != NULL)
        a->form->begin(a, &l);
    return written(&l, mark);
}

static enum err ensure_begun(struct answer *a, struct secret_buffer *out)
{
    static const struct answer_usage nothing = {0};
    return a->begun ? ERR_OK : answer_begin(a, &nothing, out);
}

enum err answer_progress(struct answer *a, uint32_t processed, uint32_t total, struct secret_buffer *out)
{
    struct json_line l = {.out = out};
    if (!a->g->stream || !a->g->return_progress || a->form->progress == NULL)
        return ERR_OK;
    enum err e = ensure_begun(a, out);
    size_t mark = out->len;
    if (e != ERR_OK)
        return e;
    a->form->progress(a, processed, total, &l);
    return written(&l, mark);
}

enum err answer_delta(struct answer *a, uint32_t choice, const struct answer_delta *d,
                      struct secret_buffer *out)
{
    if (a->ended || choice >= a->choice_count || a->choices[choice].finished ||
        (a->g->api == API_COMPLETIONS && d->kind != ANSWER_TEXT))
        return ERR_ENGINE;
    enum err e = ensure_begun(a, out);
    if (e != ERR_OK)
        return e;
    if (d->kind != ANSWER_TOOL_BEGIN && d->text.len == 0 && (d->token_count == 0 || !a->g->logprobs))
        return ERR_OK;
    struct answer_item *item = NULL;
    bool fresh = false;
    e = place(a, choice, d, &item, &fresh);
    if (e == ERR_OK && (!a->g->stream || a->form->gathers))
        e = gather(a, choice, item, d);
    if (e != ERR_OK || !a->g->stream || a->form->delta == NULL)
        return e;
    struct json_line l = {.out = out};
    size_t mark = out->len;
    a->form->delta(a, choice, item, fresh, d, &l);
    return written(&l, mark);
}

enum err answer_finish(struct answer *a, uint32_t choice, enum answer_finish finish, struct bytes stop,
                       struct secret_buffer *out)
{
    if (a->ended || choice >= a->choice_count || a->choices[choice].finished)
        return ERR_ENGINE;
    struct answer_choice *c = &a->choices[choice];
    enum err e = ensure_begun(a, out);
    if (e == ERR_OK)
        e = secret_buffer_append(&c->stop, stop, ANSWER_SIZE_MAX);
    if (e != ERR_OK)
        return e;
    c->finished = true;
    c->finish = finish == ANSWER_STOP && c->tools != 0 ? ANSWER_TOOL_CALLS : finish;
    struct json_line l = {.out = out};
    size_t mark = out->len;
    if (a->g->stream && a->form->finish != NULL)
        a->form->finish(a, choice, &l);
    return written(&l, mark);
}

enum err answer_embedding(struct answer *a, uint32_t index, const float *vector, size_t count)
{
    if (a->ended || index >= a->vector_count || a->vectors[index].len != 0 || count == 0 ||
        (a->g->dimensions != 0 && count != a->g->dimensions))
        return ERR_ENGINE;
    struct json_line l = {.out = &a->vectors[index]};
    if (a->g->encoding == GENERATION_ENCODING_BASE64) {
        /* Little endian, as the API has it and this machine too. */
        const struct bytes raw = bytes_of(vector, count * sizeof *vector);
        char *text = secret_alloc(ENCODING_BASE64_SIZE(raw.len));
        if (text == NULL)
            return ERR_MEMORY;
        encoding_base64(raw, text);
        json_put_text(&l, bytes_str(text));
        secret_free(text);
        return json_line_finish(&l);
    }
    for (size_t i = 0; i < count; i++) {
        json_put(&l, i == 0 ? "[" : ",");
        json_put_number(&l, vector[i]);
    }
    json_put(&l, "]");
    return json_line_finish(&l);
}

enum err answer_end(struct answer *a, const struct answer_usage *usage, struct secret_buffer *out)
{
    if (a->ended)
        return ERR_ENGINE;
    for (size_t i = 0; i < a->choice_count; i++)
        if (!a->choices[i].finished)
            return ERR_ENGINE;
    for (size_t i = 0; i < a->vector_count; i++)
        if (a->vectors[i].len == 0)
            return ERR_ENGINE;
    a->ended = true;
    struct json_line l = {.out = out};
    size_t mark = out->len;
    if (!a->g->stream)
        a->form->whole(a, usage, &l);
    else if (a->form->end != NULL)
        a->form->end(a, usage, &l);
    return written(&l, mark);
}

/* ---- what several forms have in common ---- */

void answer_put_usage(struct json_line *l, const struct answer_usage *usage)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   ",\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":%u,\"total_tokens\":%u,"
                   "\"prompt_tokens_details\":{\"cached_tokens\":%u},"
                   "\"completion_tokens_details\":{\"reasoning_tokens\":%u}}",
                   usage->prompt_tokens, usage->completion_tokens,
                   usage->prompt_tokens + usage->completion_tokens, usage->cached_tokens,
                   usage->reasoning_tokens);
    json_put(l, text);
}

/* The API knows no minus infinity; this is what it says instead. */
static void put_logprob(struct json_line *l, float logprob)
{
    const float never = -9999;
    json_put_number(l, logprob >= never ? logprob : never);
}

static void put_token(struct json_line *l, struct bytes text, float logprob)
{
    json_put(l, "{\"token\":");
    json_put_lossy(l, text);
    json_put(l, ",\"logprob\":");
    put_logprob(l, logprob);
    json_put(l, ",\"bytes\":[");
    for (size_t i = 0; i < text.len; i++) {
        json_put(l, i == 0 ? "" : ",");
        json_put_integer(l, text.ptr[i]);
    }
    json_put(l, "]");
}

void answer_put_tokens(struct json_line *l, const struct answer_delta *d)
{
    for (size_t i = 0; i < d->token_count; i++) {
        const struct answer_token *t = &d->tokens[i];
        json_put(l, i == 0 ? "" : ",");
        put_token(l, t->text, t->logprob);
        json_put(l, ",\"top_logprobs\":[");
        for (size_t k = 0; k < t->top_count; k++) {
            json_put(l, k == 0 ? "" : ",");
            put_token(l, t->top[k].text, t->top[k].logprob);
            json_put(l, "}");
        }
        json_put(l, "]}");
    }
}

void answer_put_joined(struct json_line *l, const struct answer_choice *c, enum answer_item_kind kind)
{
    json_put(l, "\"");
    for (size_t i = 0; i < c->item_count; i++)
        if (c->items[i].kind == kind)
            json_put_escaped(l, secret_buffer_bytes(&c->items[i].text));
    json_put(l, "\"");
}
