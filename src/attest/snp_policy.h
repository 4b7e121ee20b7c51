/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_POLICY_H
#define ATTEST_SNP_POLICY_H

/*
 * What a Verifier wants of SEV-SNP evidence in particular. Plain data, borrowed by the appraisal. All zero is the default: strict where it matters for the
 * secrecy of prompts, indifferent where it does not.
 */

#include "attest/snp_floor.h"
#include "base/bytes.h"

/* What a policy can say about one bit. POLICY_DEFAULT: what the check's own row says. */
enum policy_rule { POLICY_DEFAULT, POLICY_ANY, POLICY_REQUIRE, POLICY_FORBID };

/* Bits of the guest policy, document 56860, table "Guest Policy". By default MIGRATE_MA and DEBUG are forbidden, the others are left to the operator. */
enum snp_guest_bit {
    SNP_GUEST_SMT,
    SNP_GUEST_MIGRATE_MA,
    SNP_GUEST_DEBUG,
    SNP_GUEST_SINGLE_SOCKET,
    SNP_GUEST_CXL,
    SNP_GUEST_AES_XTS,
    SNP_GUEST_RAPL_DIS,
    SNP_GUEST_CIPHERTEXT_HIDING,
    SNP_GUEST_PAGE_SWAP_DISABLE,
    SNP_GUEST_BIT_COUNT
};

/* Bits of PLATFORM_INFO, table "PLATFORM_INFO field". By default ALIAS_CHECK_COMPLETE is required, the others are left to the operator. */
enum snp_platform_bit {
    SNP_PLATFORM_SMT,
    SNP_PLATFORM_TSME,
    SNP_PLATFORM_ECC,
    SNP_PLATFORM_RAPL_DIS,
    SNP_PLATFORM_CIPHERTEXT_HIDING,
    SNP_PLATFORM_ALIAS_CHECK,
    SNP_PLATFORM_TIO,
    SNP_PLATFORM_IOMMU_WRITE_SAFE,
    SNP_PLATFORM_BIT_COUNT
};

enum snp_signer_rule { SNP_SIGNER_ANY, SNP_SIGNER_VCEK, SNP_SIGNER_VLEK };

struct snp_digests {
    const uint8_t (*items)[48];
    size_t count;
};

struct snp_policy {
    enum policy_rule guest[SNP_GUEST_BIT_COUNT];
    enum policy_rule platform[SNP_PLATFORM_BIT_COUNT];
    uint64_t
        platform_unknown; /* bits of PLATFORM_INFO that may be set although this verifier does not know them */

    /* Who signs. */
    enum snp_signer_rule signer;
    const char *const *csp_ids; /* of VLEKs: the providers whose keys count; none: any */
    size_t csp_id_count;
    bool allow_masked_chip_id; /* a VCEK's report that does not say which chip it is of */
    const uint8_t (
        *chips)[64]; /* the operator's own chips; none: any chip of AMD's, and the verdict says so */
    size_t chip_count;

    /* Revocation. A list that is there must be good in any case. */
    bool allow_missing_crl;
    uint32_t crl_grace; /* seconds behind nextUpdate */

    /* Firmware. */
    const struct snp_floor *floors; /* in place of the table in snp_floor.c, when own_floors is set */
    size_t floor_count;
    bool own_floors;
    bool require_reported_committed; /* REPORTED_TCB no higher than COMMITTED_TCB */
    bool forbid_provisional;         /* firmware that runs must be committed: it cannot be rolled back */
    uint8_t firmware_floor[3];       /* major, minor, build: the lowest that may run and be committed */
    uint8_t abi_floor[2];            /* major, minor: the lowest that the guest policy must ask for */
    uint64_t mitigations;            /* bits that both mitigation vectors must have; report version 5 */

    /* The guest. */
    uint32_t guest_svn_floor;
    const uint8_t *family_id; /* 16 bytes; NULL: any */
    const uint8_t *image_id;  /* 16 bytes; NULL: any */
    const uint8_t *host_data; /* 32 bytes; NULL: any */
    struct snp_digests
        id_keys; /* SHA-384 of the keys that may sign the ID block; none: there must be no ID block */
    struct snp_digests author_keys; /* likewise of the author's keys */
};

#endif
