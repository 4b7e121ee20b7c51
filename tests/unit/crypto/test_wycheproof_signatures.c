/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "unit/crypto/wycheproof.h"

enum { ED25519_SIGNATURE = 64, FIELD_MAX = 48 };

/* None of these files has "acceptable" results; one that appeared would have to be refused. */
static void judge(const json_t *test, enum wycheproof_result wanted, enum err e)
{
    if (e != (wanted == WYCHEPROOF_VALID ? ERR_OK : ERR_SIGNATURE))
        fail_msg("test %lld: %s", wycheproof_integer(test, "tcId"), err_name(e));
}

static struct crypto_public_key *spki_of(const json_t *group)
{
    struct crypto_public_key *key;
    assert_ok(crypto_public_key_from_spki(wycheproof_bytes(group, "publicKeyDer"), &key));
    return key;
}

/* A number of any size, as a fixed-size one. */
static void put_number(struct writer *w, struct bytes number, size_t size)
{
    while (number.len > size && number.ptr[0] == 0)
        number = bytes_of(number.ptr + 1, number.len - 1);
    assert_true(number.len <= size);
    writer_zeros(w, size - number.len);
    writer_bytes(w, number);
}

static struct crypto_public_key *point_of(const json_t *group, enum crypto_key_kind kind, size_t size)
{
    const json_t *members = json_object_get(group, "publicKey");
    struct crypto_public_key *key;
    uint8_t xy[2 * FIELD_MAX];
    struct bytes out;
    struct writer w = writer_into(xy, sizeof xy);
    put_number(&w, wycheproof_bytes(members, "wx"), size);
    put_number(&w, wycheproof_bytes(members, "wy"), size);
    assert_ok(writer_finish(&w, &out));
    assert_ok(crypto_public_key_from_point(kind, out, &key));
    assert_int_equal(crypto_public_key_kind(key), kind);
    return key;
}

/* r || s of a signature that is known to be good DER. */
static struct bytes raw_of(struct bytes der, uint8_t *rs, size_t size)
{
    struct bytes out;
    struct reader r = reader_over(der);
    struct writer w = writer_into(rs, 2 * size);
    (void)reader_u16be(&r);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(reader_u8(&r), 2);
        put_number(&w, reader_bytes(&r, reader_u8(&r)), size);
    }
    assert_ok(reader_finish(&r));
    assert_ok(writer_finish(&w, &out));
    return out;
}

static bool check_ecdsa(enum crypto_key_kind kind, enum crypto_hash h, size_t size, const json_t *group,
                        const json_t *test, enum wycheproof_result wanted)
{
    const struct bytes message = wycheproof_bytes(test, "msg");
    const struct bytes signature = wycheproof_bytes(test, "sig");
    struct crypto_public_key *keys[] = {spki_of(group), point_of(group, kind, size)};
    for (size_t i = 0; i < test_count(keys); i++) {
        assert_int_equal(crypto_public_key_kind(keys[i]), kind);
        judge(test, wanted, crypto_ecdsa_verify(keys[i], h, message, signature));
        if (wanted == WYCHEPROOF_VALID) {
            uint8_t rs[2 * FIELD_MAX];
            struct bytes raw = raw_of(signature, rs, size);
            assert_ok(crypto_ecdsa_verify_raw(keys[i], h, message, raw));
            rs[size] ^= 1;
            assert_err(crypto_ecdsa_verify_raw(keys[i], h, message, raw), ERR_SIGNATURE);
        }
        crypto_public_key_free(keys[i]);
    }
    return true;
}

static bool check_p256(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    return check_ecdsa(CRYPTO_KEY_P256, CRYPTO_SHA256, 32, group, test, wanted);
}

static bool check_p384(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    return check_ecdsa(CRYPTO_KEY_P384, CRYPTO_SHA384, 48, group, test, wanted);
}

/* Not expressible: signatures of another length, all of them invalid. */
static bool check_ed25519(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    const struct bytes signature = wycheproof_bytes(test, "sig");
    const struct bytes message = wycheproof_bytes(test, "msg");
    struct crypto_public_key *key;
    if (signature.len != ED25519_SIGNATURE) {
        assert_int_equal(wanted, WYCHEPROOF_INVALID);
        return false;
    }
    key = spki_of(group);
    judge(test, wanted, crypto_ed25519_verify(key, message, signature.ptr));
    crypto_public_key_free(key);
    assert_ok(
        crypto_public_key_ed25519(wycheproof_bytes(json_object_get(group, "publicKey"), "pk").ptr, &key));
    judge(test, wanted, crypto_ed25519_verify(key, message, signature.ptr));
    crypto_public_key_free(key);
    return true;
}

static bool check_rsa_pss(const json_t *group, const json_t *test, enum wycheproof_result wanted)
{
    const size_t salt_size = (size_t)wycheproof_integer(group, "sLen");
    const struct bytes message = wycheproof_bytes(test, "msg");
    const struct bytes signature = wycheproof_bytes(test, "sig");
    struct crypto_public_key *key = spki_of(group);
    assert_int_equal(crypto_public_key_bits(key), 4096);
    judge(test, wanted, crypto_rsa_pss_verify(key, CRYPTO_SHA384, salt_size, message, signature));
    /* The salt length is exact. */
    if (wanted == WYCHEPROOF_VALID)
        assert_err(crypto_rsa_pss_verify(key, CRYPTO_SHA384, salt_size - 1, message, signature),
                   ERR_SIGNATURE);
    crypto_public_key_free(key);
    return true;
}

static void ecdsa_p256_sha256(void **state)
{
    (void)state;
    wycheproof_run("ecdsa_secp256r1_sha256_test.json", check_p256, 0);
}

static void ecdsa_p384_sha384(void **state)
{
    (void)state;
    wycheproof_run("ecdsa_secp384r1_sha384_test.json", check_p384, 0);
}

static void ed25519(void **state)
{
    (void)state;
    wycheproof_run("ed25519_test.json", check_ed25519, 12);
}

static void rsa_pss_4096_sha384(void **state)
{
    (void)state;
    wycheproof_run("rsa_pss_4096_sha384_mgf1_48_test.json", check_rsa_pss, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdsa_p256_sha256),
        cmocka_unit_test(ecdsa_p384_sha384),
        cmocka_unit_test(ed25519),
        cmocka_unit_test(rsa_pss_4096_sha384),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return wycheproof_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
