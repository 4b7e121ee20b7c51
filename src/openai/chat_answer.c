/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/chat.h"

#include <stdio.h>

#include "base/secret.h"

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
