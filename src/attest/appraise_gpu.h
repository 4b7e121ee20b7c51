/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_APPRAISE_GPU_H
#define ATTEST_APPRAISE_GPU_H

/*
 * The Verifier for evidence of NVIDIA GPUs that comes as separate files and not in a bundle, in the forms that people have (attest/evidence_file.h). No
 * network, no clock, no file. GPUs alone: nothing here says which VM they belong to.
 *
 *     const struct appraise_gpu_files files = {.reports = {reports, 1, NULL}, .certificates = {chains, 1, NULL}, ..., .nonce = wanted};
 *     appraise_gpu_parts(&files, &policy.gpu, now, &v);
 *     if (v.accepted) ...
 *
 * Whatever is wrong with a file is a failed check in the verdict, not an error.
 */

#include "attest/nvgpu_policy.h"
#include "attest/verdict.h"

struct appraise_gpu_list {
    const struct bytes *files;
    size_t count;
    const char *const *names; /* for people; NULL: they are counted */
};

struct appraise_gpu_files {
    struct appraise_gpu_list reports; /* request and response, one behind the other; one a GPU */
    /* One chain a GPU, in the order of the reports: PEM, or DER one behind the other. */
    struct appraise_gpu_list certificates;
    struct appraise_gpu_list rims; /* XML, or the answer of NVIDIA's service with it */
    /* For each of rims the name under which it was given out, where that is known otherwise; empty: it is not. NULL: of none. */
    const struct bytes *rim_ids;
    struct appraise_gpu_list ocsp; /* DER, or PEM ("OCSP RESPONSE") with any number of responses */
    /* The 32 bytes that the reports must cover; NULL: not known, and then that check fails. */
    const uint8_t *nonce;
    /* Instead: the caller waives the check, and the verdict says so in its place. The reports must still have one nonce, all the same. */
    bool any_nonce;
};

/* Each file is as it is, or hexadecimal or base64 text of it. The verdict is made from scratch and concluded; claims.fresh is false in any case. */
void appraise_gpu_parts(const struct appraise_gpu_files *files, const struct nvgpu_policy *policy,
                        int64_t now, struct verdict *v);

#endif
