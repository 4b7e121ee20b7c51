/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_certificates.h"

#include <stddef.h>
#include <stdlib.h>

#include "attest/crl.h"
#include "attest/der.h"
#include "attest/evidence_file.h"
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/strict_json.h"

enum { FILE_MAX = 1024 * 1024 };

/* ---- which is which ---- */

/* Common names; the product follows the prefix, where there is one. The longer prefix first. */
static const struct kind {
    const char *name;
    bool product_follows;
    size_t to;
} kinds[] = {
    {"SEV-VCEK", false, offsetof(struct snp_certificates, vcek)},
    {"SEV-VLEK", false, offsetof(struct snp_certificates, vlek)},
    {"SEV-VLEK-", true, offsetof(struct snp_certificates, asvk)},
    {"SEV-", true, offsetof(struct snp_certificates, ask)},
    {"ARK-", true, offsetof(struct snp_certificates, ark)},
};

static bool is_kind(struct bytes common_name, const struct kind *k)
{
    struct reader r = reader_over(common_name);
    struct bytes prefix = bytes_str(k->name);
    return bytes_equal(reader_bytes(&r, prefix.len), prefix) && (r.left > 0) == k->product_follows;
}

static struct bytes *member(struct snp_certificates *set, const struct kind *k)
{
    return (struct bytes *)((char *)set + k->to);
}

static enum err certificate_add(struct snp_certificates *set, struct bytes der, struct err_note *note)
{
    struct x509 cert;
    enum err e = x509_parse(der, &cert, note);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!is_kind(cert.subject_cn, &kinds[i]))
            continue;
        struct bytes *to = member(set, &kinds[i]);
        if (to->len != 0 && !bytes_equal(*to, der))
            return err_noted(ERR_VALUE, note, "two different certificates named %s%s", kinds[i].name,
                             kinds[i].product_follows ? "..." : "");
        *to = der;
        return ERR_OK;
    }
    return err_noted(ERR_UNKNOWN, note, "a certificate that is none of AMD's for SEV-SNP");
}

static enum err list_add(struct snp_certificates *set, struct bytes der, struct err_note *note)
{
    struct crl list;
    enum err e = crl_parse(der, &list, note);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < set->crl_count; i++)
        if (bytes_equal(set->crls[i], der))
            return ERR_OK;
    if (set->crl_count == SNP_CRLS_MAX)
        return err_noted(ERR_TOO_LARGE, note, "more than %d revocation lists", SNP_CRLS_MAX);
    set->crls[set->crl_count++] = der;
    return ERR_OK;
}

/* ---- the forms ---- */

/* A certificate's signed part begins with [0], the version; a list's with an INTEGER, the version. */
static bool is_list(struct bytes der)
{
    struct reader r = reader_over(der);
    struct reader outer = der_open(&r, DER_SEQUENCE);
    struct reader signed_part = der_open(&outer, DER_SEQUENCE);
    return der_peek(&signed_part, DER_INTEGER);
}

static enum err der_add(struct snp_certificates *set, struct bytes der, struct err_note *note)
{
    return is_list(der) ? list_add(set, der, note) : certificate_add(set, der, note);
}

/* One, or several behind one another. What is none is left to the one that says what is wrong with it. */
static enum err ders_add(struct snp_certificates *set, struct bytes list, struct err_note *note)
{
    struct reader r = reader_over(list);
    enum err e = ERR_OK;
    while (e == ERR_OK && r.left > 0) {
        struct reader look = r;
        struct bytes one = der_whole(&look, DER_SEQUENCE);
        if (reader_status(&look) != ERR_OK)
            return der_add(set, reader_rest(&r), note);
        r = look;
        e = der_add(set, one, note);
    }
    return e;
}

/* All blocks with this label; room: as large as the text. */
static enum err pem_add(struct snp_certificates *set, struct bytes text, const char *label, uint8_t **room,
                        size_t *size, size_t *found, struct err_note *note)
{
    for (;;) {
        size_t len;
        enum err e = encoding_pem_next(&text, label, *room, *size, &len);
        if (e == ERR_TRUNCATED)
            return ERR_OK;
        if (e != ERR_OK)
            return err_noted(e, note, "a PEM block that cannot be read");
        e = der_add(set, bytes_of(*room, len), note);
        if (e != ERR_OK)
            return e;
        *room += len;
        *size -= len;
        (*found)++;
    }
}

