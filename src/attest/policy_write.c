/* SPDX-License-Identifier: Apache-2.0 */
/* From a policy to its document, by the rows of policy_members.c: one function for each kind of member. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/policy_members.h"
#include "base/encoding.h"

/* What a member is written as; NULL with *e ERR_OK: left out. The base is the document or record. */
typedef json_t *write_function(const struct policy_member *m, const void *base, enum err *e);

static write_function write_version, write_members, write_bool, write_number, write_number_or_any,
    write_number_if, write_mask, write_dotted, write_word, write_words, write_rule, write_bit_rule,
    write_text, write_text_or_any, write_texts, write_octets, write_bytes, write_value, write_values,
    write_records, write_register, write_roots;

static write_function *const writers[MEMBER_KIND_COUNT] = {
    [MEMBER_VERSION] = write_version,
    [MEMBER_OBJECT] = write_members,
    [MEMBER_BOOL] = write_bool,
    [MEMBER_NUMBER] = write_number,
    [MEMBER_NUMBER_OR_ANY] = write_number_or_any,
    [MEMBER_NUMBER_IF] = write_number_if,
    [MEMBER_MASK] = write_mask,
    [MEMBER_DOTTED] = write_dotted,
    [MEMBER_WORD] = write_word,
    [MEMBER_WORDS] = write_words,
    [MEMBER_RULE] = write_rule,
    [MEMBER_BIT_RULE] = write_bit_rule,
    [MEMBER_TEXT] = write_text,
    [MEMBER_TEXT_OR_ANY] = write_text_or_any,
    [MEMBER_TEXTS] = write_texts,
    [MEMBER_OCTETS] = write_octets,
    [MEMBER_BYTES] = write_bytes,
    [MEMBER_VALUE] = write_value,
    [MEMBER_VALUES] = write_values,
    [MEMBER_RECORDS] = write_records,
    [MEMBER_REGISTER] = write_register,
    [MEMBER_ROOTS] = write_roots,
};

static const void *member_at(const void *base, size_t offset)
{
    return (const uint8_t *)base + offset;
}

static json_t *write_object(const struct policy_member *table, const void *base, enum err *e)
{
    json_t *object = json_object();
    if (object == NULL)
        *e = ERR_MEMORY;
    for (const struct policy_member *m = table; *e == ERR_OK && m->key != NULL; m++) {
        json_t *value = writers[m->kind](m, base, e);
        if (value != NULL && json_object_set_new(object, m->key, value) != 0)
            *e = ERR_MEMORY;
    }
    return object;
}

enum err policy_write(const struct policy_document *doc, json_t **root, struct err_note *note)
{
    enum err e = ERR_OK;
    *root = write_object(policy_members, doc, &e);
    if (e == ERR_OK)
        return ERR_OK;
    json_decref(*root);
    *root = NULL;
    return e == ERR_VALUE ? err_noted(e, note, "a bit or a value in the policy that has no name") : e;
}

/* What has been made, or else there is no memory. */
static json_t *made(json_t *value, enum err *e)
{
    if (value == NULL)
        *e = ERR_MEMORY;
    return value;
}

/* Adds to a list and takes the value over. */
static void add(json_t *list, json_t *value, enum err *e)
{
    if (*e == ERR_OK && (list == NULL || json_array_append_new(list, value) != 0))
        *e = ERR_MEMORY;
    else if (*e != ERR_OK)
        json_decref(value);
}

static json_t *write_members(const struct policy_member *m, const void *base, enum err *e)
{
    return write_object(m->members, base, e);
}

/* ---- what JSON has a type for ---- */

static json_t *write_version(const struct policy_member *m, const void *base, enum err *e)
{
    (void)m;
    (void)base;
    return made(json_integer(POLICY_DOCUMENT_VERSION), e);
}

static json_t *write_bool(const struct policy_member *m, const void *base, enum err *e)
{
    const bool *value = member_at(base, m->at);
    return made(json_boolean(*value), e);
}

