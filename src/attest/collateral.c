/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/collateral.h"

#include "attest/crl.h"
#include "attest/der.h"
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"

#define ROOT_NAME          "Intel SGX Root CA"
#define PCK_NAME           "Intel SGX PCK " /* "Platform CA", "Processor CA", "Certificate" */
#define TCB_INFO_MEMBER    "tcbInfo"
#define QE_IDENTITY_MEMBER "enclaveIdentity"
#define PEM_CERTIFICATE    "CERTIFICATE"
#define PEM_CRL            "X509 CRL"
#define PEM_BEGIN(label)   "-----BEGIN " label "-----"
#define DER_BEGIN          "\x30" /* a SEQUENCE */
#define OBJECT_BEGIN       "{"
#define HEX_BEGIN          "30"
#define BASE64_BEGIN       "MI" /* of a SEQUENCE of 128 octets or more */

void collateral_init(struct collateral *c)
{
    memset(c, 0, sizeof *c);
}

void collateral_release(struct collateral *c)
{
    for (size_t i = 0; i < c->block_count; i++)
        secret_free(c->blocks[i]);
    collateral_init(c);
}

/* Memory that lives as long as c; NULL when there is none. */
static uint8_t *block_new(struct collateral *c, size_t size)
{
    uint8_t *block = c->block_count < COLLATERAL_BLOCKS_MAX ? secret_alloc(size) : NULL;
    if (block != NULL)
        c->blocks[c->block_count++] = block;
    return block;
}

static enum err copy(struct collateral *c, struct bytes from, struct bytes *to)
{
    uint8_t *block = block_new(c, from.len);
    if (block == NULL)
        return ERR_MEMORY;
    memcpy(block, from.ptr, from.len);
    *to = bytes_of(block, from.len);
    return ERR_OK;
}

static bool is_blank(uint8_t octet)
{
    return octet == ' ' || octet == '\n' || octet == '\r' || octet == '\t';
}

/* White space in front is not of it, whatever it is. */
static struct bytes unindented(struct bytes text)
{
    struct reader r = reader_over(text);
    struct reader next = r;
    while (is_blank(reader_u8(&next)))
        r = next;
    return reader_rest(&r);
}

static bool begins_with(struct bytes text, const char *begin)
{
    struct reader r = reader_over(text);
    struct bytes wanted = bytes_str(begin);
    return bytes_equal(reader_bytes(&r, wanted.len), wanted);
}

static bool holds(struct bytes text, const char *what)
{
    return text.len != 0 && memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static enum err is_free(const char *what, struct bytes place, struct err_note *note)
{
    return place.len == 0 ? ERR_OK : err_noted(ERR_VALUE, note, "a second %s", what);
}

/* ---- the two documents ---- */

static enum err document_set(struct collateral *c, const char *what, struct intel_document *place,
                             const struct intel_document *found, struct err_note *note)
{
    enum err e = is_free(what, place->body, note);
    if (e == ERR_OK) {
        *place = *found;
        e = copy(c, found->body, &place->body);
    }
    return e;
}

/* ---- certificates and lists ---- */

static enum err pem_next(struct collateral *c, struct bytes *text, const char *label, struct bytes *der)
{
    size_t len;
    uint8_t *block = block_new(c, text->len);
    if (block == NULL)
        return ERR_MEMORY;
    enum err e = encoding_pem_next(text, label, block, text->len, &len);
    *der = bytes_of(block, len);
    return e;
}

/* Two certificates: the signer's, the root's. */
static enum err issuer_read(struct collateral *c, struct bytes text, struct tdx_issuer *issuer,
                            struct err_note *note)
{
    enum err e = pem_next(c, &text, PEM_CERTIFICATE, &issuer->signer);
    if (e == ERR_OK)
        e = pem_next(c, &text, PEM_CERTIFICATE, &issuer->root);
    return e == ERR_OK
               ? ERR_OK
               : err_noted(e, note,
                           "an issuer chain is two certificates in one file, the signer's and the root's: %s",
                           err_text(e));
}

static bool is_same(const struct tdx_issuer *a, const struct tdx_issuer *b)
{
    return bytes_equal(a->signer, b->signer) && bytes_equal(a->root, b->root);
}

/* Intel's service gives a chain with each answer: the two documents', which are nearly always the same, and that of the PCK's list, which the quote has,
 * too. In either order. */
static enum err issuer_add(struct collateral *c, struct bytes file, struct err_note *note)
{
    struct tdx_issuer found = {0};
    struct x509 first = {.is_ca = false};
    enum err e = issuer_read(c, file, &found, note);
    if (e != ERR_OK)
        return e;
    (void)!x509_parse(found.signer, &first, NULL); /* equivalent: what is wrong with it, the appraisal says */
    if (begins_with(first.subject_cn, PCK_NAME))
        return ERR_OK;
    if (bytes_is_str(first.subject_cn, ROOT_NAME))
        found = (struct tdx_issuer){.signer = found.root, .root = found.signer};
    const struct tdx_issuer *have = &c->tdx.tcb_info_issuer;
    if (have->signer.len != 0)
        return is_same(have, &found) ? ERR_OK
                                     : err_noted(ERR_VALUE, note,
                                                 "a second issuer chain, another one: whose it is, only one "
                                                 "document with everything can say");
    c->tdx.tcb_info_issuer = c->tdx.qe_identity_issuer = found;
    return ERR_OK;
}

static enum err crl_add(struct collateral *c, struct bytes der, struct err_note *note)
{
    struct crl list;
    enum err e = crl_parse(der, &list, note);
    if (e != ERR_OK)
        return e;
    struct bytes *place = bytes_is_str(list.issuer_cn, ROOT_NAME) ? &c->tdx.root_crl : &c->tdx.pck_crl;
    e = is_free("list of the same issuer's", *place, note);
    return e == ERR_OK ? copy(c, der, place) : e;
}

/* Hexadecimal digits, behind which line ends may stand. */
static enum err hex_read(struct collateral *c, struct bytes text, struct bytes *der)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\n' && text.ptr[i] != '\r')
            digits = i + 1;
    uint8_t *block = block_new(c, digits / 2);
    if (block == NULL)
        return ERR_MEMORY;
    *der = bytes_of(block, digits / 2);
    return encoding_unhex(bytes_of(text.ptr, digits), block, digits / 2);
}

