/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_STATEMENT_H
#define ATTEST_STATEMENT_H

/*
 * The key statement: what an enclave says about itself, once a start, and has the chip vouch for (docs/protocol.md, "Key statement").
 * Canonical JSON (RFC 8785), members in this order because the order is alphabetical:
 *
 *     {"gpu_evidence":null,"model":"sha256:<64 hex>","model_name":"...","noise_static":"<base64url of 32 bytes>","openpgp":null,"version":1}
 *
 * Both sides hash the text as it is; a text that is not its own canonical form is refused, so that no two texts say the same.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { STATEMENT_MAX = 2048, STATEMENT_MODEL_NAME_MAX = 63 };

struct statement {
    uint8_t noise_key[32];
    uint8_t model_digest[32];
    char model_name[STATEMENT_MODEL_NAME_MAX + 1]; /* printable ASCII; informative, the digest decides */
    bool has_gpu_evidence;
    uint8_t gpu_evidence[32]; /* SHA-256 */
    bool has_openpgp;
    uint8_t openpgp[32]; /* version 6 fingerprint (32), version 4 in the last 20 bytes */
};

/* Writes the canonical text, not NUL-terminated. */
ERR_MUST_USE enum err statement_write(const struct statement *s, char *out, size_t size, size_t *len);
/* Strict; ERR_JSON, ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE. */
ERR_MUST_USE enum err statement_parse(struct bytes text, struct statement *s, struct err_note *note);

/* report_data = SHA-512("enclume report data v1" || 0x00 || SHA-512(statement) || Merkle tree root) */
ERR_MUST_USE enum err statement_report_data(struct bytes text, const uint8_t root[static 32],
                                            uint8_t report_data[static 64]);

/* What ties the GPUs to the statement, and the statement to the GPUs (docs/protocol.md, "GPUs"). The nonce that each GPU's report must answer: the hash of the statement
 * without its GPU evidence. */
ERR_MUST_USE enum err statement_gpu_nonce(const struct statement *s, uint8_t nonce[static 32]);
/* What stands as gpu_evidence in the statement: the hash of all reports, in their order. */
ERR_MUST_USE enum err statement_gpu_digest(const struct bytes *reports, size_t count,
                                           uint8_t digest[static 32]);

#endif
