/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A schema is turned into a grammar by a converter that recurses into it, matches its texts with std::regex (which recurses for each character) and writes rules
 * whose number grows with the square of optional properties; and the reader of grammars counts up to a bound that lies below the one where it begins for as long as
 * there is memory (found by fuzzing). So a stranger's schema is held to what schemas in use look like.
 */

#include "base/secret.h"
#include "base/strict_json.h"
#include "engine/llama_internal.h"

enum {
    SCHEMA_SIZE_MAX = 256 * 1024,
    NODES_MAX = 16 * 1024,
    MEMBERS_MAX = 128,      /* of one object */
    KEY_SIZE_MAX = 256,     /* bytes */
    TEXT_SIZE_MAX = 4096,   /* bytes of a text that has a meaning, as in enum */
    PATTERN_SIZE_MAX = 512, /* bytes */
    REPEAT_MAX = 1000,      /* of a character or an element */
};

struct walk {
    const char *member;
    struct err_note *note;
    size_t nodes;
};

static enum err walk_value(struct walk *w, const char *key, const json_t *value);

/* ---- bounds: the lower one is not above the upper, and how often something comes is a number of a size that can be written out ---- */

static enum err check_count(struct walk *w, const json_t *object, const char *key)
{
    const json_t *count = json_object_get(object, key);
    if (count == NULL ||
        (json_is_integer(count) && json_integer_value(count) >= 0 && json_integer_value(count) <= REPEAT_MAX))
        return ERR_OK;
    return err_noted(ERR_REQUEST, w->note, "%s: a schema's %s is not a number of 0 to %d", w->member, key,
                     REPEAT_MAX);
}

static enum err check_bounds(struct walk *w, const json_t *object)
{
    static const char *const counts[] = {"minLength", "maxLength", "minItems", "maxItems"};
    static const char *const pairs[][2] = {
        {"minLength", "maxLength"},      {"minItems", "maxItems"},
        {"minimum", "maximum"},          {"minimum", "exclusiveMaximum"},
        {"exclusiveMinimum", "maximum"}, {"exclusiveMinimum", "exclusiveMaximum"},
    };
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof counts / sizeof *counts; i++)
        e = check_count(w, object, counts[i]);
    for (size_t i = 0; e == ERR_OK && i < sizeof pairs / sizeof *pairs; i++) {
        const json_t *low = json_object_get(object, pairs[i][0]);
        const json_t *high = json_object_get(object, pairs[i][1]);
        if (json_is_number(low) && json_is_number(high) && json_number_value(low) > json_number_value(high))
            e = err_noted(ERR_REQUEST, w->note, "%s: a schema's %s is above its %s", w->member, pairs[i][0],
                          pairs[i][1]);
    }
    return e;
}

/* A number of a pattern's {m,n}; REPEAT_MAX + 1 when it is larger. */
static const char *read_count(const char *at, unsigned *count)
{
    *count = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        if (*count <= REPEAT_MAX)
            *count = *count * 10 + (unsigned)(*at - '0');
    return at;
}

/* Every {m,n} of a pattern, also where it is only text: who means braces can write them otherwise. */
static enum err check_pattern(struct walk *w, const char *pattern)
{
    for (const char *at = strchr(pattern, '{'); at != NULL; at = strchr(at, '{')) {
        unsigned low;
        unsigned high;
        at = read_count(at + 1, &low);
        high = low;
        if (*at == ',' && at[1] != '}')
            at = read_count(at + 1, &high);
        if (low > high || low > REPEAT_MAX || high > REPEAT_MAX)
            return err_noted(ERR_REQUEST, w->note, "%s: a schema's pattern repeats something that cannot be",
                             w->member);
    }
    return ERR_OK;
}

/* ---- the rest ---- */

static bool is_only_read(const char *key)
{
    return strcmp(key, "description") == 0 || strcmp(key, "title") == 0 || strcmp(key, "$comment") == 0 ||
           strcmp(key, "examples") == 0;
}

static enum err walk_object(struct walk *w, const json_t *value)
{
    const char *key;
    const json_t *member;
    enum err e = ERR_OK;
    if (json_object_size(value) > MEMBERS_MAX)
        return err_noted(ERR_REQUEST, w->note, "%s: a schema has an object of more than %d members",
                         w->member, MEMBERS_MAX);
    e = check_bounds(w, value);
    if (e != ERR_OK)
        return e;
    /* jansson's iteration takes a pointer that is not const, and does not write. */
    json_object_foreach((json_t *)value, key, member)
    {
        if (strlen(key) > KEY_SIZE_MAX)
            return err_noted(ERR_REQUEST, w->note, "%s: a schema has a name of more than %d bytes", w->member,
                             KEY_SIZE_MAX);
        if (!is_only_read(key) || !json_is_string(member))
            e = walk_value(w, key, member);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err walk_value(struct walk *w, const char *key, const json_t *value)
{
    if (++w->nodes > NODES_MAX)
        return err_noted(ERR_REQUEST, w->note, "%s: a schema has more than %d parts", w->member, NODES_MAX);
    if (json_is_object(value))
        return walk_object(w, value);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < json_array_size(value); i++)
        e = walk_value(w, "", json_array_get(value, i));
    size_t most = strcmp(key, "pattern") == 0 ? PATTERN_SIZE_MAX : TEXT_SIZE_MAX;
    if (json_is_string(value) && json_string_length(value) > most)
        return err_noted(ERR_REQUEST, w->note, "%s: a schema has a text of more than %zu bytes", w->member,
                         most);
    if (e == ERR_OK && json_is_string(value) && strcmp(key, "pattern") == 0)
        e = check_pattern(w, json_string_value(value));
    return e;
}

enum err engine_schema_check(struct bytes json, const char *member, struct err_note *note)
{
    if (bytes_is_str(json, "true"))
        return ERR_OK;
    if (bytes_is_str(json, "false"))
        return err_noted(ERR_REQUEST, note, "%s: a schema that nothing fits", member);
    json_t *schema = NULL;
    struct err_note why = {{0}};
    enum err e = strict_json_parse(json, SCHEMA_SIZE_MAX, &schema, &why);
    if (e == ERR_MEMORY)
        return e;
    if (e != ERR_OK)
        return err_noted(ERR_REQUEST, note, "%s: a schema is too large or not JSON", member);
    struct walk w = {.member = member, .note = note};
    e = walk_value(&w, "", schema);
    json_decref(schema);
    return e;
}

bool engine_schema_is_shallow(struct bytes json)
{
    size_t depth = 0;
    for (size_t i = 0; i < json.len; i++) {
        uint8_t c = json.ptr[i];
        if ((c == '[' || c == '{') && ++depth > STRICT_JSON_DEPTH)
            return false;
        if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return true;
}
