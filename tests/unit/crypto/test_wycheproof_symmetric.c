/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/crypto.h"
#include "unit/crypto/wycheproof.h"

static const char *id_of(const json_t *test)
{
    static char text[160];
    (void)snprintf(text, sizeof text, "test %lld: %s", wycheproof_integer(test, "tcId"),
                   json_string_value(json_object_get(test, "comment")));
    return text;
}

/* There is no "acceptable" in these files; would one appear, it counts as invalid and must be refused. */
static bool check_aead(enum crypto_aead a, const json_t *group, const json_t *test,
                       enum wycheproof_result wanted)
{
    const struct bytes key = wycheproof_bytes(test, "key");
    const struct bytes nonce = wycheproof_bytes(test, "iv");
    const struct bytes ad = wycheproof_bytes(test, "aad");
    const struct bytes plain = wycheproof_bytes(test, "msg");
    const struct bytes ciphertext = wycheproof_bytes(test, "ct");
    const struct bytes tag = wycheproof_bytes(test, "tag");
    (void)group;
    if (key.len != CRYPTO_AEAD_KEY_SIZE || nonce.len != CRYPTO_AEAD_NONCE_SIZE ||
        tag.len != CRYPTO_AEAD_TAG_SIZE)
        return false;
    struct crypto_aead_key *k;
    assert_ok(crypto_aead_open(a, key.ptr, &k));
    const size_t size = ciphertext.len + CRYPTO_AEAD_TAG_SIZE;
    uint8_t *sealed = malloc(size);
    uint8_t *out = malloc(size);
    assert_true(sealed != NULL && out != NULL);
    memcpy(sealed, ciphertext.ptr, ciphertext.len);
    memcpy(sealed + ciphertext.len, tag.ptr, tag.len);
    enum err e = crypto_aead_unseal(k, nonce.ptr, ad, bytes_of(sealed, size), out);
    if ((e == ERR_OK) != (wanted == WYCHEPROOF_VALID))
        fail_msg("%s: %s", id_of(test), err_name(e));
    if (wanted == WYCHEPROOF_VALID) {
        assert_true(bytes_equal(bytes_of(out, ciphertext.len), plain));
        /* The other direction, with the same keyed context. */
        assert_ok(crypto_aead_seal(k, nonce.ptr, ad, plain, out));
        assert_true(bytes_equal(bytes_of(out, size), bytes_of(sealed, size)));
        /* And in place. */
        assert_ok(crypto_aead_unseal(k, nonce.ptr, ad, bytes_of(out, size), out));
        assert_true(bytes_equal(bytes_of(out, plain.len), plain));
        assert_ok(crypto_aead_seal(k, nonce.ptr, ad, bytes_of(out, plain.len), out));
        assert_memory_equal(out, sealed, size);
    } else {
        assert_err(e, ERR_AUTH);
        for (size_t i = 0; i < ciphertext.len; i++)
            assert_int_equal(out[i], 0);
    }
    free(sealed);
    free(out);
    crypto_aead_close(k);
    return true;
}

static bool check_aes_gcm(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    return check_aead(CRYPTO_AES256_GCM, group, test, wanted);
}

static bool check_chacha20_poly1305(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    return check_aead(CRYPTO_CHACHA20_POLY1305, group, test, wanted);
}

static bool check_hkdf(enum crypto_hash h, const json_t *test, enum wycheproof_result wanted)
{
    const struct bytes okm = wycheproof_bytes(test, "okm");
    const size_t size = (size_t)wycheproof_integer(test, "size");
    uint8_t *out = malloc(size + (size == 0));
    assert_non_null(out);
    enum err e = crypto_hkdf(h, wycheproof_bytes(test, "ikm"), wycheproof_bytes(test, "salt"),
                             wycheproof_bytes(test, "info"), out, size);
    if (e != (wanted == WYCHEPROOF_VALID ? ERR_OK : ERR_TOO_LARGE))
        fail_msg("%s: %s", id_of(test), err_name(e));
    if (wanted == WYCHEPROOF_VALID)
        assert_true(bytes_equal(bytes_of(out, size), okm));
    free(out);
    return true;
}

static bool check_hkdf_sha256(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    (void)group;
    return check_hkdf(CRYPTO_SHA256, test, wanted);
}

static bool check_hkdf_sha512(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    (void)group;
    return check_hkdf(CRYPTO_SHA512, test, wanted);
}

/* Truncated tags are compared with the beginning of ours. */
static bool check_hmac_sha256(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    const struct bytes message = wycheproof_bytes(test, "msg");
    const struct bytes tag = wycheproof_bytes(test, "tag");
    uint8_t mac[CRYPTO_SHA256_SIZE];
    assert_int_equal(tag.len, wycheproof_integer(group, "tagSize") / 8);
    assert_ok(crypto_hmac(CRYPTO_SHA256, wycheproof_bytes(test, "key"), &message, 1, mac));
    if (secret_equal(mac, tag.ptr, tag.len) != (wanted == WYCHEPROOF_VALID))
        fail_msg("%s", id_of(test));
    return true;
}

/* Not expressible: keys of 128 and 192 bits, nonces of other sizes than 96 bits. */
static void aes_gcm(void **state)
{
    (void)state;
    wycheproof_run("aes_gcm_test.json", check_aes_gcm, 250);
}

static void chacha20_poly1305(void **state)
{
    (void)state;
    wycheproof_run("chacha20_poly1305_test.json", check_chacha20_poly1305, 9);
}

static void hkdf_sha256(void **state)
{
    (void)state;
    wycheproof_run("hkdf_sha256_test.json", check_hkdf_sha256, 0);
}

static void hkdf_sha512(void **state)
{
    (void)state;
    wycheproof_run("hkdf_sha512_test.json", check_hkdf_sha512, 0);
}

static void hmac_sha256(void **state)
{
    (void)state;
    wycheproof_run("hmac_sha256_test.json", check_hmac_sha256, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_gcm),     cmocka_unit_test(chacha20_poly1305), cmocka_unit_test(hkdf_sha256),
        cmocka_unit_test(hkdf_sha512), cmocka_unit_test(hmac_sha256),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return wycheproof_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
