/* SPDX-License-Identifier: Apache-2.0 */
/* The public API for GPUs without a bundle. Only include/enclume.h is used of what is tested. */
#include <string.h>

#include "crypto/crypto.h"
#include "enclume.h"
#include "evidence/simulated_gpu.h"
#include "unit/test.h"

#define assert_error(expression, name) assert_string_equal(enclume_error_name(expression), name)

enum { NOW = 1767225600 };

static const uint8_t nonce[ENCLUME_GPU_NONCE_SIZE] = {9, 8, 7};
static uint8_t report[SIMULATED_GPU_REPORT_MAX];
static size_t report_len;
static struct simulated_gpu *gpu;

static int passed(const struct enclume_verdict *verdict, const char *name)
{
    struct enclume_check check;
    for (size_t i = 0; enclume_verdict_check(verdict, i, &check) == ENCLUME_OK; i++)
        if (strcmp(check.name, name) == 0)
            return check.passed;
    return -1;
}

static struct enclume_policy *policy_make(void)
{
    struct enclume_policy *policy = NULL;
    const struct simulated_nv_der *roots[] = {&gpu->device_der[SIMULATED_GPU_CHAIN - 1],
                                              &gpu->signer_der[SIMULATED_RIM_CHAIN - 1]};
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    for (size_t i = 0; i < test_count(roots); i++)
        assert_int_equal(enclume_policy_trust_simulated_root(policy, roots[i]->der, roots[i]->len),
                         ENCLUME_OK);
    return policy;
}

static struct enclume_gpu one(void)
{
    return (struct enclume_gpu){{report, report_len}, {gpu->pem, gpu->pem_len}};
}

static int verify(const struct enclume_policy *policy, const uint8_t *wanted, unsigned flags,
                  size_t ocsp_count, struct enclume_verdict **verdict)
{
    const struct enclume_gpu gpus[] = {one()};
    struct enclume_bytes rims[SIMULATED_GPU_RIMS];
    struct enclume_bytes ocsp[SIMULATED_GPU_OCSP];
    for (size_t i = 0; i < SIMULATED_GPU_RIMS; i++)
        rims[i] = (struct enclume_bytes){gpu->rim_text[i], gpu->rim_len[i]};
    for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++)
        ocsp[i] = (struct enclume_bytes){gpu->ocsp_der[i], gpu->ocsp_len[i]};
    const struct enclume_gpu_endorsements endorsements = {rims, SIMULATED_GPU_RIMS, ocsp, ocsp_count};
    return enclume_verify_gpu(gpus, 1, &endorsements, wanted, flags, policy, NOW, verdict);
}

