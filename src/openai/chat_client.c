/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/chat.h"

#include <stdio.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/json_line.h"

static const char *const role_names[CHAT_ROLE_COUNT] = {
    [CHAT_SYSTEM] = "system",
    [CHAT_USER] = "user",
    [CHAT_ASSISTANT] = "assistant",
};

const char *chat_role_name(enum chat_role role)
{
    return role_names[role];
}

static const char *const finish_names[CHAT_FINISH_COUNT] = {
    [CHAT_FINISH_STOP] = "stop",
    [CHAT_FINISH_LENGTH] = "length",
};

/* ---- the request ---- */

static int put_sampling(json_t *object, const struct chat_sampling *s)
{
    int failed = json_object_set_new(object, "temperature", json_real((double)s->temperature));
    failed |= json_object_set_new(object, "top_p", json_real((double)s->top_p));
    if (s->min_p > 0)
        failed |= json_object_set_new(object, "min_p", json_real((double)s->min_p));
    if (s->top_k > 0)
        failed |= json_object_set_new(object, "top_k", json_integer(s->top_k));
    if (s->presence_penalty != 0)
        failed |= json_object_set_new(object, "presence_penalty", json_real((double)s->presence_penalty));
    if (s->frequency_penalty != 0)
        failed |= json_object_set_new(object, "frequency_penalty", json_real((double)s->frequency_penalty));
    if (s->repeat_penalty != 1)
        failed |= json_object_set_new(object, "repeat_penalty", json_real((double)s->repeat_penalty));
    if (s->has_seed)
        failed |= json_object_set_new(object, "seed", json_integer(s->seed));
    return failed;
}

char *chat_request_write(const struct chat_request *request)
{
    char *text = NULL;
    json_t *object = json_object();
    json_t *messages = json_array();
    json_t *stops = json_array();
    int failed = object == NULL || messages == NULL || stops == NULL;
    for (size_t i = 0; !failed && i < request->message_count; i++) {
        const struct chat_message *m = &request->messages[i];
        failed |= json_array_append_new(messages,
                                        json_pack("{s:s, s:s%}", "role", chat_role_name(m->role), "content",
                                                  (const char *)m->content.ptr, m->content.len));
    }
    for (size_t i = 0; !failed && i < request->stop_count; i++)
        failed |= json_array_append_new(
            stops, json_stringn((const char *)request->stops[i].ptr, request->stops[i].len));
    if (failed)
        goto out;
    failed |= json_object_set(object, "messages", messages);
    failed |= json_object_set_new(object, "stream", json_boolean(request->stream));
    if (request->stream)
        failed |= json_object_set_new(object, "stream_options", json_pack("{s:b}", "include_usage", 1));
    if (request->stream && request->progress)
        failed |= json_object_set_new(object, "return_progress", json_true());
    if (request->max_tokens != 0)
        failed |= json_object_set_new(object, "max_tokens", json_integer(request->max_tokens));
    if (request->stop_count != 0)
        failed |= json_object_set(object, "stop", stops);
    failed |= put_sampling(object, &request->sampling);
    if (!failed)
        text = json_dumps(object, JSON_COMPACT);
out:
    json_decref(stops);
    json_decref(messages);
    json_decref(object);
    return text;
}

/* ---- the whole answer ---- */

char *chat_answer(struct bytes text, enum chat_finish finish, const struct chat_usage *usage)
{
    struct secret_buffer out = {0};
    struct json_line l = {.out = &out};
    json_put(&l, "{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
                 "\"assistant\",\"content\":");
    json_put_text(&l, text);
    json_put(&l, "},\"finish_reason\":\"");
    json_put(&l, finish_names[finish]);
    json_put(&l, "\"}],\"usage\":{\"prompt_tokens\":");
    json_put_integer(&l, usage->prompt_tokens);
    json_put(&l, ",\"completion_tokens\":");
    json_put_integer(&l, usage->completion_tokens);
    json_put(&l, ",\"total_tokens\":");
    json_put_integer(&l, (int64_t)usage->prompt_tokens + usage->completion_tokens);
    json_put(&l, "}}");
    return json_line_text(&l);
}

/* ---- a line of a streamed answer ---- */

