/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A hand on the wire. Whatever it changes in a handshake message, somebody notices at the latest when the next message is read:
 * what goes in the clear is covered by the hash that the next tag is computed over.
 */

#include <setjmp.h>
#include <stdarg.h>

#include "unit/noise/noise_pair.h"

#include <cmocka.h>

#define XX_HFS       "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256"
#define IK_HFS       "Noise_IKhfs_25519+MLKEM768_AESGCM_SHA256"
#define NK_HFS       "Noise_NKhfs_25519+MLKEM768_ChaChaPoly_SHA512"
#define FALLBACK_HFS "Noise_XXfallback+hfs_25519+MLKEM768_AESGCM_SHA256"

static const char *const attacked[] = {XX_HFS, IK_HFS, NK_HFS, FALLBACK_HFS};
enum { ATTACKED = sizeof attacked / sizeof *attacked };

/* At both ends of a message, where keys and tags are, every bit is tried; between them, in what is one ML-KEM value, a sample. */
enum { DENSE = 72, STRIDE = 53 };

static const struct bytes prologue = {(const uint8_t *)"enclume/1", 9};
static const struct bytes payload = {(const uint8_t *)"payload", 7};
static const struct bytes nothing = {NULL, 0};

static struct noise_pair pair;

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

static enum noise_role other(enum noise_role role)
{
    return role == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
}

/* A pair with message `m` on the wire, not yet read. */
static enum noise_role until(const char *name, unsigned m)
{
    pair_new(&pair, name, prologue, prologue);
    pair_run(&pair, m);
    enum noise_role reader = other(pair_writer(&pair));
    assert_int_equal(pair_write(&pair, payload), ERR_OK);
    return reader;
}

/* Goes on from a changed message on the wire. The error of whoever noticed; ERR_OK when nobody did. */
static enum err goes_on(enum noise_role reader)
{
    enum err e = pair_read(&pair, reader);
    if (e == ERR_OK && noise_handshake_turn(pair.hs[reader]) == NOISE_WRITE) {
        e = pair_write(&pair, nothing);
        reader = other(reader);
        if (e == ERR_OK)
            e = pair_read(&pair, reader);
        else
            reader = other(reader);
    }
    if (e != ERR_OK)
        assert_int_equal(noise_handshake_turn(pair.hs[reader]), NOISE_FAILED);
    return e;
}

static size_t next_place(size_t place, size_t len)
{
    if (place < DENSE || place + DENSE >= len)
        return place + 1;
    return place + STRIDE < len - DENSE ? place + STRIDE : len - DENSE;
}

static size_t message_length(const char *name, unsigned m)
{
    (void)until(name, m);
    size_t len = pair.wire_len;
    pair_free(&pair);
    return len;
}

static void a_flipped_bit_is_noticed(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (size_t i = 0; i < ATTACKED; i++)
        for (unsigned m = 0; m < pair_messages(attacked[i]); m++) {
            size_t len = message_length(attacked[i], m);
            for (size_t place = 0; place < len; place = next_place(place, len)) {
                bool sampled = place >= DENSE && place + DENSE < len;
                for (unsigned bit = sampled ? 7 : 0; bit < 8; bit++, tried++) {
                    enum noise_role reader = until(attacked[i], m);
                    pair.wire[place] ^= (uint8_t)(1U << (sampled ? place % 8 : bit));
                    enum err e = goes_on(reader);
                    assert_true(e == ERR_AUTH || e == ERR_NOISE_KEY);
                    pair_free(&pair);
                }
            }
        }
    print_message("%u bits tried\n", tried);
    assert_true(tried > 8000);
}

static void a_shortened_message_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ATTACKED; i++)
        for (unsigned m = 0; m < pair_messages(attacked[i]); m++) {
            size_t len = message_length(attacked[i], m);
            for (size_t cut = 0; cut < len; cut = next_place(cut, len)) {
                enum noise_role reader = until(attacked[i], m);
                pair.wire_len = cut;
                enum err e = goes_on(reader);
                assert_true(e == ERR_NOISE_MESSAGE || e == ERR_AUTH);
                if (cut < NOISE_TAG_SIZE)
                    assert_int_equal(e, ERR_NOISE_MESSAGE);
                pair_free(&pair);
            }
        }
}

static void a_lengthened_message_is_noticed(void **state)
{
    (void)state;
    static const size_t more[] = {1, NOISE_TAG_SIZE, 1000};
    for (size_t i = 0; i < ATTACKED; i++)
        for (unsigned m = 0; m < pair_messages(attacked[i]); m++)
            for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
                enum noise_role reader = until(attacked[i], m);
                memset(pair.wire + pair.wire_len, 0, more[k]);
                pair.wire_len += more[k];
                assert_int_equal(goes_on(reader), ERR_AUTH);
                pair_free(&pair);
            }
}

