/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_NVGPU_H
#define ATTEST_NVGPU_H

/*
 * The appraisal of Evidence of NVIDIA GPUs in confidential computing mode (Hopper GH100, Blackwell GB100 and GB202): every check is a row of one table (nvgpu.c), in
 * the order in which they are made and shown. With several GPUs there is still one row a check: it passes when it holds for each of them, and names the
 * first for which it does not.
 *
 *     struct nvgpu_policy policy;
 *     nvgpu_policy_default(&policy);
 *     nvgpu_appraise(gpus, gpu_count, &endorsements, nonce, &policy, now, &v);
 *     verdict_conclude(&v);
 *
 * A pure function: no network, no clock, no file.
 *
 * What it does not do: verify NVSwitches (LS10). GPUs in protected PCIe mode send their traffic through them in the clear, so such GPUs are refused,
 * even when the policy accepts the mode; so are reports in the form of generations after Blackwell.
 */

#include "attest/nvgpu_policy.h"
#include "attest/verdict.h"

enum { NVGPU_RIMS_MAX = 32, NVGPU_OCSP_MAX = 128 };

/* One GPU: its report (raw, as NVML gives it out) and its five certificates, PEM or DER, the leaf first. Borrowed. */
struct nvgpu_evidence {
    struct bytes report;
    struct bytes certificates;
};

/* A document of reference values. id: the name under which NVIDIA's service gave it out ("NV_GPU_VBIOS_1010_0200_882_96009F0001"), which is not in the
 * document; empty when it is not known. */
struct nvgpu_rim {
    struct bytes document;
    struct bytes id;
};

/* What comes with the evidence, signed by NVIDIA, so that it may come from anybody. Borrowed. */
struct nvgpu_endorsements {
    const struct nvgpu_rim *rims; /* of the drivers and VBIOSes; more may be there */
    size_t rim_count;
    const struct bytes *ocsp; /* OCSP responses, DER; in any order, more may be there */
    size_t ocsp_count;
    struct bytes
        ocsp_nonce; /* what the request for them held, and so they must; empty: they are not asked for it */
};

/* Appends the checks to v and fills in the claims that the reports make. nonce: the 32 bytes that the reports must cover; NULL when they are not known,
 * and then that check fails. now: seconds since 1970. */
void nvgpu_appraise(const struct nvgpu_evidence *gpus, size_t gpu_count,
                    const struct nvgpu_endorsements *endorsements, const uint8_t *nonce,
                    const struct nvgpu_policy *policy, int64_t now, struct verdict *v);

#endif
