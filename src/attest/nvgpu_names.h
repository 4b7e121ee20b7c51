/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_NVGPU_NAMES_H
#define ATTEST_NVGPU_NAMES_H

/*
 * What has to come with a GPU's report, by the names under which NVIDIA's services give it out: the documents of reference values of its driver and VBIOS,
 * and a word about each certificate that can be revoked. For whoever gathers them; nothing is verified here.
 */

#include "attest/nv_chain.h"

enum { NVGPU_RIM_ID_SIZE = 160, NVGPU_GPU_RIMS = 2, NVGPU_SERIAL_MAX = 20 };

/* What a question about a certificate names it by (RFC 6960 section 4.1.1), with SHA-256: the issuer's name and key, and the serial number, without zeros
 * before it. */
struct nvgpu_certificate_id {
    size_t serial_len;
    uint8_t serial[NVGPU_SERIAL_MAX];
    uint8_t name_digest[CRYPTO_SHA256_SIZE];
    uint8_t key_digest[CRYPTO_SHA256_SIZE];
};
struct nvgpu_certificate_ids {
    size_t count;
    struct nvgpu_certificate_id at[NV_CHAIN_MAX];
};

/* Of this certificate of this issuer. ERR_CERTIFICATE, ERR_CRYPTO. */
ERR_MUST_USE enum err nvgpu_certificate_id_of(const struct x509 *certificate, const struct x509 *issuer,
                                              struct nvgpu_certificate_id *id);

/* Of a GPU's chain the place of the first certificate that can be revoked: the leaf is made anew with each firmware. */
enum { NVGPU_FIRST_ASKED = 1 };

/* rims: "NV_GPU_DRIVER_GH100_550.144.03", "NV_GPU_VBIOS_1010_0200_882_96009F0001". ids: of the certificates but the root, and but the leaf, which is
 * made anew with each firmware. report, certificates: as in struct nvgpu_evidence. ERR_UNKNOWN: a chip that is not known, or that names no version; and what
 * the parsers say. */
ERR_MUST_USE enum err nvgpu_names_of_gpu(struct bytes report, struct bytes certificates,
                                         char rims[static NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE],
                                         struct nvgpu_certificate_ids *ids, struct err_note *note);
/* Of the certificates in a document of reference values, but the root. */
ERR_MUST_USE enum err nvgpu_names_of_rim(struct bytes document, struct nvgpu_certificate_ids *ids,
                                         struct err_note *note);

#endif
