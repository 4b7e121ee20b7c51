/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 (RFC 8032), without context or prehash. */
#include "crypto/library.h"

enum { ED25519_SIGNATURE_SIZE = 64 };

enum err crypto_ed25519_verify(const struct crypto_public_key *key, struct bytes message,
                               const uint8_t signature[static 64])
{
    enum err e = ERR_OK;
    if (key->kind != CRYPTO_KEY_ED25519)
        return ERR_KEY;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, key->pkey, NULL) != 1)
        e = ERR_CRYPTO;
    else if (EVP_DigestVerify(context, signature, ED25519_SIGNATURE_SIZE, message.ptr, message.len) != 1)
        e = ERR_SIGNATURE;
    EVP_MD_CTX_free(context);
    return e == ERR_OK ? ERR_OK : crypto_failed(e);
}
