/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/intel_json.h"

#include "base/encoding.h"
#include "base/reader.h"
#include "base/utc.h"

enum { ADVISORY_NAME_MAX = 31 };

/* ---- the envelope, found without taking the inner object apart ---- */

static void skip_space(struct reader *r)
{
    /* equivalent: at the end there is no space either */
    for (struct reader next = *r; next.left > 0; *r = next) {
        uint8_t c = reader_u8(&next);
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            return;
    }
}

static void expect(struct reader *r, uint8_t wanted)
{
    skip_space(r);
    if (reader_u8(r) != wanted)
        reader_fail(r, ERR_JSON);
}

/* A string, to be compared or decoded as it stands: neither the members' names nor a signature have escapes. */
static struct bytes plain_string(struct reader *r)
{
    expect(r, '"');
    struct reader start = *r;
    size_t len = 0;
    while (reader_u8(r) != '"' && reader_status(r) == ERR_OK)
        len++;
    return reader_status(r) == ERR_OK ? reader_bytes(&start, len) : (struct bytes){0};
}

/* From "{" to the "}" that closes it; whether it is JSON, the parser of the body says. */
static struct bytes object_extent(struct reader *r)
{
    skip_space(r);
    struct reader start = *r;
    size_t depth = 0;
    bool in_string = false;
    do {
        uint8_t c = reader_u8(r);
        if (in_string && c == '\\')
            (void)reader_u8(r);
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && c == '{')
            depth++;
        else if (!in_string && c == '}' && depth > 0)
            depth--;
        else if (depth == 0)
            reader_fail(r, ERR_JSON);
    } while (depth > 0 && reader_status(r) == ERR_OK);
    return reader_status(r) == ERR_OK ? reader_bytes(&start, r->offset - start.offset) : (struct bytes){0};
}

enum err intel_document_parse(struct bytes envelope, const char *member, struct intel_document *document,
                              struct err_note *note)
{
    struct bytes signature = {0};
    memset(document, 0, sizeof *document);
    if (envelope.len > INTEL_DOCUMENT_MAX)
        return err_noted(ERR_TOO_LARGE, note, "document of %zu bytes, at most %d are taken", envelope.len,
                         INTEL_DOCUMENT_MAX);
    struct reader r = reader_over(envelope);
    expect(&r, '{');
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            expect(&r, ',');
        struct bytes name = plain_string(&r);
        expect(&r, ':');
        if (bytes_is_str(name, member) && document->body.len == 0)
            document->body = object_extent(&r);
        else if (bytes_is_str(name, "signature") && signature.len == 0)
            signature = plain_string(&r);
        else
            reader_fail(&r, ERR_JSON);
    }
    expect(&r, '}');
    skip_space(&r);
    if (reader_finish(&r) != ERR_OK)
        return err_noted(ERR_JSON, note, "not an object of \"%s\" and \"signature\", at 0x%zx", member,
                         r.failed != ERR_OK ? r.failed_at : r.offset);
    if (encoding_unhex(signature, document->signature, sizeof document->signature) != ERR_OK)
        return err_noted(ERR_JSON, note, "\"signature\" is not %d hexadecimal digits",
                         2 * INTEL_SIGNATURE_SIZE);
    return ERR_OK;
}

/* ---- members ---- */

enum err intel_json_hex(const json_t *object, const char *key, uint8_t *out, size_t size,
                        struct err_note *note)
{
    struct bytes text;
    enum err e = strict_json_string(object, key, &text, note);
    if (e == ERR_OK && encoding_unhex(text, out, size) != ERR_OK)
        e = err_noted(ERR_VALUE, note, "\"%s\" is not %zu hexadecimal digits", key, 2 * size);
    return e;
}

static int number(struct reader *r, size_t n, uint8_t after)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = reader_u8(r);
        if (c < '0' || c > '9')
            reader_fail(r, ERR_VALUE);
        value = value * 10 + (c - '0');
    }
    if (reader_u8(r) != after)
        reader_fail(r, ERR_VALUE);
    return value;
}

