/* SPDX-License-Identifier: Apache-2.0 */
/* From a document to a policy, by the rows of policy_members.c: one function for each kind of member. */
#include <stdarg.h>
#include <stdio.h>

#include "attest/policy_members.h"
#include "base/encoding.h"
#include "base/strict_json.h"

enum { PATH_SIZE = 128, KEY_SHOWN = 40 };

struct reading {
    struct policy_document *doc;
    struct err_note *note;
    char path[PATH_SIZE]; /* of the member that is read: "tdx.launches[1].rtmr0" */
};

typedef enum err read_function(struct reading *r, const struct policy_member *m, const json_t *value,
                               void *base);

static read_function read_version, read_members, read_bool, read_number, read_number_or_any, read_number_if,
    read_mask, read_dotted, read_word, read_words, read_rule, read_bit_rule, read_text, read_text_or_any,
    read_texts, read_octets, read_bytes, read_value, read_values, read_records, read_register, read_roots;

static read_function *const readers[MEMBER_KIND_COUNT] = {
    [MEMBER_VERSION] = read_version,
    [MEMBER_OBJECT] = read_members,
    [MEMBER_BOOL] = read_bool,
    [MEMBER_NUMBER] = read_number,
    [MEMBER_NUMBER_OR_ANY] = read_number_or_any,
    [MEMBER_NUMBER_IF] = read_number_if,
    [MEMBER_MASK] = read_mask,
    [MEMBER_DOTTED] = read_dotted,
    [MEMBER_WORD] = read_word,
    [MEMBER_WORDS] = read_words,
    [MEMBER_RULE] = read_rule,
    [MEMBER_BIT_RULE] = read_bit_rule,
    [MEMBER_TEXT] = read_text,
    [MEMBER_TEXT_OR_ANY] = read_text_or_any,
    [MEMBER_TEXTS] = read_texts,
    [MEMBER_OCTETS] = read_octets,
    [MEMBER_BYTES] = read_bytes,
    [MEMBER_VALUE] = read_value,
    [MEMBER_VALUES] = read_values,
    [MEMBER_RECORDS] = read_records,
    [MEMBER_REGISTER] = read_register,
    [MEMBER_ROOTS] = read_roots,
};

/* ---- where we are, and what is wrong there ---- */

