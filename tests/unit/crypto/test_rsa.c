/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys from their two numbers, and RSASSA-PKCS1-v1_5. Project Wycheproof's vectors for it are not at hand: what they look for is made here. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/encoding.h"
#include "base/reader.h"
#include "crypto/library.h"
#include "crypto/sign.h"
#include "unit/test.h"

enum { SPKI_MAX = 1024, SIGNATURE_SIZE = 256, MODULUS_SIZE = 256 };

static const uint8_t f4[] = {1, 0, 1};
static struct crypto_private_key *private_key;
static struct crypto_public_key *public_key;
static uint8_t spki[SPKI_MAX];
static size_t spki_len;
static struct bytes modulus;

/* RFC 8017 appendix A.1.1: the modulus ends before the five octets of INTEGER 65537. */
static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK || crypto_private_key_new(CRYPTO_KEY_RSA, 2048, &private_key) != ERR_OK ||
        crypto_private_key_spki(private_key, spki, sizeof spki, &spki_len) != ERR_OK)
        return -1;
    modulus = bytes_of(spki + spki_len - 5 - MODULUS_SIZE, MODULUS_SIZE);
    return crypto_public_key_from_rsa(modulus, bytes_of(f4, sizeof f4), &public_key) == ERR_OK ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    crypto_public_key_free(public_key);
    crypto_private_key_free(private_key);
    return 0;
}

static void what_is_signed_verifies_and_nothing_else_does(void **state)
{
    uint8_t signature[SIGNATURE_SIZE];
    size_t len;
    (void)state;
    assert_int_equal(crypto_public_key_kind(public_key), CRYPTO_KEY_RSA);
    assert_int_equal(crypto_public_key_bits(public_key), 2048);
    for (enum crypto_hash h = CRYPTO_SHA256; h <= CRYPTO_SHA512; h++) {
        assert_ok(
            crypto_rsa_pkcs1_sign(private_key, h, bytes_str("message"), signature, sizeof signature, &len));
        const struct bytes whole = bytes_of(signature, len);
        assert_int_equal(len, SIGNATURE_SIZE);
        assert_ok(crypto_rsa_pkcs1_verify(public_key, h, bytes_str("message"), whole));
        assert_err(crypto_rsa_pkcs1_verify(public_key, h, bytes_str("massage"), whole), ERR_SIGNATURE);
        assert_err(crypto_rsa_pkcs1_verify(public_key, h == CRYPTO_SHA256 ? CRYPTO_SHA384 : CRYPTO_SHA256,
                                           bytes_str("message"), whole),
                   ERR_SIGNATURE);
        assert_err(crypto_rsa_pss_verify(public_key, h, 32, bytes_str("message"), whole), ERR_SIGNATURE);
        assert_err(crypto_rsa_pkcs1_verify(public_key, h, bytes_str("message"), bytes_of(signature, len - 1)),
                   ERR_SIGNATURE);
        assert_err(crypto_rsa_pkcs1_verify(public_key, h, bytes_str("message"), (struct bytes){0}),
                   ERR_SIGNATURE);
        for (size_t bit = 0; bit < len * 8; bit += 11) {
            signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_err(crypto_rsa_pkcs1_verify(public_key, h, bytes_str("message"), whole), ERR_SIGNATURE);
            signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

static void a_signature_of_the_other_scheme_or_key_is_refused(void **state)
{
    uint8_t signature[SIGNATURE_SIZE];
    struct crypto_private_key *p256;
    struct crypto_public_key *other;
    size_t len;
    (void)state;
    assert_ok(crypto_rsa_pss_sign(private_key, CRYPTO_SHA256, 32, bytes_str("m"), signature, sizeof signature,
                                  &len));
    assert_err(crypto_rsa_pkcs1_verify(public_key, CRYPTO_SHA256, bytes_str("m"), bytes_of(signature, len)),
               ERR_SIGNATURE);
    assert_err(crypto_rsa_pkcs1_sign(private_key, CRYPTO_SHA256, bytes_str("m"), signature, 255, &len),
               ERR_NO_SPACE);
    assert_ok(crypto_private_key_new(CRYPTO_KEY_P256, 0, &p256));
    assert_err(crypto_rsa_pkcs1_sign(p256, CRYPTO_SHA256, bytes_str("m"), signature, sizeof signature, &len),
               ERR_KEY);
    assert_ok(crypto_private_key_spki(p256, spki, sizeof spki, &spki_len));
    assert_ok(crypto_public_key_from_spki(bytes_of(spki, spki_len), &other));
    assert_err(crypto_rsa_pkcs1_verify(other, CRYPTO_SHA256, bytes_str("m"), bytes_of(signature, 64)),
               ERR_KEY);
    crypto_public_key_free(other);
    crypto_private_key_free(p256);
}

/* EMSA-PKCS1-v1_5 by hand, so that it can be wrong; then the private operation alone. */
static struct bytes sign_block(const char *hex_head, size_t pad, struct bytes tail, struct bytes message,
                               uint8_t out[static SIGNATURE_SIZE])
{
    uint8_t block[SIGNATURE_SIZE] = {0};
    uint8_t head[32];
    size_t der_len;
    size_t len = SIGNATURE_SIZE;
    size_t head_len = strlen(hex_head) / 2;
    assert_ok(encoding_unhex(bytes_str(hex_head), head, head_len));
    assert_true(3 + pad + head_len + 32 + tail.len <= sizeof block);
    block[1] = 1;
    memset(block + 2, 0xff, pad);
    memcpy(block + 3 + pad, head, head_len);
    assert_ok(crypto_hash_parts(CRYPTO_SHA256, &message, 1, block + 3 + pad + head_len));
    if (tail.len > 0)
        memcpy(block + 3 + pad + head_len + 32, tail.ptr, tail.len);
    uint8_t pkcs8[2048];
    assert_ok(crypto_private_key_write(private_key, pkcs8, sizeof pkcs8, &der_len));
    const unsigned char *at = pkcs8;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)der_len);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_sign(context, out, &len, block, sizeof block), 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(pkey);
    return bytes_of(out, len);
}

/* RFC 8017 section 9.2: one encoding. Bleichenbacher's forgery of 2006 left the padding short and put what it liked behind the digest. */
static void only_the_one_encoding_of_the_digest_verifies(void **state)
{
    static const char sha256[] = "3031300d060960864801650304020105000420";
    static const char without_null[] = "302f300b0609608648016503040201"
                                       "0420";
    static const char long_lengths[] = "308131300d060960864801650304020105000420";
    static const char sha1[] = "3031300d060960864801650304020405000420";
    static const struct {
        const char *head;
        size_t pad;
        size_t tail;
        enum err wanted;
    } rows[] = {
        {sha256, SIGNATURE_SIZE - 3 - 19 - 32, 0, ERR_OK},
        {without_null, SIGNATURE_SIZE - 3 - 17 - 32, 0, ERR_SIGNATURE},
        {long_lengths, SIGNATURE_SIZE - 3 - 20 - 32, 0, ERR_SIGNATURE},
        {sha1, SIGNATURE_SIZE - 3 - 19 - 32, 0, ERR_SIGNATURE},
        {sha256, 8, 100, ERR_SIGNATURE},
        {sha256, 8, SIGNATURE_SIZE - 3 - 8 - 19 - 32, ERR_SIGNATURE},
        {"", SIGNATURE_SIZE - 3 - 32, 0, ERR_SIGNATURE},
    };
    static const uint8_t garbage[SIGNATURE_SIZE] = {1, 2, 3};
    uint8_t out[SIGNATURE_SIZE];
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct bytes signature =
            sign_block(rows[i].head, rows[i].pad, bytes_of(garbage, rows[i].tail), bytes_str("m"), out);
        assert_err(crypto_rsa_pkcs1_verify(public_key, CRYPTO_SHA256, bytes_str("m"), signature),
                   rows[i].wanted);
    }
}

