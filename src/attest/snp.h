/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_H
#define ATTEST_SNP_H

/*
 * The appraisal of SEV-SNP Evidence: every check is a row of one table (snp.c), in the order in which they are made and shown.
 *
 *     struct snp_evidence evidence = {.report = report, .vek = vcek, .ask = ask, .ark = ark, .crls = {crl}, .crl_count = 1};
 *     snp_appraise(&evidence, report_data, &policy, now, &v);
 *     verdict_conclude(&v);
 */

#include "attest/policy.h"
#include "attest/verdict.h"

enum { SNP_CRLS_MAX = 4 };

struct snp_evidence {
    struct bytes report; /* as the chip made it */
    struct bytes vek;    /* VCEK or VLEK, DER */
    struct bytes ask;    /* or ASVK */
    struct bytes ark;
    struct bytes crls[SNP_CRLS_MAX]; /* the root's revocation lists, DER: each must be good */
    size_t crl_count;
};

/* Appends the checks to v and fills in the claims that a report makes. report_data: the 64 bytes that the report must cover; NULL when they are not
 * known, and then that check fails. now: seconds since 1970. */
void snp_appraise(const struct snp_evidence *evidence, const uint8_t *report_data,
                  const struct attest_policy *policy, int64_t now, struct verdict *v);

/* What a policy that says nothing of a bit comes to: enum snp_guest_bit, enum snp_platform_bit. */
enum policy_rule snp_guest_default(unsigned bit);
enum policy_rule snp_platform_default(unsigned bit);

#endif
