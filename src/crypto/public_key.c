/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "base/reader.h"
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
    EVP_PKEY **empty;
} curves[] = {
    {CRYPTO_KEY_P256, SN_X9_62_prime256v1, 32, &crypto_library.p256},
    {CRYPTO_KEY_P384, SN_secp384r1, 48, &crypto_library.p384},
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

static bool is_good_rsa(int bits, uint64_t exponent)
{
    return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && exponent % 2 == 1 && exponent != 1;
}

static bool is_good_rsa_key(const EVP_PKEY *pkey)
{
    BIGNUM *exponent = NULL;
    bool good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX &&
                is_good_rsa(EVP_PKEY_get_bits(pkey), BN_get_word(exponent));
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
    return *kind == CRYPTO_KEY_ED25519 || (EVP_PKEY_is_a(pkey, "RSA") && is_good_rsa_key(pkey));
}

/* Takes pkey over (NULL: there is none), which is a good one of this kind. */
static enum err key_new(EVP_PKEY *pkey, enum crypto_key_kind kind, struct crypto_public_key **key)
{
    *key = NULL;
    if (pkey == NULL)
        return crypto_failed(ERR_KEY);
    struct crypto_public_key *made = secret_alloc(sizeof *made);
    if (made == NULL) {
        EVP_PKEY_free(pkey);
        return ERR_CRYPTO;
    }
    *made = (struct crypto_public_key){.pkey = pkey, .kind = kind, .bits = (size_t)EVP_PKEY_get_bits(pkey)};
    *key = made;
    return ERR_OK;
}

/* Takes pkey over (NULL: there is none), whatever it is. */
static enum err key_examined(EVP_PKEY *pkey, struct crypto_public_key **key)
{
    enum crypto_key_kind kind = CRYPTO_KEY_RSA;
    *key = NULL;
    if (pkey == NULL || !key_kind(pkey, &kind)) {
        EVP_PKEY_free(pkey);
        return crypto_failed(ERR_KEY);
    }
    return key_new(pkey, kind, key);
}

/* ---- from its parts ---- */

/* A key of this type out of parts; NULL when they are none. */
static EVP_PKEY *pkey_from(const char *type, int selection, OSSL_PARAM *parts)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &pkey, selection, parts);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

enum err crypto_public_key_init(void)
{
    for (size_t i = 0; i < CURVES; i++) {
        OSSL_PARAM parts[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curves[i].name, 0),
            OSSL_PARAM_construct_end(),
        };
        *curves[i].empty = pkey_from("EC", EVP_PKEY_KEY_PARAMETERS, parts);
        if (*curves[i].empty == NULL)
            return crypto_failed(ERR_CRYPTO);
    }
    return ERR_OK;
}

/* Both curves have cofactor 1, so a point is good when it is on the curve with coordinates in range (SP 800-56A section 5.6.2.3.4), and both are what
 * libcrypto asks of an encoding before it takes it (EC_POINT_oct2point). Infinity has no encoding of this length. */
enum err crypto_public_key_from_point(enum crypto_key_kind kind, struct bytes xy,
                                      struct crypto_public_key **key)
{
    const struct curve *curve = curve_of(kind);
    uint8_t point[POINT_SIZE_MAX];
    struct writer w = writer_into(point, sizeof point);
    *key = NULL;
    if (curve == NULL || xy.len != 2 * curve->field_size)
        return ERR_KEY;
    writer_u8(&w, POINT_UNCOMPRESSED);
    writer_bytes(&w, xy);
    if (*curve->empty == NULL)
        return ERR_CRYPTO;
    EVP_PKEY *pkey = EVP_PKEY_dup(*curve->empty);
    if (pkey != NULL && EVP_PKEY_set1_encoded_public_key(pkey, point, w.used) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return key_new(pkey, kind, key);
}

enum err crypto_public_key_from_rsa(struct bytes modulus, struct bytes exponent,
                                    struct crypto_public_key **key)
{
    uint8_t native[RSA_BITS_MAX / 8];
    uint64_t native_exponent = 0;
    *key = NULL;
    if (modulus.len == 0 || modulus.len > sizeof native || modulus.ptr[0] == 0 || exponent.len == 0 ||
        exponent.len > sizeof native_exponent || exponent.ptr[0] == 0)
        return ERR_KEY;
    for (size_t i = 0; i < modulus.len;
         i++) /* parameters are in the machine's order, which is little endian */
        native[i] = modulus.ptr[modulus.len - 1 - i];
    for (struct reader r = reader_over(exponent); r.left > 0;)
        native_exponent = native_exponent << 8 | reader_u8(&r);
    OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, native, modulus.len),
        OSSL_PARAM_construct_uint64(OSSL_PKEY_PARAM_RSA_E, &native_exponent),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey = pkey_from("RSA", EVP_PKEY_PUBLIC_KEY, parts);
    if (pkey != NULL && !is_good_rsa(EVP_PKEY_get_bits(pkey), native_exponent)) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return key_new(pkey, CRYPTO_KEY_RSA, key);
}

