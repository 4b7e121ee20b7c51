/* SPDX-License-Identifier: Apache-2.0 */

/* The CipherState: nonces, their end, and rekeying. */

#include <setjmp.h>
#include <stdarg.h>

#include "noise/noise_internal.h"

#include <cmocka.h>

static const uint8_t key[NOISE_KEY_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t text[] = "thirty-three bytes of plain text";
static const struct bytes ad = {(const uint8_t *)"ad", 2};

enum { SEALED = sizeof text + NOISE_TAG_SIZE };

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

static struct noise_cipher *cipher_at(enum crypto_aead aead, uint64_t n)
{
    struct noise_cipher *c;
    assert_int_equal(noise_cipher_new(aead, key, &c), ERR_OK);
    assert_int_equal(noise_cipher_nonce(c), 0);
    c->n = n;
    return c;
}

static void seal(enum crypto_aead aead, const uint8_t *k, const uint8_t *nonce, struct bytes with,
                 struct bytes plain, uint8_t *out)
{
    struct crypto_aead_key *opened;
    assert_int_equal(crypto_aead_open(aead, k, &opened), ERR_OK);
    assert_int_equal(crypto_aead_seal(opened, nonce, with, plain, out), ERR_OK);
    crypto_aead_close(opened);
}

static void the_nonce_is_big_endian_for_aes_and_little_endian_for_chacha(void **state)
{
    (void)state;
    static const uint8_t nonces[CRYPTO_AEAD_COUNT][CRYPTO_AEAD_NONCE_SIZE] = {
        [CRYPTO_AES256_GCM] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8},
        [CRYPTO_CHACHA20_POLY1305] = {0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1},
    };
    for (int a = 0; a < CRYPTO_AEAD_COUNT; a++) {
        uint8_t got[SEALED];
        uint8_t want[SEALED];
        struct noise_cipher *c = cipher_at((enum crypto_aead)a, 0x0102030405060708);
        assert_int_equal(noise_cipher_encrypt(c, ad, bytes_of(text, sizeof text), got), ERR_OK);
        seal((enum crypto_aead)a, key, nonces[a], ad, bytes_of(text, sizeof text), want);
        assert_memory_equal(got, want, SEALED);
        assert_int_equal(noise_cipher_nonce(c), 0x0102030405060709);
        noise_cipher_free(c);
    }
}

static void a_message_opens_in_place_and_in_order_only(void **state)
{
    (void)state;
    for (int a = 0; a < CRYPTO_AEAD_COUNT; a++) {
        struct noise_cipher *sender = cipher_at((enum crypto_aead)a, 0);
        struct noise_cipher *receiver = cipher_at((enum crypto_aead)a, 0);
        uint8_t first[SEALED];
        uint8_t second[SEALED];
        uint8_t scratch[SEALED];
        memcpy(first, text, sizeof text);
        assert_int_equal(noise_cipher_encrypt(sender, ad, bytes_of(first, sizeof text), first), ERR_OK);
        assert_int_equal(noise_cipher_encrypt(sender, ad, bytes_of(text, sizeof text), second), ERR_OK);

        memcpy(scratch, second, SEALED);
        assert_int_equal(noise_cipher_decrypt(receiver, ad, bytes_of(scratch, SEALED), scratch), ERR_AUTH);
        assert_int_equal(noise_cipher_nonce(receiver), 0);
        assert_int_equal(noise_cipher_decrypt(receiver, ad, bytes_of(first, SEALED), first), ERR_OK);
        assert_memory_equal(first, text, sizeof text);
        assert_int_equal(noise_cipher_decrypt(receiver, bytes_str("da"), bytes_of(second, SEALED), scratch),
                         ERR_AUTH);
        assert_int_equal(noise_cipher_decrypt(receiver, ad, bytes_of(second, SEALED), scratch), ERR_OK);
        assert_int_equal(noise_cipher_nonce(receiver), 2);
        noise_cipher_free(sender);
        noise_cipher_free(receiver);
    }
}

static void a_message_shorter_than_a_tag_is_not_authentic(void **state)
{
    (void)state;
    struct noise_cipher *c = cipher_at(CRYPTO_AES256_GCM, 0);
    uint8_t zeros[NOISE_TAG_SIZE] = {0};
    uint8_t out[NOISE_TAG_SIZE];
    for (size_t n = 0; n <= sizeof zeros; n++)
        assert_int_equal(noise_cipher_decrypt(c, ad, bytes_of(zeros, n), out), ERR_AUTH);
    noise_cipher_free(c);
}