enum err intel_json_date(const json_t *object, const char *key, int64_t *out, struct err_note *note)
{
    enum { YEAR_MIN = 1970 };
    struct bytes text;
    *out = 0;
    enum err e = strict_json_string(object, key, &text, note);
    if (e != ERR_OK)
        return e;
    struct reader r = reader_over(text);
    struct utc moment = {.year = number(&r, 4, '-')};
    moment.month = number(&r, 2, '-');
    moment.day = number(&r, 2, 'T');
    moment.hour = number(&r, 2, ':');
    moment.minute = number(&r, 2, ':');
    moment.second = number(&r, 2, 'Z');
    if (reader_finish(&r) != ERR_OK || moment.year < YEAR_MIN || !utc_seconds(&moment, out)) {
        *out = 0;
        return err_noted(ERR_VALUE, note, "\"%s\" is not a date like 2026-01-31T23:59:59Z", key);
    }
    return ERR_OK;
}

static bool is_advisory_name(const json_t *value)
{
    if (!json_is_string(value))
        return false;
    struct reader r = reader_over(bytes_of(json_string_value(value), json_string_length(value)));
    bool good = r.left > 0 && r.left <= ADVISORY_NAME_MAX;
    while (r.left > 0) {
        uint8_t c = reader_u8(&r);
        good = good && c > ' ' && c < 0x7f && c != ',';
    }
    return good;
}

enum err intel_json_status(const json_t *object, enum tcb_status *status, int64_t *date,
                           const json_t **advisories, struct err_note *note)
{
    struct bytes name;
    *advisories = NULL;
    *status = TCB_UNKNOWN;
    enum err e = strict_json_string(object, "tcbStatus", &name, note);
    if (e != ERR_OK)
        return e;
    *status = tcb_status_find(name);
    if (*status == TCB_UNKNOWN)
        return err_noted(ERR_UNKNOWN, note, "\"tcbStatus\" is a word that is not known");
    e = intel_json_date(object, "tcbDate", date, note);
    if (e != ERR_OK || json_object_get(object, "advisoryIDs") == NULL)
        return e;
    e = strict_json_array(object, "advisoryIDs", INTEL_ADVISORIES_MAX, advisories, note);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(*advisories); i++)
        if (!is_advisory_name(json_array_get(*advisories, i)))
            e = err_noted(ERR_VALUE, note, "\"advisoryIDs\" holds something that is not a name");
    return e;
}

/* ---- levels ---- */

static enum err level_read(const json_t *object, struct isv_level *level, struct err_note *note)
{
    static const char *const keys[] = {"tcb", "tcbDate", "tcbStatus", "advisoryIDs", NULL};
    static const char *const tcb_keys[] = {"isvsvn", NULL};
    const json_t *tcb;
    int64_t svn = 0;
    enum err e = strict_json_only(object, "tcbLevels[]", keys, note);
    if (e == ERR_OK)
        e = strict_json_object(object, "tcb", &tcb, note);
    if (e == ERR_OK)
        e = strict_json_only(tcb, "tcb", tcb_keys, note);
    if (e == ERR_OK)
        e = strict_json_integer(tcb, "isvsvn", 0, UINT16_MAX, &svn, note);
    level->isv_svn = (uint16_t)svn;
    return e == ERR_OK ? intel_json_status(object, &level->status, &level->date, &level->advisories, note)
                       : e;
}

enum err intel_json_levels(const json_t *object, struct isv_levels *levels, struct err_note *note)
{
    const json_t *list;
    levels->count = 0;
    enum err e = strict_json_array(object, "tcbLevels", ISV_LEVELS_MAX, &list, note);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
        e = level_read(json_array_get(list, i), &levels->level[levels->count++], note);
    if (e == ERR_OK && levels->count == 0)
        e = err_noted(ERR_VALUE, note, "\"tcbLevels\" is empty");
    return e;
}

const struct isv_level *isv_levels_match(const struct isv_levels *levels, uint16_t isv_svn)
{
    for (size_t i = 0; i < levels->count; i++)
        if (levels->level[i].isv_svn <= isv_svn)
            return &levels->level[i];
    return NULL;
}