/* ---- from its encoding ---- */

/* SubjectPublicKeyInfo of the keys that chip makers use has one beginning each, down to the octet; the general parser takes several times as long as all
 * the rest of loading such a key. What differs in any octet goes to the general parser. */
static const struct form {
    enum crypto_key_kind kind;
    size_t part_size; /* what follows the beginning: the point, or the modulus */
    struct bytes beginning;
    struct bytes end;
} forms[] = {
#define OCTETS(...)                                                                                          \
    {                                                                                                        \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                               \
    }
    /* RFC 5480: id-ecPublicKey, prime256v1; an uncompressed point */
    {CRYPTO_KEY_P256,
     64,
     OCTETS(0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
            0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04),
     {NULL, 0}},
    /* the same with secp384r1 */
    {CRYPTO_KEY_P384,
     96,
     OCTETS(0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
            0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04),
     {NULL, 0}},
    /* RFC 8017: rsaEncryption, 4096 bits, 65537 */
    {CRYPTO_KEY_RSA, 512,
     OCTETS(0x30, 0x82, 0x02, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
            0x01, 0x05, 0x00, 0x03, 0x82, 0x02, 0x0f, 0x00, 0x30, 0x82, 0x02, 0x0a, 0x02, 0x82, 0x02, 0x01,
            0x00),
     OCTETS(0x02, 0x03, 0x01, 0x00, 0x01)},
};

/* The first bit of the modulus is 1: otherwise its encoding would be shorter, or not DER. */
static bool form_read(const struct form *f, struct bytes spki, struct bytes *part)
{
    struct reader r = reader_over(spki);
    bool same = bytes_equal(reader_bytes(&r, f->beginning.len), f->beginning);
    *part = reader_bytes(&r, f->part_size);
    same = bytes_equal(reader_rest(&r), f->end) && same;
    return same && reader_status(&r) == ERR_OK && (f->kind != CRYPTO_KEY_RSA || part->ptr[0] >= 0x80);
}

static enum err key_from_any_spki(struct bytes spki, struct crypto_public_key **key)
{
    unsigned char *again = NULL;
    const unsigned char *at = spki.ptr;
    EVP_PKEY *pkey = d2i_PUBKEY_ex(NULL, &at, (long)spki.len, NULL, NULL);
    /* The parser takes BER. What it wrote for the same key is DER, so only the DER encoding compares equal. */
    int len = pkey == NULL ? 0 : i2d_PUBKEY(pkey, &again);
    bool same = len > 0 && bytes_equal(bytes_of(again, (size_t)len), spki);
    OPENSSL_free(again);
    if (!same) {
        EVP_PKEY_free(pkey);
        return crypto_failed(ERR_KEY);
    }
    return key_examined(pkey, key);
}

enum err crypto_public_key_from_spki(struct bytes spki, struct crypto_public_key **key)
{
    static const uint8_t f4_octets[] = {0x01, 0x00, 0x01}; /* 65537, which the form of RSA keys ends with */
    const struct bytes f4 = bytes_of(f4_octets, sizeof f4_octets);
    struct bytes part;
    *key = NULL;
    if (spki.len == 0 || spki.len > SPKI_SIZE_MAX)
        return ERR_KEY;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (form_read(&forms[i], spki, &part))
            return forms[i].kind == CRYPTO_KEY_RSA ? crypto_public_key_from_rsa(part, f4, key)
                                                   : crypto_public_key_from_point(forms[i].kind, part, key);
    return key_from_any_spki(spki, key);
}

enum err crypto_public_key_ed25519(const uint8_t raw[static 32], struct crypto_public_key **key)
{
    return key_new(EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, raw, 32), CRYPTO_KEY_ED25519, key);
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

bool crypto_public_key_equal(const struct crypto_public_key *a, const struct crypto_public_key *b)
{
    bool equal = EVP_PKEY_eq(a->pkey, b->pkey) == 1;
    (void)!crypto_failed(ERR_OK); /* what could not be compared is not equal */
    return equal;
}
