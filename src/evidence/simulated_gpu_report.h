/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_GPU_REPORT_H
#define EVIDENCE_SIMULATED_GPU_REPORT_H

/* Attestation reports in the form of an NVIDIA GPU's (attest/nvgpu_report.h), to be signed with a key that we made up. */

#include "attest/nvgpu_report.h"
#include "crypto/sign.h"

enum {
    SIMULATED_GPU_BLOCKS = 64,
    SIMULATED_GPU_VALUE_SIZE = 48,
    SIMULATED_GPU_FIELDS_MAX = 24,
    SIMULATED_GPU_FIELD_MAX = 256,
    SIMULATED_GPU_REPORT_MAX = 8192,
};

struct simulated_gpu_field {
    uint16_t type; /* enum nvgpu_field */
    uint16_t size;
    uint8_t value[SIMULATED_GPU_FIELD_MAX];
};

/* Plain data: copy it, change it, sign it. */
struct simulated_gpu_report {
    uint8_t request[4]; /* 11 E0 | attributes | operation */
    uint8_t nonce[NVGPU_NONCE_SIZE];
    uint8_t slot;
    uint8_t response[4]; /* 11 60 | param1 | slot */
    uint8_t response_nonce[NVGPU_NONCE_SIZE];
    uint8_t blocks; /* how many of the measurements are written */
    uint8_t measurements[SIMULATED_GPU_BLOCKS][SIMULATED_GPU_VALUE_SIZE];
    size_t field_count;
    struct simulated_gpu_field fields[SIMULATED_GPU_FIELDS_MAX];
};

/* A field at the end, and the first one of this type; NULL when there is no room, or none. */
struct simulated_gpu_field *simulated_gpu_field_add(struct simulated_gpu_report *r, uint16_t type,
                                                    struct bytes value);
struct simulated_gpu_field *simulated_gpu_field_find(struct simulated_gpu_report *r, uint16_t type);

/* All that is signed. ERR_NO_SPACE. */
ERR_MUST_USE enum err simulated_gpu_report_write(const struct simulated_gpu_report *r, uint8_t *out,
                                                 size_t size, size_t *len);
/* Appends the signature to len bytes. ERR_NO_SPACE, ERR_CRYPTO. */
ERR_MUST_USE enum err simulated_gpu_report_sign(const struct crypto_private_key *key, uint8_t *out,
                                                size_t size, size_t *len);

#endif
