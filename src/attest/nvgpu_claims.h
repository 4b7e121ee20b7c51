/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_NVGPU_CLAIMS_H
#define ATTEST_NVGPU_CLAIMS_H

/* What the reports of NVIDIA GPUs and their certificates say; to be relied on only when all was accepted. */

#include <jansson.h>

#include "base/bytes.h"

enum { NVGPU_GPUS_MAX = 16, NVGPU_CLAIM_SIZE = 32, NVGPU_SERIAL_SIZE = 24 };

struct nvgpu_claim {
    char driver[NVGPU_CLAIM_SIZE];       /* "550.90.07" */
    char vbios[NVGPU_CLAIM_SIZE];        /* "96.00.9F.00.01" */
    char chip[NVGPU_CLAIM_SIZE];         /* "GH100" */
    char architecture[NVGPU_CLAIM_SIZE]; /* "Hopper" */
    char mode[NVGPU_CLAIM_SIZE];         /* "SPT" */
    char project[NVGPU_CLAIM_SIZE]; /* "1010", with its SKU and the chip's: they and the VBIOS name the RIM */
    char project_sku[NVGPU_CLAIM_SIZE];
    char chip_sku[NVGPU_CLAIM_SIZE];
    uint8_t serial[NVGPU_SERIAL_SIZE]; /* of the leaf certificate */
    uint8_t serial_size;
    uint8_t device_serial[NVGPU_SERIAL_SIZE]; /* of the chip's certificate */
    uint8_t device_serial_size;
    uint8_t fwid[48]; /* zero when the leaf names no firmware */
};

struct nvgpu_claims {
    size_t count;
    struct nvgpu_claim gpus[NVGPU_GPUS_MAX];
    uint8_t nonce[32];
    bool inventory_checked;  /* the GPUs were looked for in the operator's list */
    bool revocation_checked; /* there was a word about each certificate */
};

/* One object; NULL without memory. */
json_t *nvgpu_claims_json(const struct nvgpu_claims *claims);

#endif
