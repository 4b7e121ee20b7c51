/* SPDX-License-Identifier: Apache-2.0 */
/* A line of another server's answer: what we take for a JSON object and what jansson takes for one is the same. */
#include <stdlib.h>

#include <jansson.h>

#include "engine/upstream_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How deep the brackets go outside of strings, in text that both agree on. */
static unsigned depth_of(struct bytes text)
{
    unsigned depth = 0;
    unsigned deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '\\' && in_string)
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
    }
    return deepest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_error_t error;
    uint8_t *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    bool taken = upstream_json_line(text, size, NULL) == ERR_OK;
    json_t *doc = json_loadb((const char *)data, size, JSON_DECODE_INT_AS_REAL, &error);
    if (taken && doc == NULL && json_error_code(&error) != json_error_numeric_overflow)
        abort();
    /* jansson overlooks a NUL behind a number. */
    bool nul = memchr(data, 0, size) != NULL;
    if (!taken && !nul && json_is_object(doc) && depth_of(bytes_of(data, size)) <= UPSTREAM_JSON_DEPTH)
        abort();
    if (taken && (memchr(text, '\n', size) != NULL || memchr(text, '\r', size) != NULL))
        abort();
    json_decref(doc);
    free(text);
    return 0;
}
