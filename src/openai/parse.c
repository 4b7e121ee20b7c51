/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"
#include "base/secret.h"

/* ---- refusing ---- */

enum err parse_refusef(struct parse *p, const char *format, ...)
{
    char what[sizeof p->note->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (p->path_len == 0)
        return err_noted(ERR_REQUEST, p->note, "%s", what);
    return err_noted(ERR_REQUEST, p->note, "%s: %s", p->path, what);
}

enum err parse_refuse(struct parse *p, const char *what)
{
    return parse_refusef(p, "%s", what);
}

/* A path that is too long stays cut off: it is for people. */
size_t parse_enter(struct parse *p, const char *name, size_t index)
{
    size_t mark = p->path_len;
    char *end = p->path + mark;
    size_t room = sizeof p->path - mark;
    int n = name == NULL ? snprintf(end, room, "[%zu]", index)
                         : snprintf(end, room, "%s%s", mark == 0 ? "" : ".", name);
    p->path_len = n > 0 && (size_t)n < room ? mark + (size_t)n : sizeof p->path - 1;
    return mark;
}

void parse_leave(struct parse *p, size_t mark)
{
    p->path_len = mark;
    p->path[mark] = '\0';
}

/* A key is text from the peer, and goes back to the same peer; only what looks like a member's name is repeated. */
static bool is_plain_key(const char *key)
{
    size_t len = strlen(key);
    return len <= 64 &&
           strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$.") == len;
}

/* ---- memory ---- */

struct parse_block {
    struct parse_block *next;
    struct parse_block **link;
    _Alignas(16) uint8_t bytes[];
};

void *parse_alloc(struct parse *p, size_t size)
{
    struct parse_block *b = secret_alloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    b->next = p->storage->first;
    b->link = &p->storage->first;
    if (b->next != NULL)
        b->next->link = &b->next;
    p->storage->first = b;
    return b->bytes;
}

enum { GROW_FIRST = 4 };

/* Full are the capacities 4, 8, 16, ... */
void *parse_grow(struct parse *p, void *array, size_t count, size_t element)
{
    if (array == NULL)
        return parse_alloc(p, GROW_FIRST * element);
    if (count < GROW_FIRST || (count & (count - 1)) != 0)
        return array;
    struct parse_block *b = (struct parse_block *)((uint8_t *)array - offsetof(struct parse_block, bytes));
    b = secret_realloc(b, sizeof *b + 2 * count * element);
    if (b == NULL)
        return NULL; /* the old one is still linked */
    *b->link = b;
    if (b->next != NULL)
        b->next->link = &b->next;
    return b->bytes;
}

void parse_release(struct generation_storage *storage)
{
    while (storage->first != NULL) {
        struct parse_block *b = storage->first;
        storage->first = b->next;
        secret_free(b);
    }
}

/* ---- objects, unions, lists ---- */

static const struct parse_field *field_find(const struct parse_field *fields, const char *name)
{
    for (const struct parse_field *f = fields; f->name != NULL; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

enum err parse_object(struct parse *p, const json_t *value, const struct parse_field *fields, void *to)
{
    if (!json_is_object(value))
        return parse_refuse(p, "is not an object");
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        const struct parse_field *f = field_find(fields, key);
        if (f == NULL && !is_plain_key(key))
            return parse_refuse(p, "has a member that is not supported");
        size_t mark = parse_enter(p, key, 0);
        enum err e = ERR_OK;
        if (f == NULL)
            e = parse_refuse(p, "is not supported");
        else if (!json_is_null(member)) /* SDKs send null for "not said" */
            e = f->take(p, f, member, to);
        if (e != ERR_OK)
            return e;
        parse_leave(p, mark);
    }
    for (const struct parse_field *f = fields; f->name != NULL; f++) {
        const json_t *member_there = f->required ? json_object_get(value, f->name) : value;
        if (member_there == NULL || json_is_null(member_there)) {
            (void)parse_enter(p, f->name, 0);
            return parse_refuse(p, "is missing");
        }
    }
    return ERR_OK;
}

enum err parse_union(struct parse *p, const json_t *value, const char *key,
                     const struct parse_variant *variants, const char *when_missing, size_t *variant,
                     void *to)
{
    if (!json_is_object(value))
        return parse_refuse(p, "is not an object");
    const json_t *chosen = json_object_get(value, key);
    const char *name = chosen == NULL || json_is_null(chosen) ? when_missing : json_string_value(chosen);
    size_t i = 0;
    while (name != NULL && variants[i].name != NULL && strcmp(variants[i].name, name) != 0)
        i++;
    if (name != NULL && variants[i].name != NULL) {
        if (variant != NULL)
            *variant = i;
        return parse_object(p, value, variants[i].fields, to);
    }
    char known[160] = "";
    size_t n = 0;
    for (i = 0; variants[i].name != NULL && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i == 0 ? "" : ", ", variants[i].name);
    (void)parse_enter(p, key, 0);
    if (name == NULL && chosen == NULL)
        return parse_refusef(p, "is missing (one of %s)", known);
    return parse_refusef(p, "is not one of %s", known);
}

enum err parse_list(struct parse *p, const json_t *value, size_t min, size_t max,
                    enum err (*take)(struct parse *p, const json_t *element, void *to), void *to)
{
    size_t count = json_array_size(value); /* 0 when it is no list */
    if (!json_is_array(value) || count < min)
        return parse_refusef(p, "is not a list of %zu to %zu entries", min, max);
    if (count > max)
        return parse_refusef(p, "has more than %zu entries", max);
    for (size_t i = 0; i < count; i++) {
        size_t mark = parse_enter(p, NULL, i);
        enum err e = take(p, json_array_get(value, i), to);
        if (e != ERR_OK)
            return e;
        parse_leave(p, mark);
    }
    return ERR_OK;
}

/* ---- values ---- */

static void *at(void *to, const struct parse_field *f)
{
    return (char *)to + f->offset;
}

PARSE_TAKE(parse_bool)
{
    if (!json_is_boolean(value))
        return parse_refuse(p, "is not true or false");
    *(bool *)at(to, f) = json_is_true(value);
    return ERR_OK;
}

PARSE_TAKE(parse_float)
{
    if (!json_is_number(value))
        return parse_refuse(p, "is not a number");
    double v = json_number_value(value);
    if (!(v >= f->min && v <= f->max))
        return parse_refusef(p, "is outside %g to %g", f->min, f->max);
    *(float *)at(to, f) = (float)v;
    return ERR_OK;
}

PARSE_TAKE(parse_u32)
{
    if (!json_is_integer(value))
        return parse_refuse(p, "is not an integer");
    json_int_t v = json_integer_value(value);
    if (v < (json_int_t)f->min || v > (json_int_t)f->max)
        return parse_refusef(p, "is outside %.0f to %.0f", f->min, f->max);
    *(uint32_t *)at(to, f) = (uint32_t)v;
    return ERR_OK;
}

PARSE_TAKE(parse_text)
{
    struct bytes text = parse_bytes(value);
    size_t max = f->max > 0 ? (size_t)f->max : PARSE_TEXT_MAX;
    if (!json_is_string(value))
        return parse_refuse(p, "is not a text");
    if (text.len < (size_t)f->min || text.len > max)
        return parse_refusef(p, "is not a text of %.0f to %zu bytes", f->min, max);
    *(struct bytes *)at(to, f) = text;
    return ERR_OK;
}

bool parse_is_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' &&
            c != '-' && c != '.')
            return false;
    }
    return name.len != 0 && name.len <= GENERATION_NAME_MAX;
}

