/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VTPM_H
#define ATTEST_VTPM_H

/*
 * The appraisal of Evidence that comes by a virtual TPM, as in Azure's confidential VMs. Four links, each a few rows of the table (vtpm.c):
 *
 *     the processor signs a report (SNP) or a quote (TDX)            the rows of snp_appraise or tdx_appraise, in the same verdict
 *       whose report data is the hash of the runtime data            HCL report
 *         which holds the TPM's attestation key (AK)
 *           which signs a quote of PCRs over our nonce               here freshness lives: the hardware's report is made once, at the start
 *
 *     struct vtpm_policy policy;
 *     vtpm_policy_default(&policy);
 *     policy.snp = &snp_policy;
 *     policy.pcrs = 1U << 4 | 1U << 11;
 *     policy.references[11] = (struct vtpm_references){values, count};
 *     vtpm_appraise(&evidence, nonce, &policy, now, &v);
 *     verdict_conclude(&v);
 *
 * A pure function: no network, no clock, no file. What it does not show: the AK and the TPM's state live in the paravisor (VMPL 0, or the L1 of a partitioned
 * TD), so one trusts the paravisor that the hardware measures as one trusts the firmware.
 */

#include "attest/snp.h"
#include "attest/tdx.h"
#include "attest/verdict.h"
#include "attest/vtpm_policy.h"

enum { VTPM_CERTIFICATES_MAX = 4 };

/* Borrowed. What is missing is empty, and the checks that need it fail. */
struct vtpm_evidence {
    struct bytes hcl_report; /* TPM index 0x01400001 */
    struct bytes quote;      /* TPMS_ATTEST, bare or as TPM2B_ATTEST */
    struct bytes signature;  /* TPMT_SIGNATURE, or the octets of the RSA signature */
    struct bytes pcr_values; /* of the quoted PCRs, in their order, 32 bytes each */
    struct bytes event_log;  /* of the firmware; empty: none */
    struct bytes ak_certificates[VTPM_CERTIFICATES_MAX]; /* DER: the AK's, those in between, the root */
    size_t ak_certificate_count;                         /* 0: none */
    struct snp_evidence snp; /* certificates and lists; the report is the one in the HCL report */
    struct bytes td_quote;   /* made of the TDREPORT in the HCL report */
    struct tdx_collateral tdx;
};

/* Appends the checks to v and fills in the claims. nonce: what the TPM must have quoted over, 1 to 64 bytes; empty when it is not known, and then that check
 * fails. now: seconds since 1970. */
void vtpm_appraise(const struct vtpm_evidence *evidence, struct bytes nonce, const struct vtpm_policy *policy,
                   int64_t now, struct verdict *v);

#endif