static enum err base64_read(struct collateral *c, struct bytes text, struct bytes *der)
{
    size_t len;
    uint8_t *block = block_new(c, text.len);
    if (block == NULL)
        return ERR_MEMORY;
    enum err e = encoding_unbase64(text, block, text.len, &len);
    *der = bytes_of(block, len);
    return e;
}

/* A list as text: PEM, or its DER in hexadecimal digits, as caching services give it, or in base64. */
static enum err text_crl_read(struct collateral *c, struct bytes text, struct bytes *der)
{
    text = unindented(text);
    if (begins_with(text, PEM_BEGIN(PEM_CRL)))
        return pem_next(c, &text, PEM_CRL, der);
    return begins_with(text, BASE64_BEGIN) ? base64_read(c, text, der) : hex_read(c, text, der);
}

static enum err text_crl_add(struct collateral *c, struct bytes text, struct err_note *note)
{
    struct bytes der;
    enum err e = text_crl_read(c, text, &der);
    return e == ERR_OK
               ? crl_add(c, der, note)
               : err_noted(e, note, "a list of revoked certificates that is neither PEM nor hexadecimal");
}

/* Any number of lists, and an issuer chain; text may stand around them. */
static enum err pem_add(struct collateral *c, struct bytes text, struct err_note *note)
{
    enum err e = holds(text, PEM_BEGIN(PEM_CERTIFICATE)) ? issuer_add(c, text, note) : ERR_OK;
    while (e == ERR_OK && holds(text, PEM_BEGIN(PEM_CRL))) {
        struct bytes der;
        e = pem_next(c, &text, PEM_CRL, &der);
        e = e == ERR_OK ? crl_add(c, der, note)
                        : err_noted(e, note, "a list of revoked certificates in PEM that cannot be read");
    }
    return e;
}

/* ---- all in one ---- */

/* Of one of the two documents: its members in the one document with everything, and in the answer of Intel's service. */
struct bundled_keys {
    const char *body, *signature, *member;
};

/* Without a signature beside it, it is the whole answer, as Intel's library hands it out. */
static enum err bundled_document(struct collateral *c, const json_t *doc, const struct bundled_keys *keys,
                                 struct intel_document *place, struct err_note *note)
{
    struct intel_document found = {0};
    struct bytes text = {0};
    enum err e = strict_json_string(doc, keys->body, &text, note);
    if (e == ERR_OK && json_object_get(doc, keys->signature) == NULL) {
        while (text.len > 0 && text.ptr[text.len - 1] == 0) /* of C */
            text.len--;
        e = intel_document_parse(text, keys->member, &found, note);
    } else if (e == ERR_OK) {
        found.body = text;
        e = intel_json_hex(doc, keys->signature, found.signature, sizeof found.signature, note);
    }
    return e == ERR_OK ? document_set(c, keys->body, place, &found, note) : e;
}

