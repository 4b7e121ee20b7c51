/* SPDX-License-Identifier: Apache-2.0 */
/* The public API: policies, verdicts, errors. Only include/enclume.h is used of what is tested. */
#include "enclume.h"

#include <pthread.h>
#include <string.h>

#include "unit/lib/sound_bundle.h"
#include "unit/test.h"

#define assert_error(expression, name) assert_string_equal(enclume_error_name(expression), name)

static struct sound_bundle sound;

static struct enclume_policy *policy_for_sound(void)
{
    struct enclume_policy *policy = NULL;
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    assert_int_equal(enclume_policy_add_measurement(policy, sound.measurement), ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, sound.root.ptr, sound.root.len), ENCLUME_OK);
    return policy;
}

static int verify(const struct enclume_policy *policy, struct enclume_verdict **verdict)
{
    return enclume_verify(sound.text, sound.size, policy, SYNTHETIC_NOW, verdict);
}

static void a_sound_bundle_is_accepted_and_called_simulated(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_sound();
    struct enclume_verdict *verdict = NULL;
    uint8_t key[ENCLUME_KEY_SIZE], digest[ENCLUME_DIGEST_SIZE], measurement[ENCLUME_MEASUREMENT_SIZE];
    assert_int_equal(verify(policy, &verdict), ENCLUME_OK);
    assert_int_equal(enclume_verdict_accepted(verdict), 1);
    assert_int_equal(enclume_verdict_simulated(verdict), 1);
    assert_int_equal(enclume_verdict_noise_key(verdict, key), ENCLUME_OK);
    assert_memory_equal(key, sound.noise_key, sizeof key);
    assert_int_equal(enclume_verdict_model_digest(verdict, digest), ENCLUME_OK);
    assert_int_equal(digest[31], 0x22);
    assert_int_equal(enclume_verdict_measurement(verdict, measurement), ENCLUME_OK);
    assert_memory_equal(measurement, sound.snp.report.measurement, sizeof measurement);

    char *text = enclume_verdict_text(verdict, 0);
    char *explained = enclume_verdict_text(verdict, 1);
    char *json = enclume_verdict_json(verdict);
    assert_memory_equal(text, "SIMULATED", 9);
    assert_non_null(strstr(text, "ACCEPTED"));
    assert_true(strlen(explained) > strlen(text));
    assert_non_null(strstr(json, "\"verdict\": \"accepted\""));
    enclume_string_free(text);
    enclume_string_free(explained);
    enclume_string_free(json);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void the_root_may_be_pem(void **state)
{
    (void)state;
    struct enclume_policy *policy = NULL;
    struct enclume_verdict *verdict = NULL;
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    assert_int_equal(enclume_policy_add_measurement(policy, sound.measurement), ENCLUME_OK);
    assert_error(verify(policy, &verdict), "verification-refused");
    enclume_verdict_free(verdict);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, sound.root_pem, strlen(sound.root_pem)),
                     ENCLUME_OK);
    assert_int_equal(verify(policy, &verdict), ENCLUME_OK);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void garbage_gives_a_refused_verdict(void **state)
{
    (void)state;
    static const char *const garbage[] = {"", "garbage", "{}", "{\"version\":1}", "\xff\xfe"};
    struct enclume_policy *policy = policy_for_sound();
    for (size_t i = 0; i < test_count(garbage); i++) {
        struct enclume_verdict *verdict = NULL;
        uint8_t key[ENCLUME_KEY_SIZE];
        static const uint8_t zeros[ENCLUME_KEY_SIZE];
        int e = enclume_verify(garbage[i], strlen(garbage[i]), policy, SYNTHETIC_NOW, &verdict);
        assert_error(e, "verification-refused");
        assert_int_equal(enclume_error_class(e), ENCLUME_CLASS_REFUSED);
        assert_non_null(verdict);
        assert_int_equal(enclume_verdict_accepted(verdict), 0);
        memset(key, 0xff, sizeof key);
        assert_error(enclume_verdict_noise_key(verdict, key), "verification-refused");
        assert_memory_equal(key, zeros, sizeof key);
        enclume_verdict_free(verdict);
    }
    enclume_policy_free(policy);
}

