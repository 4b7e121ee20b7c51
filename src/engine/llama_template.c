/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From messages to the one text that the model continues. llama.cpp's C interface recognises the templates in common use by their
 * marks and writes them itself; it does not run the Jinja program that a model may carry, and neither do we.
 */

#include <ctype.h>
#include <stdlib.h>

#include "base/secret.h"
#include "engine/llama_internal.h"

static bool template_known(const char *chat_template)
{
    static const struct llama_chat_message probe = {.role = "user", .content = "x"};
    return llama_chat_apply_template(chat_template, &probe, 1, true, NULL, 0) > 0;
}

enum err engine_template_choose(const struct llama_model *model, const char *option, char **out,
                                struct err_note *note)
{
    const char *own = llama_model_chat_template(model, NULL);
    const char *chosen = option != NULL ? option : own;
    *out = NULL;
    if (chosen == NULL)
        return ERR_OK;
    if (!template_known(chosen))
        return option != NULL
                   ? err_noted(ERR_MODEL, note, "--chat-template: llama.cpp knows no template of that name")
                   : err_noted(
                         ERR_MODEL, note,
                         "the model's chat template is none that llama.cpp recognises; name the one to use "
                         "with --chat-template (chatml, llama3, mistral-v7, gemma, ...)");
    *out = strdup(chosen);
    return *out == NULL ? ERR_MEMORY : ERR_OK;
}

static size_t content_size(const struct chat_request *request)
{
    size_t size = 0;
    for (size_t i = 0; i < request->message_count; i++)
        size += request->messages[i].content.len + 1;
    return size;
}

static bool blank_between(const uint8_t *text, size_t len, struct bytes next)
{
    return len == 0 || next.len == 0 || isspace(text[len - 1]) || isspace(next.ptr[0]);
}

static enum err join_contents(const struct chat_request *request, uint8_t **text, size_t *len)
{
    uint8_t *joined = secret_alloc(content_size(request));
    if (joined == NULL)
        return ERR_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < request->message_count; i++) {
        struct bytes content = request->messages[i].content;
        if (!blank_between(joined, n, content))
            joined[n++] = ' ';
        if (content.len != 0)
            memcpy(joined + n, content.ptr, content.len);
        n += content.len;
    }
    *text = joined;
    *len = n;
    return ERR_OK;
}

enum err engine_template_apply(const char *chat_template, const struct chat_request *request, uint8_t **text,
                               size_t *len)
{
    if (chat_template == NULL)
        return join_contents(request, text, len);

    enum err e = ERR_MEMORY;
    size_t size = content_size(request);
    char *out = NULL;
    char *contents = secret_alloc(size);
    struct llama_chat_message *messages = secret_alloc(request->message_count * sizeof *messages);
    if (contents == NULL || messages == NULL)
        goto out;
    char *at = contents;
    for (size_t i = 0; i < request->message_count; i++) {
        struct bytes content = request->messages[i].content;
        messages[i] =
            (struct llama_chat_message){.role = chat_role_name(request->messages[i].role), .content = at};
        if (content.len != 0)
            memcpy(at, content.ptr, content.len);
        at += content.len + 1; /* secret_alloc gave zeros */
    }
    /* Usually enough; when it is not, the call says how much is. */
    size_t room = 2 * size + 1024;
    for (;;) {
        out = secret_alloc(room);
        if (out == NULL)
            goto out;
        int32_t n = llama_chat_apply_template(chat_template, messages, request->message_count, true, out,
                                              (int32_t)room);
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
