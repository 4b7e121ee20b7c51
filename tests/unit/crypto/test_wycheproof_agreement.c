/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "base/secret.h"
#include "crypto/crypto.h"
#include "unit/crypto/wycheproof.h"

static int id_of(const json_t *test)
{
    return (int)wycheproof_integer(test, "tcId");
}

/* "acceptable" are keys on the twist, of small order, or not reduced. RFC 7748 computes with all of them, and so must we, to
 * the same result, except where that is all zero: Noise is to refuse it (section 12.1 allows that, our header promises it). */
static bool check_x25519(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    static const uint8_t zero[CRYPTO_X25519_SIZE];
    const struct bytes own = wycheproof_bytes(test, "private");
    const struct bytes peer = wycheproof_bytes(test, "public");
    const struct bytes shared = wycheproof_bytes(test, "shared");
    uint8_t out[CRYPTO_X25519_SIZE];
    (void)group;
    assert_int_not_equal(wanted, WYCHEPROOF_INVALID);
    assert_true(own.len == sizeof out && peer.len == sizeof out && shared.len == sizeof out);
    bool is_zero = secret_equal(shared.ptr, zero, sizeof zero);
    enum err e = crypto_x25519(own.ptr, peer.ptr, out);
    if (e != (is_zero ? ERR_NOISE_KEY : ERR_OK) || !secret_equal(out, shared.ptr, sizeof out))
        fail_msg("test %d: %s", id_of(test), err_name(e));
    assert_false(is_zero && wanted == WYCHEPROOF_VALID);
    return true;
}

static bool check_mlkem_keygen(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    const struct bytes seed = wycheproof_bytes(test, "seed");
    const struct bytes ek = wycheproof_bytes(test, "ek");
    uint8_t public_key[CRYPTO_MLKEM_PUBLIC_SIZE];
    (void)group;
    assert_int_equal(wanted, WYCHEPROOF_VALID);
    assert_int_equal(seed.len, CRYPTO_MLKEM_SEED_SIZE);
    assert_ok(crypto_mlkem_from_seed(seed.ptr, public_key));
    assert_true(bytes_equal(bytes_of(public_key, sizeof public_key), ek));
    return true;
}

/* Not expressible: encapsulation keys of another length, all of them invalid. */
static bool check_mlkem_encaps(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    const struct bytes ek = wycheproof_bytes(test, "ek");
    const struct bytes m = wycheproof_bytes(test, "m");
    uint8_t ciphertext[CRYPTO_MLKEM_CIPHER_SIZE];
    uint8_t shared[CRYPTO_MLKEM_SHARED_SIZE];
    (void)group;
    if (ek.len != CRYPTO_MLKEM_PUBLIC_SIZE) {
        assert_int_equal(wanted, WYCHEPROOF_INVALID);
        return false;
    }
    assert_int_equal(m.len, CRYPTO_MLKEM_SHARED_SIZE);
    enum err e = crypto_mlkem_encaps_with(ek.ptr, m.ptr, ciphertext, shared);
    if (e != (wanted == WYCHEPROOF_VALID ? ERR_OK : ERR_KEY))
        fail_msg("test %d: %s", id_of(test), err_name(e));
    if (wanted == WYCHEPROOF_VALID) {
        assert_true(bytes_equal(bytes_of(ciphertext, sizeof ciphertext), wycheproof_bytes(test, "c")));
        assert_true(bytes_equal(bytes_of(shared, sizeof shared), wycheproof_bytes(test, "K")));
    }
    assert_err(crypto_mlkem_encaps(ek.ptr, ciphertext, shared), e);
    return true;
}

/* Not expressible: seeds and ciphertexts of another length, all of them invalid. */
static bool check_mlkem_decaps(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    const struct bytes seed = wycheproof_bytes(test, "seed");
    const struct bytes ciphertext = wycheproof_bytes(test, "c");
    uint8_t shared[CRYPTO_MLKEM_SHARED_SIZE];
    (void)group;
    if (seed.len != CRYPTO_MLKEM_SEED_SIZE || ciphertext.len != CRYPTO_MLKEM_CIPHER_SIZE) {
        assert_int_equal(wanted, WYCHEPROOF_INVALID);
        return false;
    }
    assert_int_equal(wanted, WYCHEPROOF_VALID);
    assert_ok(crypto_mlkem_decaps(seed.ptr, ciphertext.ptr, shared));
    assert_true(bytes_equal(bytes_of(shared, sizeof shared), wycheproof_bytes(test, "K")));
    if (json_object_get(test, "ek") != NULL)
        assert_true(check_mlkem_keygen(group, test, wanted));
    return true;
}

static void x25519(void **state)
{
    (void)state;
    wycheproof_run("x25519_test.json", check_x25519, 0);
}

static void mlkem_768_keygen(void **state)
{
    (void)state;
    wycheproof_run("mlkem_768_keygen_seed_test.json", check_mlkem_keygen, 0);
}

static void mlkem_768_encaps(void **state)
{
    (void)state;
    wycheproof_run("mlkem_768_encaps_test.json", check_mlkem_encaps, 20);
}

static void mlkem_768_decaps(void **state)
{
    (void)state;
    wycheproof_run("mlkem_768_test.json", check_mlkem_decaps, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x25519),
        cmocka_unit_test(mlkem_768_keygen),
        cmocka_unit_test(mlkem_768_encaps),
        cmocka_unit_test(mlkem_768_decaps),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return wycheproof_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