static void a_sound_gpu_is_accepted(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_make();
    struct enclume_verdict *verdict = NULL;
    assert_int_equal(verify(policy, nonce, 0, SIMULATED_GPU_OCSP, &verdict), ENCLUME_OK);
    assert_int_equal(enclume_verdict_accepted(verdict), 1);
    assert_int_equal(enclume_verdict_simulated(verdict), 1);
    assert_int_equal(passed(verdict, "nvgpu.report.nonce"), 1);
    char *text = enclume_verdict_text(verdict, 0);
    assert_non_null(strstr(text, "SIMULATED NVIDIA GPU"));
    assert_non_null(strstr(text, "GPU 1: Hopper, driver "));
    enclume_string_free(text);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void without_trust_in_the_simulator_it_is_refused(void **state)
{
    (void)state;
    struct enclume_policy *policy = NULL;
    struct enclume_verdict *verdict = NULL;
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    assert_error(verify(policy, nonce, 0, SIMULATED_GPU_OCSP, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "nvgpu.chain.root"), 0);
    assert_int_equal(passed(verdict, "nvgpu.rim.root"), 0);
    assert_int_equal(passed(verdict, "nvgpu.report.signature"), 1);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void the_nonce_must_be_given_or_waived(void **state)
{
    (void)state;
    static const uint8_t other[ENCLUME_GPU_NONCE_SIZE];
    struct enclume_policy *policy = policy_make();
    struct enclume_verdict *verdict = NULL;
    assert_error(verify(policy, other, 0, SIMULATED_GPU_OCSP, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "nvgpu.report.nonce"), 0);
    enclume_verdict_free(verdict);
    assert_error(verify(policy, NULL, 0, SIMULATED_GPU_OCSP, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "nvgpu.report.nonce"), 0);
    enclume_verdict_free(verdict);
    assert_int_equal(verify(policy, NULL, ENCLUME_ANY_NONCE, SIMULATED_GPU_OCSP, &verdict), ENCLUME_OK);
    assert_int_equal(passed(verdict, "nvgpu.report.nonce"), -1);
    assert_int_equal(passed(verdict, "nvgpu.report.nonce.any"), 1);
    enclume_verdict_free(verdict);
    assert_error(verify(policy, other, ENCLUME_ANY_NONCE, SIMULATED_GPU_OCSP, &verdict), "usage");
    assert_null(verdict);
    enclume_policy_free(policy);
}

static void a_missing_word_about_revocation_is_refused(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_make();
    struct enclume_verdict *verdict = NULL;
    assert_error(verify(policy, nonce, 0, SIMULATED_GPU_OCSP - 1, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "nvgpu.chain.not_revoked"), 1);
    assert_int_equal(passed(verdict, "nvgpu.rim.not_revoked"), 0);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void hostile_ranges_are_refused_or_wrong_use(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_make();
    struct enclume_verdict *verdict = NULL;
    const struct enclume_bytes impossible = {NULL, 1};
    const struct enclume_gpu_endorsements none = {NULL, 0, NULL, 0};
    const struct enclume_gpu_endorsements no_list = {NULL, 1, NULL, 0};
    const struct enclume_gpu_endorsements bad_rim = {&impossible, 1, NULL, 0};
    const struct enclume_gpu_endorsements bad_ocsp = {NULL, 0, &impossible, 1};
    struct enclume_bytes many_files[ENCLUME_OCSP_MAX + 1] = {{NULL, 0}};
    const struct enclume_gpu_endorsements many_rims = {many_files, ENCLUME_RIMS_MAX + 1, NULL, 0};
    const struct enclume_gpu_endorsements many_ocsp = {NULL, 0, many_files, ENCLUME_OCSP_MAX + 1};
    const struct enclume_gpu_endorsements empty = {many_files, ENCLUME_RIMS_MAX, many_files,
                                                   ENCLUME_OCSP_MAX};
    const struct enclume_gpu nothing[ENCLUME_GPUS_MAX + 1] = {{{NULL, 0}, {NULL, 0}}};
    const struct enclume_gpu no_report = {impossible, {NULL, 0}};
    const struct enclume_gpu no_chain = {{NULL, 0}, impossible};
    const struct enclume_gpu good = one();
#define VERIFY(gpus, count, endorsements, flags)                                                             \
    enclume_verify_gpu(gpus, count, endorsements, nonce, flags, policy, NOW, &verdict)
    assert_error(VERIFY(nothing, 1, &none, 0), "verification-refused");
    enclume_verdict_free(verdict);
    assert_error(VERIFY(nothing, ENCLUME_GPUS_MAX, &empty, 0), "verification-refused");
    enclume_verdict_free(verdict);
    assert_error(VERIFY(&good, 1, &empty, 0), "verification-refused");
    enclume_verdict_free(verdict);
    assert_error(VERIFY(nothing, 0, &none, 0), "usage");
    assert_error(VERIFY(nothing, ENCLUME_GPUS_MAX + 1, &none, 0), "usage");
    assert_error(VERIFY(NULL, 1, &none, 0), "usage");
    assert_error(VERIFY(&no_report, 1, &none, 0), "usage");
    assert_error(VERIFY(&no_chain, 1, &none, 0), "usage");
    assert_error(VERIFY(&good, 1, NULL, 0), "usage");
    assert_error(VERIFY(&good, 1, &no_list, 0), "usage");
    assert_error(VERIFY(&good, 1, &bad_rim, 0), "usage");
    assert_error(VERIFY(&good, 1, &bad_ocsp, 0), "usage");
    assert_error(VERIFY(&good, 1, &many_rims, 0), "usage");
    assert_error(VERIFY(&good, 1, &many_ocsp, 0), "usage");
    assert_error(VERIFY(&good, 1, &none, ENCLUME_ANY_REPORT_DATA), "usage");
    assert_null(verdict);
    assert_error(enclume_verify_gpu(&good, 1, &none, nonce, 0, NULL, NOW, &verdict), "usage");
    assert_error(enclume_verify_gpu(&good, 1, &none, nonce, 0, policy, NOW, NULL), "usage");
    enclume_policy_free(policy);
}

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK && simulated_gpu_new(SIMULATED_HOPPER, NOW, &gpu) == ERR_OK &&
                   simulated_gpu_answer(gpu, nonce, report, sizeof report, &report_len) == ERR_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    simulated_gpu_free(gpu);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_gpu_is_accepted),
        cmocka_unit_test(without_trust_in_the_simulator_it_is_refused),
        cmocka_unit_test(the_nonce_must_be_given_or_waived),
        cmocka_unit_test(a_missing_word_about_revocation_is_refused),
        cmocka_unit_test(hostile_ranges_are_refused_or_wrong_use),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
