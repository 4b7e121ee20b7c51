/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/collateral.h"

#include "attest/x509.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"

enum { COLLATERAL_TEXT_MAX = 512 * 1024, ISSUER_TEXT_MAX = 4 * X509_SIZE_MAX };

static enum err set(json_t *doc, const char *key, json_t *value)
{
    return json_object_set_new(doc, key, value) == 0 ? ERR_OK : ERR_MEMORY;
}

static enum err put_hex(json_t *doc, const char *key, struct bytes value)
{
    char *text = secret_alloc(ENCODING_HEX_SIZE(value.len));
    if (text == NULL)
        return ERR_MEMORY;
    encoding_hex(value, text);
    enum err e = set(doc, key, json_string(text));
    secret_free(text);
    return e; /* equivalent: fails for want of memory alone */
}

/* The signed octets as they are: json_stringn gives NULL for what is not UTF-8, which no document of Intel's is. */
static enum err put_text(json_t *doc, const char *key, struct bytes value)
{
    return set(doc, key, json_stringn((const char *)value.ptr, value.len));
}

static enum err put_issuer(json_t *doc, const char *key, const struct tdx_issuer *issuer)
{
    struct bytes written;
    char *text = secret_alloc(ISSUER_TEXT_MAX);
    if (text == NULL)
        return ERR_MEMORY;
    struct writer w = writer_into(text, ISSUER_TEXT_MAX);
    enum err e = encoding_pem_write(&w, "CERTIFICATE", issuer->signer);
    if (e == ERR_OK)
        e = encoding_pem_write(&w, "CERTIFICATE", issuer->root);
    if (e == ERR_OK)
        e = writer_finish(&w, &written);
    if (e == ERR_OK)
        e = put_text(doc, key, written);
    secret_free(text);
    return e;
}

static enum err all_there(const struct tdx_collateral *c, struct err_note *note)
{
    const struct {
        const char *name;
        struct bytes part;
    } parts[] = {
        {"TCB info", c->tcb_info.body},
        {"signer of the TCB info", c->tcb_info_issuer.signer},
        {"root of the TCB info's signer", c->tcb_info_issuer.root},
        {"identity of the quoting enclave", c->qe_identity.body},
        {"signer of that identity", c->qe_identity_issuer.signer},
        {"root of that identity's signer", c->qe_identity_issuer.root},
        {"root's revocation list", c->root_crl},
        {"revocation list of PCK certificates", c->pck_crl},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].part.len == 0)
            return err_noted(ERR_VALUE, note, "TDX collateral without the %s", parts[i].name);
    return ERR_OK;
}

static enum err put_all(json_t *doc, const struct tdx_collateral *c)
{
    enum err e = put_text(doc, "tcb_info", c->tcb_info.body);
    if (e == ERR_OK)
        e = put_hex(doc, "tcb_info_signature", bytes_of(c->tcb_info.signature, sizeof c->tcb_info.signature));
    if (e == ERR_OK)
        e = put_issuer(doc, "tcb_info_issuer_chain", &c->tcb_info_issuer);
    if (e == ERR_OK)
        e = put_text(doc, "qe_identity", c->qe_identity.body);
    if (e == ERR_OK)
        e = put_hex(doc, "qe_identity_signature",
                    bytes_of(c->qe_identity.signature, sizeof c->qe_identity.signature));
    if (e == ERR_OK)
        e = put_issuer(doc, "qe_identity_issuer_chain", &c->qe_identity_issuer);
    if (e == ERR_OK)
        e = put_hex(doc, "root_ca_crl", c->root_crl);
    return e == ERR_OK ? put_hex(doc, "pck_crl", c->pck_crl) : e;
}

enum err collateral_write(const struct tdx_collateral *c, char **text, size_t *len, struct err_note *note)
{
    *text = NULL;
    *len = 0;
    strict_json_init();
    enum err e = all_there(c, note);
    if (e != ERR_OK)
        return e;
    json_t *doc = json_object();
    e = put_all(doc, c);
    if (e == ERR_OK && (*text = strict_json_canonical(doc)) == NULL)
        e = ERR_MEMORY;
    json_decref(doc);
    if (e != ERR_OK)
        return err_noted(e, note, "TDX collateral cannot be written: %s", err_text(e));
    *len = strlen(*text);
    if (*len <= COLLATERAL_TEXT_MAX)
        return ERR_OK;
    e = err_noted(ERR_TOO_LARGE, note, "TDX collateral of %zu bytes, at most %d are written", *len,
                  COLLATERAL_TEXT_MAX);
    secret_free(*text);
    *text = NULL;
    *len = 0;
    return e;
}
