/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

/*
 * Signing: for the simulated platform, which makes up a chain of its own, and for tests. Nothing in attest/, channel/ or noise/ calls this.
 */

#include "crypto/crypto.h"

struct crypto_private_key;
/* P-256, P-384, Ed25519, or RSA of rsa_bits (ignored otherwise). */
ERR_MUST_USE enum err crypto_private_key_new(enum crypto_key_kind kind, unsigned rsa_bits,
                                             struct crypto_private_key **key);
void crypto_private_key_free(struct crypto_private_key *key);
/* DER SubjectPublicKeyInfo into out; its length in *len. ERR_NO_SPACE. */
ERR_MUST_USE enum err crypto_private_key_spki(const struct crypto_private_key *key, uint8_t *out, size_t size,
                                              size_t *len);
/* The key itself as DER PrivateKeyInfo (PKCS #8, RFC 5208), unencrypted, and back: for a simulated platform that keeps its made-up chain.
 * ERR_NO_SPACE; ERR_KEY when the DER is not consumed whole or holds a key of another kind. */
ERR_MUST_USE enum err crypto_private_key_write(const struct crypto_private_key *key, uint8_t *out,
                                               size_t size, size_t *len);
ERR_MUST_USE enum err crypto_private_key_read(enum crypto_key_kind kind, struct bytes der,
                                              struct crypto_private_key **key);
/* r || s, big endian, 64 or 96 bytes. */
ERR_MUST_USE enum err crypto_ecdsa_sign_raw(const struct crypto_private_key *key, enum crypto_hash h,
                                            struct bytes message, uint8_t *rs);
/* RSASSA-PSS, MGF1 on the same hash; signature: the size of the modulus, room `size`. */
ERR_MUST_USE enum err crypto_rsa_pss_sign(const struct crypto_private_key *key, enum crypto_hash h,
                                          size_t salt_size, struct bytes message, uint8_t *signature,
                                          size_t size, size_t *len);
/* RSASSA-PKCS1-v1_5; likewise. */
ERR_MUST_USE enum err crypto_rsa_pkcs1_sign(const struct crypto_private_key *key, enum crypto_hash h,
                                            struct bytes message, uint8_t *signature, size_t size,
                                            size_t *len);
ERR_MUST_USE enum err crypto_ed25519_sign(const struct crypto_private_key *key, struct bytes message,
                                          uint8_t signature[static 64]);

#endif