static enum err parse_error(const json_t *error, struct chat_line *out)
{
    /* A server behind the enclave may have a number as the code, or none. */
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    if (message == NULL)
        return ERR_JSON;
    if (code == NULL)
        code = err_name(ERR_ENGINE);
    out->kind = CHAT_LINE_ERROR;
    (void)snprintf(out->code, sizeof out->code, "%s", code);
    (void)snprintf(out->message, sizeof out->message, "%s", message);
    return ERR_OK;
}

static enum err parse_counts(const json_t *object, const char *first, const char *second, uint32_t *one,
                             uint32_t *other)
{
    int64_t a = 0;
    int64_t b = 0;
    enum err e = strict_json_integer(object, first, 0, UINT32_MAX, &a, NULL);
    if (e == ERR_OK)
        e = strict_json_integer(object, second, 0, UINT32_MAX, &b, NULL);
    *one = (uint32_t)a;
    *other = (uint32_t)b;
    return e;
}

static enum err parse_usage(const json_t *usage, struct chat_line *out)
{
    out->kind = CHAT_LINE_USAGE;
    return parse_counts(usage, "prompt_tokens", "completion_tokens", &out->usage.prompt_tokens,
                        &out->usage.completion_tokens);
}

static enum err parse_finish(const char *reason, struct chat_line *out)
{
    enum chat_finish f = CHAT_FINISH_STOP;
    while (f < CHAT_FINISH_COUNT && strcmp(reason, finish_names[f]) != 0)
        f++;
    if (f == CHAT_FINISH_COUNT)
        return ERR_UNKNOWN;
    out->kind = CHAT_LINE_FINISH;
    out->finish = f;
    return ERR_OK;
}

static enum err parse_text(const json_t *text, enum chat_line_kind kind, struct chat_line *out)
{
    if (!json_is_string(text))
        return ERR_JSON;
    out->kind = kind;
    out->text = bytes_of(json_string_value(text), json_string_length(text));
    return ERR_OK;
}

static enum err parse_choice(const json_t *choice, struct chat_line *out)
{
    const json_t *delta = json_object_get(choice, "delta");
    const json_t *content = json_object_get(delta, "content");
    const json_t *reasoning = json_object_get(delta, "reasoning_content");
    const json_t *reason = json_object_get(choice, "finish_reason");
    if (!json_is_object(delta) || (reason != NULL && !json_is_null(reason) && !json_is_string(reason)))
        return ERR_JSON;
    if (json_is_string(reason))
        return parse_finish(json_string_value(reason), out);
    if (content != NULL && !json_is_null(content) && json_object_get(delta, "role") == NULL)
        return parse_text(content, CHAT_LINE_TEXT, out);
    if (reasoning != NULL && !json_is_null(reasoning))
        return parse_text(reasoning, CHAT_LINE_REASONING, out);
    out->kind = CHAT_LINE_NOTHING;
    return ERR_OK;
}

static enum err parse_document(const json_t *document, struct chat_line *out)
{
    const json_t *error = json_object_get(document, "error");
    const json_t *progress = json_object_get(document, "prompt_progress");
    const json_t *usage = json_object_get(document, "usage");
    const json_t *choices = json_object_get(document, "choices");
    if (error != NULL)
        return parse_error(error, out);
    if (!json_is_array(choices) || json_array_size(choices) > 1)
        return ERR_JSON;
    if (progress != NULL) {
        out->kind = CHAT_LINE_PROGRESS;
        return parse_counts(progress, "processed", "total", &out->processed, &out->total);
    }
    if (json_array_size(choices) == 0)
        return parse_usage(usage, out);
    return parse_choice(json_array_get(choices, 0), out);
}

enum err chat_line_parse(struct bytes line, struct chat_line *out)
{
    *out = (struct chat_line){0};
    json_t *document = NULL;
    enum err e = strict_json_parse(line, CHAT_REQUEST_MAX, &document, NULL);
    if (e != ERR_OK)
        return e;
    out->storage = document;
    e = parse_document(document, out);
    if (e != ERR_OK)
        chat_line_release(out);
    return e;
}

void chat_line_release(struct chat_line *line)
{
    json_decref(line->storage);
    *line = (struct chat_line){0};
}
