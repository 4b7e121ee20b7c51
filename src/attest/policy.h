/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_POLICY_H
#define ATTEST_POLICY_H

/*
 * The Appraisal Policy for Evidence (RFC 9334): what a Verifier wants. Plain data, borrowed by the appraisal. Begin with attest_policy_default and add
 * reference values: without one for the launch of a platform, every evidence of that platform is refused. A zeroed policy accepts nothing.
 */

#include "attest/nvgpu_policy.h"
#include "attest/snp_policy.h"
#include "attest/tdx_policy.h"
#include "attest/vtpm_policy.h"
#include "base/bytes.h"
#include "base/error.h"

enum { ATTEST_MEASUREMENT_SIZE = 48, ATTEST_DIGEST_SIZE = 32, ATTEST_REFERENCES_MAX = 64 };

struct attest_policy {
    /* Reference Values of AMD SEV-SNP: launch measurements of code that may read prompts. At least one. Those of Intel TDX are tdx.launches. */
    const uint8_t (*measurements)[ATTEST_MEASUREMENT_SIZE];
    size_t measurement_count;
    /* SHA-256 digests of the weights that may answer; none: any model, and the verdict says which. */
    const uint8_t (*models)[ATTEST_DIGEST_SIZE];
    size_t model_count;
    /* DER certificate of a root given by hand (--trust-simulated); empty: AMD's pinned roots alone. When it is given, AMD's roots still work, and a
     * verdict that rests on this root is marked simulated. tdx.simulated_root is its like. */
    struct bytes simulated_root;
    uint32_t platforms; /* 1 << enum verdict_platform: which are accepted; none: any */
    uint32_t vmpl;      /* the privilege level that must have asked for the report; 0 */
    struct snp_policy snp;
    struct tdx_policy tdx;
    struct nvgpu_policy gpu; /* of the GPUs that take part, when any do */
    struct vtpm_policy
        vtpm; /* when the report comes by a virtual TPM; its snp and tdx are filled in by the appraisal */
    bool
        allow_milan; /* EPYC Milan's root seed has been extracted (arXiv 2605.12990): refused unless allowed by name */
};

/* Strict in everything that a policy has to say, and without any reference value. */
void attest_policy_default(struct attest_policy *policy);

/* Trusts a simulated root (one DER certificate, borrowed) for what its name stands for: AMD's are called "ARK-...", Intel's "Intel SGX Root CA", NVIDIA's for GPUs
 * "NVIDIA Device Identity CA" and for reference values "NVIDIA CoRIM signing Root CA", Microsoft's for virtual TPMs
 * "Azure Virtual TPM Root Certificate Authority ...". It takes the place of an earlier one of the same name. ERR_CERTIFICATE, ERR_UNKNOWN. */
ERR_MUST_USE enum err attest_policy_trust_simulated(struct attest_policy *policy, struct bytes root,
                                                    struct err_note *note);

#endif
