/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, tools, and what is checked when all members were taken. */
#include "openai/parse.h"

struct generation_message *parse_message(struct parse *p, enum err *e)
{
    struct generation *g = p->g;
    if (g->message_count == GENERATION_MESSAGES_MAX) {
        *e = parse_refusef(p, "there are more than %d messages", GENERATION_MESSAGES_MAX);
        return NULL;
    }
    struct generation_message *all = parse_grow(p, g->messages, g->message_count, sizeof *all);
    if (all == NULL) {
        *e = ERR_MEMORY;
        return NULL;
    }
    g->messages = all;
    return &all[g->message_count++];
}

enum err parse_part(struct parse *p, struct generation_message *m, enum generation_part_kind kind,
                    struct bytes bytes)
{
    if (m->part_count == GENERATION_PARTS_MAX)
        return parse_refusef(p, "the message has more than %d parts", GENERATION_PARTS_MAX);
    if (kind == GENERATION_IMAGE && ++p->g->image_count > GENERATION_IMAGES_MAX)
        return parse_refusef(p, "there are more than %d images", GENERATION_IMAGES_MAX);
    struct generation_part *parts = parse_grow(p, m->parts, m->part_count, sizeof *parts);
    if (parts == NULL)
        return ERR_MEMORY;
    m->parts = parts;
    parts[m->part_count++] = (struct generation_part){.kind = kind, .bytes = bytes};
    return ERR_OK;
}

enum err parse_join(struct parse *p, struct bytes *text, struct bytes more)
{
    if (text->len == 0) {
        *text = more;
        return ERR_OK;
    }
    uint8_t *joined = parse_alloc(p, text->len + more.len);
    if (joined == NULL)
        return ERR_MEMORY;
    memcpy(joined, text->ptr, text->len);
    memcpy(joined + text->len, more.ptr, more.len);
    *text = bytes_of(joined, text->len + more.len);
    return ERR_OK;
}

struct generation_call *parse_call(struct parse *p, struct generation_message *m, enum err *e)
{
    if (m->call_count == GENERATION_CALLS_MAX) {
        *e = parse_refusef(p, "the message has more than %d tool calls", GENERATION_CALLS_MAX);
        return NULL;
    }
    struct generation_call *calls = parse_grow(p, m->calls, m->call_count, sizeof *calls);
    if (calls == NULL) {
        *e = ERR_MEMORY;
        return NULL;
    }
    m->calls = calls;
    return &calls[m->call_count++];
}

struct generation_tool *parse_tool(struct parse *p, enum err *e)
{
    struct generation *g = p->g;
    struct generation_tool *tools = parse_grow(p, g->tools, g->tool_count, sizeof *tools);
    if (tools == NULL) {
        *e = ERR_MEMORY;
        return NULL;
    }
    g->tools = tools;
    return &tools[g->tool_count++];
}

static struct generation_tool *tool_find(const struct generation *g, struct bytes name)
{
    for (size_t i = 0; i < g->tool_count; i++)
        if (bytes_equal(g->tools[i].name, name))
            return &g->tools[i];
    return NULL;
}

/* tool_choice "allowed_tools": the others are left out, so that they cannot be called. */
static enum err allow_tools(struct parse *p)
{
    struct generation *g = p->g;
    size_t kept = 0;
    for (size_t k = 0; k < p->allowed_count; k++)
        if (tool_find(g, p->allowed[k]) == NULL)
            return err_noted(ERR_REQUEST, p->note, "tool_choice: names a tool that is not among the tools");
    for (size_t i = 0; i < g->tool_count; i++) {
        size_t k = 0;
        while (k < p->allowed_count && !bytes_equal(g->tools[i].name, p->allowed[k]))
            k++;
        if (k < p->allowed_count)
            g->tools[kept++] = g->tools[i];
    }
    g->tool_count = kept;
    return ERR_OK;
}

static enum err check_tools(struct parse *p)
{
    const struct generation *g = p->g;
    for (size_t i = 0; i < g->tool_count; i++)
        if (tool_find(g, g->tools[i].name) != &g->tools[i])
            return err_noted(ERR_REQUEST, p->note, "tools: two have the same name");
    if (p->allowed_count != 0) {
        enum err e = allow_tools(p);
        if (e != ERR_OK)
            return e;
    }
    if (g->tool_count == 0 &&
        (g->tool_choice == GENERATION_TOOLS_REQUIRED || g->tool_choice == GENERATION_TOOLS_NAMED))
        return err_noted(ERR_REQUEST, p->note, "tool_choice: there are no tools");
    if (g->tool_choice == GENERATION_TOOLS_NAMED && tool_find(g, g->tool_choice_name) == NULL)
        return err_noted(ERR_REQUEST, p->note, "tool_choice: names a tool that is not among the tools");
    /* A grammar holds one language: an answer in that form, or the calls. */
    if (g->tool_count != 0 && g->tool_choice != GENERATION_TOOLS_NONE &&
        g->tool_choice != GENERATION_TOOLS_AUTO && g->format != GENERATION_FORMAT_TEXT)
        return err_noted(
            ERR_REQUEST, p->note,
            "tool_choice: a call that must come, and a format of the answer, exclude each other");
    return ERR_OK;
}

enum err parse_check(struct parse *p)
{
    const struct generation *g = p->g;
    enum err e = check_tools(p);
    if (e != ERR_OK)
        return e;
    if (g->top_logprobs != 0 && !g->logprobs)
        return err_noted(ERR_REQUEST, p->note, "top_logprobs: needs logprobs");
    if (p->best_of != 0 && p->best_of != g->n)
        return err_noted(ERR_REQUEST, p->note, "best_of: is not supported, unless it is the same as n");
    if (g->api == API_COMPLETIONS && g->prompt_count * g->n > GENERATION_CHOICES_MAX)
        return err_noted(ERR_REQUEST, p->note, "prompt: more than %d answers (prompts times n)",
                         GENERATION_CHOICES_MAX);
    return ERR_OK;
}

const char *const parse_effort_words[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max", NULL};

PARSE_TAKE(parse_effort)
{
    struct generation *g = to;
    unsigned effort = 0;
    const struct parse_field words = {.name = f->name, .more = parse_effort_words};
    enum err e = parse_word(p, &words, value, &effort);
    if (e == ERR_OK)
        g->reasoning_effort = GENERATION_EFFORT_NONE + effort;
    return e;
}
