/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_NVGPU_H
#define TESTS_SUPPORT_SYNTHETIC_NVGPU_H

/*
 * NVIDIA GPU evidence made up for tests (evidence/simulated_gpu.h): a scene that passes every check, in which a test changes what it wants before all of
 * it is built and signed.
 *
 *     synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
 *     s.g->report.measurements[1][0] ^= 1;
 *     synthetic_nvgpu_appraise(&s, &verdict);
 */

#include "attest/nvgpu.h"
#include "evidence/simulated_gpu.h"

enum { SYNTHETIC_NVGPU_NOW = 1767225600 /* 2026-01-01 */, SYNTHETIC_NVGPU_PATCHES = 8 };

struct synthetic_nvgpu {
    struct simulated_gpu *g;
    struct crypto_private_key *other; /* a key of nobody's */
    struct nvgpu_policy policy;
    uint8_t nonce[NVGPU_NONCE_SIZE];
    bool nonce_unknown;
    int64_t now;
    bool foreign_device_root, foreign_rim_root; /* not in the policy */

    size_t patch_count; /* octets of the report that are changed before it is signed */
    struct {
        size_t at;
        uint8_t value;
    } patches[SYNTHETIC_NVGPU_PATCHES];
    size_t more;         /* zeros behind the report */
    size_t less;         /* octets cut off its end */
    size_t certificates; /* how many of the PEM text's are given; 0: all */
    bool der;            /* certificates in DER */
    const char *after_certificates;
    bool no_rims;
    size_t more_rims; /* behind the two: the driver's again */
    const char *ids[2];
    const char *rim_edit
        [2]; /* in the driver's document, after it was signed: what is replaced, and by what (as long) */
    unsigned ocsp_missing; /* bits: which responses are left out */
    size_t more_ocsp;      /* behind them: the last again */
    bool ocsp_malformed;   /* the first loses its last octet */
    struct bytes ocsp_nonce;
    size_t gpu_count; /* the first so many of: the one, the same again or the second */
    bool with_second;
    void (*second_change)(struct simulated_gpu *second, const struct simulated_gpu *first); /* NULL: none */

    /* Built. */
    struct nvgpu_evidence gpus[NVGPU_GPUS_MAX + 1];
    struct nvgpu_rim rims[NVGPU_RIMS_MAX + 1];
    struct bytes ocsp[NVGPU_OCSP_MAX + 1];
    struct nvgpu_endorsements endorsements;
    uint8_t report[SIMULATED_GPU_REPORT_MAX];
    uint8_t second_report[SIMULATED_GPU_REPORT_MAX];
    char chain[SIMULATED_GPU_PEM_MAX];
};

/* The keys: fixtures of a group of tests, once a program. */
int synthetic_nvgpu_make(void **state);
int synthetic_nvgpu_drop(void **state);

void synthetic_nvgpu_init(struct synthetic_nvgpu *s, enum simulated_gpu_kind kind);
/* Builds and signs; then the appraisal alone, of what is built. */
void synthetic_nvgpu_build(struct synthetic_nvgpu *s);
void synthetic_nvgpu_appraise_again(const struct synthetic_nvgpu *s, struct verdict *v);
void synthetic_nvgpu_appraise(struct synthetic_nvgpu *s, struct verdict *v);

#endif
