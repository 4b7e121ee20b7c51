/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_H
#define ATTEST_SNP_H

/*
 * The appraisal of SEV-SNP Evidence: every check is a row of one table (snp.c), in the order in which they are made and shown.
 *
 *     struct snp_evidence evidence = {.report = report, .vcek = vcek, .ask = ask, .ark = ark};
 *     snp_appraise(&evidence, report_data, &policy, now, &v);
 *     verdict_conclude(&v);
 *
 * Not covered yet: certificate revocation lists, and minimum TCBs. A report signed with a VLEK is refused.
 */

#include "attest/policy.h"
#include "attest/verdict.h"

struct snp_evidence {
    struct bytes report; /* as the chip made it */
    struct bytes vcek;   /* DER */
    struct bytes ask;
    struct bytes ark;
};

/* Appends the checks to v and fills in the claims that a report makes. report_data: the 64 bytes that the report must cover; NULL when they are not
 * known, and then that check fails. now: seconds since 1970. */
void snp_appraise(const struct snp_evidence *evidence, const uint8_t *report_data,
                  const struct attest_policy *policy, int64_t now, struct verdict *v);

#endif
