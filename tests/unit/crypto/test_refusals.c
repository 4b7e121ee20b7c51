/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures that must be refused, and are in no file of vectors. */
#include "unit/test.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "unit/crypto/hex.h"

/* Takes pkey over. */
static enum err spki_result(EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    struct crypto_public_key *key;
    assert_non_null(pkey);
    int len = i2d_PUBKEY(pkey, &der);
    assert_true(len > 0);
    enum err e = crypto_public_key_from_spki(bytes_of(der, (size_t)len), &key);
    assert_true((e == ERR_OK) == (key != NULL));
    crypto_public_key_free(key);
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    return e;
}

static void keys_of_other_kinds_and_sizes_are_refused(void **state)
{
    (void)state;
    assert_ok(spki_result(EVP_EC_gen("P-256")));
    assert_ok(spki_result(EVP_RSA_gen(2048)));
    assert_err(spki_result(EVP_EC_gen("P-224")), ERR_KEY);
    assert_err(spki_result(EVP_EC_gen("P-521")), ERR_KEY);
    assert_err(spki_result(EVP_EC_gen("secp256k1")), ERR_KEY);
    assert_err(spki_result(EVP_PKEY_Q_keygen(NULL, NULL, "X25519")), ERR_KEY);
    assert_err(spki_result(EVP_PKEY_Q_keygen(NULL, NULL, "ED448")), ERR_KEY);
    assert_err(spki_result(EVP_RSA_gen(1024)), ERR_KEY);
}

/* An uncompressed P-256 key in DER, as a certificate holds it. */
static size_t good_spki(uint8_t *out, size_t size)
{
    struct crypto_private_key *key;
    size_t len;
    assert_ok(crypto_private_key_new(CRYPTO_KEY_P256, 0, &key));
    assert_ok(crypto_private_key_spki(key, out, size, &len));
    crypto_private_key_free(key);
    return len;
}

static void every_cut_and_every_trailing_byte_is_refused(void **state)
{
    uint8_t spki[128] = {0};
    struct crypto_public_key *key;
    (void)state;
    size_t len = good_spki(spki, sizeof spki);
    for (size_t cut = 0; cut < len; cut++) {
        /* A block of its own, so that AddressSanitizer sees a step too far. */
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, spki, cut);
        assert_err(crypto_public_key_from_spki(bytes_of(copy, cut), &key), ERR_KEY);
        assert_null(key);
        free(copy);
    }
    assert_err(crypto_public_key_from_spki(bytes_of(spki, len + 1), &key), ERR_KEY);
    assert_err(crypto_public_key_from_spki(bytes_of(spki, sizeof spki), &key), ERR_KEY);
}

