/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CRL_H
#define ATTEST_CRL_H

/*
 * X.509 version 2 certificate revocation lists (RFC 5280 section 5), taken apart strictly: one DER structure, nothing left over, no extension
 * twice, none that narrows what the list speaks of (it speaks of all certificates of its issuer). Each question about it is a function of its own; a
 * list means nothing before crl_verify and crl_check_window have answered with ERR_OK.
 *
 *     struct crl list;
 *     e = crl_parse(der, &list, &note);
 *     if (e == ERR_OK)
 *         e = crl_verify(&list, &issuer_certificate, issuer_key, &note);
 *     if (e == ERR_OK)
 *         e = crl_check_window(&list, now, &note);
 *     if (e == ERR_OK && crl_lists(&list, certificate.serial)) ... revoked ...
 *
 * All ranges point into the list that was parsed, which must outlive them. Nothing is allocated.
 */

#include "attest/x509.h"

enum { CRL_SIZE_MAX = 512 * 1024 };

struct crl {
    struct bytes der;
    struct bytes tbs; /* what the signature covers */
    enum x509_algorithm algorithm;
    struct bytes issuer; /* the whole Name, to be compared octet by octet */
    struct bytes issuer_cn;
    int64_t this_update; /* seconds since 1970, both inclusive */
    int64_t next_update;
    size_t revoked_count;
    struct bytes revoked; /* the entries, one behind the other */
    struct bytes number;  /* the INTEGER's octets; empty when the list has none */
    struct bytes signature;
};

/* ERR_CERTIFICATE, ERR_UNKNOWN, ERR_TOO_LARGE; the note says what part, and at which offset. */
ERR_MUST_USE enum err crl_parse(struct bytes der, struct crl *crl, struct err_note *note);

/* Is the list this issuer's: named after its subject, signed with its key (that of the certificate), and may the issuer sign lists (key usage cRLSign,
 * section 6.3.3 (f))? ERR_CERTIFICATE, ERR_SIGNATURE, ERR_KEY. */
ERR_MUST_USE enum err crl_verify(const struct crl *crl, const struct x509 *issuer,
                                 const struct crypto_public_key *issuer_key, struct err_note *note);

/* Is it current at this time (seconds since 1970)? ERR_CERTIFICATE. */
ERR_MUST_USE enum err crl_check_window(const struct crl *crl, int64_t now, struct err_note *note);

/* Is the certificate with this serial number (the INTEGER's octets, as in struct x509) revoked? */
bool crl_lists(const struct crl *crl, struct bytes serial);

#endif
