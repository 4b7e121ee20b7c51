/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/statement.h"

#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"

enum { STATEMENT_VERSION = 1, DIGEST_SIZE = 32 };

#define DIGEST_PREFIX     "sha256:"
#define REPORT_DATA_LABEL "enclume report data v1" /* hashed with its NUL */

static bool is_model_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] < 0x20 || name.ptr[i] > 0x7e)
            return false;
    return name.len <= STATEMENT_MODEL_NAME_MAX;
}

/* ---- writing ---- */

/* "sha256:<hex>" or, without a prefix, "<hex>"; null for a value that is not there. */
static json_t *digest_text(bool present, const char *prefix, const uint8_t digest[static DIGEST_SIZE])
{
    char hex[ENCODING_HEX_SIZE(DIGEST_SIZE)];
    if (!present)
        return json_null();
    encoding_hex(bytes_of(digest, DIGEST_SIZE), hex);
    return json_sprintf("%s%s", prefix, hex);
}

enum err statement_write(const struct statement *s, char *out, size_t size, size_t *len)
{
    char key[ENCODING_BASE64URL_SIZE(sizeof s->noise_key)];
    enum err e = ERR_OK;
    *len = 0;
    size_t name_len = strnlen(s->model_name, sizeof s->model_name);
    if (!is_model_name(bytes_of(s->model_name, name_len)))
        return ERR_VALUE;
    strict_json_init();
    encoding_base64url(bytes_of(s->noise_key, sizeof s->noise_key), key);
    json_t *doc =
        json_pack("{s:o, s:o, s:s%, s:s, s:o, s:i}",                                                //
                  "gpu_evidence", digest_text(s->has_gpu_evidence, DIGEST_PREFIX, s->gpu_evidence), //
                  "model", digest_text(true, DIGEST_PREFIX, s->model_digest),                       //
                  "model_name", s->model_name, name_len,                                            //
                  "noise_static", key,                                                              //
                  "openpgp", digest_text(s->has_openpgp, "", s->openpgp),                           //
                  "version", STATEMENT_VERSION);
    char *text = doc == NULL ? NULL : strict_json_canonical(doc);
    if (text == NULL)
        e = ERR_MEMORY;
    else if (strlen(text) > size)
        e = ERR_NO_SPACE;
    if (e == ERR_OK) {
        *len = strlen(text);
        memcpy(out, text, *len);
    }
    secret_free(text);
    json_decref(doc);
    return e;
}

/* ---- parsing ---- */

static enum err digest_member(const json_t *doc, const char *key, const char *prefix,
                              uint8_t out[static DIGEST_SIZE], struct err_note *note)
{
    struct bytes text;
    enum err e = strict_json_string(doc, key, &text, note);
    if (e != ERR_OK)
        return e;
    struct bytes wanted = bytes_str(prefix);
    struct reader r = reader_over(text);
    if (!bytes_equal(reader_bytes(&r, wanted.len), wanted) ||
        encoding_unhex(reader_rest(&r), out, DIGEST_SIZE) != ERR_OK)
        return err_noted(ERR_VALUE, note, "statement: \"%s\" is not \"%s\" and %d hexadecimal digits", key,
                         prefix, 2 * DIGEST_SIZE);
    return ERR_OK;
}

static enum err optional_digest(const json_t *doc, const char *key, const char *prefix, bool *present,
                                uint8_t out[static DIGEST_SIZE], struct err_note *note)
{
    *present = !json_is_null(json_object_get(doc, key));
    return *present ? digest_member(doc, key, prefix, out, note) : ERR_OK;
}

static enum err statement_members(const json_t *doc, struct statement *s, struct err_note *note)
{
    static const char *const keys[] = {"gpu_evidence", "model",   "model_name", "noise_static",
                                       "openpgp",      "version", NULL};
    struct bytes name;
    size_t key_len;
    int64_t version;
    enum err e = strict_json_only(doc, "statement", keys, note);
    if (e == ERR_OK)
        e = strict_json_integer(doc, "version", STATEMENT_VERSION, STATEMENT_VERSION, &version, note);
    if (e == ERR_OK)
        e = strict_json_base64url(doc, "noise_static", s->noise_key, sizeof s->noise_key, &key_len, note);
    if (e == ERR_OK && key_len != sizeof s->noise_key)
        e = err_noted(ERR_VALUE, note, "statement: \"noise_static\" has %zu bytes, wanted %zu", key_len,
                      sizeof s->noise_key);
    if (e == ERR_OK)
        e = digest_member(doc, "model", DIGEST_PREFIX, s->model_digest, note);
    if (e == ERR_OK)
        e = optional_digest(doc, "gpu_evidence", DIGEST_PREFIX, &s->has_gpu_evidence, s->gpu_evidence, note);
    if (e == ERR_OK)
        e = optional_digest(doc, "openpgp", "", &s->has_openpgp, s->openpgp, note);
    if (e == ERR_OK)
        e = strict_json_string(doc, "model_name", &name, note);
    if (e == ERR_OK && !is_model_name(name))
        e = err_noted(ERR_VALUE, note,
                      "statement: \"model_name\" is not at most %d printable ASCII characters",
                      STATEMENT_MODEL_NAME_MAX);
    if (e == ERR_OK && name.len != 0)
        memcpy(s->model_name, name.ptr, name.len);
    return e;
}

enum err statement_parse(struct bytes text, struct statement *s, struct err_note *note)
{
    char canonical[STATEMENT_MAX];
    size_t len;
    json_t *doc;
    memset(s, 0, sizeof *s);
    enum err e = strict_json_parse(text, STATEMENT_MAX, &doc, note);
    if (e == ERR_OK)
        e = statement_members(doc, s, note);
    /* Every other deviation from the one form shows here. */
    if (e == ERR_OK)
        e = statement_write(s, canonical, sizeof canonical, &len);
    if (e == ERR_OK && !bytes_equal(text, bytes_of(canonical, len)))
        e = err_noted(ERR_VALUE, note, "statement: the text is not in its canonical form (RFC 8785)");
    json_decref(doc);
    return e;
}

enum err statement_report_data(struct bytes text, const uint8_t root[static 32],
                               uint8_t report_data[static 64])
{
    uint8_t statement_hash[CRYPTO_SHA512_SIZE];
    enum err e = crypto_hash_parts(CRYPTO_SHA512, &text, 1, statement_hash);
    if (e != ERR_OK)
        return e; /* equivalent: fails for want of memory alone */
    const struct bytes parts[] = {
        bytes_of(REPORT_DATA_LABEL, sizeof REPORT_DATA_LABEL),
        bytes_of(statement_hash, sizeof statement_hash),
        bytes_of(root, 32),
    };
    return crypto_hash_parts(CRYPTO_SHA512, parts, sizeof parts / sizeof *parts, report_data);
}
