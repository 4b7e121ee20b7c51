/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "attest/certificate_table.h"
#include "attest/collateral.h"
#include "attest/crl.h"
#include "attest/nvgpu_names.h"
#include "attest/ocsp.h"
#include "attest/qe_identity.h"
#include "attest/rim.h"
#include "attest/tcb_info.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/collateral.h"
#include "cli/inspect.h"
#include "cli/rfc3339.h"
#include "evidence/collateral_directory.h"
#include "evidence/collateral_wanted.h"

enum { DOCUMENTS_MAX = 256, PARTS_MAX = 10 };

struct part {
    const char *name;
    int64_t until;
};

struct shown {
    struct collateral_key key;
    char name[COLLATERAL_NAME_MAX];
    size_t part_count;
    struct part parts[PARTS_MAX];
    const char *status;                  /* of a word about a certificate; NULL: of something else */
    struct nvgpu_certificate_ids signer; /* of reference values: the certificates that can be revoked */
    enum err error;
    struct err_note note;
};

struct list {
    const char *directory;
    uint8_t *room; /* COLLATERAL_DOCUMENT_MAX bytes */
    size_t count;
    struct shown documents[DOCUMENTS_MAX];
};

/* ---- until when each part is good ---- */

static void part_add(struct shown *s, const char *name, int64_t until)
{
    if (s->part_count < PARTS_MAX)
        s->parts[s->part_count++] = (struct part){name, until};
}

static enum err certificate_add(struct shown *s, const char *name, struct bytes der)
{
    struct x509 cert;
    enum err e = x509_parse(der, &cert, &s->note);
    if (e == ERR_OK)
        part_add(s, name, cert.not_after);
    return e;
}

static enum err crl_add(struct shown *s, const char *name, struct bytes der)
{
    struct crl list;
    enum err e = crl_parse(der, &list, &s->note);
    if (e == ERR_OK)
        part_add(s, name, list.next_update);
    return e;
}

static enum err table_read(struct shown *s, struct bytes document)
{
    struct certificate_table t;
    enum err e = certificate_table_parse(document, &t);
    if (e == ERR_OK)
        e = certificate_add(s, s->key.vlek ? "VLEK" : "VCEK", s->key.vlek ? t.vlek : t.vcek);
    if (e == ERR_OK)
        e = certificate_add(s, s->key.vlek ? "ASVK" : "ASK", t.ask);
    return e == ERR_OK ? certificate_add(s, "ARK", t.ark) : e;
}

static enum err crl_read(struct shown *s, struct bytes document)
{
    return crl_add(s, "revocation list", document);
}

static enum err documents_read(struct shown *s, const struct tdx_collateral *c)
{
    struct tcb_info info;
    struct qe_identity identity;
    enum err e = tcb_info_parse(c->tcb_info.body, &info, &s->note);
    if (e == ERR_OK)
        part_add(s, "TCB info", info.next_update);
    tcb_info_release(&info);
    if (e != ERR_OK)
        return e;
    e = qe_identity_parse(c->qe_identity.body, &identity, &s->note);
    if (e == ERR_OK)
        part_add(s, "identity of the quoting enclave", identity.next_update);
    qe_identity_release(&identity);
    return e;
}

static enum err collateral_read(struct shown *s, struct bytes document)
{
    struct collateral c;
    collateral_init(&c);
    enum err e = collateral_add(&c, document, &s->note);
    if (e == ERR_OK)
        e = documents_read(s, &c.tdx);
    if (e == ERR_OK)
        e = certificate_add(s, "signer of the TCB info", c.tdx.tcb_info_issuer.signer);
    if (e == ERR_OK)
        e = certificate_add(s, "signer of the identity", c.tdx.qe_identity_issuer.signer);
    if (e == ERR_OK)
        e = crl_add(s, "revocation list of the root", c.tdx.root_crl);
    if (e == ERR_OK)
        e = crl_add(s, "revocation list of the PCK's issuer", c.tdx.pck_crl);
    collateral_release(&c);
    return e;
}

/* The first of the certificates to end ends it. */
static enum err rim_read(struct shown *s, struct bytes document)
{
    struct rim *rim;
    enum err e = rim_parse(document, &rim, &s->note);
    if (e != ERR_OK)
        return e;
    int64_t until = INT64_MAX;
    for (size_t i = 0; i < rim->chain.count; i++)
        if (rim->chain.at[i].cert.not_after < until)
            until = rim->chain.at[i].cert.not_after;
    part_add(s, "certificates of the signer", until);
    rim_free(rim);
    return nvgpu_names_of_rim(document, &s->signer, &s->note);
}

