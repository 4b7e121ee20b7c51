/* SPDX-License-Identifier: Apache-2.0 */
/* RSASSA-PSS and RSASSA-PKCS1-v1_5 (RFC 8017 sections 8.1 and 8.2). */
#include <openssl/rsa.h>

#include "crypto/library.h"

enum { SALT_SIZE_MAX = 512, NO_SALT = -1 };

static bool is_padding_set(EVP_PKEY_CTX *context, const EVP_MD *md, int salt_size)
{
    if (salt_size == NO_SALT)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, md) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, md) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_size) == 1;
}

static enum err verify(const struct crypto_public_key *key, enum crypto_hash h, int salt_size,
                       struct bytes message, struct bytes signature)
{
    uint8_t digest[CRYPTO_HASH_MAX];
    if (key->kind != CRYPTO_KEY_RSA)
        return ERR_KEY;
    enum err e = crypto_hash_parts(h, &message, 1, digest);
    if (e != ERR_OK)
        return e;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context == NULL || EVP_PKEY_verify_init(context) != 1 ||
        !is_padding_set(context, crypto_library.hash[h], salt_size))
        e = ERR_CRYPTO;
    else if (EVP_PKEY_verify(context, signature.ptr, signature.len, digest, crypto_hash_size(h)) != 1)
        e = ERR_SIGNATURE;
    EVP_PKEY_CTX_free(context);
    return e == ERR_OK ? ERR_OK : crypto_failed(e);
}

enum err crypto_rsa_pss_verify(const struct crypto_public_key *key, enum crypto_hash h, size_t salt_size,
                               struct bytes message, struct bytes signature)
{
    if (key->kind != CRYPTO_KEY_RSA)
        return ERR_KEY;
    if (salt_size > SALT_SIZE_MAX)
        return ERR_SIGNATURE;
    return verify(key, h, (int)salt_size, message, signature);
}

/* libcrypto encodes the digest anew and compares octets, so nothing can hide in the padding (CVE-2006-4339). */
enum err crypto_rsa_pkcs1_verify(const struct crypto_public_key *key, enum crypto_hash h,
                                 struct bytes message, struct bytes signature)
{
    return verify(key, h, NO_SALT, message, signature);
}
