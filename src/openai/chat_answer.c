/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/chat.h"

#include <stdio.h>

#include "base/secret.h"
#include "base/strict_json.h"

static const char *const finish_names[CHAT_FINISH_COUNT] = {
    [CHAT_FINISH_STOP] = "stop",
    [CHAT_FINISH_LENGTH] = "length",
};

/* ---- text as a JSON string (RFC 8259 section 7) ---- */

/* A line is made for every token, so this goes without building a document. */
static size_t escape(struct bytes text, char *out)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = (char)c;
        } else if (c < 0x20) {
            const char sequence[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            memcpy(out + n, sequence, sizeof sequence);
            n += sizeof sequence;
        } else {
            out[n++] = (char)c;
        }
    }
    return n;
}

enum { ESCAPE_GROWTH = 6 }; /* one control character becomes six */

static char *around(const char *before, struct bytes text, const char *after)
{
    const struct bytes head = bytes_str(before);
    const struct bytes tail = bytes_of(after, strlen(after) + 1); /* with its NUL */
    char *line = secret_alloc(head.len + text.len * ESCAPE_GROWTH + tail.len);
    if (line == NULL)
        return NULL;
    memcpy(line, head.ptr, head.len);
    size_t n = head.len + escape(text, line + head.len);
    memcpy(line + n, tail.ptr, tail.len);
    return line;
}

char *chat_line_text(struct bytes text)
{
    return around("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"", text, "\"}}]}\n");
}

enum { TAIL_SIZE = 256 };

static void finish_tail(char tail[static TAIL_SIZE], const char *before, enum chat_finish finish,
                        const struct chat_usage *usage, const char *after)
{
    (void)snprintf(tail, TAIL_SIZE,
                   "%s\"finish_reason\":\"%s\"}],\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":%u,"
                   "\"total_tokens\":%u}}%s",
                   before, finish_names[finish], usage->prompt_tokens, usage->completion_tokens,
                   usage->prompt_tokens + usage->completion_tokens, after);
}

char *chat_line_finish(enum chat_finish finish, const struct chat_usage *usage)
{
    char tail[TAIL_SIZE];
    finish_tail(tail, "{\"choices\":[{\"index\":0,\"delta\":{},", finish, usage, "\n");
    return around(tail, (struct bytes){0}, "");
}

char *chat_answer(struct bytes text, enum chat_finish finish, const struct chat_usage *usage)
{
    char tail[TAIL_SIZE];
    finish_tail(tail, "\"},", finish, usage, "");
    return around("{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
                  "\"assistant\",\"content\":\"",
                  text, tail);
}

/* ---- errors: one row for each that a client may see ---- */

static const struct {
    enum err error;
    uint16_t status;
    const char *type;
} error_rows[] = {
    {ERR_REQUEST, 400, "invalid_request_error"}, {ERR_TOO_LARGE, 413, "invalid_request_error"},
    {ERR_CONTEXT, 400, "invalid_request_error"}, {ERR_UNKNOWN, 404, "invalid_request_error"},
    {ERR_BUSY, 429, "rate_limit_error"},         {ERR_CHANNEL_SHUTDOWN, 503, "server_error"},
};

uint16_t chat_error_status(enum err e)
{
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++)
        if (error_rows[i].error == e)
            return error_rows[i].status;
    return 500;
}

char *chat_error(enum err e, const struct err_note *note)
{
    const char *type = "server_error";
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++)
        if (error_rows[i].error == e)
            type = error_rows[i].type;
    char head[192];
    (void)snprintf(head, sizeof head, "{\"error\":{\"type\":\"%s\",\"code\":\"%s\",\"message\":\"", type,
                   err_name(e));
    const char *message = note != NULL && note->text[0] != '\0' ? note->text : err_text(e);
    return around(head, bytes_str(message), "\"}}\n");
}

/* ---- the client's side of a line ---- */

static enum err parse_error(const json_t *error, struct chat_line *out)
{
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    if (code == NULL || message == NULL)
        return ERR_JSON;
    out->kind = CHAT_LINE_ERROR;
    (void)snprintf(out->code, sizeof out->code, "%s", code);
    (void)snprintf(out->message, sizeof out->message, "%s", message);
    return ERR_OK;
}

static enum err parse_finish(const char *reason, const json_t *usage, struct chat_line *out)
{
    int64_t prompt = 0;
    int64_t completion = 0;
    enum chat_finish f = CHAT_FINISH_STOP;
    while (f < CHAT_FINISH_COUNT && strcmp(reason, finish_names[f]) != 0)
        f++;
    if (f == CHAT_FINISH_COUNT)
        return ERR_UNKNOWN;
    enum err e = strict_json_integer(usage, "prompt_tokens", 0, UINT32_MAX, &prompt, NULL);
    if (e == ERR_OK)
        e = strict_json_integer(usage, "completion_tokens", 0, UINT32_MAX, &completion, NULL);
    out->kind = CHAT_LINE_FINISH;
    out->finish = f;
    out->usage = (struct chat_usage){(uint32_t)prompt, (uint32_t)completion};
    return e;
}

enum err chat_line_parse(struct bytes line, struct chat_line *out)
{
    *out = (struct chat_line){0};
    json_t *document = NULL;
    enum err e = strict_json_parse(line, CHAT_REQUEST_MAX, &document, NULL);
    if (e != ERR_OK)
        return e;
    out->storage = document;
    const json_t *error = json_object_get(document, "error");
    const json_t *choice = json_array_get(json_object_get(document, "choices"), 0);
    const char *reason = json_string_value(json_object_get(choice, "finish_reason"));
    const json_t *content = json_object_get(json_object_get(choice, "delta"), "content");
    if (error != NULL) {
        e = parse_error(error, out);
    } else if (reason != NULL) {
        e = parse_finish(reason, json_object_get(document, "usage"), out);
    } else if (json_is_string(content)) {
        out->kind = CHAT_LINE_TEXT;
        out->text = bytes_of(json_string_value(content), json_string_length(content));
    } else {
        e = ERR_JSON;
    }
    if (e != ERR_OK)
        chat_line_release(out);
    return e;
}

void chat_line_release(struct chat_line *line)
{
    json_decref(line->storage);
    *line = (struct chat_line){0};
}