static void malformed_numbers_are_no_key(void **state)
{
    static const uint8_t one[] = {1};
    static const uint8_t even[] = {1, 0, 0};
    static const uint8_t padded[] = {0, 1, 0, 1};
    static const uint8_t large[] = {1, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t three[] = {3};
    static uint8_t huge[1025] = {0x80};
    uint8_t led[MODULUS_SIZE + 1] = {0};
    struct crypto_public_key *key;
    (void)state;
    memcpy(led + 1, modulus.ptr, modulus.len);
    huge[1024] = 1;
    const struct bytes good = bytes_of(f4, sizeof f4);
    assert_err(crypto_public_key_from_rsa(modulus, bytes_of(one, 1), &key), ERR_KEY);
    assert_err(crypto_public_key_from_rsa(modulus, bytes_of(even, 3), &key), ERR_KEY);
    assert_err(crypto_public_key_from_rsa(modulus, bytes_of(padded, 4), &key), ERR_KEY);
    assert_err(crypto_public_key_from_rsa(modulus, bytes_of(large, 9), &key), ERR_KEY);
    assert_err(crypto_public_key_from_rsa(modulus, (struct bytes){0}, &key), ERR_KEY);
    assert_err(crypto_public_key_from_rsa(bytes_of(led, sizeof led), good, &key), ERR_KEY);
    assert_err(crypto_public_key_from_rsa(bytes_of(modulus.ptr, 255), good, &key), ERR_KEY); /* 2040 bits */
    assert_err(crypto_public_key_from_rsa(bytes_of(huge, sizeof huge), good, &key), ERR_KEY);
    assert_err(crypto_public_key_from_rsa((struct bytes){0}, good, &key), ERR_KEY);
    assert_null(key);
    assert_ok(crypto_public_key_from_rsa(modulus, bytes_of(three, 1), &key)); /* good, if not to everybody */
    crypto_public_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_numbers_are_no_key),
        cmocka_unit_test(what_is_signed_verifies_and_nothing_else_does),
        cmocka_unit_test(only_the_one_encoding_of_the_digest_verifies),
        cmocka_unit_test(a_signature_of_the_other_scheme_or_key_is_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
