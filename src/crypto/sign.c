/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/secret.h"
#include "base/writer.h"
#include "crypto/library.h"

enum { ECDSA_DER_MAX = 128, ED25519_SIGNATURE_SIZE = 64 };

struct crypto_private_key {
    EVP_PKEY *pkey;
    enum crypto_key_kind kind;
};

static EVP_PKEY *generate(enum crypto_key_kind kind, unsigned rsa_bits)
{
    switch (kind) {
    case CRYPTO_KEY_P256:
        return EVP_EC_gen(SN_X9_62_prime256v1);
    case CRYPTO_KEY_P384:
        return EVP_EC_gen(SN_secp384r1);
    case CRYPTO_KEY_RSA:
        return EVP_RSA_gen(rsa_bits);
    case CRYPTO_KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    return NULL;
}

enum err crypto_private_key_new(enum crypto_key_kind kind, unsigned rsa_bits, struct crypto_private_key **key)
{
    *key = NULL;
    struct crypto_private_key *made = secret_alloc(sizeof *made);
    if (made == NULL)
        return ERR_CRYPTO;
    made->kind = kind;
    made->pkey = generate(kind, rsa_bits);
    if (made->pkey == NULL) {
        secret_free(made);
        return crypto_failed(ERR_CRYPTO);
    }
    *key = made;
    return ERR_OK;
}

void crypto_private_key_free(struct crypto_private_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    secret_free(key);
}

enum err crypto_private_key_spki(const struct crypto_private_key *key, uint8_t *out, size_t size, size_t *len)
{
    unsigned char *der = NULL;
    struct bytes written;
    *len = 0;
    int der_len = i2d_PUBKEY(key->pkey, &der);
    if (der_len <= 0)
        return crypto_failed(ERR_CRYPTO);
    struct writer w = writer_into(out, size);
    writer_bytes(&w, bytes_of(der, (size_t)der_len));
    OPENSSL_free(der);
    enum err e = writer_finish(&w, &written);
    *len = written.len;
    return e;
}

enum err crypto_private_key_write(const struct crypto_private_key *key, uint8_t *out, size_t size,
                                  size_t *len)
{
    unsigned char *der = NULL;
    struct bytes written;
    *len = 0;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    int der_len = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    PKCS8_PRIV_KEY_INFO_free(info);
    if (der_len <= 0)
        return crypto_failed(ERR_CRYPTO);
    struct writer w = writer_into(out, size);
    writer_bytes(&w, bytes_of(der, (size_t)der_len));
    OPENSSL_free(der); /* libcrypto's heap wipes */
    enum err e = writer_finish(&w, &written);
    *len = written.len;
    return e;
}

static bool is_of_kind(const EVP_PKEY *pkey, enum crypto_key_kind kind)
{
    static const struct {
        const char *type;
        int bits; /* 0: any */
    } kinds[] = {
        [CRYPTO_KEY_P256] = {"EC", 256},
        [CRYPTO_KEY_P384] = {"EC", 384},
        [CRYPTO_KEY_RSA] = {"RSA", 0},
        [CRYPTO_KEY_ED25519] = {"ED25519", 0},
    };
    return EVP_PKEY_is_a(pkey, kinds[kind].type) == 1 &&
           (kinds[kind].bits == 0 || EVP_PKEY_get_bits(pkey) == kinds[kind].bits);
}

enum err crypto_private_key_read(enum crypto_key_kind kind, struct bytes der, struct crypto_private_key **key)
{
    const unsigned char *at = der.ptr;
    EVP_PKEY *pkey = NULL;
    *key = NULL;
    PKCS8_PRIV_KEY_INFO *info = der.len > LONG_MAX ? NULL : d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
    if (info != NULL && at == der.ptr + der.len)
        pkey = EVP_PKCS82PKEY(info);
    PKCS8_PRIV_KEY_INFO_free(info);
    struct crypto_private_key *made = secret_alloc(sizeof *made);
    if (pkey == NULL || made == NULL || !is_of_kind(pkey, kind)) {
        enum err e = made == NULL ? ERR_MEMORY : ERR_KEY;
        EVP_PKEY_free(pkey);
        secret_free(made);
        return crypto_failed(e);
    }
    *made = (struct crypto_private_key){.pkey = pkey, .kind = kind};
    *key = made;
    return ERR_OK;
}

enum err crypto_ecdsa_sign_raw(const struct crypto_private_key *key, enum crypto_hash h, struct bytes message,
                               uint8_t *rs)
{
    const int size = (int)crypto_field_size(key->kind);
    uint8_t digest[CRYPTO_HASH_MAX];
    uint8_t der[ECDSA_DER_MAX];
    const uint8_t *at = der;
    size_t der_len = sizeof der;
    ECDSA_SIG *signature = NULL;
    if (size == 0)
        return ERR_KEY;
    enum err e = crypto_hash_parts(h, &message, 1, digest);
    if (e != ERR_OK)
        return e;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context != NULL && EVP_PKEY_sign_init(context) == 1 &&
        EVP_PKEY_sign(context, der, &der_len, digest, crypto_hash_size(h)) == 1)
        signature = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    if (signature == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(signature), rs, size) != size ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), rs + size, size) != size)
        e = crypto_failed(ERR_CRYPTO);
    ECDSA_SIG_free(signature);
    EVP_PKEY_CTX_free(context);
    return e;
}

