/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TDX_H
#define ATTEST_TDX_H

/*
 * The appraisal of Intel TDX Evidence: every check is a row of one table (tdx.c), in the order in which they are made and shown.
 *
 *     struct tdx_policy policy;
 *     tdx_policy_default(&policy);
 *     policy.launches = launches;
 *     policy.launch_count = count;
 *     tdx_appraise(quote, &collateral, report_data, &policy, now, &v);
 *     verdict_conclude(&v);
 *
 * A pure function: no network, no clock, no file. Collateral is what Intel's Provisioning Certification Service says of platforms and of its own
 * certificates; it is signed, so it may come from anybody. Without it a quote shows who signed it and not what that signature is worth: it is refused.
 */

#include "attest/intel_json.h"
#include "attest/tdx_policy.h"
#include "attest/verdict.h"

/* The chain of a signed document, DER: the signer's certificate and the root. */
struct tdx_issuer {
    struct bytes signer;
    struct bytes root;
};

/* Borrowed. What is missing is empty, and the checks that need it fail. attest/collateral.h makes it from files. */
struct tdx_collateral {
    struct intel_document tcb_info;
    struct tdx_issuer tcb_info_issuer;
    struct intel_document qe_identity;
    struct tdx_issuer qe_identity_issuer;
    struct bytes root_crl; /* DER */
    struct bytes pck_crl;
};

/* Appends the checks to v and fills in the claims that a quote makes. report_data: the 64 bytes that the quote must cover; NULL when they are not
 * known, and then that check fails. now: seconds since 1970. */
void tdx_appraise(struct bytes quote, const struct tdx_collateral *collateral, const uint8_t *report_data,
                  const struct tdx_policy *policy, int64_t now, struct verdict *v);

#endif
