/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/appraise_parts.h"

#include <stdio.h>

#include "attest/collateral.h"
#include "attest/evidence_file.h"
#include "attest/rules.h"
#include "attest/snp_certificates.h"
#include "attest/snp_report.h"

/* ---- the rows that only separate files have ---- */

enum {
    RULE_PLATFORM,
    RULE_SNP_FILE,
    RULE_SNP_CERTIFICATES,
    RULE_TDX_FILE,
    RULE_TDX_COLLATERAL,
    RULE_SNP_ANY,
    RULE_TDX_ANY
};

static const struct verdict_rule rules[] = {
    [RULE_PLATFORM] = {"file.platform", "The platform is one that you accept",
                       "Reference values of one platform do not make you trust another."},
    [RULE_SNP_FILE] =
        {"file.snp.report", "The file holds a report",
         "Bare, behind the firmware's header, extended with certificates, or any of these as text "
         "(attest/evidence_file.h)."},
    [RULE_SNP_CERTIFICATES] =
        {"file.snp.certificates", "The certificates that the report needs came along",
         "The one that the report's SIGNING_KEY asks for (VCEK or VLEK), the intermediate that "
         "goes with it (ASK or ASVK) and the root (ARK); in PEM, DER or a table of certificates."},
    [RULE_TDX_FILE] =
        {"file.tdx.quote", "The file holds a quote",
         "Bare, behind the header of a GetQuote buffer, or either as text (attest/evidence_file.h)."},
    [RULE_TDX_COLLATERAL] =
        {"file.tdx.collateral", "What Intel says of the platform came along whole",
         "TCB info, identity of the quoting enclave, their signer, two revocation lists; nothing "
         "twice."},
    [RULE_SNP_ANY] =
        {"snp.report_data.any", "The report data were not compared: you waived that",
         "The report may be old, or made for somebody else. Without --report-data HEX nothing binds it to "
         "a key or a challenge of yours."},
    [RULE_TDX_ANY] =
        {"tdx.report_data.any", "The report data were not compared: you waived that",
         "The quote may be old, or made for somebody else. Without --report-data HEX nothing binds it to a "
         "key or a challenge of yours."},
};

const struct verdict_rule *appraise_parts_rule(size_t index)
{
    return index < sizeof rules / sizeof *rules ? &rules[index] : NULL;
}

/* ---- the evidence itself ---- */

void appraise_parts_waive(struct verdict *v, const char *name, const struct verdict_rule *rule)
{
    for (size_t i = 0; i < v->count; i++) {
        struct verdict_check *c = &v->checks[i];
        if (strcmp(c->rule->name, name) != 0)
            continue;
        char found[VERDICT_VALUE_SIZE];
        memcpy(found, c->saw, sizeof found);
        bool known = c->passed;
        c->rule = rule;
        c->wanted[0] = '\0';
        (void)snprintf(c->saw, sizeof c->saw, "%s%.*s", known ? "not compared: " : "", (int)sizeof found - 20,
                       found);
    }
}

static bool file_row(struct verdict *v, const struct verdict_rule *rule, bool passed, const char *wrapping,
                     enum evidence_encoding encoding, const struct err_note *note)
{
    return passed ? verdict_add(v, rule, true, "", "%s, %s", wrapping, evidence_encoding_name(encoding))
                  : verdict_add(v, rule, false, "", "%s", note->text);
}

static void platform_row(struct verdict *v, enum verdict_platform platform,
                         const struct attest_policy *policy)
{
    const bool accepted = policy->platforms == 0 || (policy->platforms >> platform & 1) != 0;
    (void)verdict_add(v, &rules[RULE_PLATFORM], accepted, "another one", "%s",
                      verdict_platform_name(platform));
}

/* Calls add for each; the name of the one that fails stands before what was wrong with it. */
static enum err endorsements_add(const struct appraise_parts *p, void *set,
                                 enum err (*add)(void *set, struct bytes file, struct err_note *note),
                                 struct err_note *note)
{
    struct err_note detail = {{0}};
    for (size_t i = 0; i < p->endorsement_count; i++) {
        enum err e = add(set, p->endorsements[i], &detail);
        if (e == ERR_OK)
            continue;
        const char *what = detail.text[0] != '\0' ? detail.text : err_text(e);
        return p->names != NULL ? err_noted(e, note, "%.100s: %.120s", p->names[i], what)
                                : err_noted(e, note, "file %zu: %.150s", i + 1, what);
    }
    return ERR_OK;
}

/* ---- SEV-SNP ---- */

static enum err snp_add(void *set, struct bytes file, struct err_note *note)
{
    return snp_certificates_add(set, file, note);
}

/* As text, too, which people have of DER: attest/snp_certificates.h takes PEM as it is. */
static enum err snp_add_file(void *set, struct bytes file, struct err_note *note)
{
    struct evidence_file f;
    enum err e = evidence_file_open(file, &f, note);
    if (e == ERR_OK)
        e = snp_add(set, f.content, note);
    evidence_file_release(&f);
    return e;
}

/* SIGNING_KEY of a report whose form may be wrong. */
static enum snp_signing_key signing_key(struct bytes report)
{
    struct snp_report parsed;
    if (snp_report_parse(report, &parsed, NULL) != ERR_OK)
        return SNP_KEY_VCEK;
    return (parsed.key_info >> 2 & 7) == SNP_KEY_VLEK ? SNP_KEY_VLEK : SNP_KEY_VCEK;
}

