/* SPDX-License-Identifier: Apache-2.0 */
/* ML-KEM-768 (FIPS 203). A key pair is kept as its seed d || z, from which libcrypto expands it. */
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "crypto/library.h"

enum { MLKEM_M_SIZE = 32 };

static const char MLKEM_NAME[] = "ML-KEM-768";

/* Algorithm 16, ML-KEM.KeyGen_internal(d, z). By way of key generation, not of import: libcrypto tests an imported key by
 * encapsulating to it, which takes three times as long as making it. */
static EVP_PKEY *key_from_seed(const uint8_t *seed)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, MLKEM_NAME, NULL);
    const OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_KEM_SEED, (void *)seed, CRYPTO_MLKEM_SEED_SIZE),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_params(context, parts) == 1)
        (void)EVP_PKEY_generate(context, &key);
    EVP_PKEY_CTX_free(context);
    return key;
}

enum err crypto_mlkem_from_seed(const uint8_t seed[static 64], uint8_t public_key[static 1184])
{
    size_t size = CRYPTO_MLKEM_PUBLIC_SIZE;
    EVP_PKEY *key = key_from_seed(seed);
    bool good = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &size) == 1 &&
                size == CRYPTO_MLKEM_PUBLIC_SIZE;
    EVP_PKEY_free(key);
    return good ? ERR_OK : crypto_failed(ERR_CRYPTO);
}

enum err crypto_mlkem_keypair(uint8_t seed[static 64], uint8_t public_key[static 1184])
{
    enum err e = crypto_random(seed, CRYPTO_MLKEM_SEED_SIZE);
    if (e == ERR_OK)
        e = crypto_mlkem_from_seed(seed, public_key);
    if (e != ERR_OK)
        secret_wipe(seed, CRYPTO_MLKEM_SEED_SIZE);
    return e;
}

/* Algorithm 17; m NULL: libcrypto's own randomness (algorithm 20). */
static enum err encaps(const uint8_t *public_key, const uint8_t *m, uint8_t *ciphertext, uint8_t *shared)
{
    enum err e = ERR_CRYPTO;
    size_t cipher_size = CRYPTO_MLKEM_CIPHER_SIZE;
    size_t shared_size = CRYPTO_MLKEM_SHARED_SIZE;
    EVP_PKEY_CTX *context = NULL;
    OSSL_PARAM given_m[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KEM_PARAM_IKME, (void *)m, MLKEM_M_SIZE),
        OSSL_PARAM_construct_end(),
    };
    /* Checks the modulus (section 7.2). */
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key_ex(NULL, MLKEM_NAME, NULL, public_key, CRYPTO_MLKEM_PUBLIC_SIZE);
    if (key == NULL) {
        e = ERR_KEY;
        goto out;
    }
    context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context != NULL && EVP_PKEY_encapsulate_init(context, m == NULL ? NULL : given_m) == 1 &&
        EVP_PKEY_encapsulate(context, ciphertext, &cipher_size, shared, &shared_size) == 1 &&
        cipher_size == CRYPTO_MLKEM_CIPHER_SIZE && shared_size == CRYPTO_MLKEM_SHARED_SIZE)
        e = ERR_OK;
out:
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    if (e == ERR_OK)
        return ERR_OK;
    secret_wipe(shared, CRYPTO_MLKEM_SHARED_SIZE);
    return crypto_failed(e);
}

enum err crypto_mlkem_encaps(const uint8_t public_key[static 1184], uint8_t ciphertext[static 1088],
                             uint8_t shared[static 32])
{
    return encaps(public_key, NULL, ciphertext, shared);
}

enum err crypto_mlkem_encaps_with(const uint8_t public_key[static 1184], const uint8_t m[static 32],
                                  uint8_t ciphertext[static 1088], uint8_t shared[static 32])
{
    return encaps(public_key, m, ciphertext, shared);
}

enum err crypto_mlkem_decaps(const uint8_t seed[static 64], const uint8_t ciphertext[static 1088],
                             uint8_t shared[static 32])
{
    bool good = false;
    size_t size = CRYPTO_MLKEM_SHARED_SIZE;
    EVP_PKEY_CTX *context = NULL;
    EVP_PKEY *key = key_from_seed(seed);
    if (key != NULL)
        context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context != NULL && EVP_PKEY_decapsulate_init(context, NULL) == 1)
        good = EVP_PKEY_decapsulate(context, shared, &size, ciphertext, CRYPTO_MLKEM_CIPHER_SIZE) == 1 &&
               size == CRYPTO_MLKEM_SHARED_SIZE;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    if (good)
        return ERR_OK;
    secret_wipe(shared, CRYPTO_MLKEM_SHARED_SIZE);
    return crypto_failed(ERR_CRYPTO);
}
