/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "noise/noise_internal.h"

#include <cmocka.h>

static void a_name_gives_its_pattern_and_its_primitives(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *pattern;
        enum crypto_aead aead;
        enum crypto_hash hash;
    } rows[] = {
        {"Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256", "XXhfs", CRYPTO_AES256_GCM, CRYPTO_SHA256},
        {"Noise_IKhfs_25519+MLKEM768_ChaChaPoly_SHA512", "IKhfs", CRYPTO_CHACHA20_POLY1305, CRYPTO_SHA512},
        {"Noise_XXfallback+hfs_25519+MLKEM768_AESGCM_SHA256", "XXfallback+hfs", CRYPTO_AES256_GCM,
         CRYPTO_SHA256},
        {"Noise_XXfallback_25519_ChaChaPoly_BLAKE2s", "XXfallback", CRYPTO_CHACHA20_POLY1305, CRYPTO_BLAKE2S},
        {"Noise_N_25519_AESGCM_BLAKE2s", "N", CRYPTO_AES256_GCM, CRYPTO_BLAKE2S},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct noise_protocol p;
        assert_int_equal(noise_protocol_parse(rows[i].name, &p), ERR_OK);
        assert_string_equal(p.pattern->name, rows[i].pattern);
        assert_int_equal(p.aead, rows[i].aead);
        assert_int_equal(p.hash, rows[i].hash);
    }
}

static void every_other_name_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "_",
        "Noise",
        "Noise_",
        "Noise_XX",
        "Noise_XX_25519",
        "Noise_XX_25519_AESGCM",
        "Noise_XX_25519_AESGCM_",
        "Noise_XX_25519_AESGCM_SHA256_",
        "Noise_XX_25519_AESGCM_SHA256_SHA256",
        "Noise_XX_25519_AESGCM_SHA256 ",
        " Noise_XX_25519_AESGCM_SHA256",
        "noise_XX_25519_AESGCM_SHA256",
        "NoisePSK_XX_25519_AESGCM_SHA256",
        "Noise__25519_AESGCM_SHA256",
        "Noise_XX__AESGCM_SHA256",
        "Noise_xx_25519_AESGCM_SHA256",
        "Noise_XXX_25519_AESGCM_SHA256",
        "Noise_XXpsk3_25519_AESGCM_SHA256",
        "Noise_XX_448_AESGCM_SHA256",
        "Noise_XX_25519_AESGCM_BLAKE2b",
        "Noise_XX_25519_AESGCM_SHA384",
        "Noise_XX_25519_AES_SHA256",
        "Noise_XX_25519_XChaChaPoly_SHA256",
        /* hfs without its KEM, a KEM without hfs, another KEM */
        "Noise_XXhfs_25519_AESGCM_SHA256",
        "Noise_XX_25519+MLKEM768_AESGCM_SHA256",
        "Noise_XXhfs_25519+MLKEM1024_AESGCM_SHA256",
        "Noise_XXhfs_25519+_AESGCM_SHA256",
        "Noise_XXhfs_MLKEM768_AESGCM_SHA256",
        "Noise_XXhfs+fallback_25519+MLKEM768_AESGCM_SHA256",
        "Noise_XX_25519_AESGCM_SHA256_SHA256_SHA256_SHA256_SHA256_SHA256_SHA256_SHA256_SHA256_SHA256",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct noise_protocol p;
        print_message("%s\n", names[i]);
        assert_int_equal(noise_protocol_parse(names[i], &p), ERR_NOISE_NAME);
    }
}

static void a_handshake_under_a_bad_name_is_not_made(void **state)
{
    (void)state;
    struct noise_handshake *hs = (struct noise_handshake *)&hs;
    struct noise_keys keys = {0};
    assert_int_equal(
        noise_handshake_new(&hs, "Noise_NN_25519_AESGCM_MD5", NOISE_INITIATOR, bytes_str(""), &keys),
        ERR_NOISE_NAME);
    assert_null(hs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_gives_its_pattern_and_its_primitives),
        cmocka_unit_test(every_other_name_is_refused),
        cmocka_unit_test(a_handshake_under_a_bad_name_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
