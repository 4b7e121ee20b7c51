/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_internal.h"

#include "base/reader.h"

enum { LENGTH_DIGITS_MAX = 18, BAD_REQUEST = 400 };

/* ---- characters ---- */

/* RFC 9110, section 5.6.2: tchar */
static bool is_tchar(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool http_is_token(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_tchar(text.ptr[i]))
            return false;
    return text.len != 0;
}

bool http_is_value(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] < 0x20 && text.ptr[i] != '\t') || text.ptr[i] == 0x7f)
            return false;
    return true;
}

bool http_is_target(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x21 || text.ptr[i] > 0x7e || text.ptr[i] == '#')
            return false;
    return text.len != 0 && text.ptr[0] == '/';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool http_same(struct bytes a, const char *b)
{
    if (a.len != strlen(b))
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower((uint8_t)b[i]))
            return false;
    return true;
}

static struct bytes trim(struct bytes text)
{
    while (text.len != 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = bytes_of(text.ptr + 1, text.len - 1);
    while (text.len != 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* ---- pieces of a line ---- */

/* Up to the delimiter, which is skipped; the reader fails when there is none. */
static struct bytes until(struct reader *r, const char *delimiter)
{
    const void *found = r->left == 0 ? NULL : memmem(r->at, r->left, delimiter, strlen(delimiter));
    if (found == NULL) {
        reader_fail(r, ERR_ENCODING);
        return (struct bytes){0};
    }
    struct bytes piece = reader_bytes(r, (size_t)((const uint8_t *)found - r->at));
    (void)reader_bytes(r, strlen(delimiter));
    return piece;
}

/* RFC 9112, section 5: field-name ":" OWS field-value OWS. A line that begins with a blank (obs-fold) has no token before its colon. */
static enum err parse_field(struct bytes line, struct http_field *field, struct err_note *note)
{
    struct reader r = reader_over(line);
    field->name = until(&r, ":");
    field->value = trim(reader_rest(&r));
    if (reader_status(&r) != ERR_OK || !http_is_token(field->name))
        return err_noted(ERR_ENCODING, note, "a header line does not begin with a name and a colon");
    if (!http_is_value(field->value))
        return err_noted(ERR_ENCODING, note, "a header field holds a control character");
    return ERR_OK;
}

static enum err parse_version(struct bytes text, uint8_t *minor, uint16_t *status, struct err_note *note)
{
    *minor = bytes_is_str(text, "HTTP/1.1") ? 1 : 0;
    if (*minor == 1 || bytes_is_str(text, "HTTP/1.0"))
        return ERR_OK;
    *status = 505;
    return err_noted(ERR_UNKNOWN, note, "the version is neither HTTP/1.1 nor HTTP/1.0");
}

/* RFC 9112, section 3: method SP request-target SP HTTP-version */
static enum err parse_request_line(struct bytes line, struct http_head *head, uint16_t *status,
                                   struct err_note *note)
{
    struct reader r = reader_over(line);
    head->method = until(&r, " ");
    head->target = until(&r, " ");
    struct bytes version = reader_rest(&r);
    if (reader_status(&r) != ERR_OK || !http_is_token(head->method) || head->method.len > HTTP_METHOD_MAX)
        return err_noted(ERR_ENCODING, note, "the first line is not METHOD TARGET VERSION");
    if (head->target.len > HTTP_TARGET_MAX) {
        *status = 414;
        return err_noted(ERR_TOO_LARGE, note, "the target has %zu bytes, at most %d are taken",
                         head->target.len, HTTP_TARGET_MAX);
    }
    if (!http_is_target(head->target))
        return err_noted(ERR_ENCODING, note, "the target is not a path");
    head->path = bytes_of(head->target.ptr, 0);
    while (head->path.len < head->target.len && head->target.ptr[head->path.len] != '?')
        head->path.len++;
    return parse_version(version, &head->minor, status, note);
}

/* RFC 9112, section 4: HTTP-version SP status-code SP [reason-phrase]. The space behind the code may be missing: some servers forget it with the phrase. */
static enum err parse_status_line(struct bytes line, struct http_head *head, uint16_t *status,
                                  struct err_note *note)
{
    struct reader r = reader_over(line);
    enum err e = parse_version(until(&r, " "), &head->minor, status, note);
    struct bytes code = reader_bytes(&r, 3);
    struct bytes rest = reader_rest(&r);
    if (e != ERR_OK)
        return e;
    unsigned number = 0;
    bool good = reader_status(&r) == ERR_OK && (rest.len == 0 || rest.ptr[0] == ' ') && http_is_value(rest);
    for (size_t i = 0; i < code.len; i++) {
        good = good && code.ptr[i] >= '0' && code.ptr[i] <= '9';
        number = number * 10 + (unsigned)(code.ptr[i] - '0');
    }
    if (!good || number < 100 || number > 599)
        return err_noted(ERR_ENCODING, note, "the first line is not VERSION STATUS REASON");
    head->status = (uint16_t)number;
    return ERR_OK;
}

/* ---- looking fields up ---- */

size_t http_find(const struct http_head *head, const char *name, struct bytes *value)
{
    size_t count = 0;
    *value = (struct bytes){0};
    for (size_t i = 0; i < head->field_count; i++)
        if (http_same(head->fields[i].name, name) && count++ == 0)
            *value = head->fields[i].value;
    return count;
}

static bool list_has(struct bytes list, const char *token)
{
    for (;;) {
        const uint8_t *comma = list.len == 0 ? NULL : memchr(list.ptr, ',', list.len);
        size_t n = comma == NULL ? list.len : (size_t)(comma - list.ptr);
        if (http_same(trim(bytes_of(list.ptr, n)), token))
            return true;
        if (comma == NULL)
            return false;
        list = bytes_of(list.ptr + n + 1, list.len - n - 1);
    }
}

bool http_has_token(const struct http_head *head, const char *name, const char *token)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (http_same(head->fields[i].name, name) && list_has(head->fields[i].value, token))
            return true;
    return false;
}

/* ---- what the fields mean for the message ---- */

/* RFC 9112, section 6.2. Digits alone, and fewer than overflow 64 bits. */
static enum err parse_length(struct bytes text, uint64_t *length, struct err_note *note)
{
    *length = 0;
    if (text.len == 0 || text.len > LENGTH_DIGITS_MAX)
        return err_noted(ERR_VALUE, note, "Content-Length is not a number, or a huge one");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return err_noted(ERR_VALUE, note, "Content-Length is not a number");
        *length = *length * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return ERR_OK;
}

/* RFC 9112, section 6.3, without its lenience. */
static enum err find_body(enum http_kind kind, struct http_head *head, uint16_t *status,
                          struct err_note *note)
{
    struct bytes length;
    struct bytes coding;
    size_t lengths = http_find(head, "Content-Length", &length);
    size_t codings = http_find(head, "Transfer-Encoding", &coding);
    if (lengths > 1)
        return err_noted(ERR_VALUE, note, "Content-Length stands there twice");
    if (lengths != 0 && codings != 0)
        return err_noted(ERR_VALUE, note, "Content-Length and Transfer-Encoding together");
    if (codings != 0) {
        if (codings > 1 || !http_same(coding, "chunked")) {
            *status = 501;
            return err_noted(ERR_UNKNOWN, note, "a transfer coding other than chunked");
        }
        if (head->minor == 0)
            return err_noted(ERR_VALUE, note, "Transfer-Encoding in HTTP/1.0");
    }
    enum err e = lengths == 0 ? ERR_OK : parse_length(length, &head->length, note);
    if (e != ERR_OK)
        return e;
    if (codings != 0)
        head->body = HTTP_BODY_CHUNKED;
    else if (lengths != 0)
        head->body = head->length == 0 ? HTTP_BODY_NONE : HTTP_BODY_LENGTH;
    else
        head->body = kind == HTTP_REQUEST ? HTTP_BODY_NONE : HTTP_BODY_TO_EOF;
    if (kind == HTTP_RESPONSE && (head->status < 200 || head->status == 204 || head->status == 304))
        head->body = HTTP_BODY_NONE;
    return ERR_OK;
}

static enum err find_expectation(struct http_head *head, uint16_t *status, struct err_note *note)
{
    struct bytes expected;
    struct bytes host;
    size_t expectations = http_find(head, "Expect", &expected);
    size_t hosts = http_find(head, "Host", &host);
    if (hosts > 1 || (hosts == 0 && head->minor == 1))
        return err_noted(ERR_VALUE, note, hosts == 0 ? "there is no Host" : "Host stands there twice");
    if (expectations > 1 || (expectations == 1 && !http_same(expected, "100-continue"))) {
        *status = 417;
        return err_noted(ERR_UNKNOWN, note, "an expectation other than 100-continue");
    }
    head->expect_continue = expectations == 1 && head->minor == 1 && head->body != HTTP_BODY_NONE;
    return ERR_OK;
}

static enum err interpret(enum http_kind kind, struct http_head *head, uint16_t *status,
                          struct err_note *note)
{
    bool close = http_has_token(head, "Connection", "close");
    enum err e = find_body(kind, head, status, note);
    if (e == ERR_OK && kind == HTTP_REQUEST)
        e = find_expectation(head, status, note);
    head->upgrade = http_has_token(head, "Connection", "upgrade");
    head->keep_alive = !close && head->body != HTTP_BODY_TO_EOF &&
                       (head->minor == 1 || http_has_token(head, "Connection", "keep-alive"));
    return e;
}

/* ---- the whole ---- */

enum err http_head_parse(enum http_kind kind, struct bytes text, struct http_head *head, uint16_t *status,
                         struct err_note *note)
{
    struct reader r = reader_over(text);
    *head = (struct http_head){0};
    *status = BAD_REQUEST;
    struct bytes line = until(&r, "\r\n");
    enum err e = kind == HTTP_REQUEST ? parse_request_line(line, head, status, note)
                                      : parse_status_line(line, head, status, note);
    for (line = until(&r, "\r\n"); e == ERR_OK && line.len != 0; line = until(&r, "\r\n")) {
        if (head->field_count == HTTP_FIELDS_MAX) {
            *status = 431;
            return err_noted(ERR_TOO_LARGE, note, "more than %d header fields", HTTP_FIELDS_MAX);
        }
        e = parse_field(line, &head->fields[head->field_count++], note);
    }
    if (e == ERR_OK && reader_finish(&r) != ERR_OK)
        e = err_noted(ERR_ENCODING, note, "the head does not end with an empty line");
    return e == ERR_OK ? interpret(kind, head, status, note) : e;
}

enum err http_trailers_parse(struct bytes text, struct err_note *note)
{
    struct reader r = reader_over(text);
    struct http_field field;
    enum err e = ERR_OK;
    for (struct bytes line = until(&r, "\r\n"); e == ERR_OK && line.len != 0; line = until(&r, "\r\n"))
        e = parse_field(line, &field, note);
    return e == ERR_OK && reader_finish(&r) != ERR_OK ? ERR_ENCODING : e;
}
