/* SPDX-License-Identifier: Apache-2.0 */
/* RSASSA-PSS (RFC 8017 section 8.1). */
#include <openssl/rsa.h>

#include "crypto/library.h"

enum { SALT_SIZE_MAX = 512 };

enum err crypto_rsa_pss_verify(const struct crypto_public_key *key, enum crypto_hash h, size_t salt_size,
                               struct bytes message, struct bytes signature)
{
    uint8_t digest[CRYPTO_HASH_MAX];
    if (key->kind != CRYPTO_KEY_RSA)
        return ERR_KEY;
    if (salt_size > SALT_SIZE_MAX)
        return ERR_SIGNATURE;
    enum err e = crypto_hash_parts(h, &message, 1, digest);
    if (e != ERR_OK)
        return e;
    const EVP_MD *md = crypto_library.hash[h];
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context == NULL || EVP_PKEY_verify_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context, md) != 1 || EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)salt_size) != 1)
        e = ERR_CRYPTO;
    else if (EVP_PKEY_verify(context, signature.ptr, signature.len, digest, crypto_hash_size(h)) != 1)
        e = ERR_SIGNATURE;
    EVP_PKEY_CTX_free(context);
    return e == ERR_OK ? ERR_OK : crypto_failed(e);
}
