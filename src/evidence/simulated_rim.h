/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_RIM_H
#define EVIDENCE_SIMULATED_RIM_H

/*
 * Documents of reference values in the form of NVIDIA's (attest/rim.h), signed with a key that we made up. The text is written in its canonical form from
 * the start, so that nothing here has to canonicalise: what is hashed is what is written, without the signature.
 */

#include "evidence/simulated_nv_certificate.h"

enum {
    SIMULATED_RIM_MAX = 64 * 1024,
    SIMULATED_RIM_ROWS_MAX = 64,
    SIMULATED_RIM_VALUES_MAX = 4,
    SIMULATED_RIM_VALUE_SIZE = 48,
    SIMULATED_RIM_CHAIN = 4,
};

struct simulated_rim_row {
    uint8_t index;
    bool active;
    uint8_t alternatives; /* 1 to SIMULATED_RIM_VALUES_MAX */
    uint8_t values[SIMULATED_RIM_VALUES_MAX][SIMULATED_RIM_VALUE_SIZE];
};

/* What stands in one place; all but the first are part of what is signed, and so must be canonical. */
enum simulated_rim_text {
    SIMULATED_RIM_DECLARATION, /* before the root */
    SIMULATED_RIM_BEFORE_META, /* elements */
    SIMULATED_RIM_RESOURCE,    /* type of a Resource */
    SIMULATED_RIM_ACTIVE,      /* how "True" is written */
    SIMULATED_RIM_IN_PAYLOAD,  /* elements behind the resources */
    SIMULATED_RIM_BEHIND,      /* elements behind the signature */
    SIMULATED_RIM_CANONICAL,   /* algorithms, by their names */
    SIMULATED_RIM_METHOD,
    SIMULATED_RIM_ENVELOPED,
    SIMULATED_RIM_TRANSFORM,
    SIMULATED_RIM_DIGEST,
    SIMULATED_RIM_URI,          /* of the Reference */
    SIMULATED_RIM_REFERENCES,   /* more of them */
    SIMULATED_RIM_IN_SIGNATURE, /* elements behind KeyInfo; not signed */
    SIMULATED_RIM_TEXTS
};

/* Plain data: copy it, change it, sign it. */
struct simulated_rim {
    const char *product;
    const char *version;
    size_t row_count;
    struct simulated_rim_row rows[SIMULATED_RIM_ROWS_MAX];
    const char *texts[SIMULATED_RIM_TEXTS]; /* NULL: what NVIDIA writes there */
};

/* key: of chain[0]. ERR_NO_SPACE, ERR_CRYPTO. */
ERR_MUST_USE enum err simulated_rim_sign(const struct simulated_rim *rim,
                                         const struct simulated_nv_der chain[static SIMULATED_RIM_CHAIN],
                                         const struct crypto_private_key *key, uint8_t *out, size_t size,
                                         size_t *len);

#endif
