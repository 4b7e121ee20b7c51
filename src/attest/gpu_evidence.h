/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_GPU_EVIDENCE_H
#define ATTEST_GPU_EVIDENCE_H

/*
 * Reports and certificates of GPUs in one JSON text, as NVIDIA's attestation SDK collects them and its remote service takes them:
 *
 *     [{"evidence": base64, "certificate": base64 of PEM, "arch": "HOPPER", "nonce": hexadecimal, ...}, ...]
 *     {"nonce": hexadecimal, "arch": "HOPPER", "evidence_list": [{"evidence": base64, "certificate": base64}, ...]}
 *     {"evidence": base64, "certificate": base64, ...}
 *
 * Each may be called "attestationReportHexStr" and "certChainBase64Encoded", as before, and the list "evidence", as others call it.
 * What else is in it is nobody's signed word and is left alone: the reports say their nonces and the certificates their architecture. Nothing is verified
 * here.
 *
 *     struct gpu_evidence g;
 *     if (evidence_is_json(file)) e = gpu_evidence_open(file, &g, &note);
 *     ... g.reports[i].content, g.certificates[i].content ...
 *     gpu_evidence_release(&g);
 */

#include <jansson.h>

#include "attest/evidence_file.h"
#include "attest/nvgpu.h"

struct gpu_evidence {
    size_t count; /* at least 1 */
    struct evidence_file reports[NVGPU_GPUS_MAX];
    struct evidence_file certificates[NVGPU_GPUS_MAX]; /* PEM or DER, as each stands there */
    json_t *doc;
};

/* ERR_JSON, ERR_UNKNOWN (another document), ERR_TOO_LARGE, ERR_ENCODING, ERR_MEMORY: then nothing is kept. */
ERR_MUST_USE enum err gpu_evidence_open(struct bytes content, struct gpu_evidence *g, struct err_note *note);
void gpu_evidence_release(struct gpu_evidence *g);

#endif
