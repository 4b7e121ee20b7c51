/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word is it? The quote's form, the certificates, the lists of revoked ones, the signed documents, and the chain of signatures from the PCK to the quote. */
#include "attest/tdx_internal.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"

/* ---- the quote's form ---- */

bool tdx_quote_version(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = tdx_quote_header_parse(c->quote_bytes, &c->quote, &note);
    check_wanted(&c->answer, "4 or 5");
    if (e != ERR_OK)
        return check_saw_error(&c->answer, e, &note);
    c->have |= HAVE_HEADER;
    check_saw(&c->answer, "%u%s", c->quote.version,
              c->quote.version == 3 ? ": a quote of an SGX enclave" : "");
    return c->quote.version == TDX_VERSION_4 || c->quote.version == TDX_VERSION_5;
}

bool tdx_quote_tee_type(struct context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "0x%x%s", c->quote.tee_type, c->quote.tee_type == TDX_TEE_TYPE_SGX ? ", SGX" : "");
    check_wanted(&c->answer, "0x%x, TDX", TDX_TEE_TYPE);
    return c->quote.tee_type == TDX_TEE_TYPE;
}

bool tdx_quote_key_type(struct context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "%u", c->quote.key_type);
    check_wanted(&c->answer, "%d, ECDSA P-256", TDX_KEY_TYPE_P256);
    return c->quote.key_type == TDX_KEY_TYPE_P256;
}

bool tdx_quote_qe_vendor(struct context *c, unsigned which)
{
    static const uint8_t intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    (void)which;
    return check_saw_bytes(&c->answer, bytes_of(c->quote.qe_vendor, sizeof c->quote.qe_vendor),
                           bytes_of(intel, sizeof intel));
}

bool tdx_quote_form(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = tdx_quote_parse(c->quote_bytes, &c->quote, &note);
    if (e == ERR_OK)
        c->have |= HAVE_QUOTE;
    return check_saw_error(&c->answer, e, &note);
}

/* ---- the PCK's chain ---- */

/* Behind the last certificate stand at most a line end and the NUL of a C string. */
static bool is_blank(struct bytes rest)
{
    struct reader r = reader_over(rest);
    while (r.left > 0) {
        uint8_t octet = reader_u8(&r);
        if (octet != 0 && octet != '\n' && octet != '\r' && octet != ' ')
            return false;
    }
    return true;
}

bool tdx_pck_form(struct context *c, unsigned which)
{
    static const char *const names[PLACE_COUNT] = {"the leaf", "the intermediate", "the root"};
    (void)which;
    struct bytes text = c->quote.pck_chain;
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < PLACE_COUNT; i++) {
        size_t len;
        e = encoding_pem_next(&text, "CERTIFICATE", c->der[i], sizeof c->der[i], &len);
        if (e != ERR_OK)
            e = err_noted(e, &note, "%s: %s", names[i], err_text(e));
        else
            e = sgx_certificate_parse(names[i], bytes_of(c->der[i], len), &c->chain[i], &note);
    }
    if (e == ERR_OK && !is_blank(text))
        e = err_noted(ERR_TRAILING, &note, "there is something behind the third certificate");
    if (e == ERR_OK)
        c->have |= HAVE_CHAIN;
    return check_saw_error(&c->answer, e, &note);
}

bool tdx_pck_root(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = sgx_check_root(&c->chain[PLACE_ROOT], c->policy->simulated_root, &c->v->simulated, &note);
    c->root_error = e;
    if (e == ERR_OK)
        check_saw(&c->answer, "%s",
                  c->v->simulated ? "the SIMULATED root that was given by hand" : "Intel's");
    check_wanted(&c->answer, "Intel's");
    return check_saw_error(&c->answer, e, &note);
}

bool tdx_pck_ca(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    return check_saw_error(&c->answer, sgx_check_pck_ca(&c->chain[PLACE_CA], &c->chain[PLACE_ROOT], &note),
                           &note);
}

bool tdx_pck_leaf(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    return check_saw_error(&c->answer, sgx_check_pck(&c->chain[PLACE_LEAF], &c->chain[PLACE_CA], &note),
                           &note);
}

