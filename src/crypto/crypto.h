/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

/*
 * The primitives, each a few lines over libcrypto (OpenSSL >= 3.5). Nothing here is invented, nothing is negotiated.
 *
 * crypto_init comes first, once a process, before libcrypto is used by anybody: it moves libcrypto's whole heap into secret
 * memory, fetches the algorithms (a fetch by name on every call costs more than hashing a kilobyte) and checks that all of them are there.
 * Afterwards everything is reentrant. Failures other than "not authentic" and "does not verify" are ERR_CRYPTO: a broken library or no memory.
 */

#include "base/bytes.h"
#include "base/error.h"

ERR_MUST_USE enum err crypto_init(void);
/* Of libcrypto, "3.5.7". The one function that may be called without crypto_init. */
const char *crypto_library_version(void);

/* ---- randomness: the system's generator through libcrypto ---- */
ERR_MUST_USE enum err crypto_random(void *out, size_t n);

/* ---- hashes: FIPS 180-4, RFC 7693 ---- */
enum crypto_hash { CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_SHA512, CRYPTO_BLAKE2S, CRYPTO_HASH_COUNT };
enum {
    CRYPTO_SHA256_SIZE = 32,
    CRYPTO_SHA384_SIZE = 48,
    CRYPTO_SHA512_SIZE = 64,
    CRYPTO_BLAKE2S_SIZE = 32,
    CRYPTO_HASH_MAX = 64,
};
size_t crypto_hash_size(enum crypto_hash h);  /* HASHLEN */
size_t crypto_hash_block(enum crypto_hash h); /* BLOCKLEN */

/* The hash of the concatenation of count parts. out: crypto_hash_size bytes. */
ERR_MUST_USE enum err crypto_hash_parts(enum crypto_hash h, const struct bytes *parts, size_t count,
                                        uint8_t *out);

/* The hash of something too large to hold, such as a model file. */
struct crypto_hash_stream;
ERR_MUST_USE enum err crypto_hash_open(enum crypto_hash h, struct crypto_hash_stream **s);
ERR_MUST_USE enum err crypto_hash_feed(struct crypto_hash_stream *s, struct bytes part);
/* Writes the digest and releases s; with out NULL only releases. */
ERR_MUST_USE enum err crypto_hash_close(struct crypto_hash_stream *s, uint8_t *out);

/* ---- HMAC (RFC 2104) and HKDF (RFC 5869) ---- */
ERR_MUST_USE enum err crypto_hmac(enum crypto_hash h, struct bytes key, const struct bytes *parts,
                                  size_t count, uint8_t *out);
/* ERR_TOO_LARGE when size is over 255 hashes. */
ERR_MUST_USE enum err crypto_hkdf(enum crypto_hash h, struct bytes secret, struct bytes salt,
                                  struct bytes info, uint8_t *out, size_t size);

/* ---- AEAD: AES-256-GCM (SP 800-38D), ChaCha20-Poly1305 (RFC 8439) ---- */
enum crypto_aead { CRYPTO_AES256_GCM, CRYPTO_CHACHA20_POLY1305, CRYPTO_AEAD_COUNT };
enum { CRYPTO_AEAD_KEY_SIZE = 32, CRYPTO_AEAD_NONCE_SIZE = 12, CRYPTO_AEAD_TAG_SIZE = 16 };

/* A keyed cipher: the key schedule is computed once and kept in secret memory. One thread at a time. */
struct crypto_aead_key;
ERR_MUST_USE enum err crypto_aead_open(enum crypto_aead a, const uint8_t key[static CRYPTO_AEAD_KEY_SIZE],
                                       struct crypto_aead_key **k);
void crypto_aead_close(struct crypto_aead_key *k); /* NULL is allowed */

/* out: plain.len + 16 bytes, ciphertext then tag. out may be plain.ptr (in place), or not overlap it at all. */
ERR_MUST_USE enum err crypto_aead_seal(struct crypto_aead_key *k,
                                       const uint8_t nonce[static CRYPTO_AEAD_NONCE_SIZE], struct bytes ad,
                                       struct bytes plain, uint8_t *out);
/* The same for a plaintext in parts, which are not copied together. out does not overlap any of them. */
ERR_MUST_USE enum err crypto_aead_seal_parts(struct crypto_aead_key *k,
                                             const uint8_t nonce[static CRYPTO_AEAD_NONCE_SIZE],
                                             struct bytes ad, const struct bytes *parts, size_t count,
                                             uint8_t *out);
/* sealed: ciphertext then tag; out: sealed.len - 16 bytes, may be sealed.ptr. On ERR_AUTH out is wiped. */
ERR_MUST_USE enum err crypto_aead_unseal(struct crypto_aead_key *k,
                                         const uint8_t nonce[static CRYPTO_AEAD_NONCE_SIZE], struct bytes ad,
                                         struct bytes sealed, uint8_t *out);