static enum err ocsp_read(struct shown *s, struct bytes document)
{
    static const char *const words[] = {
        [OCSP_GOOD] = "good", [OCSP_REVOKED] = "revoked", [OCSP_UNKNOWN] = "unknown"};
    struct ocsp_response response;
    enum err e = ocsp_parse(document, &response, &s->note);
    if (e != ERR_OK)
        return e;
    for (struct reader r = reader_over(response.answers); r.left > 0;) {
        struct ocsp_certificate_id id;
        struct ocsp_answer answer;
        ocsp_answer_next(&r, &id, &answer);
        s->status = words[answer.status]; /* what fetch keeps has one answer */
        if (answer.has_next_update)
            part_add(s, "OCSP response", answer.next_update);
    }
    return ERR_OK;
}

/* ---- one document ---- */

/* A row for each kind that this program can take apart. */
static const struct kind {
    enum collateral_kind kind;
    const char *what;
    enum err (*read)(struct shown *s, struct bytes document);
} kinds[] = {
    {COLLATERAL_SNP_CERTIFICATES, "certificates of a chip", table_read},
    {COLLATERAL_SNP_CRL, "AMD's revocation list", crl_read},
    {COLLATERAL_TDX, "TDX collateral", collateral_read},
    {COLLATERAL_RIM, "reference values of a GPU", rim_read},
    {COLLATERAL_OCSP, "word about a certificate", ocsp_read},
};

static const struct kind *kind_of(enum collateral_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

static enum err found(void *owner, const struct collateral_key *key)
{
    struct list *l = owner;
    size_t len = 0;
    const struct kind *kind = kind_of(key->kind);
    if (kind == NULL)
        return ERR_OK;
    if (l->count == DOCUMENTS_MAX)
        return ERR_TOO_LARGE;
    struct shown *s = &l->documents[l->count++];
    memset(s, 0, sizeof *s);
    s->key = *key;
    enum err e = collateral_key_write(key, s->name);
    if (e != ERR_OK)
        return e;
    s->error = collateral_directory_read(l->directory, key, l->room, &len, &s->note);
    if (s->error == ERR_OK)
        s->error = kind->read(s, bytes_of(l->room, len));
    return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct shown *one = a;
    const struct shown *other = b;
    return strcmp(one->name, other->name);
}

/* ---- whose certificate a word is about ---- */

static bool is_signers(const struct shown *rim, const struct collateral_key *word)
{
    for (size_t i = 0; i < rim->signer.count; i++) {
        struct collateral_key key;
        collateral_ocsp_key(&rim->signer.at[i], &key);
        if (collateral_key_equal(&key, word))
            return true;
    }
    return false;
}

/* The documents of reference values that are here and stand on that certificate. */
static json_t *about_json(const struct list *l, const struct shown *word)
{
    json_t *about = json_array();
    for (size_t i = 0; i < l->count; i++)
        if (l->documents[i].key.kind == COLLATERAL_RIM && is_signers(&l->documents[i], &word->key))
            (void)json_array_append_new(about, json_string(l->documents[i].key.id));
    return about;
}

static void about_print(const struct list *l, const struct shown *word)
{
    json_t *about = about_json(l, word);
    const size_t count = json_array_size(about);
    (void)printf("  %s, about a certificate of %s", word->status != NULL ? word->status : "nothing",
                 count == 0 ? "a GPU's" : "the signer of ");
    for (size_t i = 0; i < count; i++)
        (void)printf("%s%s", i == 0 ? "" : ", ", json_string_value(json_array_get(about, i)));
    (void)putchar('\n');
    json_decref(about);
}

/* ---- as JSON, and from it as text ---- */

static json_t *parts_json(const struct shown *s, int64_t now)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < s->part_count; i++) {
        json_t *part = json_object();
        inspect_put_text(part, "part", "%s", s->parts[i].name);
        inspect_put_time(part, "valid_until", s->parts[i].until);
        inspect_put(part, "expired", json_boolean(s->parts[i].until < now));
        (void)json_array_append_new(parts, part);
    }
    return parts;
}

