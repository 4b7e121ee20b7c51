/* SPDX-License-Identifier: Apache-2.0 */
/* Whose key is it? From the hardware's report to the TPM's attestation key. */
#include "attest/snp_report.h"
#include "attest/vtpm_internal.h"

/* ---- the HCL report ---- */

bool vtpm_hcl_form(struct vtpm_context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = hcl_report_parse(c->evidence->hcl_report, &c->hcl, &note);
    if (e == ERR_OK) {
        c->have |= VTPM_HAVE_BLOB;
        check_saw(&c->answer, "version %u", c->hcl.version);
    }
    return check_saw_error(&c->answer, e, &note);
}

bool vtpm_hcl_kind(struct vtpm_context *c, unsigned which)
{
    (void)which;
    bool is_snp = c->hcl.kind == HCL_KIND_SNP;
    bool is_tdx = c->hcl.kind == HCL_KIND_TDX;
    bool accepted = (is_snp && c->policy->snp != NULL) || (is_tdx && c->policy->tdx != NULL);
    if (accepted)
        c->have |= VTPM_HAVE_KIND;
    if (is_snp || is_tdx)
        check_saw(&c->answer, "%s", is_snp ? "an SNP report" : "a TDREPORT");
    else
        check_saw(&c->answer, "a report of kind %u", c->hcl.kind);
    check_wanted(&c->answer, "%s%s%s", c->policy->snp != NULL ? "an SNP report" : "",
                 c->policy->snp != NULL && c->policy->tdx != NULL ? " or " : "",
                 c->policy->tdx != NULL ? "a TDREPORT" : "");
    return accepted;
}

/* The hash at the beginning of the report data, and zeros behind it. */
bool vtpm_hcl_hash(struct vtpm_context *c, unsigned which)
{
    static const struct {
        const char *name;
        enum crypto_hash hash;
    } hashes[] = {[HCL_SHA256] = {"SHA-256", CRYPTO_SHA256},
                  [HCL_SHA384] = {"SHA-384", CRYPTO_SHA384},
                  [HCL_SHA512] = {"SHA-512", CRYPTO_SHA512}};
    (void)which;
    if (c->hcl.hash_type < HCL_SHA256 || c->hcl.hash_type > HCL_SHA512) {
        check_saw(&c->answer, "hash type %u", c->hcl.hash_type);
        return false;
    }
    check_saw(&c->answer, "%s", hashes[c->hcl.hash_type].name);
    memset(c->report_data, 0, sizeof c->report_data);
    if (crypto_hash_parts(hashes[c->hcl.hash_type].hash, &c->hcl.runtime, 1, c->report_data) != ERR_OK)
        return false;
    c->have |= VTPM_HAVE_HASH;
    return true;
}

bool vtpm_td_report_form(struct vtpm_context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    if (c->hcl.kind == HCL_KIND_TDX)
        e = td_report_parse(c->hcl.hardware, &c->td_report, &note);
    else
        check_saw(&c->answer, "not needed: an SNP report is signed itself");
    if (e == ERR_OK)
        c->have |= VTPM_HAVE_TD_REPORT;
    return check_saw_error(&c->answer, e, &note);
}

bool vtpm_hcl_binding(struct vtpm_context *c, unsigned which)
{
    struct snp_report snp;
    const uint8_t *seen = c->td_report.body.report_data;
    (void)which;
    if (c->hcl.kind == HCL_KIND_SNP) {
        struct err_note note = {{0}};
        enum err e = snp_report_parse(c->hcl.hardware, &snp, &note);
        if (e != ERR_OK)
            return check_saw_error(&c->answer, e, &note);
        seen = snp.report_data;
    }
    check_saw_bytes(&c->answer, bytes_of(seen, VTPM_REPORT_DATA_SIZE),
                    bytes_of(c->report_data, VTPM_REPORT_DATA_SIZE));
    return memcmp(seen, c->report_data, VTPM_REPORT_DATA_SIZE) == 0;
}

bool vtpm_td_report_quote(struct vtpm_context *c, unsigned which)
{
    struct tdx_quote quote;
    struct err_note note = {{0}};
    (void)which;
    if (c->hcl.kind != HCL_KIND_TDX) {
        check_saw(&c->answer, "not needed: an SNP report is signed itself");
        return true;
    }
    enum err e = tdx_quote_parse(c->evidence->td_quote, &quote, &note);
    if (e != ERR_OK)
        return check_saw_error(&c->answer, e, &note);
    const char *difference = td_report_difference(&c->td_report, &quote.body);
    check_saw(&c->answer, "%s%s", difference == NULL ? "" : "another ",
              difference == NULL ? "the same" : difference);
    return difference == NULL;
}

/* ---- the runtime data ---- */

bool vtpm_runtime_form(struct vtpm_context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = hcl_runtime_parse(c->hcl.runtime, &c->runtime, &note);
    if (e == ERR_OK)
        c->have |= VTPM_HAVE_RUNTIME;
    return check_saw_error(&c->answer, e, &note);
}

bool vtpm_ak_one(struct vtpm_context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "%zu", c->runtime.ak_count);
    check_wanted(&c->answer, "1");
    return c->runtime.ak_count == 1;
}

bool vtpm_ak_key(struct vtpm_context *c, unsigned which)
{
    static const uint8_t f4[] = {1, 0, 1}; /* 65537 */
    const struct hcl_key *ak = &c->runtime.ak;
    const struct bytes exponent = bytes_of(ak->exponent, ak->exponent_len);
    (void)which;
    check_wanted(&c->answer, "RSA of at least 2048 bits, exponent 65537");
    if (!bytes_equal(exponent, bytes_of(f4, sizeof f4))) {
        check_saw(&c->answer, "another exponent");
        return false;
    }
    enum err e = crypto_public_key_from_rsa(bytes_of(ak->modulus, ak->modulus_len), exponent, &c->ak);
    if (e != ERR_OK) {
        check_saw(&c->answer, "a modulus of %zu octets", ak->modulus_len);
        return false;
    }
    c->have |= VTPM_HAVE_AK;
    check_saw(&c->answer, "RSA of %zu bits", crypto_public_key_bits(c->ak));
    return true;
}
