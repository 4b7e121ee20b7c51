/* SPDX-License-Identifier: Apache-2.0 */
/* RSASSA-PSS and RSASSA-PKCS1-v1_5 (RFC 8017 sections 8.1 and 8.2). */
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/library.h"

enum { SALT_SIZE_MAX = 512, NO_SALT = -1 };

/* All options in one call: one by one, libcrypto looks for each through a table of names. */
static bool is_begun(EVP_PKEY_CTX *context, enum crypto_hash h, int salt_size)
{
    char *hash = (char *)crypto_hash_name(h); /* not written to, but not declared so */
    const bool pss = salt_size != NO_SALT;
    const OSSL_PARAM options[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE,
                                         pss ? OSSL_PKEY_RSA_PAD_MODE_PSS : OSSL_PKEY_RSA_PAD_MODE_PKCSV15,
                                         0),
        OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, hash, 0),
        pss ? OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, hash, 0)
            : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt_size),
        OSSL_PARAM_construct_end(),
    };
    return hash != NULL && EVP_PKEY_verify_init_ex(context, options) == 1;
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
    if (context == NULL || !is_begun(context, h, salt_size))
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
