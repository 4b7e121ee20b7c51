/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strict_json.h"

#include <pthread.h>

#include "base/encoding.h"
#include "base/secret.h"

static void json_init_once(void)
{
    json_set_alloc_funcs(secret_alloc, secret_free);
    /* Now, so that no file is opened later: the seed of the hash tables is read from the system. */
    json_object_seed(0);
}

void strict_json_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, json_init_once);
}

/* ---- parsing ---- */

/* What jansson and secret memory take for one of each, roughly. */
enum { OBJECT_MEMORY = 320, ARRAY_MEMORY = 160, STRING_MEMORY = 128, NUMBER_MEMORY = 64 };

struct weight {
    size_t depth;  /* of the array or object that stands deepest */
    size_t memory; /* beside the text of its strings */
};

/* jansson's parser is recursive, and asks for memory as long as there is any, so this is asked first; whether the brackets match, the parser says. */
static struct weight weigh(struct bytes text)
{
    struct weight w = {0};
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
            w.memory += STRING_MEMORY;
        } else if (c == '[' || c == '{') {
            w.memory += c == '{' ? OBJECT_MEMORY : ARRAY_MEMORY;
            if (++depth > w.depth)
                w.depth = depth;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        } else if (c == ',') {
            w.memory += NUMBER_MEMORY; /* or what is counted above: then it is a little more */
        }
    }
    return w;
}

enum err strict_json_parse_within(struct bytes text, size_t limit, size_t memory, json_t **doc,
                                  struct err_note *note)
{
    json_error_t error = {0};
    enum err e = ERR_OK;
    strict_json_init();
    *doc = NULL;
    if (text.len > limit)
        return err_noted(ERR_TOO_LARGE, note, "JSON of %zu bytes, at most %zu are taken", text.len, limit);
    if (!encoding_is_utf8(text))
        return err_noted(ERR_JSON, note, "JSON that is not UTF-8");
    /* jansson overlooks one behind a number. */
    if (text.len != 0 && memchr(text.ptr, 0, text.len) != NULL)
        return err_noted(ERR_JSON, note, "JSON with a NUL character");
    const struct weight weight = weigh(text);
    if (weight.depth > STRICT_JSON_DEPTH)
        return err_noted(ERR_JSON, note, "JSON nested deeper than %d levels", STRICT_JSON_DEPTH);
    if (weight.memory > memory)
        return err_noted(ERR_TOO_LARGE, note, "JSON of more values than are taken");
    *doc = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (*doc == NULL)
        e = err_noted(ERR_JSON, note, "JSON error at byte %d (line %d)", error.position, error.line);
    /* jansson quotes the text around an error. */
    secret_wipe(&error, sizeof error);
    return e;
}

enum err strict_json_parse(struct bytes text, size_t limit, json_t **doc, struct err_note *note)
{
    return strict_json_parse_within(text, limit, STRICT_JSON_MEMORY, doc, note);
}

/* ---- objects ---- */

static bool is_in_list(const char *key, size_t key_len, const char *const keys[])
{
    for (size_t i = 0; keys[i] != NULL; i++)
        if (bytes_is_str(bytes_of(key, key_len), keys[i]))
            return true;
    return false;
}

enum err strict_json_only(const json_t *value, const char *path, const char *const keys[],
                          struct err_note *note)
{
    if (!json_is_object(value))
        return err_noted(ERR_JSON, note, "%s is not an object", path);
    /* jansson's iterators do not change the object, but are not declared so. */
    json_t *object = (json_t *)value;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        if (!is_in_list(key, json_object_iter_key_len(at), keys))
            return err_noted(ERR_UNKNOWN, note, "%s has a member that is not known", path);
    }
    return ERR_OK;
}

static enum err member(const json_t *object, const char *key, bool wanted_type(const json_t *),
                       const char *type_name, const json_t **out, struct err_note *note)
{
    *out = json_object_get(object, key);
    if (*out == NULL)
        return err_noted(ERR_JSON, note, "there is no member \"%s\"", key);
    if (!wanted_type(*out)) {
        *out = NULL;
        return err_noted(ERR_JSON, note, "\"%s\" is not %s", key, type_name);
    }
    return ERR_OK;
}

static bool is_string(const json_t *value)
{
    return json_is_string(value);
}

static bool is_integer(const json_t *value)
{
    return json_is_integer(value);
}

static bool is_array(const json_t *value)
{
    return json_is_array(value);
}

static bool is_object(const json_t *value)
{
    return json_is_object(value);
}

enum err strict_json_string(const json_t *object, const char *key, struct bytes *out, struct err_note *note)
{
    const json_t *value;
    *out = (struct bytes){0};
    enum err e = member(object, key, is_string, "a string", &value, note);
    if (e == ERR_OK)
        *out = bytes_of(json_string_value(value), json_string_length(value));
    return e;
}

enum err strict_json_integer(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out,
                             struct err_note *note)
{
    const json_t *value;
    *out = 0;
    enum err e = member(object, key, is_integer, "an integer", &value, note);
    if (e != ERR_OK)
        return e;
    int64_t number = json_integer_value(value);
    if (number < min || number > max)
        return err_noted(ERR_VALUE, note, "\"%s\" is not between %lld and %lld", key, (long long)min,
                         (long long)max);
    *out = number;
    return ERR_OK;
}

enum err strict_json_array(const json_t *object, const char *key, size_t max, const json_t **out,
                           struct err_note *note)
{
    enum err e = member(object, key, is_array, "an array", out, note);
    if (e == ERR_OK && json_array_size(*out) > max) {
        *out = NULL;
        e = err_noted(ERR_VALUE, note, "\"%s\" has more than %zu elements", key, max);
    }
    return e;
}

enum err strict_json_object(const json_t *object, const char *key, const json_t **out, struct err_note *note)
{
    return member(object, key, is_object, "an object", out, note);
}

enum err strict_json_base64url(const json_t *object, const char *key, uint8_t *out, size_t size, size_t *len,
                               struct err_note *note)
{
    struct bytes text;
    *len = 0;
    enum err e = strict_json_string(object, key, &text, note);
    if (e != ERR_OK)
        return e;
    e = encoding_unbase64url(text, out, size, len);
    if (e == ERR_NO_SPACE)
        return err_noted(ERR_VALUE, note, "\"%s\" is longer than %zu bytes", key, size);
    return e == ERR_OK ? ERR_OK : err_noted(ERR_VALUE, note, "\"%s\" is not base64url", key);
}

/* ---- the canonical form ---- */

char *strict_json_canonical(const json_t *value)
{
    strict_json_init();
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    /* The one difference between jansson and RFC 8785 section 3.2.2.2: \u001F is to be \u001f. */
    for (char *c = text; c != NULL && *c != '\0'; c++) {
        if (*c != '\\')
            continue;
        c++;
        for (int i = 1; *c == 'u' && i <= 4; i++)
            if (c[i] >= 'A' && c[i] <= 'F')
                c[i] = (char)(c[i] - 'A' + 'a');
    }
    return text;
}
