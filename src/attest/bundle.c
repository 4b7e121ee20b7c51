/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/bundle.h"

#include <stdlib.h>

#include "attest/statement.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "base/writer.h"

enum { BUNDLE_VERSION = 1 };

static const char *const platforms[] = {BUNDLE_PLATFORM_SNP, BUNDLE_PLATFORM_TDX, NULL};
static const char *const evidence_types[] = {BUNDLE_SNP_REPORT, BUNDLE_TDX_QUOTE, BUNDLE_GPU_REPORT, NULL};
static const char *const endorsement_types[] = {
    BUNDLE_CERTIFICATE, BUNDLE_CRL, BUNDLE_TDX_COLLATERAL, BUNDLE_GPU_CHAIN, BUNDLE_GPU_RIM,
    BUNDLE_OCSP,        NULL};

/* The constant in the list that says the same; NULL when there is none. */
static const char *known_name(struct bytes text, const char *const list[])
{
    for (size_t i = 0; list[i] != NULL; i++)
        if (bytes_is_str(text, list[i]))
            return list[i];
    return NULL;
}

/* ---- parsing ---- */

static struct bytes string_of(const json_t *value)
{
    return bytes_of(json_string_value(value), json_string_length(value));
}

/* One conceptual message: [media type, base64url value]. The value goes to where w stands. */
static enum err item_parse(const json_t *value, const char *path, size_t at, const char *const types[],
                           struct writer *w, struct bundle_item *item, struct err_note *note)
{
    const json_t *type = json_array_get(value, 0);
    const json_t *text = json_array_get(value, 1);
    size_t len;
    if (json_array_size(value) != 2 || !json_is_string(type) || !json_is_string(text))
        return err_noted(ERR_JSON, note, "bundle: %s[%zu] is not [media type, value]", path, at);
    item->media_type = known_name(string_of(type), types);
    if (item->media_type == NULL)
        return err_noted(ERR_UNKNOWN, note, "bundle: %s[%zu] has a media type that is not known", path, at);
    struct writer room = *w;
    size_t size = room.size - room.used;
    uint8_t *to = writer_reserve(&room, size);
    if (to == NULL || encoding_unbase64url(string_of(text), to, size, &len) != ERR_OK || len == 0)
        return err_noted(ERR_VALUE, note, "bundle: the value of %s[%zu] is not base64url", path, at);
    item->value = bytes_of(writer_reserve(w, len), len);
    return ERR_OK;
}

static enum err items_parse(const json_t *doc, const char *path, size_t max, const char *const types[],
                            struct writer *w, struct bundle_item *items, size_t *count, struct err_note *note)
{
    const json_t *list;
    enum err e = strict_json_array(doc, path, max, &list, note);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
        e = item_parse(json_array_get(list, i), path, i, types, w, &items[i], note);
    if (e == ERR_OK)
        *count = json_array_size(list);
    return e;
}

static enum err freshness_parse(const json_t *doc, struct merkle_path *path, struct err_note *note)
{
    static const char *const keys[] = {"index", "path", "size", NULL};
    const json_t *object;
    const json_t *hashes = NULL;
    int64_t index = 0;
    int64_t size = 0;
    enum err e = strict_json_object(doc, "freshness", &object, note);
    if (e == ERR_OK)
        e = strict_json_only(object, "freshness", keys, note);
    if (e == ERR_OK)
        e = strict_json_integer(object, "size", 1, MERKLE_LEAVES_MAX, &size, note);
    if (e == ERR_OK)
        e = strict_json_integer(object, "index", 0, size - 1, &index, note);
    if (e == ERR_OK)
        e = strict_json_array(object, "path", MERKLE_PATH_MAX, &hashes, note);
    if (e != ERR_OK)
        return e;
    path->index = (uint32_t)index;
    path->size = (uint32_t)size;
    path->count = (uint32_t)json_array_size(hashes);
    for (size_t i = 0; i < path->count; i++) {
        const json_t *hash = json_array_get(hashes, i);
        size_t len;
        if (!json_is_string(hash) ||
            encoding_unbase64url(string_of(hash), path->hashes[i], MERKLE_HASH_SIZE, &len) != ERR_OK ||
            len != MERKLE_HASH_SIZE)
            return err_noted(ERR_VALUE, note, "bundle: freshness.path[%zu] is not base64url of %d bytes", i,
                             MERKLE_HASH_SIZE);
    }
    return ERR_OK;
}

static enum err challenge_parse(const json_t *doc, struct bundle *b, struct err_note *note)
{
    size_t len;
    b->has_challenge = json_object_get(doc, "challenge") != NULL;
    if (!b->has_challenge)
        return ERR_OK;
    enum err e = strict_json_base64url(doc, "challenge", b->challenge, sizeof b->challenge, &len, note);
    if (e == ERR_OK && len != sizeof b->challenge)
        e = err_noted(ERR_VALUE, note, "bundle: \"challenge\" has %zu bytes, wanted %zu", len,
                      sizeof b->challenge);
    return e;
}

