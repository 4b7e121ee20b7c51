/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_ANCHORS_H
#define ATTEST_ANCHORS_H

/*
 * The roots that this verifier trusts, pinned by public key, with what their maker's manuals say about the chips they stand for.
 * A root comes from this table or from the user's own hand (attest_policy.simulated_root), never from evidence.
 */

#include "base/bytes.h"

enum { ANCHOR_PIN_SIZE = 32, SNP_PRODUCT_MODELS_MAX = 2, SNP_PRODUCT_ALIASES_MAX = 2, SNP_TCB_SIZE = 8 };

/* The security patch levels that make up a TCB_VERSION. */
enum snp_component { SNP_FMC, SNP_BOOTLOADER, SNP_TEE, SNP_FIRMWARE, SNP_MICROCODE, SNP_COMPONENT_COUNT };

enum { SNP_COMPONENT_NONE = 0xff };

struct snp_product {
    const char *name; /* as in the common names "ARK-<name>", "SEV-<name>" and "SEV-VLEK-<name>" */
    const char *aliases
        [SNP_PRODUCT_ALIASES_MAX]; /* other names that productName may have under this root; NULL: no more */
    /* SHA-256 of the SubjectPublicKeyInfo of the root, and of the two intermediates: the ASK signs VCEKs, the ASVK signs VLEKs. */
    uint8_t ark_spki[ANCHOR_PIN_SIZE];
    uint8_t ask_spki[ANCHOR_PIN_SIZE];
    uint8_t asvk_spki[ANCHOR_PIN_SIZE];
    /* SHA-256 of the whole certificates. The signature of one with this digest was verified when it was pinned, and is not verified again. */
    uint8_t ark_der[ANCHOR_PIN_SIZE];
    uint8_t ask_der[ANCHOR_PIN_SIZE];
    uint8_t asvk_der[ANCHOR_PIN_SIZE];
    uint8_t family; /* CPUID, extended values included */
    size_t model_count;
    struct {
        uint8_t first;
        uint8_t last;
    } models[SNP_PRODUCT_MODELS_MAX];
    uint8_t tcb
        [SNP_COMPONENT_COUNT]; /* where in TCB_VERSION each component stands, or SNP_COMPONENT_NONE; other bytes are zero */
    uint8_t chip_id_size; /* how much of CHIP_ID is used; the rest is zero */
    bool broken;          /* its root secret is known outside AMD */
};

/* Is that the SHA-256 of it? */
bool anchors_pinned(struct bytes what, const uint8_t pin[static ANCHOR_PIN_SIZE]);

/* SHA-256 of the whole certificate "Azure Virtual TPM Root Certificate Authority 2023", which certifies the attestation keys of Azure's virtual TPMs. */
extern const uint8_t anchor_azure_vtpm_root[ANCHOR_PIN_SIZE];

/* NULL when there is no such product. */
const struct snp_product *anchors_snp_by_name(struct bytes name);
const struct snp_product *anchors_snp_by_cpuid(uint8_t family, uint8_t model);

/* NVIDIA's two roots: of the identities of its devices, and of the documents (RIMs) that say what its drivers and firmware measure. The one of its documents for
 * debugging has a name of its own and is none of them. */
struct nvidia_root {
    const char *name; /* its common name */
    uint8_t spki[ANCHOR_PIN_SIZE];
    uint8_t der
        [ANCHOR_PIN_SIZE]; /* SHA-256 of the whole certificate: its own signature was verified when it was pinned */
};
extern const struct nvidia_root anchors_nvidia_device;
extern const struct nvidia_root anchors_nvidia_rim;

/* The name of a component, for people: "boot loader". */
const char *anchors_snp_component_name(enum snp_component c);

#endif
