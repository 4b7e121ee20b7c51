/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_NVML_H
#define EVIDENCE_NVML_H

/*
 * Evidence of NVIDIA GPUs in confidential computing mode, from the driver's management library (NVML), which is loaded at run time: it belongs to the
 * driver that is installed, and a program that has no GPU needs none.
 *
 *     struct evidence_nvml *gpus;
 *     e = evidence_nvml_open(NULL, &gpus, &note);
 *     for (unsigned i = 0; e == ERR_OK && i < evidence_nvml_count(gpus); i++)
 *         e = evidence_nvml_report(gpus, i, nonce, &report, &note);
 *     evidence_nvml_close(gpus);
 *
 * A report is what the verifier takes: SPDM request, then response (DMTF DSP0274, GET_MEASUREMENTS and MEASUREMENTS), as one range of bytes. Of its
 * content nothing is looked at but that it answers this nonce; the library is not trusted with more.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    NVML_NONCE_SIZE = 32,
    NVML_DEVICES_MAX = 16,
    NVML_REPORT_MAX = 0x2000, /* NVML_CC_GPU_ATTESTATION_REPORT_SIZE of nvml.h */
    NVML_CHAIN_MAX = 0x1400,  /* NVML_GPU_ATTESTATION_CERT_CHAIN_SIZE */
    NVML_REQUEST_SIZE = 37,   /* code and version, two parameters, nonce, slot */
};

struct evidence_nvml;

struct gpu_evidence {
    size_t report_len;
    size_t chain_len;
    uint8_t report[NVML_REPORT_MAX];
    uint8_t chain[NVML_CHAIN_MAX]; /* PEM, the GPU's own certificate first */
};

/* path: NULL for the places where distributions put the library of the driver; a test names its own. ERR_EVIDENCE: no library, no GPU, confidential computing
 * is off, or developer tools are on; and always in a static program, which cannot load libraries. */
ERR_MUST_USE enum err evidence_nvml_open(const char *path, struct evidence_nvml **gpus,
                                         struct err_note *note);
unsigned evidence_nvml_count(const struct evidence_nvml *gpus); /* at least one */
/* Blocks for as long as the GPU takes, a second or so. ERR_EVIDENCE. */
ERR_MUST_USE enum err evidence_nvml_report(struct evidence_nvml *gpus, unsigned index,
                                           const uint8_t nonce[static NVML_NONCE_SIZE],
                                           struct gpu_evidence *out, struct err_note *note);
/* Are there still as many GPUs as at the start, and in the same state? ERR_EVIDENCE. */
ERR_MUST_USE enum err evidence_nvml_same(const struct evidence_nvml *gpus, struct err_note *note);
/* In confidential computing mode GPUs compute nothing until they are told that they may. Setting it takes root. ERR_EVIDENCE. */
ERR_MUST_USE enum err evidence_nvml_is_ready(const struct evidence_nvml *gpus, bool *ready,
                                             struct err_note *note);
ERR_MUST_USE enum err evidence_nvml_set_ready(const struct evidence_nvml *gpus, struct err_note *note);
void evidence_nvml_close(struct evidence_nvml *gpus);

#endif