static uint64_t load(const struct policy_member *m, const void *base)
{
    const void *at = member_at(base, m->at);
    uint64_t number = 0;
    uint32_t word = 0;
    uint8_t byte = 0;
    if (m->size == sizeof number) {
        memcpy(&number, at, sizeof number);
        return number;
    }
    if (m->size == sizeof word) {
        memcpy(&word, at, sizeof word);
        return word;
    }
    memcpy(&byte, at, sizeof byte);
    return byte;
}

static json_t *write_number(const struct policy_member *m, const void *base, enum err *e)
{
    const uint64_t number = load(m, base);
    return number < m->min ? NULL : made(json_integer((json_int_t)number), e);
}

static json_t *write_number_or_any(const struct policy_member *m, const void *base, enum err *e)
{
    return load(m, base) == m->any ? made(json_string("any"), e) : write_number(m, base, e);
}

static json_t *write_number_if(const struct policy_member *m, const void *base, enum err *e)
{
    const bool *named = member_at(base, m->mark);
    return *named ? write_number(m, base, e) : made(json_string("any"), e);
}

/* ---- texts ---- */

static json_t *write_mask(const struct policy_member *m, const void *base, enum err *e)
{
    const uint64_t *mask = member_at(base, m->at);
    return made(json_sprintf("0x%llx", (unsigned long long)*mask), e);
}