PARSE_TAKE(parse_name)
{
    if (!json_is_string(value) || !parse_is_name(parse_bytes(value)))
        return parse_refusef(p, "is not a name of 1 to %d letters, digits, _, - and .", GENERATION_NAME_MAX);
    *(struct bytes *)at(to, f) = parse_bytes(value);
    return ERR_OK;
}

/* Index in the list, or where it ends. */
static size_t word_find(const char *const *words, const json_t *value)
{
    size_t i = 0;
    while (words[i] != NULL && !(json_is_string(value) && bytes_is_str(parse_bytes(value), words[i])))
        i++;
    return i;
}

static enum err refuse_words(struct parse *p, const char *const *words)
{
    char known[160] = "";
    size_t n = 0;
    for (size_t i = 0; words[i] != NULL && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i == 0 ? "" : ", ", words[i]);
    return parse_refusef(p, "is not one of %s", known);
}

PARSE_TAKE(parse_word)
{
    const char *const *words = f->more;
    size_t i = word_find(words, value);
    if (words[i] == NULL)
        return refuse_words(p, words);
    *(unsigned *)at(to, f) = (unsigned)i;
    return ERR_OK;
}

PARSE_TAKE(parse_one_of)
{
    (void)to;
    const char *const *words = f->more;
    return words[word_find(words, value)] != NULL ? ERR_OK : refuse_words(p, words);
}

