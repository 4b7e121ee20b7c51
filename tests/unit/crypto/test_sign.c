/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <string.h>

#include "crypto/sign.h"

enum { SPKI_MAX = 1024, SIGNATURE_MAX = 1024, SALT = 48 };

static enum err sign(const struct crypto_private_key *key, enum crypto_key_kind kind, struct bytes message,
                     uint8_t *out, size_t *len)
{
    *len = kind == CRYPTO_KEY_P384 ? 96 : 64;
    if (kind == CRYPTO_KEY_RSA)
        return crypto_rsa_pss_sign(key, CRYPTO_SHA384, SALT, message, out, SIGNATURE_MAX, len);
    if (kind == CRYPTO_KEY_ED25519)
        return crypto_ed25519_sign(key, message, out);
    return crypto_ecdsa_sign_raw(key, CRYPTO_SHA384, message, out);
}

static enum err verify(const struct crypto_public_key *key, enum crypto_key_kind as, struct bytes message,
                       struct bytes signature)
{
    if (as == CRYPTO_KEY_RSA)
        return crypto_rsa_pss_verify(key, CRYPTO_SHA384, SALT, message, signature);
    if (as == CRYPTO_KEY_ED25519)
        return crypto_ed25519_verify(key, message, signature.ptr);
    return crypto_ecdsa_verify_raw(key, CRYPTO_SHA384, message, signature);
}

static void what_is_signed_verifies_and_nothing_else_does(void **state)
{
    static const struct {
        enum crypto_key_kind kind;
        size_t bits;
    } cases[] = {
        {CRYPTO_KEY_P256, 256}, {CRYPTO_KEY_P384, 384}, {CRYPTO_KEY_RSA, 2048}, {CRYPTO_KEY_ED25519, 256}};
    const struct bytes message = bytes_str("message");
    uint8_t spki[SPKI_MAX];
    uint8_t signature[SIGNATURE_MAX];
    size_t spki_len;
    size_t len;
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct crypto_private_key *private_key;
        struct crypto_public_key *public_key;
        assert_ok(crypto_private_key_new(cases[i].kind, 2048, &private_key));
        assert_err(crypto_private_key_spki(private_key, spki, 10, &spki_len), ERR_NO_SPACE);
        assert_ok(crypto_private_key_spki(private_key, spki, sizeof spki, &spki_len));
        assert_ok(crypto_public_key_from_spki(bytes_of(spki, spki_len), &public_key));
        assert_int_equal(crypto_public_key_kind(public_key), cases[i].kind);
        if (cases[i].kind != CRYPTO_KEY_ED25519)
            assert_int_equal(crypto_public_key_bits(public_key), cases[i].bits);
        assert_ok(sign(private_key, cases[i].kind, message, signature, &len));
        const struct bytes signed_bytes = bytes_of(signature, len);
        assert_ok(verify(public_key, cases[i].kind, message, signed_bytes));
        assert_err(verify(public_key, cases[i].kind, bytes_str("massage"), signed_bytes), ERR_SIGNATURE);
        for (size_t at = 0; at < len; at += 7) {
            signature[at] ^= 0x10;
            assert_err(verify(public_key, cases[i].kind, message, signed_bytes), ERR_SIGNATURE);
            signature[at] ^= 0x10;
        }
        if (cases[i].kind != CRYPTO_KEY_ED25519)
            assert_err(verify(public_key, cases[i].kind, message, bytes_of(signature, len - 1)),
                       ERR_SIGNATURE);
        for (size_t k = 0; k < test_count(cases); k++) {
            bool both_curves = cases[i].bits <= 384 && cases[k].bits <= 384 &&
                               cases[i].kind <= CRYPTO_KEY_P384 && cases[k].kind <= CRYPTO_KEY_P384;
            if (k != i && !both_curves)
                assert_err(verify(public_key, cases[k].kind, message, signed_bytes), ERR_KEY);
        }
        assert_ok(verify(public_key, cases[i].kind, message, signed_bytes));
        crypto_public_key_free(public_key);
        crypto_private_key_free(private_key);
    }
    crypto_public_key_free(NULL);
    crypto_private_key_free(NULL);
}

static void signing_with_a_key_of_another_kind_is_refused(void **state)
{
    struct crypto_private_key *key;
    uint8_t out[SIGNATURE_MAX];
    size_t len;
    (void)state;
    assert_ok(crypto_private_key_new(CRYPTO_KEY_P256, 0, &key));
    assert_err(crypto_ed25519_sign(key, bytes_str("m"), out), ERR_KEY);
    assert_err(crypto_rsa_pss_sign(key, CRYPTO_SHA256, 32, bytes_str("m"), out, sizeof out, &len), ERR_KEY);
    crypto_private_key_free(key);
    assert_ok(crypto_private_key_new(CRYPTO_KEY_ED25519, 0, &key));
    assert_err(crypto_ecdsa_sign_raw(key, CRYPTO_SHA256, bytes_str("m"), out), ERR_KEY);
    crypto_private_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_verifies_and_nothing_else_does),
        cmocka_unit_test(signing_with_a_key_of_another_kind_is_refused),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