static void what_the_policy_does_not_name_is_refused(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_sound();
    struct enclume_policy *empty = NULL;
    struct enclume_verdict *verdict = NULL;
    assert_int_equal(enclume_policy_new(&empty), ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(empty, sound.root.ptr, sound.root.len), ENCLUME_OK);
    assert_error(verify(empty, &verdict), "verification-refused");
    enclume_verdict_free(verdict);

    char other[2 * ENCLUME_DIGEST_SIZE + 1];
    memset(other, '3', sizeof other - 1);
    other[sizeof other - 1] = '\0';
    assert_int_equal(enclume_policy_add_model(policy, other), ENCLUME_OK);
    assert_error(verify(policy, &verdict), "verification-refused");
    enclume_verdict_free(verdict);
    assert_int_equal(enclume_policy_add_model(policy, sound.model), ENCLUME_OK);
    assert_int_equal(verify(policy, &verdict), ENCLUME_OK);
    enclume_verdict_free(verdict);
    assert_int_equal(enclume_policy_set_vmpl(policy, 1), ENCLUME_OK);
    assert_error(verify(policy, &verdict), "verification-refused");
    enclume_verdict_free(verdict);
    assert_int_equal(enclume_policy_set_vmpl(policy, 0), ENCLUME_OK);
    /* After the certificates' end. */
    assert_error(enclume_verify(sound.text, sound.size, policy, 2600000000, &verdict),
                 "verification-refused");
    enclume_verdict_free(verdict);
    enclume_policy_free(empty);
    enclume_policy_free(policy);
}

