/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_KEPT_H
#define EVIDENCE_SIMULATED_KEPT_H

/*
 * A made-up chain as text: its certificates, then its private keys, in the order of a list, as PEM (RFC 7468). So that it can be kept in a file.
 */

#include "crypto/sign.h"
#include "evidence/simulated_certificate.h"

enum {
    SIMULATED_KEPT_CERTIFICATES_MAX = 4,
    SIMULATED_KEPT_KEYS_MAX = 5,
    SIMULATED_CHAIN_TEXT_MAX = 32 * 1024
};

struct simulated_der {
    uint8_t der[SIMULATED_CERTIFICATE_MAX];
    size_t len;
};

/* What is kept of a chain: pointers into it. */
struct simulated_kept {
    size_t certificate_count;
    struct simulated_der *certificates[SIMULATED_KEPT_CERTIFICATES_MAX];
    size_t key_count;
    struct {
        enum crypto_key_kind kind;
        struct crypto_private_key **key;
    } keys[SIMULATED_KEPT_KEYS_MAX];
};

/* NUL-terminated; *len is without the NUL. ERR_NO_SPACE, ERR_MEMORY. */
ERR_MUST_USE enum err simulated_kept_write(const struct simulated_kept *kept, char *text, size_t size,
                                           size_t *len);
/* Into the chain; the keys must be NULL before, and belong to the chain also when this fails. ERR_ENCODING, ERR_TRUNCATED, ERR_KEY, ERR_MEMORY. */
ERR_MUST_USE enum err simulated_kept_read(struct bytes text, const struct simulated_kept *kept);

#endif