ERR_MUST_USE static enum err refuse(const struct reading *r, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err refuse(const struct reading *r, enum err e, const char *format, ...)
{
    char text[sizeof r->note->text - sizeof r->path - 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_noted(e, r->note, "%s: %s", r->path[0] == '\0' ? "policy" : r->path, text);
}

static size_t enter_member(struct reading *r, const char *key)
{
    size_t length = strlen(r->path);
    (void)snprintf(r->path + length, sizeof r->path - length, "%s%s", length == 0 ? "" : ".", key);
    return length;
}

static size_t enter_item(struct reading *r, size_t index)
{
    size_t length = strlen(r->path);
    (void)snprintf(r->path + length, sizeof r->path - length, "[%zu]", index);
    return length;
}

static void leave(struct reading *r, size_t length)
{
    r->path[length] = '\0';
}

static void *member_at(void *base, size_t offset)
{
    return (uint8_t *)base + offset;
}

/* ---- objects ---- */

static const struct policy_member *find_member(const struct policy_member *table, const char *key)
{
    for (; table->key != NULL; table++)
        if (strcmp(table->key, key) == 0)
            return table;
    return NULL;
}

/* A key from a file goes to a terminal: only what is harmless there, and not all of it. */
static enum err refuse_unknown(struct reading *r, const char *key)
{
    char shown[KEY_SHOWN + 1];
    size_t n = 0;
    for (; key[n] != '\0' && n < KEY_SHOWN; n++)
        shown[n] = key[n] > ' ' && key[n] <= '~' ? key[n] : '?';
    shown[n] = '\0';
    (void)enter_member(r, shown);
    return refuse(r, ERR_UNKNOWN, "there is no such member");
}

static enum err read_member(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    size_t here = enter_member(r, m->key);
    enum err e = ERR_OK;
    if (value != NULL)
        e = readers[m->kind](r, m, value, base);
    else if (m->required)
        e = refuse(r, ERR_JSON, "is missing");
    if (e == ERR_OK)
        leave(r, here);
    return e;
}

static enum err read_object(struct reading *r, const struct policy_member *table, const json_t *value,
                            void *base)
{
    if (!json_is_object(value))
        return refuse(r, ERR_JSON, "is not an object");
    /* jansson's iterators do not change the object, but are not declared so. */
    json_t *object = (json_t *)value;
    enum err e = ERR_OK;
    for (void *at = json_object_iter(object); e == ERR_OK && at != NULL;
         at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        const struct policy_member *m = find_member(table, key);
        e = m == NULL ? refuse_unknown(r, key) : read_member(r, m, json_object_iter_value(at), base);
    }
    for (const struct policy_member *m = table; e == ERR_OK && m->key != NULL; m++)
        if (json_object_get(object, m->key) == NULL)
            e = read_member(r, m, NULL, base);
    return e;
}

static enum err read_members(struct reading *r, const struct policy_member *m, const json_t *value,
                             void *base)
{
    return read_object(r, m->members, value, base);
}

enum err policy_read(const json_t *root, struct policy_document *doc, struct err_note *note)
{
    struct err_note unused;
    struct reading r = {.doc = doc, .note = note == NULL ? &unused : note};
    /* First of all, so that a document of another version is not told that its members are unknown. */
    enum err e = json_is_object(root) ? read_member(&r, policy_members, json_object_get(root, "version"), doc)
                                      : refuse(&r, ERR_JSON, "is not an object");
    return e == ERR_OK ? read_object(&r, policy_members, root, doc) : e;
}

/* ---- what JSON has a type for ---- */

static enum err read_version(struct reading *r, const struct policy_member *m, const json_t *value,
                             void *base)
{
    (void)m;
    (void)base;
    if (!json_is_integer(value))
        return refuse(r, ERR_JSON, "is not an integer");
    if (json_integer_value(value) != POLICY_DOCUMENT_VERSION)
        return refuse(r, ERR_UNKNOWN, "is not %d, the version that is known", POLICY_DOCUMENT_VERSION);
    return ERR_OK;
}

static enum err read_bool(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    if (!json_is_boolean(value))
        return refuse(r, ERR_JSON, "is neither true nor false");
    bool *to = member_at(base, m->at);
    *to = json_is_true(value);
    return ERR_OK;
}

/* An unsigned integer of m->size bytes. */
static void store(const struct policy_member *m, void *base, uint64_t number)
{
    void *to = member_at(base, m->at);
    const uint32_t word = (uint32_t)number;
    const uint8_t byte = (uint8_t)number;
    if (m->size == sizeof number)
        memcpy(to, &number, sizeof number);
    else if (m->size == sizeof word)
        memcpy(to, &word, sizeof word);
    else
        memcpy(to, &byte, sizeof byte);
}

static enum err read_number(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    if (!json_is_integer(value))
        return refuse(r, ERR_JSON, "is not an integer");
    const json_int_t number = json_integer_value(value);
    if (number < 0 || (uint64_t)number < m->min || (uint64_t)number > m->max)
        return refuse(r, ERR_VALUE, "is not between %llu and %llu", (unsigned long long)m->min,
                      (unsigned long long)m->max);
    store(m, base, (uint64_t)number);
    return ERR_OK;
}

static struct bytes text_of(const json_t *value)
{
    return bytes_of(json_string_value(value), json_string_length(value));
}

static bool is_any(const json_t *value)
{
    return json_is_string(value) && bytes_is_str(text_of(value), "any");
}

static enum err read_number_or_any(struct reading *r, const struct policy_member *m, const json_t *value,
                                   void *base)
{
    if (!is_any(value))
        return json_is_string(value) ? refuse(r, ERR_JSON, "is neither an integer nor \"any\"")
                                     : read_number(r, m, value, base);
    store(m, base, m->any);
    return ERR_OK;
}

static enum err read_number_if(struct reading *r, const struct policy_member *m, const json_t *value,
                               void *base)
{
    const bool named = !is_any(value);
    if (named && json_is_string(value))
        return refuse(r, ERR_JSON, "is neither an integer nor \"any\"");
    memcpy(member_at(base, m->mark), &named, sizeof named);
    return named ? read_number(r, m, value, base) : ERR_OK;
}

/* ---- texts ---- */

static enum err is_string(struct reading *r, const json_t *value)
{
    return json_is_string(value) ? ERR_OK : refuse(r, ERR_JSON, "is not a string");
}

/* Hexadecimal digits behind 0x: wider than the numbers that every JSON reader holds exactly. */
static enum err read_mask(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    enum { DIGITS = 16, BITS = 4 };
    enum err e = is_string(r, value);
    if (e != ERR_OK)
        return e;
    const char *text = json_string_value(value);
    const size_t length = json_string_length(value);
    uint64_t mask = 0;
    bool good = length > 2 && length <= 2 + DIGITS && text[0] == '0' && text[1] == 'x';
    for (size_t i = 2; good && i < length; i++) {
        const char digit[] = {'0', text[i]};
        uint8_t nibble;
        good = encoding_unhex(bytes_of(digit, sizeof digit), &nibble, 1) == ERR_OK;
        mask = good ? mask << BITS | nibble : 0;
    }
    if (!good)
        return refuse(r, ERR_VALUE, "is not 0x and 1 to %d hexadecimal digits", DIGITS);
    uint64_t *to = member_at(base, m->at);
    *to = mask;
    return ERR_OK;
}

/* One way to write each number: no sign, no leading zero. */
static bool dotted_part(const char **text, uint8_t *part)
{
    enum { BASE = 10 };
    const char *at = *text;
    unsigned number = 0;
    while (*at >= '0' && *at <= '9') {
        number = number * BASE + (unsigned)(*at++ - '0');
        if (number > UINT8_MAX)
            number = UINT8_MAX + 1;
    }
    const bool good = at != *text && number <= UINT8_MAX && !(**text == '0' && at - *text > 1);
    *text = at;
    *part = (uint8_t)number;
    return good;
}

static enum err read_dotted(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    enum err e = is_string(r, value);
    if (e != ERR_OK)
        return e;
    const char *text = json_string_value(value);
    uint8_t *parts = member_at(base, m->at);
    bool good = true;
    for (size_t i = 0; good && i < m->size; i++) {
        good = dotted_part(&text, &parts[i]) && *text == (i + 1 < m->size ? '.' : '\0');
        text += good;
    }
    return good ? ERR_OK
                : refuse(r, ERR_VALUE, "is not %zu numbers up to %d with dots between", m->size, UINT8_MAX);
}

static enum err find_word(struct reading *r, const struct policy_word *words, const json_t *value,
                          unsigned *found)
{
    enum err e = is_string(r, value);
    if (e != ERR_OK)
        return e;
    for (; words->text != NULL; words++) {
        if (bytes_is_str(text_of(value), words->text)) {
            *found = words->value;
            return ERR_OK;
        }
    }
    return refuse(r, ERR_UNKNOWN, "is none of the words that are known here");
}

static enum err read_word(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    unsigned found = 0;
    enum err e = find_word(r, m->words, value, &found);
    if (e == ERR_OK)
        store(m, base, found);
    return e;
}

static enum err read_rule(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    unsigned found = 0;
    enum err e = find_word(r, policy_rule_words, value, &found);
    if (e != ERR_OK)
        return e;
    enum policy_rule *to = member_at(base, m->at);
    *to = (enum policy_rule)found;
    return ERR_OK;
}

static enum err read_bit_rule(struct reading *r, const struct policy_member *m, const json_t *value,
                              void *base)
{
    unsigned found = 0;
    enum err e = find_word(r, policy_rule_words, value, &found);
    if (e != ERR_OK)
        return e;
    const uint64_t bit = 1ULL << m->bit;
    uint64_t *required = member_at(base, m->at);
    uint64_t *forbidden = member_at(base, m->beside);
    *required = found == POLICY_REQUIRE ? *required | bit : *required & ~bit;
    *forbidden = found == POLICY_FORBID ? *forbidden | bit : *forbidden & ~bit;
    return ERR_OK;
}

/* Kept by the document. */
static enum err keep_text(struct reading *r, const struct policy_member *m, const json_t *value,
                          const char **out)
{
    enum err e = is_string(r, value);
    if (e != ERR_OK)
        return e;
    const struct bytes text = text_of(value);
    bool good = text.len >= 1 && text.len <= m->size;
    for (size_t i = 0; good && i < text.len; i++)
        good = text.ptr[i] >= ' ' && text.ptr[i] <= '~';
    if (!good)
        return refuse(r, ERR_VALUE, "is not 1 to %zu printable characters (ASCII)", m->size);
    char *kept = policy_document_alloc(r->doc, text.len + 1, 1);
    if (kept == NULL)
        return ERR_MEMORY;
    memcpy(kept, text.ptr, text.len);
    *out = kept;
    return ERR_OK;
}

static enum err read_text(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    return keep_text(r, m, value, member_at(base, m->at));
}

static enum err read_text_or_any(struct reading *r, const struct policy_member *m, const json_t *value,
                                 void *base)
{
    const char **to = member_at(base, m->at);
    *to = NULL;
    return is_any(value) ? ERR_OK : keep_text(r, m, value, to);
}

static enum err read_hex(struct reading *r, const json_t *value, uint8_t *out, size_t size)
{
    enum err e = is_string(r, value);
    if (e == ERR_OK && encoding_unhex(text_of(value), out, size) != ERR_OK)
        e = refuse(r, ERR_VALUE, "is not %zu hexadecimal digits", 2 * size);
    return e;
}

static enum err read_bytes(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    return read_hex(r, value, member_at(base, m->at), m->size);
}

static enum err read_value(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    const uint8_t **to = member_at(base, m->at);
    if (is_any(value)) {
        *to = NULL;
        return ERR_OK;
    }
    uint8_t *kept = policy_document_alloc(r->doc, m->size, 1);
    if (kept == NULL)
        return ERR_MEMORY;
    *to = kept;
    return read_hex(r, value, kept, m->size);
}

static enum err read_register(struct reading *r, const struct policy_member *m, const json_t *value,
                              void *base)
{
    enum err e = is_string(r, value);
    if (e == ERR_OK && tdx_launch_set_rtmr(base, m->bit, text_of(value)) != ERR_OK)
        e = refuse(r, ERR_VALUE, "is neither %zu hexadecimal digits nor \"any\"", 2 * m->size);
    return e;
}

/* ---- lists ---- */

static enum err is_array(struct reading *r, const json_t *value, uint64_t max)
{
    if (!json_is_array(value))
        return refuse(r, ERR_JSON, "is not an array");
    if (json_array_size(value) > max)
        return refuse(r, ERR_TOO_LARGE, "has %zu items, at most %llu are taken", json_array_size(value),
                      (unsigned long long)max);
    return ERR_OK;
}

/* Memory for count items, and the member that points to it. The pointers differ in type alone. */
static enum err new_list(struct reading *r, const struct policy_member *m, void *base, size_t count,
                         size_t size, void **items)
{
    *items = NULL;
    if (count != 0) {
        *items = policy_document_alloc(r->doc, count, size);
        if (*items == NULL)
            return ERR_MEMORY;
    }
    memcpy(member_at(base, m->at), items, sizeof *items);
    memcpy(member_at(base, m->beside), &count, sizeof count);
    return ERR_OK;
}

static enum err read_values(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    const size_t count = json_array_size(value);
    void *items = NULL;
    enum err e = is_array(r, value, m->max);
    if (e == ERR_OK)
        e = new_list(r, m, base, count, m->size, &items);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        size_t here = enter_item(r, i);
        e = read_hex(r, json_array_get(value, i), member_at(items, i * m->size), m->size);
        if (e == ERR_OK)
            leave(r, here);
    }
    return e;
}

static enum err read_texts(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    const size_t count = json_array_size(value);
    void *items = NULL;
    enum err e = is_array(r, value, m->max);
    if (e == ERR_OK)
        e = new_list(r, m, base, count, sizeof(const char *), &items);
    const char **texts = items;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        size_t here = enter_item(r, i);
        e = keep_text(r, m, json_array_get(value, i), &texts[i]);
        if (e == ERR_OK)
            leave(r, here);
    }
    return e;
}

