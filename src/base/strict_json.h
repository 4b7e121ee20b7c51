/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STRICT_JSON_H
#define BASE_STRICT_JSON_H

/*
 * JSON from strangers (RFC 8259), through jansson, with what it leaves open closed: a limit on size, depth and the memory that it
 * takes when it is taken apart (a list of empty objects takes a hundred times its size), duplicate keys refused, invalid UTF-8 and
 * NUL characters in strings refused, and objects whose members are all known.
 * All memory of the JSON library is secret memory, because requests hold prompts.
 *
 *     static const char *const keys[] = {"version", "statement", NULL};
 *     json_t *doc;
 *     enum err e = strict_json_parse(text, LIMIT, &doc, note);
 *     if (e == ERR_OK) e = strict_json_only(doc, "bundle", keys, note);
 */

#include <jansson.h>

#include "base/bytes.h"
#include "base/error.h"

enum {
    STRICT_JSON_DEPTH = 32,
    STRICT_JSON_MEMORY = 16 * 1024 * 1024, /* bytes, beside the text of strings; an estimate */
};

/* Once, before any other use of JSON in the process; harmless when repeated. */
void strict_json_init(void);

/* Parses one JSON text of at most limit bytes. *doc is NULL on failure; release with json_decref. The note holds a position, no content.
 * ERR_TOO_LARGE, ERR_JSON. */
ERR_MUST_USE enum err strict_json_parse(struct bytes text, size_t limit, json_t **doc, struct err_note *note);
/* The same, with another limit on memory: for long lists. SIZE_MAX: none, for what comes from somebody who is trusted with it. */
ERR_MUST_USE enum err strict_json_parse_within(struct bytes text, size_t limit, size_t memory, json_t **doc,
                                               struct err_note *note);

/* value is an object and every member's key is in the NULL-terminated list. path names it in the note. ERR_JSON, ERR_UNKNOWN. */
ERR_MUST_USE enum err strict_json_only(const json_t *value, const char *path, const char *const keys[],
                                       struct err_note *note);

/* Members of an object that must be there and of that type. Ranges are inclusive. Strings stay the document's. ERR_JSON, ERR_VALUE. */
ERR_MUST_USE enum err strict_json_string(const json_t *object, const char *key, struct bytes *out,
                                         struct err_note *note);
ERR_MUST_USE enum err strict_json_integer(const json_t *object, const char *key, int64_t min, int64_t max,
                                          int64_t *out, struct err_note *note);
ERR_MUST_USE enum err strict_json_array(const json_t *object, const char *key, size_t max, const json_t **out,
                                        struct err_note *note);
ERR_MUST_USE enum err strict_json_object(const json_t *object, const char *key, const json_t **out,
                                         struct err_note *note);

/* A member that is the base64url text of at most `size` bytes; decoded into out. */
ERR_MUST_USE enum err strict_json_base64url(const json_t *object, const char *key, uint8_t *out, size_t size,
                                            size_t *len, struct err_note *note);

/* The canonical form (RFC 8785, for documents whose keys are ASCII and whose numbers are integers): NUL-terminated secret memory,
 * release with secret_free; NULL when there is no memory. */
char *strict_json_canonical(const json_t *value);

#endif
