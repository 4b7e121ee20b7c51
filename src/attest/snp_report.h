/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_REPORT_H
#define ATTEST_SNP_REPORT_H

/*
 * The ATTESTATION_REPORT structure of AMD SEV-SNP (SEV Secure Nested Paging Firmware ABI Specification, document 56860, table "ATTESTATION_REPORT"):
 * 1184 bytes, little endian, the first 672 signed with ECDSA P-384 over SHA-384.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    SNP_REPORT_SIZE = 0x4A0,
    SNP_REPORT_SIGNED_SIZE = 0x2A0,
    SNP_REPORT_DATA_SIZE = 64,
    SNP_MEASUREMENT_SIZE = 48,
    SNP_CHIP_ID_SIZE = 64,
    SNP_SIGNATURE_PART_SIZE = 72, /* r and s, little endian, of which a P-384 value uses 48 */
};

enum {
    SNP_POLICY_SMT = 16,
    SNP_POLICY_RESERVED_ONE = 17,
    SNP_POLICY_MIGRATE_MA = 18,
    SNP_POLICY_DEBUG = 19,
    SNP_POLICY_SINGLE_SOCKET = 20,
    SNP_POLICY_CXL_ALLOW = 21,
    SNP_POLICY_MEM_AES_256_XTS = 22,
    SNP_POLICY_RAPL_DIS = 23,
    SNP_POLICY_CIPHERTEXT_HIDING_DRAM = 24,
    SNP_POLICY_PAGE_SWAP_DISABLE = 25,
    SNP_POLICY_KNOWN_BITS = 26, /* bits from here on are reserved, zero */
};

/* Reports of this version and later state the CPUID. */
enum { SNP_REPORT_VERSION_CPUID = 3 };

enum snp_signing_key { SNP_KEY_VCEK = 0, SNP_KEY_VLEK = 1, SNP_KEY_NONE = 7 };

/* TCB_VERSION, taken apart by product (table "TCB_VERSION"): never compared as one number. */
struct snp_tcb {
    uint8_t raw[8];
};

struct snp_report {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t vmpl;
    uint32_t signature_algorithm;
    struct snp_tcb current_tcb;
    uint64_t platform_info;
    uint32_t key_info; /* bit 0 AUTHOR_KEY_EN, 1 MASK_CHIP_KEY, 4:2 SIGNING_KEY */
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    uint8_t measurement[SNP_MEASUREMENT_SIZE];
    uint8_t host_data[32];
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t report_id[32];
    uint8_t report_id_ma[32];
    struct snp_tcb reported_tcb;
    uint8_t cpuid_family; /* version 3 and later */
    uint8_t cpuid_model;
    uint8_t cpuid_stepping;
    uint8_t chip_id[SNP_CHIP_ID_SIZE];
    struct snp_tcb committed_tcb;
    uint8_t current_version[3]; /* build, minor, major */
    uint8_t committed_version[3];
    struct snp_tcb launch_tcb;
    uint64_t launch_mitigations; /* version 5 */
    uint64_t current_mitigations;
    uint8_t r[SNP_SIGNATURE_PART_SIZE];
    uint8_t s[SNP_SIGNATURE_PART_SIZE];
};

/* A row of the manual's table: a number is little endian; bytes are copied; reserved must be zero. */
enum snp_field_kind { SNP_FIELD_NUMBER, SNP_FIELD_BYTES, SNP_FIELD_RESERVED };

struct snp_field {
    uint16_t offset;
    uint16_t size;
    enum snp_field_kind kind;
    uint16_t since; /* report version; reserved in older ones */
    uint16_t to;    /* offset in struct snp_report */
    const char *name;
};

/* In the order of the report, all of it; NULL behind the last. */
const struct snp_field *snp_report_field(size_t index);

/* Parses and checks the form: exact length, known version (2 to 5), reserved fields zero, signature algorithm 1. The note names the field. */
ERR_MUST_USE enum err snp_report_parse(struct bytes in, struct snp_report *report, struct err_note *note);

/* The report in a file given by hand: as it is; or behind the header of 32 bytes that the firmware answers with (document 56860, table "MSG_REPORT_RSP";
 * zeros may follow); or before the header of the runtime data that Azure's firmware appends (20 bytes). Anything else is given back unchanged, for
 * snp_report_parse to refuse. */
struct bytes snp_report_unwrap(struct bytes file);

/* The inverse, for the simulated platform and for tests. */
ERR_MUST_USE enum err snp_report_write(const struct snp_report *report, uint8_t out[static SNP_REPORT_SIZE]);

#endif