static enum err read_octets(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    const size_t count = json_array_size(value);
    void *items = NULL;
    enum err e = is_array(r, value, m->max);
    if (e == ERR_OK)
        e = new_list(r, m, base, count, sizeof(struct bytes), &items);
    struct bytes *list = items;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        const json_t *item = json_array_get(value, i);
        const size_t size = json_string_length(item) / 2;
        size_t here = enter_item(r, i);
        e = is_string(r, item);
        if (e == ERR_OK && (size == 0 || size > m->size))
            e = refuse(r, ERR_VALUE, "is not 1 to %zu bytes in hexadecimal", m->size);
        uint8_t *kept = e == ERR_OK ? policy_document_alloc(r->doc, size, 1) : NULL;
        if (e == ERR_OK && kept == NULL)
            e = ERR_MEMORY;
        if (e == ERR_OK)
            e = read_hex(r, item, kept, size);
        if (e == ERR_OK)
            leave(r, here);
        list[i] = bytes_of(kept, size);
    }
    return e;
}

static enum err read_records(struct reading *r, const struct policy_member *m, const json_t *value,
                             void *base)
{
    const size_t count = json_array_size(value);
    void *items = NULL;
    bool own = !json_is_string(value) || !bytes_is_str(text_of(value), "shipped");
    enum err e = m->mark != 0 && !own ? ERR_OK : is_array(r, value, m->max);
    if (e == ERR_OK && m->mark != 0)
        memcpy(member_at(base, m->mark), &own, sizeof own);
    if (e == ERR_OK)
        e = new_list(r, m, base, count, m->size, &items);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        size_t here = enter_item(r, i);
        void *record = member_at(items, i * m->size);
        e = read_object(r, m->members, json_array_get(value, i), record);
        const char *problem = e == ERR_OK && m->problem != NULL ? m->problem(record) : NULL;
        if (problem != NULL)
            e = refuse(r, ERR_VALUE, "%s", problem);
        if (e == ERR_OK)
            leave(r, here);
    }
    return e;
}

