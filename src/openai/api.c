/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/api.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/utc.h"
#include "openai/json_line.h"

/* ---- the table ---- */

static const struct {
    const char *path;
    const char *name;
    enum api_events events;
    bool anthropic;
} apis[API_COUNT] = {
    [API_CHAT] = {"/v1/chat/completions", "chat completions", API_EVENTS_DATA, false},
    [API_COMPLETIONS] = {"/v1/completions", "completions", API_EVENTS_DATA, false},
    [API_EMBEDDINGS] = {"/v1/embeddings", "embeddings", API_EVENTS_NONE, false},
    [API_RESPONSES] = {"/v1/responses", "responses", API_EVENTS_NAMED, false},
    [API_MESSAGES] = {"/v1/messages", "messages", API_EVENTS_NAMED, true},
    [API_TOKENS] = {"/v1/messages/count_tokens", "counts of tokens", API_EVENTS_NONE, true},
};

const char *api_path(enum api api)
{
    return apis[api].path;
}

const char *api_name(enum api api)
{
    return apis[api].name;
}

enum api_events api_events(enum api api)
{
    return apis[api].events;
}

bool api_find(struct bytes path, enum api *api)
{
    for (unsigned i = 0; i < API_COUNT; i++) {
        if (bytes_is_str(path, apis[i].path)) {
            *api = (enum api)i;
            return true;
        }
    }
    return false;
}

/* ---- errors: one row for each that a client may see ---- */

struct error_row {
    enum err error;
    uint16_t status;
    const char *openai;
    const char *anthropic;
    const char *code; /* OpenAI's own, which programs look for; NULL: the error's name */
};

static const struct error_row error_rows[] = {
    {ERR_REQUEST, 400, "invalid_request_error", "invalid_request_error", NULL},
    {ERR_CONTEXT, 400, "invalid_request_error", "invalid_request_error", "context_length_exceeded"},
    {ERR_CHANNEL_TIMEOUT, 408, "invalid_request_error", "invalid_request_error", NULL},
    {ERR_UNKNOWN, 404, "invalid_request_error", "not_found_error", NULL},
    {ERR_TOO_LARGE, 413, "invalid_request_error", "request_too_large", NULL},
    {ERR_BUSY, 429, "rate_limit_error", "rate_limit_error", NULL},
    {ERR_CHANNEL_SHUTDOWN, 503, "server_error", "overloaded_error", NULL},
};

static const struct error_row *error_row(enum err e)
{
    static const struct error_row other = {ERR_ENGINE, 500, "server_error", "api_error", NULL};
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++)
        if (error_rows[i].error == e)
            return &error_rows[i];
    return &other;
}

uint16_t api_error_status(enum err e)
{
    return error_row(e)->status;
}

static const char *error_code(enum err e)
{
    const char *code = error_row(e)->code;
    return code != NULL ? code : err_name(e);
}

enum err api_error_find(const char *code)
{
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++)
        if (error_rows[i].code != NULL && strcmp(error_rows[i].code, code) == 0)
            return error_rows[i].error;
    return err_find(code);
}

/* The member that a message of the form "member: what is wrong" is about; empty when it has another form. */
static struct bytes param_of(const char *message)
{
    size_t n = strspn(message, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$.[]");
    return message[n] == ':' && message[n + 1] == ' ' ? bytes_of(message, n) : (struct bytes){0};
}

static void put_error_members(struct json_line *l, enum err e, const char *message)
{
    const struct bytes param = param_of(message);
    json_put(l, "\"message\":");
    json_put_lossy(l, bytes_str(message));
    json_put(l, ",\"type\":\"");
    json_put(l, error_row(e)->openai);
    json_put(l, "\",\"param\":");
    if (param.len != 0)
        json_put_text(l, param);
    else
        json_put(l, "null");
    json_put(l, ",\"code\":\"");
    json_put(l, error_code(e));
    json_put(l, "\"");
}

char *api_error(enum api api, enum err e, const struct err_note *note, bool streamed)
{
    struct secret_buffer out = {0};
    struct json_line l = {.out = &out};
    const char *message = note != NULL && note->text[0] != '\0' ? note->text : err_text(e);
    if (apis[api].anthropic) {
        json_put(&l, "{\"type\":\"error\",\"error\":{\"type\":\"");
        json_put(&l, error_row(e)->anthropic);
        json_put(&l, "\",\"message\":");
        json_put_lossy(&l, bytes_str(message));
        json_put(&l, "}}\n");
        return json_line_text(&l);
    }
    /* The event has its members beside the type, by the API's reference, and in "error", where SDKs look for them. */
    json_put(&l, "{");
    if (api == API_RESPONSES && streamed) {
        json_put(&l, "\"type\":\"error\",\"sequence_number\":0,\"code\":\"");
        json_put(&l, error_code(e));
        json_put(&l, "\",\"message\":");
        json_put_lossy(&l, bytes_str(message));
        json_put(&l, ",\"param\":null,");
    }
    json_put(&l, "\"error\":{");
    put_error_members(&l, e, message);
    json_put(&l, "}}\n");
    return json_line_text(&l);
}

/* ---- models ---- */

static void put_model(struct json_line *l, const char *name, int64_t created)
{
    char at[UTC_TEXT_SIZE];
    if (!utc_text(created, at))
        (void)utc_text(0, at);
    json_put(l, "{\"id\":");
    json_put_text(l, bytes_str(name));
    json_put(l, ",\"object\":\"model\",\"created\":");
    json_put_integer(l, created);
    json_put(l, ",\"owned_by\":\"enclume\",\"type\":\"model\",\"display_name\":");
    json_put_text(l, bytes_str(name));
    json_put(l, ",\"created_at\":\"");
    json_put(l, at);
    json_put(l, "\"}");
}

char *api_model(const char *name, int64_t created)
{
    struct secret_buffer out = {0};
    struct json_line l = {.out = &out};
    put_model(&l, name, created);
    json_put(&l, "\n");
    return json_line_text(&l);
}

char *api_model_list(const char *name, int64_t created)
{
    struct secret_buffer out = {0};
    struct json_line l = {.out = &out};
    json_put(&l, "{\"object\":\"list\",\"data\":[");
    put_model(&l, name, created);
    json_put(&l, "],\"has_more\":false,\"first_id\":");
    json_put_text(&l, bytes_str(name));
    json_put(&l, ",\"last_id\":");
    json_put_text(&l, bytes_str(name));
    json_put(&l, "}\n");
    return json_line_text(&l);
}

bool api_model_is(struct bytes path, const char *name)
{
    static const char prefix[] = "/v1/models/";
    const size_t prefix_len = sizeof prefix - 1;
    if (path.len < prefix_len || memcmp(path.ptr, prefix, prefix_len) != 0)
        return false;
    size_t at = prefix_len;
    while (*name != '\0' && at < path.len) {
        uint8_t c = path.ptr[at++];
        if (c == '%') {
            if (path.len - at < 2 || encoding_unhex(bytes_of(path.ptr + at, 2), &c, 1) != ERR_OK)
                return false;
            at += 2;
        }
        if (c != (uint8_t)*name++)
            return false;
    }
    return *name == '\0' && at == path.len;
}
