/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_APPRAISE_PARTS_H
#define ATTEST_APPRAISE_PARTS_H

/*
 * The Verifier for evidence that comes as separate files and not in a bundle: a report or quote in any wrapping (attest/evidence_file.h), and the
 * endorsements for it in any of the forms that people have (attest/snp_certificates.h, attest/collateral.h). No network, no clock, no file.
 *
 *     const struct appraise_parts parts = {.evidence = report, .endorsements = files, .endorsement_count = n, .report_data = wanted};
 *     appraise_snp_parts(&parts, &policy, now, &v);
 *     if (v.accepted) ...
 *
 * Whatever is wrong with a part is a failed check in the verdict, not an error.
 */

#include "attest/policy.h"
#include "attest/verdict.h"

struct appraise_parts {
    struct bytes evidence;
    const struct bytes *endorsements; /* SNP: certificates and revocation lists; TDX: collateral */
    size_t endorsement_count;
    const char *const *names; /* of the endorsements, for people; NULL: they are counted */
    const uint8_t *
        report_data; /* the 64 bytes that the evidence must cover; NULL: not known, and then that check fails */
    bool any_report_data; /* instead: the caller waives the check, and the verdict says so in its place */
};

/* The verdict is made from scratch and concluded. Without report data that were compared, the evidence may be old, and made for somebody else: claims.fresh
 * is false in any case, since nobody's challenge is known here. */
void appraise_snp_parts(const struct appraise_parts *parts, const struct attest_policy *policy, int64_t now,
                        struct verdict *v);
void appraise_tdx_parts(const struct appraise_parts *parts, const struct attest_policy *policy, int64_t now,
                        struct verdict *v);

/* The same for evidence that comes by a virtual TPM. All that is missing is empty. */
struct appraise_vtpm_parts {
    struct appraise_parts
        hardware; /* endorsements of the SNP report that the HCL report carries; or, for a TDREPORT, the quote that was made of it as the
                                       evidence, and collateral. Its report data are the hash of the runtime data: what is said here of them does not count */
    struct bytes hcl_report;
    struct bytes quote, signature; /* as in attest/vtpm.h */
    struct bytes pcr_values;       /* as in attest/tpm_pcr_file.h */
    struct bytes event_log;        /* of the firmware */
    const struct bytes
        *ak_certificates; /* files, DER or PEM: the attestation key's, those in between, the root */
    size_t ak_certificate_count;
    struct bytes nonce; /* 1 to 64 bytes; empty: not known, and then that check fails */
    bool any_nonce;     /* instead: the caller waives the check, and the verdict says so in its place */
};

void appraise_vtpm_parts(const struct appraise_vtpm_parts *parts, const struct attest_policy *policy,
                         int64_t now, struct verdict *v);

/* For the siblings of this file. What the waived check's row says instead: it stands in the same place, passed, under a name and a sentence of its own. */
void appraise_parts_waive(struct verdict *v, const char *name, const struct verdict_rule *rule);

#endif