static enum err read_words(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    uint64_t bits = 0;
    enum err e = is_array(r, value, UINT64_MAX);
    if (e == ERR_OK && json_array_size(value) < m->min)
        e = refuse(r, ERR_VALUE, "is empty");
    for (size_t i = 0; e == ERR_OK && i < json_array_size(value); i++) {
        unsigned found = 0;
        size_t here = enter_item(r, i);
        e = find_word(r, m->words, json_array_get(value, i), &found);
        if (e == ERR_OK && (bits >> found & 1) != 0)
            e = refuse(r, ERR_VALUE, "is there twice");
        bits |= 1ULL << found;
        if (e == ERR_OK)
            leave(r, here);
    }
    if (e == ERR_OK)
        store(m, base, bits);
    return e;
}

/* ---- simulated roots ---- */

enum err policy_read_root(struct policy_document *doc, struct bytes text, struct bytes *root)
{
    static const char pem[] = "-----BEGIN";
    /* equivalent: what is no longer than that is no certificate in either form */
    const bool is_pem = text.len >= sizeof pem - 1 && memcmp(text.ptr, pem, sizeof pem - 1) == 0;
    uint8_t *der = policy_document_alloc(doc, text.len, 1);
    uint8_t none[1];
    size_t len = 0;
    size_t more = 0;
    if (der == NULL)
        return ERR_MEMORY;
    enum err e = is_pem ? encoding_pem_next(&text, "CERTIFICATE", der, text.len, &len)
                        : encoding_unbase64(text, der, text.len, &len);
    if (e == ERR_MEMORY)
        return ERR_MEMORY;
    if (e != ERR_OK || (is_pem && encoding_pem_next(&text, "CERTIFICATE", none, 0, &more) != ERR_TRUNCATED))
        return ERR_ENCODING;
    *root = bytes_of(der, len);
    return ERR_OK;
}

