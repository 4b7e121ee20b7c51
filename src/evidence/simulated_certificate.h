/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_CERTIFICATE_H
#define EVIDENCE_SIMULATED_CERTIFICATE_H

/*
 * Certificates in the form of AMD's or Intel's, to be signed with a key that we made up. Every field can be set, wrong values included:
 * the simulated platforms make good ones, the tests of the verifier change one field and sign again.
 *
 *     struct simulated_certificate c = chain->vcek;         // fields of the good one
 *     simulated_extension_find(&c, SIMULATED_EXTENSION_HWID)->value[0] ^= 1;
 *     e = simulated_certificate_sign(&c, chain->ask_key, der, sizeof der, &len);
 */

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/sign.h"
#include "evidence/simulated_maker.h"

enum {
    SIMULATED_EXTENSIONS_MAX = 24,
    SIMULATED_OID_MAX = 12,
    SIMULATED_VALUE_MAX = 96,
    SIMULATED_SPKI_MAX = 600,         /* of an RSA-4096 key: 550 */
    SIMULATED_CERTIFICATE_MAX = 2048, /* DER */
    SIMULATED_KEY_ID_SIZE = 20,
};

/* Which extension, for simulated_extension_find. */
enum simulated_extension_name {
    SIMULATED_EXTENSION_BASIC_CONSTRAINTS,
    SIMULATED_EXTENSION_KEY_USAGE,
    SIMULATED_EXTENSION_SUBJECT_KEY_ID,
    SIMULATED_EXTENSION_AUTHORITY_KEY_ID,
    SIMULATED_EXTENSION_CRL_DISTRIBUTION,
    SIMULATED_EXTENSION_STRUCT_VERSION, /* 1.3.6.1.4.1.3704.1.1 */
    SIMULATED_EXTENSION_PRODUCT,        /* .2 */
    SIMULATED_EXTENSION_HWID,           /* .4 */
    SIMULATED_EXTENSION_SPL,            /* .3.0; the SPL .3.n is SIMULATED_EXTENSION_SPL + n, n 1 to 9 */
};

struct simulated_extension {
    uint8_t oid[SIMULATED_OID_MAX]; /* content octets */
    size_t oid_len;
    bool critical;
    uint8_t value[SIMULATED_VALUE_MAX]; /* what stands in the OCTET STRING */
    size_t value_len;
};

/* Plain data: copy it, change it, sign it. The common names are borrowed. */
struct simulated_certificate {
    const struct simulated_maker *maker;
    uint64_t version; /* 2 says version 3 */
    uint64_t serial;
    unsigned salt_size; /* of RSASSA-PSS, as written and as used: 48; without meaning in Intel's */
    const char *issuer_cn;
    const char *subject_cn;
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    uint8_t spki[SIMULATED_SPKI_MAX]; /* DER SubjectPublicKeyInfo */
    size_t spki_len;
    size_t extension_count;
    struct simulated_extension extensions[SIMULATED_EXTENSIONS_MAX];
    struct bytes
        sgx_extension; /* the value of Intel's own, in a PCK certificate; borrowed; empty: there is none */
};

/* Adds an extension at the end; value: DER, copied. False when there is no room. */
bool simulated_extension_add(struct simulated_certificate *c, unsigned name, bool critical,
                             struct bytes value);
/* NULL when there is none. */
struct simulated_extension *simulated_extension_find(struct simulated_certificate *c, unsigned name);

/* The public key of key into the fields. */
ERR_MUST_USE enum err simulated_certificate_key(struct simulated_certificate *c,
                                                const struct crypto_private_key *key);
/* RFC 7093 section 2, method 4: 160 bits of the SHA-256 of the SubjectPublicKeyInfo. */
ERR_MUST_USE enum err simulated_key_id(const struct simulated_certificate *c,
                                       uint8_t id[static SIMULATED_KEY_ID_SIZE]);

/* Signed in the maker's way. signer: an RSA key for AMD's, on P-256 for Intel's. ERR_NO_SPACE. */
ERR_MUST_USE enum err simulated_certificate_sign(const struct simulated_certificate *c,
                                                 const struct crypto_private_key *signer, uint8_t *der,
                                                 size_t size, size_t *len);

/* A revocation list of issuer_cn's that revokes nothing, signed in the same way. ERR_NO_SPACE. */
struct simulated_list {
    const struct simulated_maker *maker;
    const char *issuer_cn;
    int64_t this_update; /* seconds since 1970 */
    int64_t next_update;
    uint64_t number;
};
ERR_MUST_USE enum err simulated_list_sign(const struct simulated_list *list,
                                          const struct crypto_private_key *signer, uint8_t *der, size_t size,
                                          size_t *len);

#endif