static void the_checks_can_be_walked_through(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_sound();
    struct enclume_verdict *verdict = NULL;
    struct enclume_check check;
    bool signature_seen = false;
    assert_int_equal(verify(policy, &verdict), ENCLUME_OK);
    size_t count = enclume_verdict_check_count(verdict);
    assert_true(count > 10 && count <= ENCLUME_CHECKS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(enclume_verdict_check(verdict, i, &check), ENCLUME_OK);
        assert_int_equal(check.passed, 1);
        assert_true(check.name[0] != '\0' && check.text[0] != '\0');
        assert_true(strlen(check.saw) < 200 && strlen(check.wanted) < 200);
        signature_seen = signature_seen || strcmp(check.name, "snp.report.signature") == 0;
    }
    assert_true(signature_seen);
    assert_error(enclume_verdict_check(verdict, count, &check), "bad-value");
    assert_null(check.name);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void a_policy_refuses_what_it_cannot_use(void **state)
{
    (void)state;
    struct enclume_policy *policy = NULL;
    char hex[2 * ENCLUME_MEASUREMENT_SIZE + 2];
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    memset(hex, 'a', sizeof hex);
    hex[sizeof hex - 1] = '\0';
    assert_error(enclume_policy_add_measurement(policy, hex), "bad-encoding"); /* one digit too many */
    hex[sizeof hex - 2] = '\0';
    hex[5] = 'g';
    assert_error(enclume_policy_add_measurement(policy, hex), "bad-encoding");
    assert_error(enclume_policy_add_measurement(policy, ""), "bad-encoding");
    assert_error(enclume_policy_add_model(policy, sound.measurement), "bad-encoding");
    for (int i = 0; i < ENCLUME_REFERENCES_MAX; i++) {
        assert_int_equal(enclume_policy_add_measurement(policy, sound.measurement), ENCLUME_OK);
        assert_int_equal(enclume_policy_add_model(policy, sound.model), ENCLUME_OK);
    }
    assert_error(enclume_policy_add_measurement(policy, sound.measurement), "too-large");
    assert_error(enclume_policy_add_model(policy, sound.model), "too-large");

    static const uint8_t large[ENCLUME_ROOT_SIZE_MAX + 1];
    assert_error(enclume_policy_trust_simulated_root(policy, large, sizeof large), "too-large");
    assert_error(enclume_policy_trust_simulated_root(policy, "no PEM", 6), "bad-encoding");
    assert_error(enclume_policy_trust_simulated_root(policy, "0no DER", 7), "bad-certificate");
    assert_error(enclume_policy_trust_simulated_root(policy, sound.root.ptr, sound.root.len - 1),
                 "bad-certificate");
    assert_error(enclume_policy_set_vmpl(policy, 4), "bad-value");
    assert_error(enclume_policy_set_max_age(policy, 0), "bad-value");
    assert_int_equal(enclume_policy_set_max_age(policy, 60), ENCLUME_OK);
    assert_int_equal(enclume_policy_allow_milan(policy, 1), ENCLUME_OK);
    enclume_policy_free(policy);
}

static void null_is_answered_as_documented(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_sound();
    struct enclume_verdict *verdict = (struct enclume_verdict *)(uintptr_t)1;
    struct enclume_check check;
    uint8_t bytes[ENCLUME_MEASUREMENT_SIZE];
    assert_error(enclume_policy_new(NULL), "usage");
    assert_error(enclume_policy_add_measurement(NULL, sound.measurement), "usage");
    assert_error(enclume_policy_add_measurement(policy, NULL), "usage");
    assert_error(enclume_policy_add_model(NULL, sound.model), "usage");
    assert_error(enclume_policy_add_model(policy, NULL), "usage");
    assert_error(enclume_policy_trust_simulated_root(NULL, "x", 1), "usage");
    assert_error(enclume_policy_trust_simulated_root(policy, NULL, 1), "usage");
    assert_error(enclume_policy_trust_simulated_root(policy, "x", 0), "usage");
    assert_error(enclume_policy_allow_milan(NULL, 1), "usage");
    assert_error(enclume_policy_set_vmpl(NULL, 0), "usage");
    assert_error(enclume_policy_set_max_age(NULL, 1), "usage");
    assert_error(enclume_verify("x", 1, policy, 0, NULL), "usage");
    assert_error(enclume_verify("x", 1, NULL, 0, &verdict), "usage");
    assert_null(verdict);
    assert_error(enclume_verify(NULL, 1, policy, 0, &verdict), "usage");
    assert_int_equal(enclume_verdict_accepted(NULL), 0);
    assert_int_equal(enclume_verdict_simulated(NULL), 0);
    assert_int_equal(enclume_verdict_check_count(NULL), 0);
    assert_null(enclume_verdict_text(NULL, 0));
    assert_null(enclume_verdict_json(NULL));
    assert_error(enclume_verdict_check(NULL, 0, &check), "usage");
    assert_error(enclume_verdict_noise_key(NULL, bytes), "usage");
    assert_error(enclume_verdict_model_digest(NULL, bytes), "usage");
    assert_error(enclume_verdict_measurement(NULL, bytes), "usage");
    enclume_verdict_free(NULL);
    enclume_policy_free(NULL);
    enclume_string_free(NULL);
    enclume_policy_free(policy);
}

static void errors_have_names_and_classes(void **state)
{
    (void)state;
    assert_error(ENCLUME_OK, "ok");
    assert_int_equal(enclume_error_class(ENCLUME_OK), ENCLUME_CLASS_NONE);
    assert_error(-1, "unknown-value");
    assert_error(100000, "unknown-value");
    assert_true(enclume_error_text(-1)[0] != '\0');
    assert_int_equal(enclume_error_class(enclume_policy_new(NULL)), ENCLUME_CLASS_USAGE);
    assert_string_equal(enclume_version(), ENCLUME_VERSION_STRING);
    assert_string_equal(enclume_version(), PROJECT_VERSION);
}

/* ---- two threads at once, under one policy ---- */

enum { THREADS = 2, ROUNDS = 20 };

struct worker {
    pthread_t thread;
    const struct enclume_policy *policy;
    bool garbage;
    int right;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct enclume_verdict *verdict = NULL;
        int e = w->garbage ? enclume_verify("{}", 2, w->policy, SYNTHETIC_NOW, &verdict)
                           : verify(w->policy, &verdict);
        w->right += (e == ENCLUME_OK) != w->garbage && enclume_verdict_accepted(verdict) != w->garbage;
        enclume_verdict_free(verdict);
    }
    return NULL;
}

static void two_threads_verify_at_once(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_sound();
    struct worker workers[THREADS] = {{.policy = policy}, {.policy = policy, .garbage = true}};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].right, ROUNDS);
    }
    enclume_policy_free(policy);
}

static int make(void **state)
{
    (void)state;
    sound_bundle_make(&sound);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    sound_bundle_release(&sound);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_bundle_is_accepted_and_called_simulated),
        cmocka_unit_test(the_root_may_be_pem),
        cmocka_unit_test(garbage_gives_a_refused_verdict),
        cmocka_unit_test(what_the_policy_does_not_name_is_refused),
        cmocka_unit_test(the_checks_can_be_walked_through),
        cmocka_unit_test(a_policy_refuses_what_it_cannot_use),
        cmocka_unit_test(null_is_answered_as_documented),
        cmocka_unit_test(errors_have_names_and_classes),
        cmocka_unit_test(two_threads_verify_at_once),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