static void certificates_row(struct verdict *v, const struct snp_evidence *e, enum snp_signing_key key,
                             enum err failure, const struct err_note *note)
{
    const bool vlek = key == SNP_KEY_VLEK;
    const struct verdict_rule *rule = &rules[RULE_SNP_CERTIFICATES];
    const char *missing = e->vek.len == 0   ? vlek ? "VLEK" : "VCEK"
                          : e->ask.len == 0 ? vlek ? "ASVK" : "ASK"
                          : e->ark.len == 0 ? "ARK"
                                            : NULL;
    if (failure != ERR_OK)
        (void)verdict_add(v, rule, false, "", "%s", note->text);
    else if (missing != NULL)
        (void)verdict_add(v, rule, false, vlek ? "VLEK, ASVK, ARK" : "VCEK, ASK, ARK", "there is no %s",
                          missing);
    else
        (void)verdict_add(v, rule, true, "", "%s, %zu revocation list%s",
                          vlek ? "VLEK, ASVK, ARK" : "VCEK, ASK, ARK", e->crl_count,
                          e->crl_count == 1 ? "" : "s");
}

void appraise_snp_parts(const struct appraise_parts *parts, const struct attest_policy *policy, int64_t now,
                        struct verdict *v)
{
    struct err_note note = {{0}};
    struct evidence_file f;
    struct evidence_snp snp = {.wrapping = ""};
    struct snp_certificates set = {0};
    struct snp_evidence evidence = {.crl_count = 0};
    memset(v, 0, sizeof *v);
    v->appraised_at = now;

    platform_row(v, VERDICT_PLATFORM_SNP, policy);
    enum err opened = evidence_file_open(parts->evidence, &f, &note);
    evidence_snp_find(opened == ERR_OK ? f.content : parts->evidence, &snp);
    (void)file_row(v, &rules[RULE_SNP_FILE], opened == ERR_OK, snp.wrapping, f.encoding, &note);

    enum err e = endorsements_add(parts, &set, snp_add_file, &note);
    if (e == ERR_OK && snp.certificates.len != 0)
        e = snp_add(&set, snp.certificates, &note);
    const enum snp_signing_key key = signing_key(snp.report);
    snp_certificates_into(&set, key, &evidence);
    evidence.report = snp.report;
    certificates_row(v, &evidence, key, e, &note);

    struct snp_report parsed;
    bool own = parts->any_report_data && snp_report_parse(snp.report, &parsed, NULL) == ERR_OK;
    snp_appraise(&evidence, own ? parsed.report_data : parts->report_data, policy, now, v);
    if (parts->any_report_data)
        appraise_parts_waive(v, "snp.report_data", &rules[RULE_SNP_ANY]);
    verdict_conclude(v);
    snp_certificates_release(&set);
    evidence_file_release(&f);
}

/* ---- Intel TDX ---- */

static enum err tdx_add_file(void *set, struct bytes file, struct err_note *note)
{
    struct evidence_file f;
    enum err e = evidence_file_open(file, &f, note);
    if (e == ERR_OK)
        e = collateral_add(set, f.content, note);
    evidence_file_release(&f);
    return e;
}

static void collateral_row(struct verdict *v, const struct tdx_collateral *c, enum err failure,
                           const struct err_note *note)
{
    const struct {
        const char *name;
        size_t len;
    } wanted[] = {
        {"TCB info", c->tcb_info.body.len},
        {"certificate chain of the TCB info's signer", c->tcb_info_issuer.signer.len},
        {"identity of the quoting enclave", c->qe_identity.body.len},
        {"certificate chain of the identity's signer", c->qe_identity_issuer.signer.len},
        {"revocation list of the root", c->root_crl.len},
        {"revocation list of the PCK's issuer", c->pck_crl.len},
    };
    const struct verdict_rule *rule = &rules[RULE_TDX_COLLATERAL];
    for (size_t i = 0; failure == ERR_OK && i < sizeof wanted / sizeof *wanted; i++)
        if (wanted[i].len == 0) {
            (void)verdict_add(v, rule, false, "all six parts", "there is no %s", wanted[i].name);
            return;
        }
    (void)verdict_add(v, rule, failure == ERR_OK, "", "%s", failure == ERR_OK ? "all six parts" : note->text);
}

void appraise_tdx_parts(const struct appraise_parts *parts, const struct attest_policy *policy, int64_t now,
                        struct verdict *v)
{
    struct err_note note = {{0}};
    struct evidence_file f;
    struct collateral collateral;
    memset(v, 0, sizeof *v);
    v->appraised_at = now;

    platform_row(v, VERDICT_PLATFORM_TDX, policy);
    enum err opened = evidence_file_open(parts->evidence, &f, &note);
    struct bytes content = opened == ERR_OK ? f.content : parts->evidence;
    struct bytes quote = evidence_tdx_find(content);
    (void)file_row(v, &rules[RULE_TDX_FILE], opened == ERR_OK,
                   quote.ptr == content.ptr ? "bare" : "behind the header of a GetQuote buffer", f.encoding,
                   &note);

    collateral_init(&collateral);
    enum err e = endorsements_add(parts, &collateral, tdx_add_file, &note);
    collateral_row(v, &collateral.tdx, e, &note);

    struct tdx_quote parsed;
    bool own = parts->any_report_data && tdx_quote_parse(quote, &parsed, NULL) == ERR_OK;
    tdx_appraise(quote, &collateral.tdx, own ? parsed.body.report_data : parts->report_data, &policy->tdx,
                 now, v);
    if (parts->any_report_data)
        appraise_parts_waive(v, "tdx.report_data", &rules[RULE_TDX_ANY]);
    verdict_conclude(v);
    collateral_release(&collateral);
    evidence_file_release(&f);
}
