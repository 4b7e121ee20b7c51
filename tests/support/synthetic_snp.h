/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_SNP_H
#define TESTS_SUPPORT_SYNTHETIC_SNP_H

/*
 * SEV-SNP evidence made up for tests: a chain and a report that pass every check, in which a test changes what it wants before it has them built and
 * signed. The certificate writer is the tests' own, so that the parser is not held against a mirror of itself.
 *
 *     struct synthetic_snp s;
 *     synthetic_snp_init(&s, &keys);
 *     s.report.policy |= 1ULL << SNP_POLICY_DEBUG;
 *     synthetic_snp_build(&s);
 *     snp_appraise(&s.evidence, ...);
 */

#include "attest/anchors.h"
#include "attest/snp.h"
#include "attest/snp_report.h"
#include "crypto/sign.h"
#include "support/synthetic_crl.h"

/* A new key; RSA keys of 4096 bits take a second each. Where ENCLUME_TEST_KEYS names a folder, the key of that name is kept there for the next program. */
void synthetic_key_make(enum crypto_key_kind kind, unsigned bits, const char *name,
                        struct crypto_private_key **key);

struct synthetic_keys {
    struct crypto_private_key *ark;
    struct crypto_private_key *ask;
    struct crypto_private_key *small; /* RSA of 2048 bits */
    struct crypto_private_key *vcek;
    struct crypto_private_key *p256;
};
void synthetic_keys_make(struct synthetic_keys *keys);
void synthetic_keys_release(struct synthetic_keys *keys);

enum { SYNTHETIC_CERT_MAX = 4096, SYNTHETIC_NONE = -1 };

struct synthetic_cert {
    int serial;
    const char *issuer_cn;
    const char *subject_cn;
    const char *not_before; /* UTCTime: "250101000000Z" */
    const char *not_after;
    bool is_ca;
    int path_length; /* SYNTHETIC_NONE: left out */
    int key_usage;   /* the one octet of flags; SYNTHETIC_NONE: left out */
    bool unknown_critical;
    bool duplicate_extension;
    bool damaged_key; /* the last bit of its encoding turned over: a point off the curve */
    bool amd_extensions;
    int version; /* 2 is version 3 */
    int salt;
    const struct crypto_private_key *key;
    const struct crypto_private_key *signer;
};

struct synthetic_snp {
    struct synthetic_cert ark;
    struct synthetic_cert ask;
    struct synthetic_cert vek;
    struct synthetic_crl crl;
    size_t crl_count; /* how often it comes along: 1 */
    /* AMD's extensions in the VCEK or VLEK */
    int struct_version;
    const char *product;
    int level[SNP_COMPONENT_COUNT]; /* SYNTHETIC_NONE: left out */
    int reserved_level;             /* .3.4 to .3.7 */
    uint8_t hwid[64];
    int hwid_len;       /* SYNTHETIC_NONE: left out */
    const char *csp_id; /* NULL: left out */
    bool unknown_amd_extension;

    struct snp_report report;
    /* One byte of the report, by hand: set before it is signed, and bits of it turned over afterwards. 0 at 0 does nothing. */
    size_t patch_signed_at;
    uint8_t patch_signed;
    size_t patch_after_at;
    uint8_t patch_after;

    struct snp_evidence evidence;           /* into the buffers below */
    uint8_t buffers[3][SYNTHETIC_CERT_MAX]; /* ARK, ASK, VCEK */
    uint8_t crl_buffer[SYNTHETIC_CRL_MAX];
    uint8_t report_bytes[SNP_REPORT_SIZE];
};

/* A sound Genoa report (version 3) and chain, valid from 2025 to 2034. */
void synthetic_snp_init(struct synthetic_snp *s, const struct synthetic_keys *keys);
/* The same for Turin. */
void synthetic_snp_init_turin(struct synthetic_snp *s, const struct synthetic_keys *keys);
/* The same for Genoa under a VLEK, of a chip that does not say which it is, as at a cloud provider. */
void synthetic_snp_init_vlek(struct synthetic_snp *s, const struct synthetic_keys *keys);
void synthetic_snp_build(struct synthetic_snp *s);

enum { SYNTHETIC_NOW = 1767225600 }; /* 2026-01-01 */

#endif
