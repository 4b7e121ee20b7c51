/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "base/secret.h"
#include "base/writer.h"
#include "crypto/library.h"

enum {
    RSA_BITS_MIN = 2048,
    RSA_BITS_MAX = 8192,
    RSA_EXPONENT_BITS_MAX = 64,
    SPKI_SIZE_MAX = 2048,
    POINT_SIZE_MAX = 1 + 2 * 48,
    POINT_UNCOMPRESSED = 4, /* SEC 1 section 2.3.3 */
    PARAMETER_NAME_MAX = 32,
};

static const struct curve {
    enum crypto_key_kind kind;
    const char *name;
    size_t field_size;
} curves[] = {
    {CRYPTO_KEY_P256, SN_X9_62_prime256v1, 32},
    {CRYPTO_KEY_P384, SN_secp384r1, 48},
};
enum { CURVES = sizeof curves / sizeof curves[0] };

static const struct curve *curve_of(enum crypto_key_kind kind)
{
    for (size_t i = 0; i < CURVES; i++)
        if (curves[i].kind == kind)
            return &curves[i];
    return NULL;
}

size_t crypto_field_size(enum crypto_key_kind kind)
{
    const struct curve *curve = curve_of(kind);
    return curve == NULL ? 0 : curve->field_size;
}

/* ---- what kind of key it is, and whether it is a good one ---- */

static bool is_good_curve(const EVP_PKEY *pkey, enum crypto_key_kind *kind)
{
    char name[PARAMETER_NAME_MAX];
    size_t len;
    int explicit_curve = 0;
    /* A curve is named, never spelled out (CVE-2020-0601 shows why). */
    if (EVP_PKEY_get_group_name(pkey, name, sizeof name, &len) != 1 ||
        EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_curve) != 1 ||
        explicit_curve != 0)
        return false;
    for (size_t i = 0; i < CURVES; i++) {
        if (bytes_is_str(bytes_of(name, len), curves[i].name)) {
            *kind = curves[i].kind;
            return true;
        }
    }
    return false;
}

/* RFC 5480 section 2.2: certificates hold points uncompressed (or compressed, which no vendor does). libcrypto also takes
 * the hybrid form of X9.62, a second encoding of the same key. */
static bool is_uncompressed(const EVP_PKEY *pkey)
{
    char form[PARAMETER_NAME_MAX];
    size_t len;
    return EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form, sizeof form,
                                          &len) == 1 &&
           bytes_is_str(bytes_of(form, len), OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
}

static bool is_good_rsa(const EVP_PKEY *pkey)
{
    BIGNUM *exponent = NULL;
    int bits = EVP_PKEY_get_bits(pkey);
    bool good = bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 && BN_is_odd(exponent) &&
                !BN_is_one(exponent) && BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX;
    BN_free(exponent);
    return good;
}

/* On the curve, in range, not the point at infinity. */
static bool is_good_point(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool good = context != NULL && EVP_PKEY_public_check_quick(context) == 1;
    EVP_PKEY_CTX_free(context);
    return good;
}

static bool key_kind(EVP_PKEY *pkey, enum crypto_key_kind *kind)
{
    if (EVP_PKEY_is_a(pkey, "EC"))
        return is_good_curve(pkey, kind) && is_uncompressed(pkey) && is_good_point(pkey);
    *kind = EVP_PKEY_is_a(pkey, "ED25519") ? CRYPTO_KEY_ED25519 : CRYPTO_KEY_RSA;
    return *kind == CRYPTO_KEY_ED25519 || (EVP_PKEY_is_a(pkey, "RSA") && is_good_rsa(pkey));
}

/* Takes pkey over (NULL: there is none). */
static enum err key_new(EVP_PKEY *pkey, struct crypto_public_key **key)
{
    enum crypto_key_kind kind;
    *key = NULL;
    if (pkey == NULL || !key_kind(pkey, &kind)) {
        EVP_PKEY_free(pkey);
        return crypto_failed(ERR_KEY);
    }
    struct crypto_public_key *made = secret_alloc(sizeof *made);
    if (made == NULL) {
        EVP_PKEY_free(pkey);
        return ERR_CRYPTO;
    }
    *made = (struct crypto_public_key){.pkey = pkey, .kind = kind, .bits = (size_t)EVP_PKEY_get_bits(pkey)};
    *key = made;
    return ERR_OK;
}

/* ---- from its encodings ---- */

enum err crypto_public_key_from_spki(struct bytes spki, struct crypto_public_key **key)
{
    unsigned char *again = NULL;
    const unsigned char *at = spki.ptr;
    *key = NULL;
    if (spki.len == 0 || spki.len > SPKI_SIZE_MAX)
        return ERR_KEY;
    EVP_PKEY *pkey = d2i_PUBKEY_ex(NULL, &at, (long)spki.len, NULL, NULL);
    /* The parser takes BER. What it wrote for the same key is DER, so only the DER encoding compares equal. */
    int len = pkey == NULL ? 0 : i2d_PUBKEY(pkey, &again);
    bool same = len > 0 && bytes_equal(bytes_of(again, (size_t)len), spki);
    OPENSSL_free(again);
    if (!same) {
        EVP_PKEY_free(pkey);
        return crypto_failed(ERR_KEY);
    }
    return key_new(pkey, key);
}

enum err crypto_public_key_from_point(enum crypto_key_kind kind, struct bytes xy,
                                      struct crypto_public_key **key)
{
    const struct curve *curve = curve_of(kind);
    uint8_t point[POINT_SIZE_MAX];
    struct writer w = writer_into(point, sizeof point);
    EVP_PKEY *pkey = NULL;
    *key = NULL;
    if (curve == NULL || xy.len != 2 * curve->field_size)
        return ERR_KEY;
    writer_u8(&w, POINT_UNCOMPRESSED);
    writer_bytes(&w, xy);
    OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve->name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, w.used),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parts);
    EVP_PKEY_CTX_free(context);
    return key_new(pkey, key);
}

enum err crypto_public_key_ed25519(const uint8_t raw[static 32], struct crypto_public_key **key)
{
    return key_new(EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, raw, 32), key);
}

void crypto_public_key_free(struct crypto_public_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    secret_free(key);
}

enum crypto_key_kind crypto_public_key_kind(const struct crypto_public_key *key)
{
    return key->kind;
}

size_t crypto_public_key_bits(const struct crypto_public_key *key)
{
    return key->bits;
}