enum { DUMP_FLAGS = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) };

enum err parse_dump(struct parse *p, const json_t *value, struct bytes *out)
{
    size_t size = json_dumpb(value, NULL, 0, DUMP_FLAGS);
    char *text = size == 0 ? NULL : parse_alloc(p, size);
    if (text == NULL || json_dumpb(value, text, size, DUMP_FLAGS) != size)
        return ERR_MEMORY;
    *out = bytes_of(text, size);
    return ERR_OK;
}

PARSE_TAKE(parse_json)
{
    if (!json_is_object(value))
        return parse_refuse(p, "is not an object");
    return parse_dump(p, value, at(to, f));
}

PARSE_TAKE(parse_later)
{
    (void)to;
    *(const json_t **)at(p, f) = value;
    return ERR_OK;
}

PARSE_TAKE(parse_nested)
{
    return parse_object(p, value, f->more, at(to, f));
}

PARSE_TAKE(parse_seed)
{
    struct generation_sampling *sampling = at(to, f);
    if (!json_is_integer(value))
        return parse_refuse(p, "is not an integer");
    /* The API allows 64 bits, the sampler has 32: fold, so that different seeds stay different in practice. */
    uint64_t v = (uint64_t)json_integer_value(value);
    sampling->seed = (uint32_t)(v ^ (v >> 32));
    sampling->has_seed = true;
    return ERR_OK;
}

static enum err take_stop(struct parse *p, const json_t *element, void *to)
{
    struct generation *g = to;
    struct bytes stop = parse_bytes(element);
    if (!json_is_string(element) || stop.len == 0 || stop.len > GENERATION_STOP_SIZE_MAX)
        return parse_refusef(p, "is not a text of 1 to %d bytes", GENERATION_STOP_SIZE_MAX);
    g->stops[g->stop_count++] = stop;
    return ERR_OK;
}

PARSE_TAKE(parse_stops)
{
    (void)f;
    ((struct generation *)to)->stop_count = 0;
    return json_is_array(value) ? parse_list(p, value, 0, GENERATION_STOPS_MAX, take_stop, to)
                                : take_stop(p, value, to);
}

/* A token's number in decimal, as a key. */
static bool token_number(const char *key, int32_t *token)
{
    int64_t v = 0;
    size_t n = 0;
    for (; key[n] >= '0' && key[n] <= '9' && n < 10; n++)
        v = v * 10 + (key[n] - '0');
    *token = (int32_t)v;
    return n != 0 && key[n] == '\0' && v <= INT32_MAX;
}

PARSE_TAKE(parse_bias)
{
    struct generation_sampling *sampling = at(to, f);
    size_t count = json_object_size(value);
    if (!json_is_object(value))
        return parse_refuse(p, "is not an object of token numbers");
    if (count > GENERATION_BIASES_MAX)
        return parse_refusef(p, "has more than %d entries", GENERATION_BIASES_MAX);
    sampling->biases = parse_alloc(p, count * sizeof *sampling->biases);
    if (sampling->biases == NULL)
        return ERR_MEMORY;
    const char *key;
    json_t *bias;
    json_object_foreach((json_t *)value, key, bias)
    {
        struct generation_bias *b = &sampling->biases[sampling->bias_count];
        double v = json_is_number(bias) ? json_number_value(bias) : 1000;
        if (!token_number(key, &b->token))
            return parse_refuse(p, "has a key that is not a token's number");
        if (!(v >= -100 && v <= 100))
            return parse_refuse(p, "has a value that is not a number from -100 to 100");
        b->bias = (float)v;
        sampling->bias_count++;
    }
    return ERR_OK;
}

