/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "http/http_internal.h"

static const struct {
    uint16_t status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {204, "No Content"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_reason(uint16_t status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

void http_write_request(struct writer *w, const char *method, struct bytes target)
{
    if (!http_is_token(bytes_str(method)) || !http_is_target(target))
        w->failed = true;
    writer_str(w, method);
    writer_str(w, " ");
    writer_bytes(w, target);
    writer_str(w, " HTTP/1.1\r\n");
}

void http_write_response(struct writer *w, uint16_t status)
{
    char line[64];
    if (status < 100 || status > 599)
        w->failed = true;
    (void)snprintf(line, sizeof line, "HTTP/1.1 %03u %s\r\n", (unsigned)status, http_reason(status));
    writer_str(w, line);
}

void http_write_field(struct writer *w, const char *name, struct bytes value)
{
    if (!http_is_token(bytes_str(name)) || !http_is_value(value))
        w->failed = true;
    writer_str(w, name);
    writer_str(w, ": ");
    writer_bytes(w, value);
    writer_str(w, "\r\n");
}

void http_write_number(struct writer *w, const char *name, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    http_write_field(w, name, bytes_str(text));
}

void http_write_end(struct writer *w)
{
    writer_str(w, "\r\n");
}

enum err http_chunk_append(struct secret_buffer *out, struct bytes data, size_t limit)
{
    char head[HTTP_CHUNK_HEAD_SIZE];
    size_t before = out->len;
    if (data.len == 0)
        return ERR_OK; /* a chunk of nothing would be the last one */
    (void)snprintf(head, sizeof head, "%zx\r\n", data.len);
    enum err e = secret_buffer_append(out, bytes_str(head), limit);
    if (e == ERR_OK)
        e = secret_buffer_append(out, data, limit);
    if (e == ERR_OK)
        e = secret_buffer_append(out, bytes_str("\r\n"), limit);
    if (e != ERR_OK)
        out->len = before;
    return e;
}
