/* SPDX-License-Identifier: Apache-2.0 */
/* What Intel's certification service would say of a made-up platform (Intel PCS API version 4). */
#include "attest/collateral.h"
#include "attest/tdx_tcb.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "base/utc.h"
#include "evidence/simulated_tdx_internal.h"

enum { TCB_INFO_VERSION = 3, QE_IDENTITY_VERSION = 2, EVALUATION_LEAST = 18, HEX_MAX = 48 };
enum { HOUR = 3600, YEAR = 365 * 86400 };

/* What both documents begin with. */
struct dates {
    char issued[UTC_TEXT_SIZE];
    char next[UTC_TEXT_SIZE];
    int evaluation;
};

static struct dates dates_at(int64_t now)
{
    struct dates d;
    const uint32_t floor = tdx_evaluation_floor(now + YEAR); /* a verifier of then takes it too */
    d.evaluation = floor > EVALUATION_LEAST ? (int)floor : EVALUATION_LEAST;
    (void)utc_text(now - HOUR, d.issued);
    (void)utc_text(now + YEAR, d.next);
    return d;
}

/* ---- the two documents ---- */

static json_t *hex(const uint8_t *value, size_t size)
{
    char text[ENCODING_HEX_SIZE(HEX_MAX)];
    encoding_hex(bytes_of(value, size), text);
    return json_string(text);
}

static json_t *components(const uint8_t svn[static TDX_SVN_SIZE])
{
    json_t *list = json_array();
    for (size_t i = 0; i < TDX_SVN_SIZE; i++)
        (void)json_array_append_new(
            list, json_pack("{s:i}", "svn", svn[i])); /* a short list is refused when it is read */
    return list;
}

/* The one level that this platform is of. */
static json_t *isv_levels(int svn, const struct dates *d)
{
    return json_pack("[{s:{s:i}, s:s, s:s}]", "tcb", "isvsvn", svn, //
                     "tcbDate", d->issued, "tcbStatus", "UpToDate");
}

/* SEAM attributes of a production module are zero, under a mask of all bits. */
static json_t *tcb_info_of(const struct simulated_tdx *t, const struct dates *d)
{
    const struct tdx_body *b = &t->body;
    static const uint8_t attributes[8];
    static const uint8_t mask[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    return json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:i, s:i,"
                     " s:{s:o, s:o, s:o},"
                     " s:[{s:s, s:o, s:o, s:o, s:o}],"
                     " s:[{s:{s:o, s:i, s:o}, s:s, s:s}]}",
                     "id", "TDX", "version", TCB_INFO_VERSION,                   //
                     "issueDate", d->issued, "nextUpdate", d->next,              //
                     "fmspc", hex(t->pck.fmspc, sizeof t->pck.fmspc),            //
                     "pceId", hex(t->pck.pce_id, sizeof t->pck.pce_id),          //
                     "tcbType", 0, "tcbEvaluationDataNumber", d->evaluation,     //
                     "tdxModule",                                                //
                     "mrsigner", hex(b->mrsignerseam, sizeof b->mrsignerseam),   //
                     "attributes", hex(attributes, sizeof attributes),           //
                     "attributesMask", hex(mask, sizeof mask),                   //
                     "tdxModuleIdentities",                                      //
                     "id", "TDX_01",                                             //
                     "mrsigner", hex(b->mrsignerseam, sizeof b->mrsignerseam),   //
                     "attributes", hex(attributes, sizeof attributes),           //
                     "attributesMask", hex(mask, sizeof mask),                   //
                     "tcbLevels", isv_levels(b->tee_tcb_svn[TDX_SVN_MODULE], d), //
                     "tcbLevels",                                                //
                     "tcb",                                                      //
                     "sgxtcbcomponents", components(t->pck.component),           //
                     "pcesvn", (int)t->pck.pce_svn,                              //
                     "tdxtcbcomponents", components(b->tee_tcb_svn),             //
                     "tcbDate", d->issued, "tcbStatus", "UpToDate");
}

/* Every attribute of the enclave counts but MODE64BIT, as in Intel's own; of XFRM, none. */
static json_t *qe_identity_of(const struct simulated_tdx *t, const struct dates *d)
{
    static const uint8_t mask[16] = {0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t all[4] = {0xff, 0xff, 0xff, 0xff};
    static const uint8_t none[4];
    const struct sgx_report *r = &t->enclave;
    uint8_t attributes[16];
    for (size_t i = 0; i < sizeof attributes; i++)
        attributes[i] = r->attributes[i] & mask[i];
    return json_pack("{s:s, s:i, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", //
                     "id", "TD_QE", "version", QE_IDENTITY_VERSION,                  //
                     "issueDate", d->issued, "nextUpdate", d->next,                  //
                     "tcbEvaluationDataNumber", d->evaluation,                       //
                     "miscselect", hex(none, sizeof none),                           //
                     "miscselectMask", hex(all, sizeof all),                         //
                     "attributes", hex(attributes, sizeof attributes),               //
                     "attributesMask", hex(mask, sizeof mask),                       //
                     "mrsigner", hex(r->mrsigner, sizeof r->mrsigner),               //
                     "isvprodid", (int)r->isv_prod_id,                               //
                     "tcbLevels", isv_levels(r->isv_svn, d));
}

/* Takes doc, which may be NULL for want of memory. */
static enum err document_sign(json_t *doc, const struct crypto_private_key *signer, char **text,
                              struct intel_document *out)
{
    secret_free(*text);
    *text = doc == NULL ? NULL : strict_json_canonical(doc);
    json_decref(doc);
    if (*text == NULL)
        return ERR_MEMORY;
    out->body = bytes_str(*text);
    return crypto_ecdsa_sign_raw(signer, CRYPTO_SHA256, out->body, out->signature);
}

/* ---- the two lists ---- */

static enum err list_sign(const char *issuer_cn, int64_t now, const struct crypto_private_key *signer,
                          struct simulated_der *out, struct bytes *der)
{
    const struct simulated_list list = {.maker = &simulated_intel,
                                        .issuer_cn = issuer_cn,
                                        .this_update = now - HOUR,
                                        .next_update = now + YEAR,
                                        .number = (uint64_t)now};
    enum err e = simulated_list_sign(&list, signer, out->der, sizeof out->der, &out->len);
    *der = bytes_of(out->der, out->len);
    return e;
}

enum err simulated_tdx_collateral(struct simulated_tdx *t, int64_t now)
{
    const struct dates dates = dates_at(now);
    struct tdx_collateral *c = &t->collateral;
    strict_json_init();
    c->tcb_info_issuer.signer = bytes_of(t->tcb_der.der, t->tcb_der.len);
    c->tcb_info_issuer.root = bytes_of(t->root_der.der, t->root_der.len);
    c->qe_identity_issuer = c->tcb_info_issuer;
    enum err e = document_sign(tcb_info_of(t, &dates), t->tcb_key, &t->tcb_info, &c->tcb_info);
    if (e == ERR_OK)
        e = document_sign(qe_identity_of(t, &dates), t->tcb_key, &t->qe_identity, &c->qe_identity);
    if (e == ERR_OK)
        e = list_sign(SIMULATED_ROOT_CN, now, t->root_key, &t->root_crl, &c->root_crl);
    if (e == ERR_OK)
        e = list_sign(SIMULATED_CA_CN, now, t->ca_key, &t->pck_crl, &c->pck_crl);
    if (e != ERR_OK)
        return e;
    secret_free(t->collateral_text);
    return collateral_write(c, &t->collateral_text, &t->collateral_len, NULL);
}