static void the_last_nonce_is_never_used(void **state)
{
    (void)state;
    for (int a = 0; a < CRYPTO_AEAD_COUNT; a++) {
        struct noise_cipher *sender = cipher_at((enum crypto_aead)a, UINT64_MAX - 1);
        struct noise_cipher *receiver = cipher_at((enum crypto_aead)a, UINT64_MAX - 1);
        uint8_t sealed[SEALED];
        uint8_t opened[SEALED];
        assert_int_equal(noise_cipher_encrypt(sender, ad, bytes_of(text, sizeof text), sealed), ERR_OK);
        assert_int_equal(noise_cipher_decrypt(receiver, ad, bytes_of(sealed, SEALED), opened), ERR_OK);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(noise_cipher_encrypt(sender, ad, bytes_of(text, sizeof text), sealed),
                             ERR_NOISE_NONCE);
            assert_int_equal(noise_cipher_decrypt(receiver, ad, bytes_of(sealed, SEALED), opened),
                             ERR_NOISE_NONCE);
        }
        assert_true(noise_cipher_nonce(sender) == UINT64_MAX);
        noise_cipher_free(sender);
        noise_cipher_free(receiver);
    }
}

static void rekey_is_the_cipher_of_zeros_at_the_last_nonce(void **state)
{
    (void)state;
    static const uint8_t zeros[NOISE_KEY_SIZE];
    static const uint8_t last[CRYPTO_AEAD_NONCE_SIZE] = {0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};
    for (int a = 0; a < CRYPTO_AEAD_COUNT; a++) {
        uint8_t want[NOISE_KEY_SIZE + NOISE_TAG_SIZE];
        seal((enum crypto_aead)a, key, last, bytes_of(NULL, 0), bytes_of(zeros, sizeof zeros), want);
        struct noise_cipher *c = cipher_at((enum crypto_aead)a, 7);
        assert_int_equal(noise_cipher_rekey(c), ERR_OK);
        assert_memory_equal(c->k, want, NOISE_KEY_SIZE);
        assert_int_equal(noise_cipher_nonce(c), 7);

        uint8_t got[SEALED];
        uint8_t under_new_key[SEALED];
        uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE] = {0};
        nonce[a == CRYPTO_AES256_GCM ? 11 : 4] = 7;
        seal((enum crypto_aead)a, want, nonce, ad, bytes_of(text, sizeof text), under_new_key);
        assert_int_equal(noise_cipher_encrypt(c, ad, bytes_of(text, sizeof text), got), ERR_OK);
        assert_memory_equal(got, under_new_key, SEALED);
        noise_cipher_free(c);
    }
}

static void both_sides_must_rekey(void **state)
{
    (void)state;
    struct noise_cipher *sender = cipher_at(CRYPTO_AES256_GCM, 0);
    struct noise_cipher *receiver = cipher_at(CRYPTO_AES256_GCM, 0);
    uint8_t sealed[SEALED];
    uint8_t opened[SEALED];
    assert_int_equal(noise_cipher_rekey(sender), ERR_OK);
    assert_int_equal(noise_cipher_encrypt(sender, ad, bytes_of(text, sizeof text), sealed), ERR_OK);
    assert_int_equal(noise_cipher_decrypt(receiver, ad, bytes_of(sealed, SEALED), opened), ERR_AUTH);
    assert_int_equal(noise_cipher_rekey(receiver), ERR_OK);
    assert_int_equal(noise_cipher_decrypt(receiver, ad, bytes_of(sealed, SEALED), opened), ERR_OK);
    assert_memory_equal(opened, text, sizeof text);
    noise_cipher_free(sender);
    noise_cipher_free(receiver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nonce_is_big_endian_for_aes_and_little_endian_for_chacha),
        cmocka_unit_test(a_message_opens_in_place_and_in_order_only),
        cmocka_unit_test(a_message_shorter_than_a_tag_is_not_authentic),
        cmocka_unit_test(the_last_nonce_is_never_used),
        cmocka_unit_test(rekey_is_the_cipher_of_zeros_at_the_last_nonce),
        cmocka_unit_test(both_sides_must_rekey),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
