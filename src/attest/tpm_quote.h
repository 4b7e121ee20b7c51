/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TPM_QUOTE_H
#define ATTEST_TPM_QUOTE_H

/*
 * What TPM2_Quote gives: a TPMS_ATTEST that holds a TPMS_QUOTE_INFO, and the signature of it (TCG TPM 2.0 Library, Part 2: Structures, sections 10.12 and
 * 11.3). Big endian.
 *
 * Tools write TPMS_ATTEST bare, or as TPM2B_ATTEST with its size in two octets before it. Both are taken: a size cannot be the first half of the magic
 * number, 0xff54, since that is larger than any quote.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    TPM_QUOTE_MAX = 1024,
    TPM_SELECTIONS_MAX = 16, /* banks */
    TPM_PCR_COUNT = 24,      /* of the PC Client platform */
    TPM_PCR_SIZE = 32,       /* in the bank of SHA-256 */
    TPM_PCR_VALUES_MAX = TPM_PCR_COUNT * TPM_PCR_SIZE,
    TPM_NONCE_MAX = 64, /* TPM2B_DATA: a digest and its algorithm, at most; we ask for no more */
};

enum { TPM_ALG_SHA256 = 0x000b, TPM_ALG_SHA384 = 0x000c };

/* TPM_GENERATED_VALUE and TPM_ST_ATTEST_QUOTE, sections 6.2 and 6.9. */
#define TPM_QUOTE_MAGIC UINT32_C(0xff544347)
enum { TPM_QUOTE_TYPE = 0x8018 };

struct tpm_selection {
    uint16_t hash; /* TPM_ALG_ID of the bank */
    uint32_t pcrs; /* bit n is PCR n */
};

/* Ranges point into the input. */
struct tpm_quote {
    struct bytes attest; /* TPMS_ATTEST: what is signed */
    uint32_t magic;
    uint16_t type;
    struct bytes qualified_signer;
    struct bytes extra_data;
    uint64_t clock; /* milliseconds */
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe;
    uint64_t firmware_version;
    size_t selection_count;
    struct tpm_selection selections[TPM_SELECTIONS_MAX];
    struct bytes digest; /* of the selected PCRs */
};

/* magic and type alone, whatever they are. ERR_TOO_LARGE, ERR_TRUNCATED, ERR_TRAILING. */
ERR_MUST_USE enum err tpm_quote_header_parse(struct bytes in, struct tpm_quote *q, struct err_note *note);
/* All of it; and ERR_UNKNOWN, ERR_VALUE. */
ERR_MUST_USE enum err tpm_quote_parse(struct bytes in, struct tpm_quote *q, struct err_note *note);

/* The octets of an RSASSA signature with SHA-256 by a key of this size: from a TPMT_SIGNATURE (section 11.3.4), or from themselves alone, which the length
 * tells apart. Other schemes are ERR_UNKNOWN: the keys of virtual TPMs that this verifier knows sign with this one. */
ERR_MUST_USE enum err tpm_signature_parse(struct bytes in, size_t key_size, struct bytes *signature,
                                          struct err_note *note);

#endif
