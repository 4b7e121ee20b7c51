/* SPDX-License-Identifier: Apache-2.0 */
/* X25519 (RFC 7748). */
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "crypto/library.h"

static const char X25519_NAME[] = "X25519";

enum err crypto_x25519_public(const uint8_t secret[static 32], uint8_t public_key[static 32])
{
    size_t size = CRYPTO_X25519_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, X25519_NAME, NULL, secret, CRYPTO_X25519_SIZE);
    bool good =
        key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &size) == 1 && size == CRYPTO_X25519_SIZE;
    EVP_PKEY_free(key);
    return good ? ERR_OK : crypto_failed(ERR_CRYPTO);
}

enum err crypto_x25519_keypair(uint8_t secret[static 32], uint8_t public_key[static 32])
{
    enum err e = crypto_random(secret, CRYPTO_X25519_SIZE);
    if (e == ERR_OK)
        e = crypto_x25519_public(secret, public_key);
    if (e != ERR_OK)
        secret_wipe(secret, CRYPTO_X25519_SIZE);
    return e;
}

/* The own key for a derivation. libcrypto would compute its public half, a scalar multiplication that the derivation
 * does not need, unless it is given one: so it is given the peer's, which is never looked at. */
static EVP_PKEY *own_key(const uint8_t *secret, const uint8_t *any_public)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, X25519_NAME, NULL);
    OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)secret, CRYPTO_X25519_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)any_public, CRYPTO_X25519_SIZE),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parts);
    EVP_PKEY_CTX_free(context);
    return key;
}

enum err crypto_x25519(const uint8_t secret[static 32], const uint8_t public_key[static 32],
                       uint8_t shared[static 32])
{
    static const uint8_t zero[CRYPTO_X25519_SIZE];
    enum err e = ERR_CRYPTO;
    size_t size = CRYPTO_X25519_SIZE;
    EVP_PKEY_CTX *context = NULL;
    EVP_PKEY *peer = NULL;
    EVP_PKEY *own = own_key(secret, public_key);

    if (own == NULL)
        goto out;
    peer = EVP_PKEY_new_raw_public_key_ex(NULL, X25519_NAME, NULL, public_key, CRYPTO_X25519_SIZE);
    context = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    if (peer == NULL || context == NULL || EVP_PKEY_derive_init(context) != 1 ||
        EVP_PKEY_derive_set_peer_ex(context, peer, 0) != 1)
        goto out;
    /* libcrypto's only failure here is the all-zero result itself (RFC 7748 section 6.1). */
    if (EVP_PKEY_derive(context, shared, &size) != 1 || secret_equal(shared, zero, sizeof zero))
        e = ERR_NOISE_KEY;
    else if (size == CRYPTO_X25519_SIZE)
        e = ERR_OK;
out:
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    if (e == ERR_OK)
        return ERR_OK;
    secret_wipe(shared, CRYPTO_X25519_SIZE);
    return crypto_failed(e);
}
