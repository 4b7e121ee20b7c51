/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_GPU_H
#define EVIDENCE_SIMULATED_GPU_H

/*
 * A made-up GPU of NVIDIA's shape: the five certificates of its identity, the four of the signer of reference values, reports, the reference values that
 * fit them, and the word that no certificate is revoked. It proves nothing about hardware: whoever runs this has all the keys.
 *
 *     struct simulated_gpu *gpu;
 *     e = simulated_gpu_new(SIMULATED_HOPPER, now, &gpu);
 *     ... gpu->device_der[4] and gpu->signer_der[3] are the roots to trust by hand ...
 *     e = simulated_gpu_answer(gpu, nonce, out, sizeof out, &len);
 *     simulated_gpu_free(gpu);
 *
 * Fields can be changed and all built anew (simulated_gpu_build): tests of the verifier do that. Several GPUs of one maker: simulated_gpu_adopt.
 */

#include "evidence/simulated_gpu_report.h"
#include "evidence/simulated_nv_certificate.h"
#include "evidence/simulated_ocsp.h"
#include "evidence/simulated_rim.h"

enum simulated_gpu_kind { SIMULATED_HOPPER, SIMULATED_BLACKWELL };

/* Certificates of the GPU: the leaf, the chip, and the three above it; of the signer: the leaf and the three above it. */
enum {
    SIMULATED_GPU_CHAIN = 5,
    SIMULATED_GPU_PEM_MAX = 8192,
    SIMULATED_GPU_NAME_SIZE = 48,
    SIMULATED_GPU_OCSP = 6, /* three of the GPU's, three of the signer's */
};
enum { SIMULATED_GPU_DRIVER, SIMULATED_GPU_VBIOS, SIMULATED_GPU_RIMS };

struct simulated_gpu {
    enum simulated_gpu_kind kind;
    const struct simulated_gpu *maker; /* whose certificates and reference values these are; NULL: its own */
    struct crypto_private_key *device_keys[SIMULATED_GPU_CHAIN];
    struct crypto_private_key *signer_keys[SIMULATED_RIM_CHAIN];
    char names[SIMULATED_GPU_CHAIN][SIMULATED_GPU_NAME_SIZE];
    char signer_names[SIMULATED_RIM_CHAIN][SIMULATED_GPU_NAME_SIZE];
    /* To be changed. Names and keys point into this structure. */
    struct simulated_nv_certificate device[SIMULATED_GPU_CHAIN];
    struct simulated_nv_certificate signer[SIMULATED_RIM_CHAIN];
    const struct crypto_private_key *report_key; /* that signs reports */
    const struct crypto_private_key *rim_key;    /* that signs reference values */
    struct simulated_gpu_report report;
    struct simulated_rim rims[SIMULATED_GPU_RIMS];
    struct simulated_ocsp ocsp[SIMULATED_GPU_OCSP];
    /* Built. */
    struct simulated_nv_der device_der[SIMULATED_GPU_CHAIN];
    struct simulated_nv_der signer_der[SIMULATED_RIM_CHAIN];
    char pem[SIMULATED_GPU_PEM_MAX]; /* the GPU's certificates */
    size_t pem_len;
    uint8_t rim_text[SIMULATED_GPU_RIMS][SIMULATED_RIM_MAX];
    size_t rim_len[SIMULATED_GPU_RIMS];
    uint8_t ocsp_der[SIMULATED_GPU_OCSP][SIMULATED_OCSP_MAX];
    size_t ocsp_len[SIMULATED_GPU_OCSP];
};

/* Valid from a day before now on; the words about revocation for a year. ERR_CRYPTO, ERR_MEMORY. */
ERR_MUST_USE enum err simulated_gpu_new(enum simulated_gpu_kind kind, int64_t now,
                                        struct simulated_gpu **gpu);
void simulated_gpu_free(struct simulated_gpu *gpu); /* NULL is allowed */

/* Makes it another one of the same maker's: the certificates above the chip's are those of the other, which must outlive it. To be built. */
void simulated_gpu_adopt(struct simulated_gpu *gpu, const struct simulated_gpu *maker);

/* Certificates, reference values and words about revocation, from the fields. ERR_NO_SPACE, ERR_CRYPTO. */
ERR_MUST_USE enum err simulated_gpu_build(struct simulated_gpu *gpu);

/* A report for this nonce. ERR_NO_SPACE, ERR_CRYPTO. */
ERR_MUST_USE enum err simulated_gpu_answer(struct simulated_gpu *gpu,
                                           const uint8_t nonce[static NVGPU_NONCE_SIZE], uint8_t *out,
                                           size_t size, size_t *len);

#endif
