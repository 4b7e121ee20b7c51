/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/json_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "openai/answer.h"

void json_put_bytes(struct json_line *l, struct bytes json)
{
    if (l->failed == ERR_OK)
        l->failed = secret_buffer_append(l->out, json, ANSWER_SIZE_MAX);
}

void json_put(struct json_line *l, const char *json)
{
    json_put_bytes(l, bytes_str(json));
}

/* Runs of characters that stand for themselves go as they are. */
void json_put_escaped(struct json_line *l, struct bytes text)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        json_put_bytes(l, bytes_of(text.ptr + from, i - from));
        from = i + 1;
        char sequence[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        size_t len = sizeof sequence;
        if (c >= 0x20 || c == '\n') {
            sequence[1] = c == '\n' ? 'n' : (char)c;
            len = 2;
        }
        json_put_bytes(l, bytes_of(sequence, len));
    }
    json_put_bytes(l, bytes_of(text.ptr + from, text.len - from));
}

void json_put_text(struct json_line *l, struct bytes text)
{
    json_put(l, "\"");
    json_put_escaped(l, text);
    json_put(l, "\"");
}

enum { UTF8_MAX = 4 };

void json_put_lossy(struct json_line *l, struct bytes text)
{
    if (encoding_is_utf8(text)) {
        json_put_text(l, text);
        return;
    }
    json_put(l, "\"");
    while (text.len != 0) {
        size_t n = 1;
        while (n <= UTF8_MAX && n <= text.len && !encoding_is_utf8(bytes_of(text.ptr, n)))
            n++;
        if (n <= UTF8_MAX && n <= text.len) {
            json_put_escaped(l, bytes_of(text.ptr, n));
        } else {
            json_put(l, "\xef\xbf\xbd");
            n = 1;
        }
        text = bytes_of(text.ptr + n, text.len - n);
    }
    json_put(l, "\"");
}

void json_put_integer(struct json_line *l, int64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)value);
    json_put(l, digits);
}

enum { FLOAT_DIGITS_SHORT = 6, FLOAT_DIGITS = 9 };

void json_put_number(struct json_line *l, float value)
{
    char digits[32] = "null";
    if (isfinite(value)) {
        for (int precision = FLOAT_DIGITS_SHORT; precision <= FLOAT_DIGITS; precision++) {
            (void)snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
            if (strtof(digits, NULL) == value)
                break;
        }
    }
    json_put(l, digits);
}

void json_put_bool(struct json_line *l, bool value)
{
    json_put(l, value ? "true" : "false");
}

enum err json_line_finish(const struct json_line *l)
{
    return l->failed;
}

char *json_line_text(struct json_line *l)
{
    json_put_bytes(l, bytes_of("", 1));
    if (l->failed != ERR_OK) {
        secret_buffer_release(l->out);
        return NULL;
    }
    char *text = (char *)l->out->ptr;
    *l->out = (struct secret_buffer){0};
    return text;
}
