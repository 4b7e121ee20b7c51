/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_check.h"

#include <stdlib.h>

#include "attest/certificate_table.h"
#include "attest/collateral.h"
#include "attest/crl.h"
#include "attest/qe_identity.h"
#include "attest/tcb_info.h"
#include "evidence/collateral_gpu.h"

/* ---- the verifier's checks ---- */

static const char *const certificate_checks[] = {
    "snp.chain.form",     "snp.chain.root",  "snp.chain.ask",        "snp.chain.vek",
    "snp.chain.validity", "snp.vek.form",    "snp.vek.product",      "snp.report.product",
    "snp.vek.tcb",        "snp.vek.chip_id", "snp.report.signature",
};
/* Not whether somebody is revoked: a true list that says so is good, and the clients are to see it. */
static const char *const crl_checks[] = {
    "snp.chain.form", "snp.chain.root",    "snp.crl.present",
    "snp.crl.form",   "snp.crl.signature", "snp.crl.window",
};
static const char *const tdx_checks[] = {
    "tdx.quote.form",
    "tdx.pck.form",
    "tdx.pck.root",
    "tdx.pck.ca",
    "tdx.pck.leaf",
    "tdx.root_crl",
    "tdx.root_crl.current",
    "tdx.pck_crl",
    "tdx.pck_crl.current",
    "tdx.tcb_info.signer",
    "tdx.tcb_info.signer_chain",
    "tdx.tcb_info.signer_valid",
    "tdx.tcb_info.form",
    "tdx.tcb_info.signature",
    "tdx.tcb_info.current",
    "tdx.qe_identity.signer",
    "tdx.qe_identity.signer_chain",
    "tdx.qe_identity.signer_valid",
    "tdx.qe_identity.form",
    "tdx.qe_identity.signature",
    "tdx.qe_identity.current",
    "tdx.tcb_info.platform",
};

#define CHECKS(list) (list), sizeof(list) / sizeof *(list)

enum err collateral_checks_passed(const struct verdict *v, const char *const checks[], size_t count,
                                  struct err_note *note)
{
    for (size_t i = 0; i < count; i++) {
        const struct verdict_check *check = verdict_find(v, checks[i]);
        if (check == NULL)
            return err_noted(ERR_REFUSED, note, "%s: was not checked", checks[i]);
        if (!check->passed)
            return err_noted(ERR_REFUSED, note, "%s: %s", checks[i], check->saw);
    }
    return ERR_OK;
}

static void earlier(int64_t *expires, int64_t end)
{
    if (end < *expires)
        *expires = end;
}

static enum err certificate_end(struct bytes der, int64_t *expires, struct err_note *note)
{
    struct x509 cert;
    enum err e = x509_parse(der, &cert, note);
    if (e == ERR_OK)
        earlier(expires, cert.not_after);
    return e;
}

static enum err crl_end(struct bytes der, int64_t *expires, struct err_note *note)
{
    struct crl list;
    enum err e = crl_parse(der, &list, note);
    if (e == ERR_OK)
        earlier(expires, list.next_update);
    return e;
}

/* ---- SEV-SNP ---- */

static enum err snp_check(const struct snp_evidence *evidence, struct bytes root, const char *const checks[],
                          size_t count, int64_t now, struct err_note *note)
{
    const struct attest_policy policy = {.simulated_root = root};
    struct verdict *v = calloc(1, sizeof *v);
    if (v == NULL)
        return ERR_MEMORY;
    snp_appraise(evidence, NULL, &policy, now, v);
    enum err e = collateral_checks_passed(v, checks, count, note);
    free(v);
    return e;
}

static enum err check_certificates(const struct collateral_key *key, const struct collateral_subject *subject,
                                   struct bytes document, int64_t now, int64_t *expires,
                                   struct err_note *note)
{
    struct certificate_table table;
    enum err e = certificate_table_parse(document, &table);
    if (e != ERR_OK)
        return err_noted(e, note, "the table of certificates: %s", err_text(e));
    const struct snp_evidence evidence = {.report = subject->snp.report,
                                          .vek = key->vlek ? table.vlek : table.vcek,
                                          .ask = table.ask,
                                          .ark = table.ark};
    e = snp_check(&evidence, subject->roots.processor, CHECKS(certificate_checks), now, note);
    if (e == ERR_OK)
        e = certificate_end(evidence.vek, expires, note);
    if (e == ERR_OK)
        e = certificate_end(evidence.ask, expires, note);
    return e == ERR_OK ? certificate_end(evidence.ark, expires, note) : e;
}