bool tdx_pck_validity(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = sgx_check_validity("the leaf", &c->chain[PLACE_LEAF], c->now, &note);
    if (e == ERR_OK)
        e = sgx_check_validity("the intermediate", &c->chain[PLACE_CA], c->now, &note);
    if (e == ERR_OK)
        e = sgx_check_validity("the root", &c->chain[PLACE_ROOT], c->now, &note);
    return check_saw_error(&c->answer, e, &note);
}

bool tdx_pck_extension(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = pck_parse(&c->chain[PLACE_LEAF].cert, &c->pck, &note);
    if (e == ERR_OK)
        c->have |= HAVE_PCK;
    return check_saw_error(&c->answer, e, &note);
}

bool tdx_pck_inventory(struct context *c, unsigned which)
{
    (void)which;
    if (c->policy->ppid_count == 0) {
        check_saw(&c->answer, "not compared: no inventory");
        return true;
    }
    struct bytes seen = bytes_of(c->pck.ppid, sizeof c->pck.ppid);
    encoding_hex(seen, c->answer.saw);
    check_wanted(&c->answer, "one of %zu platforms", c->policy->ppid_count);
    for (size_t i = 0; i < c->policy->ppid_count; i++)
        if (bytes_equal(seen, bytes_of(c->policy->ppids[i], PCK_PPID_SIZE)))
            return true;
    return false;
}

/* ---- revocation ---- */

static bool crl_made_by(struct context *c, struct bytes der, struct crl *list,
                        const struct sgx_certificate *issuer, unsigned have)
{
    struct err_note note = {{0}};
    enum err e =
        der.len == 0 ? err_noted(ERR_TRUNCATED, &note, "there is none") : crl_parse(der, list, &note);
    if (e == ERR_OK) {
        c->have |= have;
        e = crl_verify(list, &issuer->cert, issuer->key, &note);
    }
    return check_saw_error(&c->answer, e, &note);
}

static bool crl_current(struct context *c, const struct crl *list)
{
    struct err_note note = {{0}};
    return check_saw_error(&c->answer, crl_check_window(list, c->now, &note), &note);
}

static bool not_revoked(struct context *c, const struct crl *list, const struct sgx_certificate *certificate)
{
    bool revoked = crl_lists(list, certificate->cert.serial);
    check_saw(&c->answer, "%s (a list of %zu)", revoked ? "revoked" : "not revoked", list->revoked_count);
    return !revoked;
}

bool tdx_root_crl(struct context *c, unsigned which)
{
    (void)which;
    return crl_made_by(c, c->collateral->root_crl, &c->root_crl, &c->chain[PLACE_ROOT], HAVE_ROOT_CRL);
}

bool tdx_root_crl_current(struct context *c, unsigned which)
{
    (void)which;
    return crl_current(c, &c->root_crl);
}

bool tdx_pck_ca_not_revoked(struct context *c, unsigned which)
{
    (void)which;
    return not_revoked(c, &c->root_crl, &c->chain[PLACE_CA]);
}

bool tdx_pck_crl(struct context *c, unsigned which)
{
    (void)which;
    return crl_made_by(c, c->collateral->pck_crl, &c->pck_crl, &c->chain[PLACE_CA], HAVE_PCK_CRL);
}

bool tdx_pck_crl_current(struct context *c, unsigned which)
{
    (void)which;
    return crl_current(c, &c->pck_crl);
}

bool tdx_pck_not_revoked(struct context *c, unsigned which)
{
    (void)which;
    return not_revoked(c, &c->pck_crl, &c->chain[PLACE_LEAF]);
}

/* ---- the two signed documents; which: enum tdx_document ---- */

static const struct tdx_issuer *issuer_of(const struct context *c, unsigned which)
{
    return which == DOCUMENT_TCB_INFO ? &c->collateral->tcb_info_issuer : &c->collateral->qe_identity_issuer;
}

static const struct intel_document *document_of(const struct context *c, unsigned which)
{
    return which == DOCUMENT_TCB_INFO ? &c->collateral->tcb_info : &c->collateral->qe_identity;
}

