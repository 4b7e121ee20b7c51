/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_OCSP_REQUEST_H
#define EVIDENCE_OCSP_REQUEST_H

/* The question whose answer attest/ocsp.h takes apart: an OCSP request (RFC 6960 section 4.1) about one certificate, not signed. */

#include "attest/ocsp.h"

enum {
    OCSP_REQUEST_MAX = 512,
    OCSP_NONCE_SIZE = 32, /* RFC 9654 section 2.1: what a client should send */
};

/* nonce: empty, or up to OCSP_NONCE_SIZE octets, which the answer is to repeat. ERR_NO_SPACE: an id that is too long. */
ERR_MUST_USE enum err ocsp_request_write(const struct ocsp_certificate_id *id, struct bytes nonce,
                                         uint8_t out[static OCSP_REQUEST_MAX], size_t *len);

#endif