static enum err table_add(struct snp_certificates *set, struct bytes area, struct err_note *note)
{
    struct certificate_table t;
    enum err e = certificate_table_parse(area, &t);
    if (e != ERR_OK)
        return err_noted(e, note, "neither PEM, nor DER, nor a table of certificates");
    const struct bytes parts[] = {t.vcek, t.vlek, t.ask, t.ark, t.crl};
    size_t found = 0;
    for (size_t i = 0; e == ERR_OK && i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].len == 0)
            continue;
        e = der_add(set, parts[i], note);
        found++;
    }
    return e == ERR_OK && found == 0 ? err_noted(ERR_UNKNOWN, note, "a table without certificates") : e;
}

static enum err blocks_add(struct snp_certificates *set, struct bytes text, uint8_t **room, size_t *size,
                           size_t *found, struct err_note *note)
{
    enum err e = pem_add(set, text, "CERTIFICATE", room, size, found, note);
    return e == ERR_OK ? pem_add(set, text, "X509 CRL", room, size, found, note) : e;
}

/* ERR_TRUNCATED: there is no PEM in it. */
static enum err text_add(struct snp_certificates *set, struct bytes text, uint8_t *room, size_t size,
                         struct err_note *note)
{
    size_t found = 0;
    enum err e = blocks_add(set, text, &room, &size, &found, note);
    return e == ERR_OK && found == 0 ? ERR_TRUNCATED : e;
}

/* Every text in the object that is PEM, whatever it is called: what a certificate is, it says itself. */
static enum err object_add(struct snp_certificates *set, struct bytes file, uint8_t *room, size_t size,
                           struct err_note *note)
{
    json_t *doc;
    const char *key;
    json_t *value;
    size_t found = 0;
    enum err e = strict_json_parse_nul(file, FILE_MAX, &doc, note);
    json_object_foreach(doc, key, value)
    {
        if (e == ERR_OK && json_is_string(value))
            e = blocks_add(set, bytes_of(json_string_value(value), json_string_length(value)), &room, &size,
                           &found, note);
    }
    json_decref(doc);
    return e == ERR_OK && found == 0
               ? err_noted(ERR_UNKNOWN, note, "a JSON document without a certificate in PEM")
               : e;
}

static enum err binary_add(struct snp_certificates *set, struct bytes file, uint8_t *room,
                           struct err_note *note)
{
    memcpy(room, file.ptr, file.len);
    const struct bytes copy = bytes_of(room, file.len);
    return room[0] == DER_SEQUENCE ? ders_add(set, copy, note) : table_add(set, copy, note);
}

enum err snp_certificates_add(struct snp_certificates *set, struct bytes file, struct err_note *note)
{
    if (file.len == 0 || file.len > FILE_MAX || set->file_count == SNP_CERTIFICATES_FILES_MAX)
        return err_noted(ERR_TOO_LARGE, note, "%zu bytes of certificates, at most %d are taken, of %d files",
                         file.len, FILE_MAX, SNP_CERTIFICATES_FILES_MAX);
    uint8_t *room = malloc(file.len); /* certificates are public; PEM is longer than what it holds */
    if (room == NULL)
        return ERR_MEMORY;
    struct snp_certificates added = *set;
    added.storage[added.file_count++] = room;
    enum err e = text_add(&added, file, room, file.len, note);
    if (e == ERR_TRUNCATED)
        e = evidence_is_json(file) ? object_add(&added, file, room, file.len, note)
                                   : binary_add(&added, file, room, note);
    if (e == ERR_OK)
        *set = added;
    else
        free(room);
    return e;
}

void snp_certificates_into(const struct snp_certificates *set, enum snp_signing_key key,
                           struct snp_evidence *evidence)
{
    bool vlek = key == SNP_KEY_VLEK;
    evidence->vek = vlek ? set->vlek : set->vcek;
    evidence->ask = vlek ? set->asvk : set->ask;
    evidence->ark = set->ark;
    evidence->crl_count = set->crl_count;
    memcpy(evidence->crls, set->crls, sizeof evidence->crls);
}

void snp_certificates_release(struct snp_certificates *set)
{
    for (size_t i = 0; i < set->file_count; i++)
        free(set->storage[i]);
    memset(set, 0, sizeof *set);
}