/* Reads the certificate into own, unless it is `known`, read before. */
static enum err certificate_read(const char *name, struct bytes der, const struct sgx_certificate *known,
                                 struct sgx_certificate *own, const struct sgx_certificate **which,
                                 struct err_note *note)
{
    *which = own;
    if (known != NULL && bytes_equal(known->cert.der, der)) {
        *which = known;
        return ERR_OK;
    }
    return der.len == 0 ? err_noted(ERR_TRUNCATED, note, "%s: there is none", name)
                        : sgx_certificate_parse(name, der, own, note);
}

bool tdx_document_signer(struct context *c, unsigned which)
{
    const struct tdx_issuer *issuer = issuer_of(c, which);
    struct tdx_signer *signer = &c->signer[which];
    const struct tdx_signer *first = (c->have & HAVE_TCB_SIGNER) != 0 ? &c->signer[DOCUMENT_TCB_INFO] : NULL;
    const struct sgx_certificate *root = (c->have & HAVE_CHAIN) != 0 ? &c->chain[PLACE_ROOT] : NULL;
    struct err_note note = {{0}};
    enum err e = certificate_read("the signer", issuer->signer, first == NULL ? NULL : first->certificate,
                                  &signer->own_certificate, &signer->certificate, &note);
    if (e == ERR_OK)
        e = certificate_read("the root", issuer->root, root, &signer->own_root, &signer->root, &note);
    if (e == ERR_OK)
        c->have |= which == DOCUMENT_TCB_INFO ? HAVE_TCB_SIGNER : HAVE_QE_SIGNER;
    return check_saw_error(&c->answer, e, &note);
}

static enum err signer_chain_check(struct context *c, const struct tdx_signer *signer, struct err_note *note)
{
    bool simulated = false;
    enum err e = signer->root == &c->chain[PLACE_ROOT]
                     ? c->root_error
                     : sgx_check_root(signer->root, c->policy->simulated_root, &simulated, note);
    /* Collateral of a made-up service makes a verdict as worthless as a made-up platform does. */
    c->v->simulated = c->v->simulated || simulated;
    return e == ERR_OK ? sgx_check_tcb_signer(signer->certificate, signer->root, note) : e;
}

bool tdx_document_signer_chain(struct context *c, unsigned which)
{
    const struct tdx_signer *first = &c->signer[DOCUMENT_TCB_INFO];
    struct tdx_signer *signer = &c->signer[which];
    struct err_note note = {{0}};
    bool same = first->chain_checked && signer->certificate == first->certificate &&
                signer->root == first->root; /* of itself, nothing was checked yet */
    signer->chain_error = same ? first->chain_error : signer_chain_check(c, signer, &note);
    signer->chain_checked = true;
    return check_saw_error(&c->answer, signer->chain_error, &note);
}

bool tdx_document_signer_valid(struct context *c, unsigned which)
{
    const struct tdx_signer *signer = &c->signer[which];
    struct err_note note = {{0}};
    enum err e = sgx_check_validity("the signer", signer->certificate, c->now, &note);
    if (e == ERR_OK)
        e = sgx_check_validity("the root", signer->root, c->now, &note);
    return check_saw_error(&c->answer, e, &note);
}

bool tdx_document_signer_not_revoked(struct context *c, unsigned which)
{
    return not_revoked(c, &c->root_crl, c->signer[which].certificate);
}

bool tdx_document_form(struct context *c, unsigned which)
{
    struct bytes body = document_of(c, which)->body;
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    if (body.len == 0)
        e = err_noted(ERR_TRUNCATED, &note, "there is none");
    else if (which == DOCUMENT_TCB_INFO)
        e = tcb_info_parse(body, &c->tcb_info, &note);
    else
        e = qe_identity_parse(body, &c->qe_identity, &note);
    if (e == ERR_OK)
        c->have |= which == DOCUMENT_TCB_INFO ? HAVE_TCB_INFO : HAVE_QE_IDENTITY;
    return check_saw_error(&c->answer, e, &note);
}