enum { METADATA_MAX = 16 };

PARSE_TAKE(parse_metadata)
{
    if (!json_is_object(value) || json_object_size(value) > METADATA_MAX)
        return parse_refusef(p, "is not an object of at most %d members", METADATA_MAX);
    const char *key;
    json_t *text;
    json_object_foreach(
        (json_t *)value, key,
        text) if (!json_is_string(text) ||
                  json_string_length(text) >
                      PARSE_LABEL_MAX) return parse_refuse(p, "has a value that is not a short text");
    return parse_dump(p, value, at(to, f));
}

/* ---- base64 ---- */

enum err parse_base64(struct parse *p, struct bytes text, struct bytes *out)
{
    size_t len = 0;
    size_t size = text.len / 4 * 3;
    uint8_t *bytes = parse_alloc(p, size);
    if (bytes == NULL)
        return ERR_MEMORY;
    if (size == 0 || encoding_unbase64(text, bytes, size, &len) != ERR_OK || len == 0)
        return parse_refuse(p, "is not base64 of an image");
    *out = bytes_of(bytes, len);
    return ERR_OK;
}

enum err parse_data_url(struct parse *p, struct bytes url, struct bytes *out)
{
    static const char scheme[] = "data:image/";
    static const char mark[] = ";base64,";
    const size_t scheme_len = sizeof scheme - 1;
    if (url.len < scheme_len || memcmp(url.ptr, scheme, scheme_len) != 0)
        return parse_refuse(p, "is not a data:image/ URL; an enclave fetches nothing");
    const uint8_t *comma = memchr(url.ptr, ',', url.len < 128 ? url.len : 128);
    size_t head = comma == NULL ? 0 : (size_t)(comma - url.ptr) + 1;
    if (head < scheme_len + sizeof mark - 1 ||
        memcmp(url.ptr + head - (sizeof mark - 1), mark, sizeof mark - 1) != 0)
        return parse_refuse(p, "is a data: URL that is not in base64");
    return parse_base64(p, bytes_of(url.ptr + head, url.len - head), out);
}

/* ---- members that ask for nothing ---- */

PARSE_TAKE(parse_label)
{
    (void)f;
    (void)to;
    return json_is_string(value) && json_string_length(value) <= PARSE_LABEL_MAX
               ? ERR_OK
               : parse_refuse(p, "is not a short text");
}

PARSE_TAKE(parse_any_text)
{
    (void)f;
    (void)to;
    return json_is_string(value) ? ERR_OK : parse_refuse(p, "is not a text");
}

PARSE_TAKE(parse_any_bool)
{
    (void)f;
    (void)to;
    return json_is_boolean(value) ? ERR_OK : parse_refuse(p, "is not true or false");
}

PARSE_TAKE(parse_any_integer)
{
    (void)f;
    (void)to;
    return json_is_integer(value) ? ERR_OK : parse_refuse(p, "is not an integer");
}

PARSE_TAKE(parse_any_object)
{
    (void)f;
    (void)to;
    return json_is_object(value) ? ERR_OK : parse_refuse(p, "is not an object");
}

PARSE_TAKE(parse_any_list)
{
    (void)f;
    (void)to;
    return json_is_array(value) ? ERR_OK : parse_refuse(p, "is not a list");
}

PARSE_TAKE(parse_any)
{
    (void)p;
    (void)f;
    (void)value;
    (void)to;
    return ERR_OK;
}

PARSE_TAKE(parse_false)
{
    (void)to;
    if (json_is_false(value))
        return ERR_OK;
    return parse_refuse(p, f->more != NULL ? f->more : "is not supported");
}

PARSE_TAKE(parse_is_one)
{
    (void)f;
    (void)to;
    return json_is_integer(value) && json_integer_value(value) == 1 ? ERR_OK
                                                                    : parse_refuse(p, "only 1 is supported");
}

PARSE_TAKE(parse_refused)
{
    (void)value;
    (void)to;
    return parse_refuse(p, f->more != NULL ? f->more : "is not supported");
}
