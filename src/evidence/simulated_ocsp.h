/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_OCSP_H
#define EVIDENCE_SIMULATED_OCSP_H

/*
 * OCSP responses (RFC 6960) about certificates that we made up: one answer a response, signed by the issuer itself or by a responder that it appointed.
 */

#include "evidence/simulated_nv_certificate.h"

enum { SIMULATED_OCSP_MAX = 4096, SIMULATED_OCSP_GOOD = 0, SIMULATED_OCSP_REVOKED, SIMULATED_OCSP_UNKNOWN };

/* Plain data, borrowed. */
struct simulated_ocsp {
    struct bytes issuer; /* DER certificates */
    struct bytes certificate;
    struct bytes responder; /* empty: the issuer signs */
    const struct crypto_private_key *signer;
    bool by_key;    /* the responder is named by its key: 20 octets that nobody looks at */
    bool sha256;    /* the issuer is named by SHA-256, not by SHA-384 */
    int status;     /* SIMULATED_OCSP_GOOD, ... */
    uint8_t reason; /* CRLReason; 0: not written */
    int64_t produced_at;
    int64_t this_update;
    int64_t next_update; /* 0: not written */
    struct bytes nonce;  /* empty: not written */
    int error;           /* responseStatus: 0 is success, others carry nothing */
};

/* ERR_NO_SPACE, ERR_CERTIFICATE, ERR_CRYPTO. */
ERR_MUST_USE enum err simulated_ocsp_sign(const struct simulated_ocsp *o, uint8_t *der, size_t size,
                                          size_t *len);

#endif