bool tdx_document_signature(struct context *c, unsigned which)
{
    const struct intel_document *d = document_of(c, which);
    struct err_note note = {{0}};
    enum err e = crypto_ecdsa_verify_raw(c->signer[which].certificate->key, CRYPTO_SHA256, d->body,
                                         bytes_of(d->signature, sizeof d->signature));
    return check_saw_error(&c->answer, e, &note);
}

bool tdx_document_current(struct context *c, unsigned which)
{
    bool is_tcb_info = which == DOCUMENT_TCB_INFO;
    int64_t issued = is_tcb_info ? c->tcb_info.issue_date : c->qe_identity.issue_date;
    int64_t next = is_tcb_info ? c->tcb_info.next_update : c->qe_identity.next_update;
    if (c->now < issued)
        check_saw(&c->answer, "issued later than the time of appraisal");
    else if (c->now > next)
        check_saw(&c->answer, "there was to be a newer one by now");
    return issued <= c->now && c->now <= next;
}

bool tdx_tcb_info_platform(struct context *c, unsigned which)
{
    (void)which;
    bool platform = check_saw_bytes(&c->answer, bytes_of(c->tcb_info.fmspc, PCK_FMSPC_SIZE),
                                    bytes_of(c->pck.fmspc, PCK_FMSPC_SIZE));
    if (!platform)
        return false;
    return check_saw_bytes(&c->answer, bytes_of(c->tcb_info.pce_id, PCK_PCE_ID_SIZE),
                           bytes_of(c->pck.pce_id, PCK_PCE_ID_SIZE));
}

bool tdx_evaluation_number(struct context *c, unsigned which)
{
    (void)which;
    uint32_t minimum = c->policy->evaluation_number_min != 0 ? c->policy->evaluation_number_min
                                                             : tdx_evaluation_floor(c->now);
    check_saw(&c->answer, "%u for the platform, %u for the quoting enclave", c->tcb_info.evaluation_number,
              c->qe_identity.evaluation_number);
    check_wanted(&c->answer, "at least %u", minimum);
    return c->tcb_info.evaluation_number >= minimum && c->qe_identity.evaluation_number >= minimum;
}

/* ---- from the PCK to the quote ---- */

bool tdx_qe_signature(struct context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    return check_saw_error(&c->answer,
                           crypto_ecdsa_verify_raw(c->chain[PLACE_LEAF].key, CRYPTO_SHA256,
                                                   c->quote.qe_report_bytes, c->quote.qe_signature),
                           &note);
}

/* DCAP appendix A.3.8: SHA-256(attestation key || authentication data), then 32 zeros. */
bool tdx_qe_attestation_key(struct context *c, unsigned which)
{
    (void)which;
    const struct bytes parts[] = {c->quote.attestation_key, c->quote.qe_authentication};
    uint8_t wanted[TDX_REPORT_DATA_SIZE] = {0};
    enum err e = crypto_hash_parts(CRYPTO_SHA256, parts, 2, wanted);
    bool same = check_saw_bytes(&c->answer, bytes_of(c->quote.qe_report.report_data, sizeof wanted),
                                bytes_of(wanted, sizeof wanted));
    return e == ERR_OK && same;
}

/* The signature is over the bytes that came, never over what was read from them. */
bool tdx_quote_signature(struct context *c, unsigned which)
{
    (void)which;
    struct crypto_public_key *key = NULL;
    struct err_note note = {{0}};
    enum err e = crypto_public_key_from_point(CRYPTO_KEY_P256, c->quote.attestation_key, &key);
    if (e == ERR_OK)
        e = crypto_ecdsa_verify_raw(key, CRYPTO_SHA256, c->quote.signed_part, c->quote.signature);
    crypto_public_key_free(key);
    return check_saw_error(&c->answer, e, &note);
}

void tdx_endorsements_release(struct context *c)
{
    for (size_t i = 0; i < PLACE_COUNT; i++)
        sgx_certificate_release(&c->chain[i]);
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        sgx_certificate_release(&c->signer[i].own_certificate);
        sgx_certificate_release(&c->signer[i].own_root);
    }
    tcb_info_release(&c->tcb_info);
    qe_identity_release(&c->qe_identity);
}
