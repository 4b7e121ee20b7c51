/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_X509_H
#define ATTEST_X509_H

/*
 * X.509 version 3 certificates (RFC 5280), taken apart strictly: one DER structure, no trailing bytes, one common name, no extension twice,
 * no critical extension that is not understood. Nothing is decided here about trust; attest/chain.h does that.
 *
 * All ranges point into the certificate that was parsed, which must outlive them.
 */

#include "attest/der.h"
#include "base/bytes.h"
#include "base/error.h"
#include "crypto/crypto.h"

enum { X509_EXTENSIONS_MAX = 24, X509_SIZE_MAX = 16 * 1024, X509_SERIAL_MAX = 20 };

/* The signature algorithms that chip makers use. */
enum x509_algorithm {
    X509_RSA_PSS_SHA384, /* id-RSASSA-PSS with SHA-384, MGF1 with SHA-384, a salt of 48 octets (RFC 4055) */
    X509_ECDSA_SHA256,
    X509_ECDSA_SHA384,
    X509_RSA_PKCS1_SHA256, /* RFC 4055 section 5: Microsoft's certificates for virtual TPMs */
    X509_RSA_PKCS1_SHA384,
};

/* RFC 5280 section 4.2.1.3 */
enum {
    X509_USAGE_DIGITAL_SIGNATURE = 1U << 0,
    X509_USAGE_CERT_SIGN = 1U << 5,
    X509_USAGE_CRL_SIGN = 1U << 6
};

struct x509 {
    struct bytes der;
    struct bytes tbs;    /* what the signature covers */
    struct bytes serial; /* the INTEGER's octets */
    enum x509_algorithm algorithm;
    struct bytes issuer; /* the whole Name, to be compared octet by octet */
    struct bytes subject;
    struct bytes issuer_cn;
    struct bytes subject_cn;
    int64_t not_before; /* seconds since 1970, both inclusive */
    int64_t not_after;
    struct bytes spki; /* the whole SubjectPublicKeyInfo */
    bool is_ca;
    bool has_path_length;
    uint32_t path_length;
    bool has_key_usage;
    uint16_t key_usage;
    bool has_extended_usage;
    bool ocsp_signing; /* one of its purposes is to sign OCSP responses */
    size_t extension_count;
    struct der_extension extensions[X509_EXTENSIONS_MAX];
    struct bytes signature;
};

/* ERR_CERTIFICATE, ERR_UNKNOWN, ERR_TOO_LARGE; the note says what part, and at which offset. */
ERR_MUST_USE enum err x509_parse(struct bytes der, struct x509 *cert, struct err_note *note);

/* The value of the extension with this OID (content octets); NULL when there is none. */
const struct der_extension *x509_extension(const struct x509 *cert, struct bytes oid);

/* Did this key sign it? ERR_SIGNATURE, ERR_KEY. */
ERR_MUST_USE enum err x509_verify(const struct x509 *cert, const struct crypto_public_key *issuer_key);

#endif
