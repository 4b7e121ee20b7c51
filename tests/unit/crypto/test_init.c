/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <openssl/crypto.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "crypto/crypto.h"

/* Both happen in children, because libcrypto can be set up once a process. */
static int child_status(int (*body)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int init_alone(void)
{
    if (crypto_init() != ERR_OK || crypto_init() != ERR_OK)
        return 1;
    size_t before = secret_stats().live;
    void *block = OPENSSL_malloc(10);
    bool ours = secret_stats().live == before + 1;
    block = OPENSSL_realloc(block, 1000);
    ours = ours && block != NULL && secret_stats().live == before + 1;
    OPENSSL_free(block);
    return ours && secret_stats().live == before ? 0 : 2;
}

static int init_too_late(void)
{
    OPENSSL_free(OPENSSL_malloc(10));
    return crypto_init() == ERR_CRYPTO && crypto_init() == ERR_CRYPTO ? 0 : 1;
}

static int use_before_init(void)
{
    uint8_t out[CRYPTO_HASH_MAX];
    struct bytes nothing = {0};
    struct crypto_aead_key *key;
    struct crypto_hash_stream *stream;
    const uint8_t zero[CRYPTO_AEAD_KEY_SIZE] = {0};
    return crypto_hash_parts(CRYPTO_SHA256, &nothing, 1, out) == ERR_CRYPTO &&
                   crypto_hash_open(CRYPTO_SHA256, &stream) == ERR_CRYPTO &&
                   crypto_aead_open(CRYPTO_AES256_GCM, zero, &key) == ERR_CRYPTO && crypto_init() == ERR_OK
               ? 0
               : 1;
}

static void the_heap_of_the_library_is_secret_memory(void **state)
{
    (void)state;
    assert_int_equal(child_status(init_alone), 0);
}

static void a_library_that_was_used_before_is_refused(void **state)
{
    (void)state;
    assert_int_equal(child_status(init_too_late), 0);
}

static void nothing_works_before_initialisation(void **state)
{
    (void)state;
    assert_int_equal(child_status(use_before_init), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_heap_of_the_library_is_secret_memory),
        cmocka_unit_test(a_library_that_was_used_before_is_refused),
        cmocka_unit_test(nothing_works_before_initialisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
