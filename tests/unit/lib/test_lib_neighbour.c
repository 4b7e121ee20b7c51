/* SPDX-License-Identifier: Apache-2.0 */
/* An application that uses jansson and libcrypto itself: the library leaves both alone, although it has its own of each. */
#include "enclume.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "unit/test.h"

static void the_applications_json_stays_its_own(void **state)
{
    (void)state;
    struct enclume_policy *policy = NULL;
    struct enclume_verdict *verdict = NULL;
    json_malloc_t allocate;
    json_free_t release;
    json_t *before = json_object();
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    assert_int_not_equal(enclume_verify("{}", 2, policy, 0, &verdict), ENCLUME_OK);
    char *text = enclume_verdict_json(verdict);
    assert_non_null(text);

    json_get_alloc_funcs(&allocate, &release);
    assert_true(allocate == malloc);
    assert_true(release == free);
    /* Blocks from before and after belong to one heap. */
    assert_int_equal(json_object_set_new(before, "verdict", json_loads(text, 0, NULL)), 0);
    json_decref(before);
    enclume_string_free(text);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void the_applications_libcrypto_stays_its_own(void **state)
{
    (void)state;
    struct enclume_policy *policy = NULL;
    struct enclume_client *client = NULL;
    CRYPTO_malloc_fn allocate;
    CRYPTO_realloc_fn reallocate;
    CRYPTO_free_fn release;
    unsigned char digest[EVP_MAX_MD_SIZE];
    /* In use before the library is: in one libcrypto, it could not move the heap any more, and would fail. */
    assert_int_equal(EVP_Digest("a", 1, digest, NULL, EVP_sha256(), NULL), 1);
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    assert_int_equal(enclume_client_new("127.0.0.1:1", policy, &client, NULL), ENCLUME_OK);
    CRYPTO_get_mem_functions(&allocate, &reallocate, &release);
    assert_true(allocate == CRYPTO_malloc);
    assert_true(release == CRYPTO_free);
    assert_int_equal(EVP_Digest("a", 1, digest, NULL, EVP_sha256(), NULL), 1);
    enclume_client_free(client);
    enclume_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_applications_libcrypto_stays_its_own),
        cmocka_unit_test(the_applications_json_stays_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