/* Nearly always the two documents have the same chain, which is then decoded once. */
static enum err bundled_issuers(struct collateral *c, const json_t *doc, struct err_note *note)
{
    struct tdx_collateral *tdx = &c->tdx;
    struct bytes first;
    struct bytes second = {0};
    enum err e = is_free("issuer chain", tdx->tcb_info_issuer.signer, note);
    if (e == ERR_OK)
        e = strict_json_string(doc, "tcb_info_issuer_chain", &first, note);
    if (e == ERR_OK)
        e = strict_json_string(doc, "qe_identity_issuer_chain", &second, note);
    if (e == ERR_OK)
        e = issuer_read(c, first, &tdx->tcb_info_issuer, note);
    if (e == ERR_OK && !bytes_equal(first, second))
        return issuer_read(c, second, &tdx->qe_identity_issuer, note);
    tdx->qe_identity_issuer = tdx->tcb_info_issuer;
    return e;
}

static enum err bundled_crl(struct collateral *c, const json_t *doc, const char *key, struct bytes *place,
                            struct err_note *note)
{
    struct bytes text;
    enum err e = is_free(key, *place, note);
    if (e == ERR_OK)
        e = strict_json_string(doc, key, &text, note);
    if (e != ERR_OK)
        return e;
    struct bytes der;
    e = text_crl_read(c, text, &der);
    if (e != ERR_OK)
        return err_noted(e, note, "\"%s\" is neither PEM, nor hexadecimal, nor base64", key);
    *place = der;
    return ERR_OK;
}

static enum err bundle_read(struct collateral *c, const json_t *doc, struct err_note *note)
{
    /* The issuer chain of the PCK's list is that of the quote, so it is not needed twice; versions and kind the signed documents say. */
    static const char *const keys[] = {"pck_crl_issuer_chain",
                                       "root_ca_crl",
                                       "pck_crl",
                                       "tcb_info_issuer_chain",
                                       "tcb_info",
                                       "tcb_info_signature",
                                       "qe_identity_issuer_chain",
                                       "qe_identity",
                                       "qe_identity_signature",
                                       "pck_certificate_chain",
                                       "version",
                                       "major_version",
                                       "minor_version",
                                       "tee_type",
                                       NULL};
    static const struct bundled_keys tcb_info = {"tcb_info", "tcb_info_signature", TCB_INFO_MEMBER};
    static const struct bundled_keys identity = {"qe_identity", "qe_identity_signature", QE_IDENTITY_MEMBER};
    struct tdx_collateral *tdx = &c->tdx;
    enum err e = strict_json_only(doc, "collateral", keys, note);
    if (e == ERR_OK)
        e = bundled_document(c, doc, &tcb_info, &tdx->tcb_info, note);
    if (e == ERR_OK)
        e = bundled_document(c, doc, &identity, &tdx->qe_identity, note);
    if (e == ERR_OK)
        e = bundled_issuers(c, doc, note);
    if (e == ERR_OK)
        e = bundled_crl(c, doc, "root_ca_crl", &tdx->root_crl, note);
    return e == ERR_OK ? bundled_crl(c, doc, "pck_crl", &tdx->pck_crl, note) : e;
}

/* C's strings end in a NUL, and so may its chains here. */
static enum err bundle_add(struct collateral *c, struct bytes file, struct err_note *note)
{
    json_t *doc;
    enum err e = strict_json_parse_nul(file, COLLATERAL_FILE_MAX, &doc, note);
    if (e == ERR_OK)
        e = bundle_read(c, doc, note);
    json_decref(doc);
    return e;
}

static enum err json_add(struct collateral *c, struct bytes file, struct err_note *note)
{
    struct intel_document found;
    if (intel_document_parse(file, TCB_INFO_MEMBER, &found, NULL) == ERR_OK)
        return document_set(c, TCB_INFO_MEMBER, &c->tdx.tcb_info, &found, note);
    if (intel_document_parse(file, QE_IDENTITY_MEMBER, &found, NULL) == ERR_OK)
        return document_set(c, QE_IDENTITY_MEMBER, &c->tdx.qe_identity, &found, note);
    return bundle_add(c, file, note);
}

/* ---- what is it? ---- */

enum err collateral_add(struct collateral *c, struct bytes file, struct err_note *note)
{
    if (file.len > COLLATERAL_FILE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "collateral of %zu bytes, at most %d are taken", file.len,
                         COLLATERAL_FILE_MAX);
    file = unindented(file);
    if (begins_with(file, DER_BEGIN))
        return crl_add(c, file, note);
    if (begins_with(file, OBJECT_BEGIN))
        return json_add(c, file, note);
    if (holds(file, PEM_BEGIN(PEM_CERTIFICATE)) || holds(file, PEM_BEGIN(PEM_CRL)))
        return pem_add(c, file, note);
    return begins_with(file, HEX_BEGIN) ? text_crl_add(c, file, note) : json_add(c, file, note);
}
