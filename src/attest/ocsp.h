/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_OCSP_H
#define ATTEST_OCSP_H

/*
 * Responses of the Online Certificate Status Protocol (RFC 6960), which come with the evidence like a revocation list: a signed word about
 * one certificate or several, for a limited time. Taken apart strictly: DER, the basic type, nothing left over.
 *
 * Signed by the issuer of the certificate in question, or by a certificate that this very issuer made for signing such responses (section 4.2.2.2).
 *
 *     struct ocsp_answer answer;
 *     e = ocsp_parse(der, &response, &note);
 *     if (e == ERR_OK && ocsp_answers(&response, &certificate, &issuer, &answer))
 *         e = ocsp_verify(&response, &issuer, issuer_key, now, &note);
 *     ... answer.status ...
 *
 * All ranges point into the response, which must outlive it. Nothing is allocated.
 */

#include "attest/x509.h"
#include "base/reader.h"

enum { OCSP_SIZE_MAX = 16 * 1024, OCSP_REASON_HOLD = 6, OCSP_REASON_NONE = 0 };

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_response {
    struct bytes tbs; /* what the signature covers */
    enum x509_algorithm algorithm;
    struct bytes signature;
    struct bytes responder_name; /* the whole Name; empty when the responder is named by its key */
    int64_t produced_at;
    struct bytes answers;      /* one behind the other */
    struct bytes certificates; /* one behind the other; empty when there are none */
    struct bytes nonce;        /* what was in the request; empty when there was none */
};

struct ocsp_answer {
    enum ocsp_status status;
    uint8_t reason; /* CRLReason, of one that is revoked */
    int64_t this_update;
    int64_t next_update;
    bool has_next_update;
};

/* CertID, section 4.1.1. */
struct ocsp_certificate_id {
    struct bytes hash; /* OID */
    struct bytes name_digest;
    struct bytes key_digest;
    struct bytes serial;
};

/* Content octets: id-pkix-ocsp-nonce, and the hashes by which a certificate can be named. */
extern const struct bytes ocsp_oid_nonce, ocsp_oid_sha256, ocsp_oid_sha384;

/* How this certificate of this issuer is named, by SHA-256 or SHA-384; the digests are put into room, the other ranges are the certificate's. ERR_VALUE:
 * another hash; ERR_CERTIFICATE: a key that is no BIT STRING; ERR_CRYPTO. */
enum { OCSP_ID_ROOM = 2 * CRYPTO_SHA384_SIZE };
ERR_MUST_USE enum err ocsp_certificate_id_of(enum crypto_hash hash, const struct x509 *certificate,
                                             const struct x509 *issuer, uint8_t room[static OCSP_ID_ROOM],
                                             struct ocsp_certificate_id *id);

/* ERR_CERTIFICATE, ERR_UNKNOWN, ERR_TOO_LARGE, ERR_REFUSED (the responder gave an error); the note says what part, and at which offset. */
ERR_MUST_USE enum err ocsp_parse(struct bytes der, struct ocsp_response *response, struct err_note *note);

/* The next of the answers of a response that was parsed: for (r = reader_over(response.answers); r.left > 0;) ocsp_answer_next(&r, ...). */
void ocsp_answer_next(struct reader *r, struct ocsp_certificate_id *id, struct ocsp_answer *answer);

/* Is there an answer about this certificate of this issuer? The hash that names the issuer is SHA-256 or SHA-384. */
bool ocsp_answers(const struct ocsp_response *response, const struct x509 *certificate,
                  const struct x509 *issuer, struct ocsp_answer *answer);

/* Did the issuer, or the one that it appointed, sign it? now: when the appointed one's certificate must be valid. ERR_CERTIFICATE, ERR_SIGNATURE, ERR_KEY. */
ERR_MUST_USE enum err ocsp_verify(const struct ocsp_response *response, const struct x509 *issuer,
                                  const struct crypto_public_key *issuer_key, int64_t now,
                                  struct err_note *note);

/* Is the answer current at this time, both ends included? One without an end is not: there could be a newer one always. ERR_CERTIFICATE. */
ERR_MUST_USE enum err ocsp_check_window(const struct ocsp_response *response,
                                        const struct ocsp_answer *answer, int64_t now, struct err_note *note);

#endif