static json_t *write_dotted(const struct policy_member *m, const void *base, enum err *e)
{
    enum { PARTS_SIZE = 64 };
    const uint8_t *parts = member_at(base, m->at);
    char text[PARTS_SIZE];
    size_t used = 0;
    for (size_t i = 0; i < m->size && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u", i == 0 ? "" : ".", parts[i]);
    return made(json_string(text), e);
}

static json_t *word_of(const struct policy_word *words, unsigned value, enum err *e)
{
    for (; words->text != NULL; words++)
        if (words->value == value)
            return made(json_string(words->text), e);
    *e = ERR_VALUE;
    return NULL;
}

static json_t *write_word(const struct policy_member *m, const void *base, enum err *e)
{
    return word_of(m->words, (unsigned)load(m, base), e);
}

static json_t *write_rule(const struct policy_member *m, const void *base, enum err *e)
{
    const enum policy_rule *rule = member_at(base, m->at);
    return word_of(policy_rule_words, *rule == POLICY_DEFAULT ? m->otherwise(m->bit) : *rule, e);
}

/* Required comes before forbidden, as in the check (tdx_td_attribute), but a bit that is both can never be right. */
static json_t *write_bit_rule(const struct policy_member *m, const void *base, enum err *e)
{
    const uint64_t *required = member_at(base, m->at);
    const uint64_t *forbidden = member_at(base, m->beside);
    const bool require = (*required >> m->bit & 1) != 0;
    const bool forbid = (*forbidden >> m->bit & 1) != 0;
    if (require && forbid) {
        *e = ERR_VALUE;
        return NULL;
    }
    return word_of(policy_rule_words, require ? POLICY_REQUIRE : forbid ? POLICY_FORBID : POLICY_ANY, e);
}

static json_t *write_text(const struct policy_member *m, const void *base, enum err *e)
{
    const char *const *text = member_at(base, m->at);
    return made(json_string(*text), e);
}

static json_t *write_text_or_any(const struct policy_member *m, const void *base, enum err *e)
{
    const char *const *text = member_at(base, m->at);
    return *text == NULL ? made(json_string("any"), e) : write_text(m, base, e);
}

static json_t *hex_of(const uint8_t *value, size_t size, enum err *e)
{
    char *text = malloc(ENCODING_HEX_SIZE(size));
    if (text == NULL)
        return made(NULL, e);
    encoding_hex(bytes_of(value, size), text);
    json_t *hex = made(json_string(text), e);
    free(text);
    return hex;
}

static json_t *write_bytes(const struct policy_member *m, const void *base, enum err *e)
{
    return hex_of(member_at(base, m->at), m->size, e);
}

static json_t *write_value(const struct policy_member *m, const void *base, enum err *e)
{
    const uint8_t *const *value = member_at(base, m->at);
    return *value == NULL ? made(json_string("any"), e) : hex_of(*value, m->size, e);
}

static json_t *write_register(const struct policy_member *m, const void *base, enum err *e)
{
    const struct tdx_launch *launch = base;
    if ((launch->named >> m->bit & 1) != 0)
        return hex_of(launch->rtmr[m->bit], m->size, e);
    return made(json_string("any"), e);
}

/* ---- lists ---- */

static const void *list_of(const struct policy_member *m, const void *base, size_t *count)
{
    const void *items;
    memcpy(&items, member_at(base, m->at), sizeof items);
    memcpy(count, member_at(base, m->beside), sizeof *count);
    return items;
}

static json_t *write_values(const struct policy_member *m, const void *base, enum err *e)
{
    size_t count;
    const void *items = list_of(m, base, &count);
    json_t *list = made(json_array(), e);
    for (size_t i = 0; *e == ERR_OK && i < count; i++)
        add(list, hex_of(member_at(items, i * m->size), m->size, e), e);
    return list;
}

static json_t *write_texts(const struct policy_member *m, const void *base, enum err *e)
{
    size_t count;
    const char *const *texts = list_of(m, base, &count);
    json_t *list = made(json_array(), e);
    for (size_t i = 0; *e == ERR_OK && i < count; i++)
        add(list, made(json_string(texts[i]), e), e);
    return list;
}

static json_t *write_octets(const struct policy_member *m, const void *base, enum err *e)
{
    size_t count;
    const struct bytes *octets = list_of(m, base, &count);
    json_t *list = made(json_array(), e);
    for (size_t i = 0; *e == ERR_OK && i < count; i++)
        add(list, hex_of(octets[i].ptr, octets[i].len, e), e);
    return list;
}

static json_t *write_records(const struct policy_member *m, const void *base, enum err *e)
{
    size_t count;
    const void *items = list_of(m, base, &count);
    const bool *own = member_at(base, m->mark);
    if (m->mark != 0 && !*own)
        return made(json_string("shipped"), e);
    json_t *list = made(json_array(), e);
    for (size_t i = 0; *e == ERR_OK && i < count; i++) {
        const void *record = member_at(items, i * m->size);
        if (m->counts == NULL || m->counts(record))
            add(list, write_object(m->members, record, e), e);
    }
    return list;
}

static json_t *write_words(const struct policy_member *m, const void *base, enum err *e)
{
    uint64_t bits = load(m, base);
    const bool all = bits == 0 && m->min != 0;
    json_t *list = made(json_array(), e);
    for (const struct policy_word *w = m->words; *e == ERR_OK && w->text != NULL; w++) {
        if (all || (bits >> w->value & 1) != 0)
            add(list, made(json_string(w->text), e), e);
        bits &= ~(1ULL << w->value);
    }
    if (*e == ERR_OK && bits != 0)
        *e = ERR_VALUE;
    return list;
}

/* ---- simulated roots ---- */

static json_t *write_roots(const struct policy_member *m, const void *base, enum err *e)
{
    (void)m;
    const struct policy_document *doc = base;
    json_t *list = made(json_array(), e);
    for (size_t i = 0; *e == ERR_OK && i < policy_root_count; i++) {
        const struct bytes *root = member_at(&doc->policy, policy_roots[i]);
        if (root->len == 0)
            continue;
        char *text = malloc(ENCODING_BASE64_SIZE(root->len));
        if (text == NULL) {
            *e = ERR_MEMORY;
            break;
        }
        encoding_base64(*root, text);
        add(list, made(json_string(text), e), e);
        free(text);
    }
    return list;
}
