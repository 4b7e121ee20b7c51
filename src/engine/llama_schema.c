/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A schema is turned into a grammar by a converter that recurses into it, matches its texts with std::regex (which recurses for each character) and writes rules
 * whose number grows with the square of optional properties. So a stranger's schema is held to what schemas in use look like.
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
};

struct walk {
    const char *member;
    struct err_note *note;
    size_t nodes;
};

static enum err walk_value(struct walk *w, const char *key, const json_t *value);

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
        return err_noted(ERR_REQUEST, w->note, "%s: a schema has an object of more than %d members", w->member,
                         MEMBERS_MAX);
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
        return err_noted(ERR_REQUEST, w->note, "%s: a schema has a text of more than %zu bytes", w->member, most);
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
