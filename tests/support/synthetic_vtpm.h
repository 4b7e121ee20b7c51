/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_VTPM_H
#define TESTS_SUPPORT_SYNTHETIC_VTPM_H

/*
 * Evidence by a virtual TPM, made up for tests: an HCL report over synthetic hardware, a quote, PCR values, an event log and certificates that pass every
 * check, in which a test changes what it wants before all of it is built and signed. The writers are the tests' own.
 *
 *     struct synthetic_vtpm t;
 *     synthetic_vtpm_init(&t, &keys);
 *     t.safe = 0;
 *     synthetic_vtpm_build_snp(&t, &snp);          or: synthetic_vtpm_build_tdx(&t, &tdx);
 *     vtpm_appraise(&t.evidence, t.nonce, ...);
 */

#include "attest/hcl_report.h"
#include "attest/td_report.h"
#include "attest/vtpm.h"
#include "crypto/sign.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"

enum {
    SYNTHETIC_VTPM_JSON_MAX = 4096,
    SYNTHETIC_VTPM_BLOB_MAX = 8192,
    SYNTHETIC_VTPM_QUOTE_MAX = 512,
    SYNTHETIC_VTPM_LOG_MAX = 2048,
    SYNTHETIC_VTPM_CERTIFICATES = 3,
    SYNTHETIC_VTPM_CERT_MAX = 2048,
    SYNTHETIC_VTPM_NONCE = 32,
};

struct synthetic_vtpm_keys {
    struct crypto_private_key *ak, *other, *root, *ca;
};
void synthetic_vtpm_keys_make(struct synthetic_vtpm_keys *keys);
void synthetic_vtpm_keys_release(struct synthetic_vtpm_keys *keys);

struct synthetic_vtpm_cert {
    const char *issuer_cn, *subject_cn;
    const char *not_before, *not_after; /* UTCTime */
    bool is_ca;
    int path_length; /* SYNTHETIC_LEFT_OUT */
    int key_usage;   /* the one octet of flags */
    bool sha384;
    bool damaged;
    bool damaged_key; /* the tag of its algorithm */
    const struct crypto_private_key *key, *signer;
};

struct synthetic_vtpm {
    /* HCL report */
    const char *hcl_signature;
    uint32_t version, request_type, status, reserved, data_version, kind, hash_type;
    int size_off, data_size_off; /* by how much a size is wrong */
    size_t padding;              /* zeros behind it */
    uint8_t last_octet, behind_td_report;

    /* runtime data */
    const char *json; /* in place of all that follows */
    int ak_count;
    const struct crypto_private_key *ak;
    struct bytes ak_spki; /* in place of it: a key of somebody else's, RSA of 2048 bits, exponent 65537 */
    size_t modulus_len;   /* how much of it is written */
    const char *exponent;
    const char *more_keys, *more; /* put in: ",{...}" and ",\"x\":1" */
    const char *configuration;    /* members */
    const char *user_data;        /* hexadecimal; NULL: left out */

    /* TDREPORT, of the TD's quote */
    uint8_t td_type, td_version;
    bool other_mrtd, other_rtmr;
    bool wrong_report_data; /* not the hash of the JSON, though the quote agrees */
    uint8_t behind_hash;    /* in the report data, where zeros are to be */

    /* quote */
    uint32_t magic;
    uint16_t type;
    bool wrapped; /* in TPM2B_ATTEST */
    uint8_t nonce_bytes[TPM_NONCE_MAX + 1];
    size_t nonce_len; /* how much of it is quoted */
    uint32_t pcrs;
    uint16_t bank;
    int banks; /* how often the selection is there */
    uint8_t select_size;
    uint8_t pcr_values[TPM_PCR_COUNT][TPM_PCR_SIZE]; /* begin with what the log gives */
    bool digest_of_others;
    int values_off; /* how many octets of the values too many */
    uint8_t safe;
    uint32_t reset_count, restart_count;
    int trailing; /* octets behind the quote */
    const struct crypto_private_key *signer;
    uint16_t scheme, signature_hash;
    bool raw_signature;
    int signature_short; /* octets of it that are missing */

    /* event log */
    bool without_log;
    const char *more_events; /* one more in PCR 4 */
    bool log_malformed;

    struct synthetic_vtpm_cert certificates[SYNTHETIC_VTPM_CERTIFICATES]; /* AK, intermediate, root */
    size_t certificate_count;

    /* Built: */
    struct vtpm_evidence evidence;
    struct bytes nonce;
    struct bytes root_der;
    char text[SYNTHETIC_VTPM_JSON_MAX];
    uint8_t blob[SYNTHETIC_VTPM_BLOB_MAX];
    uint8_t attest[SYNTHETIC_VTPM_QUOTE_MAX];
    uint8_t signature[SYNTHETIC_VTPM_QUOTE_MAX];
    uint8_t values[TPM_PCR_VALUES_MAX + 1];
    uint8_t log[SYNTHETIC_VTPM_LOG_MAX];
    uint8_t certs[SYNTHETIC_VTPM_CERTIFICATES][SYNTHETIC_VTPM_CERT_MAX];
};

/* PCRs 0, 4, 7 and 11; the log explains all but 11. Certificates are valid from 2025-06 to 2034. */
void synthetic_vtpm_init(struct synthetic_vtpm *v, const struct synthetic_vtpm_keys *keys);
/* The hardware's report data are set, and it is built, too. */
void synthetic_vtpm_build_snp(struct synthetic_vtpm *v, struct synthetic_snp *snp);
void synthetic_vtpm_build_tdx(struct synthetic_vtpm *v, struct synthetic_tdx *tdx);

#endif