enum { NO_SALT = -1 };

static bool is_padding_set(EVP_PKEY_CTX *context, const EVP_MD *md, int salt_size)
{
    if (EVP_PKEY_CTX_set_rsa_padding(context,
                                     salt_size == NO_SALT ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context, md) != 1)
        return false;
    return salt_size == NO_SALT || (EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1 &&
                                    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_size) == 1);
}

static enum err rsa_sign(const struct crypto_private_key *key, enum crypto_hash h, int salt_size,
                         struct bytes message, uint8_t *signature, size_t size, size_t *len)
{
    uint8_t digest[CRYPTO_HASH_MAX];
    *len = 0;
    if (key->kind != CRYPTO_KEY_RSA)
        return ERR_KEY;
    if (size < (size_t)EVP_PKEY_get_size(key->pkey))
        return ERR_NO_SPACE;
    enum err e = crypto_hash_parts(h, &message, 1, digest);
    if (e != ERR_OK)
        return e;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context == NULL || EVP_PKEY_sign_init(context) != 1 ||
        !is_padding_set(context, crypto_library.hash[h], salt_size) ||
        EVP_PKEY_sign(context, signature, &size, digest, crypto_hash_size(h)) != 1)
        e = crypto_failed(ERR_CRYPTO);
    else
        *len = size;
    EVP_PKEY_CTX_free(context);
    return e;
}

enum err crypto_rsa_pss_sign(const struct crypto_private_key *key, enum crypto_hash h, size_t salt_size,
                             struct bytes message, uint8_t *signature, size_t size, size_t *len)
{
    return rsa_sign(key, h, (int)salt_size, message, signature, size, len);
}

enum err crypto_rsa_pkcs1_sign(const struct crypto_private_key *key, enum crypto_hash h, struct bytes message,
                               uint8_t *signature, size_t size, size_t *len)
{
    return rsa_sign(key, h, NO_SALT, message, signature, size, len);
}

enum err crypto_ed25519_sign(const struct crypto_private_key *key, struct bytes message,
                             uint8_t signature[static 64])
{
    size_t len = ED25519_SIGNATURE_SIZE;
    if (key->kind != CRYPTO_KEY_ED25519)
        return ERR_KEY;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL &&
                EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1 &&
                EVP_DigestSign(context, signature, &len, message.ptr, message.len) == 1;
    EVP_MD_CTX_free(context);
    return good ? ERR_OK : crypto_failed(ERR_CRYPTO);
}
