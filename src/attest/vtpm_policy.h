/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VTPM_POLICY_H
#define ATTEST_VTPM_POLICY_H

/*
 * What a Verifier wants of a VM whose hardware report comes by a virtual TPM. Plain data, borrowed by the appraisal. Begin with vtpm_policy_default, which
 * accepts nothing until it is given policies for the hardware and reference values for PCRs, and change what is to differ.
 *
 * The hardware's measurement is that of the paravisor and its firmware alone. Boot loader, kernel, command line and initial file system are in PCRs (4, 8
 * and 9, or 11 with a unified kernel image), so a policy that lists no values for these leaves the host free to boot what it likes.
 */

#include "attest/hcl_runtime.h"
#include "attest/snp_policy.h"
#include "attest/tdx_policy.h"
#include "attest/tpm_quote.h"

struct attest_policy;

/* Values of which the PCR must hold one. */
struct vtpm_references {
    const uint8_t (*values)[TPM_PCR_SIZE];
    size_t count;
};

struct vtpm_policy {
    /* For the report that is carried; NULL: that platform is not accepted. */
    const struct attest_policy *snp;
    const struct tdx_policy *tdx;

    uint32_t pcrs; /* the PCRs that must be quoted, these and no others: bit n is PCR n; at least one */
    /* For PCRs that must be quoted. At least one PCR has values; the verdict says which have none. */
    struct vtpm_references references[TPM_PCR_COUNT];

    /* The firmware's event log. One that is there must explain all quoted PCRs but these, which the operating system extends without writing to it. */
    bool require_event_log;
    uint32_t pcrs_outside_log;

    bool
        fixed_reset_count; /* TPM Resets since the TPM was made: a VM that must not have been restarted since */
    uint32_t reset_count;
    uint32_t restart_count_max; /* resumptions since the last reset */

    /* POLICY_DEFAULT: secure boot and the TPM are on, every console is off, the rest is left to the operator. */
    enum policy_rule switches[HCL_SWITCH_COUNT];
    const uint8_t *user_data; /* 64 bytes; NULL: any */

    bool require_ak_certificate;
    /* DER certificate of a root for AK certificates given by hand; empty: Microsoft's alone. A verdict that rests on it is marked simulated. */
    struct bytes simulated_ak_root;
};

void vtpm_policy_default(struct vtpm_policy *policy);
/* What a policy that says nothing of an enum hcl_switch comes to. */
enum policy_rule vtpm_switch_default(unsigned which);

#endif