/* ---- X25519 (RFC 7748) ---- */
enum { CRYPTO_X25519_SIZE = 32 };
ERR_MUST_USE enum err crypto_x25519_public(const uint8_t secret[static 32], uint8_t public_key[static 32]);
ERR_MUST_USE enum err crypto_x25519_keypair(uint8_t secret[static 32], uint8_t public_key[static 32]);
/* ERR_NOISE_KEY when the result is all zero (a public key of small order; RFC 7748 section 6.1); shared is then zero. */
ERR_MUST_USE enum err crypto_x25519(const uint8_t secret[static 32], const uint8_t public_key[static 32],
                                    uint8_t shared[static 32]);

/* ---- ML-KEM-768 (FIPS 203) ---- */
enum {
    CRYPTO_MLKEM_PUBLIC_SIZE = 1184, /* encapsulation key */
    CRYPTO_MLKEM_CIPHER_SIZE = 1088, /* ciphertext */
    CRYPTO_MLKEM_SHARED_SIZE = 32,
    CRYPTO_MLKEM_SEED_SIZE = 64, /* d || z; the decapsulation key is derived from it */
};
ERR_MUST_USE enum err crypto_mlkem_keypair(uint8_t seed[static 64], uint8_t public_key[static 1184]);
ERR_MUST_USE enum err crypto_mlkem_from_seed(const uint8_t seed[static 64], uint8_t public_key[static 1184]);
/* ERR_KEY when the public key fails the modulus check of FIPS 203 section 7.2. */
ERR_MUST_USE enum err crypto_mlkem_encaps(const uint8_t public_key[static 1184],
                                          uint8_t ciphertext[static 1088], uint8_t shared[static 32]);
/* The same with the 32 random bytes m given: for known-answer tests only. */
ERR_MUST_USE enum err crypto_mlkem_encaps_with(const uint8_t public_key[static 1184],
                                               const uint8_t m[static 32], uint8_t ciphertext[static 1088],
                                               uint8_t shared[static 32]);
/* Never fails on a wrong ciphertext: gives the implicit-rejection secret (FIPS 203 section 6.3). */
ERR_MUST_USE enum err crypto_mlkem_decaps(const uint8_t seed[static 64],
                                          const uint8_t ciphertext[static 1088], uint8_t shared[static 32]);

/* ---- signatures: verification (attest) ---- */

/* A public key for verification, taken apart from a DER SubjectPublicKeyInfo (RFC 5280) by libcrypto. */
struct crypto_public_key;
enum crypto_key_kind { CRYPTO_KEY_P256, CRYPTO_KEY_P384, CRYPTO_KEY_RSA, CRYPTO_KEY_ED25519 };
/* The DER must be consumed whole; the curve named, the point uncompressed and on the curve; RSA 2048 to 8192 bits. ERR_KEY. */
ERR_MUST_USE enum err crypto_public_key_from_spki(struct bytes spki, struct crypto_public_key **key);
/* x || y of a P-256 or P-384 point, big endian. */
ERR_MUST_USE enum err crypto_public_key_from_point(enum crypto_key_kind kind, struct bytes xy,
                                                   struct crypto_public_key **key);
/* An RSA key from modulus and exponent, big endian, without leading zeros (as in a JSON Web Key, RFC 7518 section 6.3.1); sizes as above. */
ERR_MUST_USE enum err crypto_public_key_from_rsa(struct bytes modulus, struct bytes exponent,
                                                 struct crypto_public_key **key);
ERR_MUST_USE enum err crypto_public_key_ed25519(const uint8_t raw[static 32], struct crypto_public_key **key);
void crypto_public_key_free(struct crypto_public_key *key);
enum crypto_key_kind crypto_public_key_kind(const struct crypto_public_key *key);
size_t crypto_public_key_bits(const struct crypto_public_key *key);
/* The same key? However it was encoded. */
bool crypto_public_key_equal(const struct crypto_public_key *a, const struct crypto_public_key *b);

/* All: ERR_SIGNATURE when it does not verify, ERR_KEY when the key is of another kind. */
/* DER signature (SEQUENCE of two INTEGERs), as in certificates; strict DER. */
ERR_MUST_USE enum err crypto_ecdsa_verify(const struct crypto_public_key *key, enum crypto_hash h,
                                          struct bytes message, struct bytes der);
/* r || s, big endian, each the size of the field (32 or 48 bytes); both in [1, n-1]. */
ERR_MUST_USE enum err crypto_ecdsa_verify_raw(const struct crypto_public_key *key, enum crypto_hash h,
                                              struct bytes message, struct bytes rs);
/* RSASSA-PSS (RFC 8017) with MGF1 on the same hash; the salt length is exactly salt_size. */
ERR_MUST_USE enum err crypto_rsa_pss_verify(const struct crypto_public_key *key, enum crypto_hash h,
                                            size_t salt_size, struct bytes message, struct bytes signature);
/* RSASSA-PKCS1-v1_5 (RFC 8017): the one encoding of the digest, parameters NULL included. */
ERR_MUST_USE enum err crypto_rsa_pkcs1_verify(const struct crypto_public_key *key, enum crypto_hash h,
                                              struct bytes message, struct bytes signature);
ERR_MUST_USE enum err crypto_ed25519_verify(const struct crypto_public_key *key, struct bytes message,
                                            const uint8_t signature[static 64]);

#endif
