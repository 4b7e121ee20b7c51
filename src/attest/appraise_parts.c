/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/appraise_parts.h"

#include <stdio.h>

#include "attest/collateral.h"
#include "attest/evidence_file.h"
#include "attest/hcl_report.h"
#include "attest/rules.h"
#include "attest/snp_certificates.h"
#include "attest/snp_report.h"
#include "attest/vtpm_files.h"

/* ---- the rows that only separate files have ---- */

enum {
    RULE_PLATFORM,
    RULE_SNP_FILE,
    RULE_SNP_CERTIFICATES,
    RULE_TDX_FILE,
    RULE_TDX_COLLATERAL,
    RULE_SNP_ANY,
    RULE_TDX_ANY,
    RULE_VTPM_FILE, /* those of a virtual TPM, in the order of enum vtpm_file */
    RULE_VTPM_CERTIFICATES = RULE_VTPM_FILE + VTPM_FILE_COUNT,
    RULE_VTPM_ANY
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
    [RULE_VTPM_FILE] = {"file.vtpm.hcl_report", "The report of the paravisor came along",
                        "What the TPM has at index 0x01400001. Each of these files may be binary or text "
                        "(attest/evidence_file.h)."},
    {"file.vtpm.quote", "The TPM's quote came along", "As tpm2_quote -m writes it: TPMS_ATTEST."},
    {"file.vtpm.signature", "And its signature", "As tpm2_quote -s writes it: TPMT_SIGNATURE, or bare."},
    {"file.vtpm.pcrs", "And the values of the registers",
     "As tpm2_pcrread -o or tpm2_quote -o write them (attest/tpm_pcr_file.h): the quote has but their "
     "digest."},
    {"file.vtpm.event_log", "The event log can be read, when there is one",
     "Whether it must be there, the policy says."},
    [RULE_VTPM_CERTIFICATES] = {"file.vtpm.ak_certificates",
                                "The certificates of the attestation key can be read, when there are any",
                                "PEM or DER: the key's, those in between, the root. Whether they must be "
                                "there, the policy says."},
    [RULE_VTPM_ANY] =
        {"vtpm.nonce.any", "The challenge was not compared: you waived that",
         "The quote may be old, or made for somebody else: the hardware's report does not say when, and "
         "without --nonce HEX nothing else does."},
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

/* A document in which somebody else hands out evidence: there is no end to these, and so they are not looked into. */
static enum err no_document(struct bytes content, const char *what, struct err_note *note)
{
    return evidence_is_json(content)
               ? err_noted(ERR_UNKNOWN, note,
                           "a JSON document: the %s that is in it is wanted alone, in hexadecimal or base64",
                           what)
               : ERR_OK;
}

static bool accepts(const struct attest_policy *policy, enum verdict_platform platform)
{
    return policy->platforms == 0 || (policy->platforms >> platform & 1) != 0;
}

static void platform_row(struct verdict *v, enum verdict_platform platform,
                         const struct attest_policy *policy)
{
    (void)verdict_add(v, &rules[RULE_PLATFORM], accepts(policy, platform), "another one", "%s",
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
    if (opened == ERR_OK)
        opened = no_document(f.content, "report", &note);
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
    if (opened == ERR_OK)
        opened = no_document(f.content, "quote", &note);
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

/* ---- a virtual TPM ---- */

struct vtpm_opened {
    struct vtpm_files files;
    struct evidence_file td_quote;
    struct snp_certificates snp;
    struct collateral tdx;
    struct vtpm_evidence evidence;
};

static void vtpm_file_row(struct vtpm_opened *o, enum vtpm_file which, struct bytes file, struct verdict *v)
{
    struct err_note note = {{0}};
    char size[sizeof "18446744073709551615 bytes"];
    const bool needless = file.len == 0 && which == VTPM_FILE_EVENT_LOG;
    enum err e = vtpm_files_add(&o->files, which, file, &note);
    (void)snprintf(size, sizeof size, "%zu bytes", o->files.contents[which].len);
    if (needless)
        (void)verdict_add(v, &rules[RULE_VTPM_FILE + which], true, "", "%s", note.text);
    else
        (void)file_row(v, &rules[RULE_VTPM_FILE + which], e == ERR_OK, size, o->files.opened[which].encoding,
                       &note);
}

static void ak_certificates_row(const struct appraise_vtpm_parts *parts, struct vtpm_opened *o,
                                struct verdict *v)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    size_t i = 0;
    for (; e == ERR_OK && i < parts->ak_certificate_count; i++)
        e = vtpm_files_add_ak_certificate(&o->files, parts->ak_certificates[i], &note);
    if (e == ERR_OK)
        (void)verdict_add(v, &rules[RULE_VTPM_CERTIFICATES], true, "", "%zu of them",
                          o->files.ak_certificate_count);
    else
        (void)verdict_add(v, &rules[RULE_VTPM_CERTIFICATES], false, "", "file %zu: %.150s", i,
                          note.text[0] != '\0' ? note.text : err_text(e));
}

static void vtpm_snp_rows(const struct appraise_parts *hardware, struct bytes report, struct vtpm_opened *o,
                          struct verdict *v)
{
    struct err_note note = {{0}};
    const enum snp_signing_key key = signing_key(report);
    if (hardware->evidence.len != 0)
        (void)verdict_add(v, &rules[RULE_TDX_FILE], false, "none", "a quote beside an SNP report");
    enum err e = endorsements_add(hardware, &o->snp, snp_add_file, &note);
    snp_certificates_into(&o->snp, key, &o->evidence.snp);
    certificates_row(v, &o->evidence.snp, key, e, &note);
}

static void vtpm_tdx_rows(const struct appraise_parts *hardware, struct vtpm_opened *o, struct verdict *v)
{
    struct err_note note = {{0}};
    enum err e = hardware->evidence.len == 0 ? err_noted(ERR_TRUNCATED, &note, "there is none")
                                             : evidence_file_open(hardware->evidence, &o->td_quote, &note);
    struct bytes content = e == ERR_OK ? o->td_quote.content : hardware->evidence;
    struct bytes quote = evidence_tdx_find(content);
    (void)file_row(v, &rules[RULE_TDX_FILE], e == ERR_OK,
                   quote.ptr == content.ptr ? "bare" : "behind the header of a GetQuote buffer",
                   o->td_quote.encoding, &note);
    e = endorsements_add(hardware, &o->tdx, tdx_add_file, &note);
    o->evidence.td_quote = quote;
    o->evidence.tdx = o->tdx.tdx;
    collateral_row(v, &o->evidence.tdx, e, &note);
}

/* By what the HCL report carries; where that cannot be told, vtpm.hcl.form or vtpm.hcl.kind says why. */
static void hardware_rows(const struct appraise_parts *hardware, const struct attest_policy *policy,
                          struct vtpm_opened *o, struct verdict *v)
{
    struct hcl_report hcl;
    bool is_read = hcl_report_parse(o->evidence.hcl_report, &hcl, NULL) == ERR_OK;
    if (is_read && hcl.kind == HCL_KIND_SNP) {
        platform_row(v, VERDICT_PLATFORM_SNP, policy);
        vtpm_snp_rows(hardware, hcl.hardware, o, v);
    } else if (is_read && hcl.kind == HCL_KIND_TDX) {
        platform_row(v, VERDICT_PLATFORM_TDX, policy);
        vtpm_tdx_rows(hardware, o, v);
    } else {
        (void)verdict_add(v, &rules[RULE_PLATFORM], false, "",
                          "not checked: there is no hardware report of a kind that is known");
    }
}

/* With the waived challenge of the quote itself. One that holds none that could be compared is no worse. */
static void appraise_without_nonce(const struct vtpm_opened *o, const struct vtpm_policy *policy, int64_t now,
                                   struct verdict *v)
{
    struct tpm_quote quote;
    const bool is_read = tpm_quote_parse(o->evidence.quote, &quote, NULL) == ERR_OK;
    const struct bytes own = is_read ? quote.extra_data : bytes_of(NULL, 0);
    const bool has_one = own.len != 0 && own.len <= TPM_NONCE_MAX;
    vtpm_appraise(&o->evidence, has_one ? own : bytes_of(NULL, 0), policy, now, v);
    appraise_parts_waive(v, "vtpm.nonce", &rules[RULE_VTPM_ANY]);
    for (size_t i = 0; is_read && !has_one && i < v->count; i++)
        if (v->checks[i].rule == &rules[RULE_VTPM_ANY])
            v->checks[i].passed = true;
}

void appraise_vtpm_parts(const struct appraise_vtpm_parts *parts, const struct attest_policy *policy,
                         int64_t now, struct verdict *v)
{
    const struct bytes files[VTPM_FILE_COUNT] = {
        [VTPM_FILE_HCL_REPORT] = parts->hcl_report, [VTPM_FILE_QUOTE] = parts->quote,
        [VTPM_FILE_SIGNATURE] = parts->signature,   [VTPM_FILE_PCR_VALUES] = parts->pcr_values,
        [VTPM_FILE_EVENT_LOG] = parts->event_log,
    };
    struct vtpm_opened o = {.evidence = {.ak_certificate_count = 0}};
    struct vtpm_policy wanted = policy->vtpm;
    memset(v, 0, sizeof *v);
    v->appraised_at = now;
    collateral_init(&o.tdx);

    for (size_t i = 0; i < VTPM_FILE_COUNT; i++)
        vtpm_file_row(&o, (enum vtpm_file)i, files[i], v);
    ak_certificates_row(parts, &o, v);
    vtpm_files_into(&o.files, &o.evidence);
    hardware_rows(&parts->hardware, policy, &o, v);

    wanted.snp = accepts(policy, VERDICT_PLATFORM_SNP) ? policy : NULL;
    wanted.tdx = accepts(policy, VERDICT_PLATFORM_TDX) ? &policy->tdx : NULL;
    if (parts->any_nonce)
        appraise_without_nonce(&o, &wanted, now, v);
    else
        vtpm_appraise(&o.evidence, parts->nonce, &wanted, now, v);
    verdict_conclude(v);
    evidence_file_release(&o.td_quote);
    snp_certificates_release(&o.snp);
    collateral_release(&o.tdx);
    vtpm_files_release(&o.files);
}
