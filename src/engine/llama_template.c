/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which chat template there is. The model's own is a Jinja program, and is run (llama_jinja.cpp). Instead of it one can be given, as a program or by the name of one
 * that llama.cpp writes itself; those, and prompts of models without any, are made here, from texts alone.
 */

#include <ctype.h>
#include <stdlib.h>

#include "base/secret.h"
#include "engine/llama_internal.h"

static bool is_program(const char *text)
{
    return strstr(text, "{{") != NULL || strstr(text, "{%") != NULL;
}

static bool name_known(const char *name)
{
    static const struct llama_chat_message probe = {.role = "user", .content = "x"};
    return llama_chat_apply_template(name, &probe, 1, true, NULL, 0) > 0;
}

enum err engine_template_choose(struct engine_llama *e, const char *option, struct err_note *note)
{
    const char *own = llama_model_chat_template(e->model, NULL);
    if (option == NULL && own == NULL)
        return ERR_OK;
    if (option == NULL || is_program(option)) {
        enum err result = engine_templates_open(e->model, option, &e->templates, note);
        if (result == ERR_MODEL && option == NULL)
            return err_noted(
                result, note,
                "the model's chat template is not a Jinja program that can be run; name one to use "
                "with --chat-template (chatml, llama3, mistral-v7, gemma, ...)");
        return result == ERR_MODEL
                   ? err_noted(result, note, "--chat-template: not a Jinja program that can be run")
                   : result;
    }
    if (!name_known(option))
        return err_noted(ERR_MODEL, note, "--chat-template: llama.cpp knows no template of that name");
    e->chat_template = strdup(option);
    return e->chat_template == NULL ? ERR_MEMORY : ERR_OK;
}

/* ---- texts ---- */

static size_t content_size(const struct generation *g)
{
    size_t size = 0;
    for (size_t i = 0; i < g->message_count; i++)
        for (size_t k = 0; k < g->messages[i].part_count; k++)
            size += g->messages[i].parts[k].bytes.len + 1;
    return size + g->message_count;
}

static bool is_text_only(const struct generation *g)
{
    for (size_t i = 0; i < g->message_count; i++)
        if (g->messages[i].call_count != 0 || g->messages[i].role == GENERATION_TOOL)
            return false;
    return g->image_count == 0;
}

static bool blank_between(const uint8_t *text, size_t len, struct bytes next)
{
    return len == 0 || next.len == 0 || isspace(text[len - 1]) || isspace(next.ptr[0]);
}

static uint8_t *put(uint8_t *at, struct bytes text)
{
    if (text.len != 0)
        memcpy(at, text.ptr, text.len);
    return at + text.len;
}

static enum err join_contents(const struct generation *g, uint8_t **text, size_t *len)
{
    uint8_t *joined = secret_alloc(content_size(g));
    if (joined == NULL)
        return ERR_MEMORY;
    uint8_t *at = joined;
    for (size_t i = 0; i < g->message_count; i++)
        for (size_t k = 0; k < g->messages[i].part_count; k++) {
            struct bytes content = g->messages[i].parts[k].bytes;
            if (k == 0 && !blank_between(joined, (size_t)(at - joined), content))
                *at++ = ' ';
            at = put(at, content);
        }
    *text = joined;
    *len = (size_t)(at - joined);
    return ERR_OK;
}

/* Developer messages are what newer models call system messages. */
static const char *role_name(enum generation_role role)
{
    return generation_role_name(role == GENERATION_DEVELOPER ? GENERATION_SYSTEM : role);
}

static enum err apply_named(const char *name, const struct generation *g, uint8_t **text, size_t *len)
{
    enum err e = ERR_MEMORY;
    size_t size = content_size(g);
    char *out = NULL;
    uint8_t *contents = secret_alloc(size);
    struct llama_chat_message *messages = secret_alloc(g->message_count * sizeof *messages);
    if (contents == NULL || messages == NULL)
        goto out;
    uint8_t *at = contents;
    for (size_t i = 0; i < g->message_count; i++) {
        messages[i] =
            (struct llama_chat_message){.role = role_name(g->messages[i].role), .content = (const char *)at};
        for (size_t k = 0; k < g->messages[i].part_count; k++)
            at = put(at, g->messages[i].parts[k].bytes);
        at++; /* secret_alloc gave zeros */
    }
    /* Usually enough; when it is not, the call says how much is. */
    size_t room = 2 * size + 1024;
    for (;;) {
        out = secret_alloc(room);
        if (out == NULL)
            goto out;
        int32_t n = llama_chat_apply_template(name, messages, g->message_count, true, out, (int32_t)room);
        e = n < 0 ? ERR_ENGINE : ERR_OK;
        if (n < 0)
            goto out;
        *len = (size_t)n;
        if (*len <= room)
            break;
        secret_free(out);
        room = *len;
        e = ERR_MEMORY;
    }
    *text = (uint8_t *)out;
    out = NULL;
out:
    secret_free(out);
    secret_free(messages);
    secret_free(contents);
    return e;
}

enum err engine_template_apply(const char *name, const struct generation *g, uint8_t **text, size_t *len,
                               struct err_note *note)
{
    if (!is_text_only(g))
        return err_noted(ERR_REQUEST, note, "messages: the model's chat template knows texts alone");
    return name == NULL ? join_contents(g, text, len) : apply_named(name, g, text, len);
}