static enum err check_crl(const struct collateral_key *key, const struct collateral_subject *subject,
                          struct bytes document, int64_t now, int64_t *expires, struct err_note *note)
{
    (void)key;
    struct snp_evidence evidence = subject->snp;
    evidence.crls[0] = document;
    evidence.crl_count = 1;
    enum err e = snp_check(&evidence, subject->roots.processor, CHECKS(crl_checks), now, note);
    return e == ERR_OK ? crl_end(document, expires, note) : e;
}

/* ---- TDX ---- */

static enum err document_ends(const struct tdx_collateral *c, int64_t *expires, struct err_note *note)
{
    struct tcb_info info;
    struct qe_identity identity;
    enum err e = tcb_info_parse(c->tcb_info.body, &info, note);
    if (e == ERR_OK)
        earlier(expires, info.next_update);
    tcb_info_release(&info);
    if (e != ERR_OK)
        return e;
    e = qe_identity_parse(c->qe_identity.body, &identity, note);
    if (e == ERR_OK)
        earlier(expires, identity.next_update);
    qe_identity_release(&identity);
    return e;
}

static enum err tdx_ends(const struct tdx_collateral *c, int64_t *expires, struct err_note *note)
{
    const struct bytes certificates[] = {c->tcb_info_issuer.signer, c->tcb_info_issuer.root,
                                         c->qe_identity_issuer.signer, c->qe_identity_issuer.root};
    enum err e = document_ends(c, expires, note);
    for (size_t i = 0; e == ERR_OK && i < sizeof certificates / sizeof *certificates; i++)
        e = certificate_end(certificates[i], expires, note);
    if (e == ERR_OK)
        e = crl_end(c->root_crl, expires, note);
    return e == ERR_OK ? crl_end(c->pck_crl, expires, note) : e;
}

static enum err tdx_check(const struct collateral_subject *subject, const struct tdx_collateral *c,
                          int64_t now, struct err_note *note)
{
    struct tdx_policy policy;
    struct verdict *v = calloc(1, sizeof *v);
    if (v == NULL)
        return ERR_MEMORY;
    tdx_policy_default(&policy);
    policy.simulated_root = subject->roots.processor;
    tdx_appraise(subject->quote, c, NULL, &policy, now, v);
    enum err e = collateral_checks_passed(v, CHECKS(tdx_checks), note);
    free(v);
    return e;
}

/* One document of the all-in-one form: that is what a bundle carries, so nothing else can stand in its place. */
static enum err check_tdx(const struct collateral_key *key, const struct collateral_subject *subject,
                          struct bytes document, int64_t now, int64_t *expires, struct err_note *note)
{
    (void)key;
    struct collateral c;
    collateral_init(&c);
    enum err e = collateral_add(&c, document, note);
    if (e == ERR_OK)
        e = tdx_check(subject, &c.tdx, now, note);
    if (e == ERR_OK)
        e = tdx_ends(&c.tdx, expires, note);
    collateral_release(&c);
    return e;
}

/* ---- */

enum err collateral_check(const struct collateral_key *key, const struct collateral_subject *subject,
                          struct bytes document, int64_t now, int64_t *expires, struct err_note *note)
{
    static enum err (*const check[])(const struct collateral_key *, const struct collateral_subject *,
                                     struct bytes, int64_t, int64_t *, struct err_note *) = {
        [COLLATERAL_SNP_CERTIFICATES] = check_certificates,
        [COLLATERAL_SNP_CRL] = check_crl,
        [COLLATERAL_TDX] = check_tdx,
        [COLLATERAL_RIM] = collateral_check_rim,
        [COLLATERAL_OCSP] = collateral_check_ocsp,
    };
    *expires = INT64_MAX;
    enum err e = check[key->kind](key, subject, document, now, expires, note);
    if (e == ERR_OK && *expires < now)
        e = err_noted(ERR_REFUSED, note, "it is out of date");
    return e;
}
