/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_JSON_LINE_H
#define OPENAI_JSON_LINE_H

/*
 * JSON written straight into secret memory, without a document in between: a line is made for every token. The first failure sticks, so that one asks once:
 *
 *     struct json_line l = {.out = &buffer};
 *     json_put(&l, "{\"content\":");
 *     json_put_text(&l, piece);
 *     json_put(&l, "}\n");
 *     return json_line_finish(&l);
 */

#include "base/secret_buffer.h"

struct json_line {
    struct secret_buffer *out;
    enum err failed;
};

/* JSON as it is. */
void json_put(struct json_line *l, const char *json);
void json_put_bytes(struct json_line *l, struct bytes json);
/* A string, in its quotes (RFC 8259 section 7). UTF-8. */
void json_put_text(struct json_line *l, struct bytes text);
void json_put_escaped(struct json_line *l, struct bytes text); /* without its quotes: a piece of one */
/* Likewise of bytes that may be no UTF-8: U+FFFD stands for each that is none. */
void json_put_lossy(struct json_line *l, struct bytes text);
void json_put_integer(struct json_line *l, int64_t value);
/* As short as it goes while a float reads back the same. What is no finite number becomes null. */
void json_put_number(struct json_line *l, float value);
void json_put_bool(struct json_line *l, bool value);

ERR_MUST_USE enum err json_line_finish(const struct json_line *l);
/* What stands in a buffer that holds nothing else, as a text that ends in NUL: release with secret_free. NULL when something failed; the buffer is empty then. */
char *json_line_text(struct json_line *l);

#endif