static void a_message_of_another_handshake_is_noticed(void **state)
{
    (void)state;
    static uint8_t foreign[PAIR_ROOM];
    for (size_t i = 0; i < ATTACKED; i++)
        for (unsigned m = 1; m < pair_messages(attacked[i]); m++) {
            (void)until(attacked[i], m);
            size_t len = pair.wire_len;
            memcpy(foreign, pair.wire, len);
            pair_free(&pair);
            enum noise_role reader = until(attacked[i], m);
            memcpy(pair.wire, foreign, len);
            assert_int_equal(pair.wire_len, len);
            assert_int_equal(goes_on(reader), ERR_AUTH);
            pair_free(&pair);
        }
}

/* ---- bad public keys ---- */

/* The points of small order on Curve25519 and its twist, in every encoding below 2^255 (RFC 7748, section 6.1). */
static const uint8_t small_order[][NOISE_KEY_SIZE] = {
    {0},
    {1},
    /* order 8 */
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    /* p - 1, p, p + 1 */
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static void an_ephemeral_key_of_small_order_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ATTACKED; i++)
        for (unsigned m = 0; m < 2; m++)
            for (size_t k = 0; k < sizeof small_order / sizeof *small_order; k++)
                for (unsigned high = 0; high < 2; high++) {
                    enum noise_role reader = until(attacked[i], m);
                    /* The fallback's second message begins with no e. */
                    if (m == 0 || strcmp(attacked[i], FALLBACK_HFS) != 0) {
                        memcpy(pair.wire, small_order[k], NOISE_KEY_SIZE);
                        pair.wire[NOISE_KEY_SIZE - 1] |= (uint8_t)(high << 7);
                        assert_int_equal(goes_on(reader), ERR_NOISE_KEY);
                    }
                    pair_free(&pair);
                }
}

static void a_given_key_of_small_order_is_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof small_order / sizeof *small_order; k++) {
        size_t len;
        struct noise_handshake *hs;
        pair_new(&pair, XX_HFS, prologue, prologue);

        struct noise_keys ik = {.s = &pair.s[NOISE_INITIATOR], .rs = small_order[k]};
        assert_int_equal(noise_handshake_new(&hs, IK_HFS, NOISE_INITIATOR, prologue, &ik), ERR_OK);
        assert_int_equal(noise_handshake_write(hs, nothing, pair.wire, PAIR_ROOM, &len), ERR_NOISE_KEY);
        noise_handshake_free(hs);

        struct noise_keys fallback = {.s = &pair.s[NOISE_RESPONDER], .re = small_order[k]};
        assert_int_equal(noise_handshake_new(&hs, FALLBACK_HFS, NOISE_RESPONDER, prologue, &fallback),
                         ERR_OK);
        assert_int_equal(noise_handshake_write(hs, nothing, pair.wire, PAIR_ROOM, &len), ERR_NOISE_KEY);
        noise_handshake_free(hs);
        pair_free(&pair);
    }
}

/* FIPS 203, section 7.2: coefficients of an encapsulation key are below q. */
static void a_malformed_kem_key_is_refused(void **state)
{
    (void)state;
    enum noise_role reader = until(XX_HFS, 0);
    memset(pair.wire + NOISE_KEY_SIZE, 0xff, CRYPTO_MLKEM_PUBLIC_SIZE);
    assert_int_equal(pair_read(&pair, reader), ERR_OK);
    assert_int_equal(pair_write(&pair, nothing), ERR_NOISE_KEY);
    assert_int_equal(noise_handshake_turn(pair.hs[reader]), NOISE_FAILED);
    pair_free(&pair);
}

/* ---- what a failure leaves ---- */

static void after_a_failure_only_the_ephemeral_keys_are_left(void **state)
{
    (void)state;
    size_t len;
    static uint8_t room[PAIR_ROOM];
    enum noise_role reader = until(IK_HFS, 0);
    struct noise_handshake *hs = pair.hs[reader];
    pair.wire[NOISE_KEY_SIZE] ^= 1;
    assert_int_equal(pair_read(&pair, reader), ERR_AUTH);
    pair.wire[NOISE_KEY_SIZE] ^= 1;
    assert_int_equal(pair_read(&pair, reader), ERR_NOISE_STATE);
    assert_int_equal(noise_handshake_write(hs, nothing, room, sizeof room, &len), ERR_NOISE_STATE);
    assert_null(noise_handshake_remote_static(hs));
    assert_null(noise_handshake_ephemeral(hs));
    assert_memory_equal(noise_handshake_remote_ephemeral(hs), pair.wire, NOISE_KEY_SIZE);
    pair_free(&pair);

    /* Too short for a key: then there is none. */
    reader = until(IK_HFS, 0);
    pair.wire_len = NOISE_KEY_SIZE - 1;
    assert_int_equal(pair_read(&pair, reader), ERR_NOISE_MESSAGE);
    assert_null(noise_handshake_remote_ephemeral(pair.hs[reader]));
    pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_is_noticed),
        cmocka_unit_test(a_shortened_message_is_noticed),
        cmocka_unit_test(a_lengthened_message_is_noticed),
        cmocka_unit_test(a_message_of_another_handshake_is_noticed),
        cmocka_unit_test(an_ephemeral_key_of_small_order_is_refused),
        cmocka_unit_test(a_given_key_of_small_order_is_refused),
        cmocka_unit_test(a_malformed_kem_key_is_refused),
        cmocka_unit_test(after_a_failure_only_the_ephemeral_keys_are_left),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