static json_t *shown_json(const struct list *l, const struct shown *s, int64_t now)
{
    const struct collateral_key *k = &s->key;
    json_t *object = json_object();
    inspect_put_text(object, "file", "%s", s->name);
    inspect_put_text(object, "what", "%s", kind_of(k->kind)->what);
    if (k->kind == COLLATERAL_TDX) {
        inspect_put_hex(object, "fmspc", bytes_of(k->fmspc, sizeof k->fmspc));
        inspect_put_text(object, "ca", "%s", k->processor_ca ? "processor" : "platform");
    } else if (k->kind == COLLATERAL_RIM) {
        inspect_put_text(object, "id", "%s", k->id);
    } else if (k->kind == COLLATERAL_OCSP) {
        inspect_put_hex(object, "serial", bytes_of(k->serial, k->serial_len));
        inspect_put(object, "signer_of", about_json(l, s));
        if (s->status != NULL)
            inspect_put_text(object, "status", "%s", s->status);
    } else {
        inspect_put_text(object, "product", "%s", k->product);
        inspect_put_text(object, "key", "%s", k->vlek ? "VLEK" : "VCEK");
    }
    if (k->kind == COLLATERAL_SNP_CERTIFICATES) {
        inspect_put_hex(object, "chip_id", bytes_of(k->chip_id, sizeof k->chip_id));
        inspect_put_hex(object, "tcb", bytes_of(k->tcb, sizeof k->tcb));
    }
    inspect_put_error(object, s->error, &s->note);
    inspect_put(object, "parts", parts_json(s, now));
    return object;
}

static json_t *first_json(const struct list *l)
{
    const struct shown *document = NULL;
    const struct part *first = NULL;
    for (size_t i = 0; i < l->count; i++)
        for (size_t p = 0; p < l->documents[i].part_count; p++)
            if (first == NULL || l->documents[i].parts[p].until < first->until) {
                document = &l->documents[i];
                first = &document->parts[p];
            }
    if (first == NULL)
        return json_null();
    json_t *object = json_object();
    inspect_put_text(object, "file", "%s", document->name);
    inspect_put_text(object, "part", "%s", first->name);
    inspect_put_time(object, "valid_until", first->until);
    return object;
}

static void text_print(const struct list *l, int64_t now)
{
    char until[RFC3339_SIZE];
    for (size_t i = 0; i < l->count; i++) {
        const struct shown *s = &l->documents[i];
        (void)printf("%s\n  %s\n", s->name, kind_of(s->key.kind)->what);
        if (s->key.kind == COLLATERAL_OCSP && s->error == ERR_OK)
            about_print(l, s);
        if (s->error != ERR_OK)
            (void)printf("  malformed: %s\n", s->note.text[0] != '\0' ? s->note.text : err_text(s->error));
        for (size_t p = 0; p < s->part_count; p++)
            (void)printf("  %-36s valid until %s%s\n", s->parts[p].name,
                         rfc3339_write(s->parts[p].until, until), s->parts[p].until < now ? "  EXPIRED" : "");
    }
    json_t *first = first_json(l);
    if (json_is_object(first))
        (void)printf("The first to expire: %s, %s, %s.\n", json_string_value(json_object_get(first, "file")),
                     json_string_value(json_object_get(first, "part")),
                     json_string_value(json_object_get(first, "valid_until")));
    else
        (void)puts("Nothing is here.");
    json_decref(first);
}

static enum err json_print(const struct list *l, int64_t now)
{
    json_t *documents = json_array();
    for (size_t i = 0; i < l->count; i++)
        (void)json_array_append_new(documents, shown_json(l, &l->documents[i], now));
    json_t *doc = json_pack("{s:o, s:o}", "documents", documents, "first_to_expire", first_json(l));
    int failed = doc == NULL ? -1 : json_dumpf(doc, stdout, JSON_INDENT(2));
    json_decref(doc);
    (void)putchar('\n');
    return failed == 0 ? ERR_OK : ERR_MEMORY;
}

enum err collateral_show(const char *directory, int64_t now, bool json, struct err_note *note)
{
    struct list *l = calloc(1, sizeof *l);
    uint8_t *room = secret_alloc(COLLATERAL_DOCUMENT_MAX);
    enum err e = l == NULL || room == NULL ? ERR_MEMORY : ERR_OK;
    if (e == ERR_OK) {
        l->directory = directory;
        l->room = room;
        e = collateral_directory_each(directory, found, l, note);
    }
    if (e == ERR_OK) {
        qsort(l->documents, l->count, sizeof *l->documents, by_name);
        if (json)
            e = json_print(l, now);
        else
            text_print(l, now);
    }
    for (size_t i = 0; e == ERR_OK && i < l->count; i++)
        if (l->documents[i].error != ERR_OK)
            e = err_noted(ERR_VALUE, note, "%.150s is malformed", l->documents[i].name);
    secret_free(room);
    free(l);
    return e;
}
