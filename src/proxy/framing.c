/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"
#include "base/strict_json.h"
#include "http/sse.h"
#include "openai/api.h"
#include "proxy/proxy_internal.h"

bool framing_wants_stream(struct bytes body)
{
    json_t *doc = NULL;
    bool wants = body.len != 0 &&
                 strict_json_parse_within(body, PROXY_BODY_MAX, API_BODY_MEMORY, &doc, NULL) == ERR_OK &&
                 json_is_true(json_object_get(doc, "stream"));
    json_decref(doc);
    return wants;
}

/* The event's name is the document's member `type`; a plain word, since it becomes a line of its own. */
static enum err append_typed(struct bytes line, struct secret_buffer *out)
{
    json_t *doc = NULL;
    struct bytes type = {0};
    enum err e = strict_json_parse_within(line, PROXY_ANSWER_MAX, SIZE_MAX, &doc, NULL);
    if (e == ERR_OK)
        e = strict_json_string(doc, "type", &type, NULL);
    for (size_t i = 0; e == ERR_OK && i < type.len; i++)
        if (type.ptr[i] < 0x21 || type.ptr[i] > 0x7e)
            e = ERR_JSON;
    if (e == ERR_OK)
        e = type.len == 0 ? ERR_JSON : sse_append(out, type, line, PROXY_OUT_MAX);
    json_decref(doc);
    return e;
}

/* A line that is no object could pass for an end, "[DONE]", that has not come. */
static bool begins_object(struct bytes line)
{
    size_t at = 0;
    while (at < line.len && (line.ptr[at] == ' ' || line.ptr[at] == '\t'))
        at++;
    return at < line.len && line.ptr[at] == '{';
}

enum err framing_event(enum framing framing, struct bytes line, struct secret_buffer *out)
{
    if (!begins_object(line))
        return ERR_JSON;
    return framing == FRAMING_TYPED ? append_typed(line, out)
                                    : sse_append(out, (struct bytes){0}, line, PROXY_OUT_MAX);
}

static const char *openai_type(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *type;
    } types[] = {
        {401, "authentication_error"}, {403, "permission_error"}, {429, "rate_limit_error"},
        {500, "server_error"},         {502, "server_error"},     {503, "server_error"},
        {504, "server_error"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].status == status)
            return types[i].type;
    return "invalid_request_error";
}

static const char *anthropic_type(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *type;
    } types[] = {
        {401, "authentication_error"},
        {403, "permission_error"},
        {404, "not_found_error"},
        {413, "request_too_large"},
        {429, "rate_limit_error"},
        {500, "api_error"},
        {502, "api_error"},
        {503, "overloaded_error"},
        {504, "timeout_error"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].status == status)
            return types[i].type;
    return "invalid_request_error";
}

char *framing_error(const struct route *route, bool in_stream, uint16_t status, const char *code,
                    const char *message)
{
    json_t *doc = NULL;
    strict_json_init();
    if (route != NULL && route->anthropic)
        doc = json_pack("{s:s, s:{s:s, s:s}}", "type", "error", "error", "type", anthropic_type(status),
                        "message", message);
    else if (in_stream && route != NULL && route->framing == FRAMING_TYPED)
        doc = json_pack("{s:s, s:s, s:s, s:n}", "type", "error", "code", code, "message", message, "param");
    else
        doc = json_pack("{s:{s:s, s:s, s:n, s:s}}", "error", "message", message, "type", openai_type(status),
                        "param", "code", code);
    char *text = doc == NULL ? NULL : strict_json_canonical(doc);
    json_decref(doc);
    return text;
}
