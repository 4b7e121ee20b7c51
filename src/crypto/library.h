/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_LIBRARY_H
#define CRYPTO_LIBRARY_H

/* What the files of this room share, and nobody else sees: the algorithms that crypto_init fetched. */

#include <openssl/evp.h>

#include "crypto/crypto.h"

/* Written by crypto_init alone, read by everybody afterwards. */
struct crypto_library {
    EVP_MD *hash[CRYPTO_HASH_COUNT];
    EVP_CIPHER *aead[CRYPTO_AEAD_COUNT];
    /* Keys of the two curves without a point, to be copied: making a curve from its name takes longer than all the rest of loading a key. */
    EVP_PKEY *p256;
    EVP_PKEY *p384;
};
extern struct crypto_library crypto_library;

/* The hash's name for libcrypto, where it wants names and not objects; NULL for no such hash. */
const char *crypto_hash_name(enum crypto_hash h);

/* Creates what hash.c keeps for each thread. */
ERR_MUST_USE enum err crypto_hash_init(void);

/* The hash of first || parts. */
ERR_MUST_USE enum err crypto_hash_joined(enum crypto_hash h, struct bytes first, const struct bytes *parts,
                                         size_t count, uint8_t *out);

/* Empties libcrypto's list of errors (it holds texts, and would confuse a later caller) and returns e. */
ERR_MUST_USE enum err crypto_failed(enum err e);

/* In public_key.c: makes p256 and p384. */
ERR_MUST_USE enum err crypto_public_key_init(void);

/* In public_key.c; ecdsa.c, rsa.c and ed25519.c look inside. */
struct crypto_public_key {
    EVP_PKEY *pkey;
    enum crypto_key_kind kind;
    size_t bits;
};

/* Bytes of a coordinate of the curve; 0 when the kind is not a NIST curve. */
size_t crypto_field_size(enum crypto_key_kind kind);

#endif
