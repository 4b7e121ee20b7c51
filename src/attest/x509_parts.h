/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_X509_PARTS_H
#define ATTEST_X509_PARTS_H

/*
 * What certificates and certificate revocation lists have in common (RFC 5280 sections 4.1.1 and 5.1.1); for x509.c and crl.c. As everywhere, what
 * breaks a rule marks the reader failed, and one asks once at the end.
 */

#include "attest/der.h"
#include "attest/x509.h"

/* AlgorithmIdentifier: one of those that are known, with just the parameters that its maker uses. whole: with its tag and length octets, to be
 * held against the copy outside the signature. What is not known fails with ERR_UNKNOWN. */
enum x509_algorithm x509_algorithm_read(struct reader *r, struct bytes *whole);

/* Name, section 4.1.2.4: whole, with its tag and length octets. */
struct bytes x509_name_read(struct reader *r, struct bytes *common_name);

/* CertificateSerialNumber, section 4.1.2.2: not negative (0 is AMD's), at most X509_SERIAL_MAX octets, not counting the one that keeps it positive. */
struct bytes x509_serial_read(struct reader *r);

/* Did this key sign the bytes? ERR_SIGNATURE, ERR_KEY. */
ERR_MUST_USE enum err x509_verify_signed(enum x509_algorithm algorithm, struct bytes tbs,
                                         struct bytes signature, const struct crypto_public_key *key);

#endif
