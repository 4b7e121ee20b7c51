/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <pthread.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/sign.h"

enum { THREADS = 4, ROUNDS = 60 };

static struct crypto_public_key *shared_key;
static uint8_t shared_signature[96];

/* Everything that keeps something for a thread or is shared between threads. */
static void *work(void *arg)
{
    uint8_t out[CRYPTO_HASH_MAX];
    uint8_t wanted[CRYPTO_HASH_COUNT][CRYPTO_HASH_MAX];
    const struct bytes message = bytes_str("message");
    const struct bytes key = bytes_of(&arg, sizeof arg);
    bool good = true;
    for (int i = 0; i < ROUNDS; i++) {
        for (int h = 0; h < CRYPTO_HASH_COUNT; h++) {
            uint8_t *to = i == 0 ? wanted[h] : out;
            good = good && crypto_hmac((enum crypto_hash)h, key, &message, 1, to) == ERR_OK;
            good = good && memcmp(to, wanted[h], crypto_hash_size((enum crypto_hash)h)) == 0;
        }
        good = good && crypto_ecdsa_verify_raw(shared_key, CRYPTO_SHA384, message,
                                               bytes_of(shared_signature, sizeof shared_signature)) == ERR_OK;
    }
    return good ? arg : NULL;
}

static void threads_do_not_disturb_each_other_and_leave_nothing(void **state)
{
    pthread_t threads[THREADS];
    struct crypto_private_key *private_key;
    uint8_t spki[256];
    size_t len;
    size_t live = 0;
    (void)state;
    assert_ok(crypto_private_key_new(CRYPTO_KEY_P384, 0, &private_key));
    assert_ok(crypto_private_key_spki(private_key, spki, sizeof spki, &len));
    assert_ok(crypto_public_key_from_spki(bytes_of(spki, len), &shared_key));
    assert_ok(crypto_ecdsa_sign_raw(private_key, CRYPTO_SHA384, bytes_str("message"), shared_signature));
    /* The first round fills libcrypto's own caches. */
    for (int round = 0; round < 3; round++) {
        for (uintptr_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
        for (uintptr_t i = 0; i < THREADS; i++) {
            void *result;
            assert_int_equal(pthread_join(threads[i], &result), 0);
            assert_non_null(result);
        }
        if (round > 0)
            assert_int_equal(secret_stats().live, live);
        live = secret_stats().live;
    }
    crypto_public_key_free(shared_key);
    crypto_private_key_free(private_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_do_not_disturb_each_other_and_leave_nothing)};
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