static void every_flipped_bit_is_refused(void **state)
{
    uint8_t spki[128];
    struct crypto_public_key *key;
    (void)state;
    size_t len = good_spki(spki, sizeof spki);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        spki[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_err(crypto_public_key_from_spki(bytes_of(spki, len), &key), ERR_KEY);
        spki[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_ok(crypto_public_key_from_spki(bytes_of(spki, len), &key));
    crypto_public_key_free(key);
}

static void what_is_ber_but_not_der_is_refused(void **state)
{
    uint8_t spki[128];
    uint8_t longer[129];
    struct crypto_public_key *key;
    (void)state;
    size_t len = good_spki(spki, sizeof spki);
    /* The outer length in two bytes instead of one. */
    longer[0] = spki[0];
    longer[1] = 0x81;
    memcpy(longer + 2, spki + 1, len - 1);
    assert_err(crypto_public_key_from_spki(bytes_of(longer, len + 1), &key), ERR_KEY);
}

static void points_off_the_curve_are_refused(void **state)
{
    uint8_t xy[96];
    struct crypto_public_key *key;
    (void)state;
    memset(xy, 0, sizeof xy);
    assert_err(crypto_public_key_from_point(CRYPTO_KEY_P256, bytes_of(xy, 64), &key), ERR_KEY);
    memset(xy, 0xff, sizeof xy);
    assert_err(crypto_public_key_from_point(CRYPTO_KEY_P384, bytes_of(xy, 96), &key), ERR_KEY);
    const struct hex good = hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    assert_ok(crypto_public_key_from_point(CRYPTO_KEY_P256, hex_bytes(good), &key));
    crypto_public_key_free(key);
    assert_err(crypto_public_key_from_point(CRYPTO_KEY_P256, bytes_of(good.at, 63), &key), ERR_KEY);
    assert_err(crypto_public_key_from_point(CRYPTO_KEY_P384, hex_bytes(good), &key), ERR_KEY);
    assert_err(crypto_public_key_from_point(CRYPTO_KEY_RSA, hex_bytes(good), &key), ERR_KEY);
    assert_null(key);
}

/* SEC 1 section 2.3.4: x + p names the same residue as a small x, but it is no second encoding of the point. */
static void coordinates_out_of_range_are_refused(void **state)
{
    static const struct {
        enum crypto_key_kind kind;
        const char *good;
        const char *bad;
    } cases[] = {
        {CRYPTO_KEY_P256,
         "0000000000000000000000000000000000000000000000000000000000000005"
         "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
         "ffffffff00000001000000000000000000000001000000000000000000000004"
         "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"},
        {CRYPTO_KEY_P384,
         "000000000000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000000002"
         "8cdeadbbd04911a3c1931e26df3fa6439dca9c7eb286fbd4"
         "6fc319f0e2bb780232baf57825fc0c1912ada2fefe84024c",
         "ffffffffffffffffffffffffffffffffffffffffffffffff"
         "fffffffffffffffeffffffff000000000000000100000001"
         "8cdeadbbd04911a3c1931e26df3fa6439dca9c7eb286fbd4"
         "6fc319f0e2bb780232baf57825fc0c1912ada2fefe84024c"},
    };
    struct crypto_public_key *key;
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        const struct hex good = hex(cases[i].good);
        const struct hex bad = hex(cases[i].bad);
        assert_ok(crypto_public_key_from_point(cases[i].kind, hex_bytes(good), &key));
        crypto_public_key_free(key);
        assert_err(crypto_public_key_from_point(cases[i].kind, hex_bytes(bad), &key), ERR_KEY);
        assert_null(key);
    }
}

/* FIPS 186-5 section 6.4.2: r and s stand in [1, n-1]. */
static void raw_signatures_out_of_range_are_refused(void **state)
{
    const struct hex xy = hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                              "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    const struct hex good = hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    const struct hex order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const struct bytes message = bytes_str("sample");
    struct crypto_public_key *key;
    (void)state;
    assert_ok(crypto_public_key_from_point(CRYPTO_KEY_P256, hex_bytes(xy), &key));
    assert_ok(crypto_ecdsa_verify_raw(key, CRYPTO_SHA256, message, hex_bytes(good)));
    for (size_t half = 0; half < 2; half++) {
        struct hex wrong = good;
        memset(wrong.at + 32 * half, 0, 32);
        assert_err(crypto_ecdsa_verify_raw(key, CRYPTO_SHA256, message, hex_bytes(wrong)), ERR_SIGNATURE);
        memcpy(wrong.at + 32 * half, order.at, 32);
        assert_err(crypto_ecdsa_verify_raw(key, CRYPTO_SHA256, message, hex_bytes(wrong)), ERR_SIGNATURE);
        memset(wrong.at + 32 * half, 0xff, 32);
        assert_err(crypto_ecdsa_verify_raw(key, CRYPTO_SHA256, message, hex_bytes(wrong)), ERR_SIGNATURE);
    }
    assert_err(crypto_ecdsa_verify_raw(key, CRYPTO_SHA256, message, (struct bytes){0}), ERR_SIGNATURE);
    assert_err(crypto_ecdsa_verify(key, CRYPTO_SHA256, message, (struct bytes){0}), ERR_SIGNATURE);
    crypto_public_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_other_kinds_and_sizes_are_refused),
        cmocka_unit_test(every_cut_and_every_trailing_byte_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(what_is_ber_but_not_der_is_refused),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(coordinates_out_of_range_are_refused),
        cmocka_unit_test(raw_signatures_out_of_range_are_refused),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