/* Which platform's root is it that was there before, and is another one now? */
static bool is_replaced(const struct attest_policy *before, const struct attest_policy *after)
{
    for (size_t i = 0; i < policy_root_count; i++) {
        struct bytes was;
        struct bytes is;
        memcpy(&was, (const uint8_t *)before + policy_roots[i], sizeof was);
        memcpy(&is, (const uint8_t *)after + policy_roots[i], sizeof is);
        if (was.len != 0 && was.ptr != is.ptr)
            return true;
    }
    return false;
}

static enum err read_roots(struct reading *r, const struct policy_member *m, const json_t *value, void *base)
{
    (void)m;
    struct policy_document *doc = base;
    enum err e = is_array(r, value, policy_root_count);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(value); i++) {
        const struct attest_policy before = doc->policy;
        const json_t *item = json_array_get(value, i);
        struct bytes root = {0};
        struct err_note why = {{0}};
        size_t here = enter_item(r, i);
        e = is_string(r, item);
        if (e == ERR_OK)
            e = policy_read_root(doc, text_of(item), &root);
        if (e == ERR_ENCODING)
            e = refuse(r, ERR_VALUE, "is not one certificate, in PEM or as base64 of its DER");
        if (e == ERR_OK && attest_policy_trust_simulated(&doc->policy, root, &why) != ERR_OK)
            e = refuse(r, ERR_VALUE, "%s", why.text);
        if (e == ERR_OK && is_replaced(&before, &doc->policy))
            e = refuse(r, ERR_VALUE, "is a second root of the same name");
        if (e == ERR_OK)
            leave(r, here);
    }
    return e;
}