static enum err members_parse(const json_t *doc, struct writer *w, struct bundle *b, struct err_note *note)
{
    static const char *const keys[] = {"challenge", "endorsements", "evidence", "freshness",
                                       "platform",  "statement",    "version",  NULL};
    struct bytes text = {0};
    const char *platform = NULL;
    int64_t version;
    enum err e = strict_json_only(doc, "bundle", keys, note);
    if (e == ERR_OK)
        e = strict_json_integer(doc, "version", BUNDLE_VERSION, BUNDLE_VERSION, &version, note);
    if (e == ERR_OK)
        e = strict_json_string(doc, "platform", &text, note);
    if (e == ERR_OK && (platform = known_name(text, platforms)) == NULL)
        e = err_noted(ERR_UNKNOWN, note, "bundle: a platform that is not known");
    if (e == ERR_OK) {
        memcpy(b->platform, platform, strlen(platform));
        e = strict_json_string(doc, "statement", &text, note);
    }
    if (e == ERR_OK && text.len > STATEMENT_MAX)
        e = err_noted(ERR_TOO_LARGE, note, "bundle: a statement of %zu bytes, at most %d are taken", text.len,
                      STATEMENT_MAX);
    if (e == ERR_OK) {
        b->statement = bytes_of(w->start, text.len);
        writer_bytes(w, text);
        e = items_parse(doc, "evidence", BUNDLE_EVIDENCE_MAX, evidence_types, w, b->evidence,
                        &b->evidence_count, note);
    }
    if (e == ERR_OK)
        e = items_parse(doc, "endorsements", BUNDLE_ENDORSEMENTS_MAX, endorsement_types, w, b->endorsements,
                        &b->endorsement_count, note);
    if (e == ERR_OK)
        e = freshness_parse(doc, &b->freshness, note);
    if (e == ERR_OK)
        e = challenge_parse(doc, b, note);
    return e;
}

enum err bundle_parse(struct bytes text, struct bundle *b, struct err_note *note)
{
    json_t *doc;
    memset(b, 0, sizeof *b);
    enum err e = strict_json_parse(text, BUNDLE_MAX, &doc, note);
    if (e != ERR_OK)
        return e;
    /* Everything decoded is shorter than the text it came from. A bundle is public: ordinary memory will do. */
    b->storage = malloc(text.len);
    if (b->storage == NULL) {
        e = ERR_MEMORY;
    } else {
        struct writer w = writer_into(b->storage, text.len);
        e = members_parse(doc, &w, b, note);
    }
    if (e != ERR_OK)
        bundle_release(b);
    json_decref(doc);
    return e;
}

void bundle_release(struct bundle *b)
{
    free(b->storage);
    memset(b, 0, sizeof *b);
}

/* ---- writing ---- */

static json_t *base64url(struct bytes value)
{
    json_t *string = NULL;
    char *text = malloc(ENCODING_BASE64URL_SIZE(value.len));
    if (text != NULL) {
        encoding_base64url(value, text);
        string = json_string(text);
    }
    free(text);
    return string;
}

static json_t *items_write(const struct bundle_item *items, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_pack("[s, o]", items[i].media_type, base64url(items[i].value));
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *freshness_write(const struct merkle_path *path)
{
    json_t *hashes = json_array();
    for (size_t i = 0; i < path->count; i++) {
        if (json_array_append_new(hashes, base64url(bytes_of(path->hashes[i], MERKLE_HASH_SIZE))) != 0) {
            json_decref(hashes);
            return NULL;
        }
    }
    return json_pack("{s:I, s:I, s:o}", "index", (json_int_t)path->index, "size", (json_int_t)path->size,
                     "path", hashes);
}

static bool is_writable(const struct bundle *b)
{
    return known_name(bytes_of(b->platform, strnlen(b->platform, sizeof b->platform)), platforms) != NULL &&
           b->evidence_count <= BUNDLE_EVIDENCE_MAX && b->endorsement_count <= BUNDLE_ENDORSEMENTS_MAX &&
           b->freshness.count <= MERKLE_PATH_MAX;
}

enum err bundle_write(const struct bundle *b, char **text, size_t *len)
{
    enum err e = ERR_OK;
    *text = NULL;
    *len = 0;
    if (!is_writable(b))
        return ERR_VALUE;
    strict_json_init();
    json_t *doc = json_pack("{s:i, s:s, s:s%, s:o, s:o, s:o}",                                  //
                            "version", BUNDLE_VERSION,                                          //
                            "platform", b->platform,                                            //
                            "statement", (const char *)b->statement.ptr, b->statement.len,      //
                            "evidence", items_write(b->evidence, b->evidence_count),            //
                            "endorsements", items_write(b->endorsements, b->endorsement_count), //
                            "freshness", freshness_write(&b->freshness));
    if (doc == NULL)
        return ERR_MEMORY;
    if (b->has_challenge &&
        json_object_set_new(doc, "challenge", base64url(bytes_of(b->challenge, sizeof b->challenge))) != 0)
        e = ERR_MEMORY;
    if (e == ERR_OK && (*text = strict_json_canonical(doc)) == NULL)
        e = ERR_MEMORY;
    if (e == ERR_OK && strlen(*text) > BUNDLE_MAX) {
        secret_free(*text);
        *text = NULL;
        e = ERR_TOO_LARGE;
    }
    if (e == ERR_OK)
        *len = strlen(*text);
    json_decref(doc);
    return e;
}
