/* SPDX-License-Identifier: Apache-2.0 */
/* The public API for reports and quotes without a bundle. Only include/enclume.h is used of what is tested. */
#include <pthread.h>
#include <string.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "enclume.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

#define assert_error(expression, name) assert_string_equal(enclume_error_name(expression), name)

static struct synthetic_keys snp_keys;
static struct synthetic_tdx_keys tdx_keys;
static struct synthetic_snp snp;
static struct synthetic_tdx tdx;

static struct enclume_bytes range(struct bytes b)
{
    return (struct enclume_bytes){b.ptr, b.len};
}

static struct enclume_policy *policy_for_both(void)
{
    char hex[2 * 48 + 1];
    struct enclume_policy *policy = NULL;
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    encoding_hex(bytes_of(snp.report.measurement, 48), hex);
    assert_int_equal(enclume_policy_add_measurement(policy, hex), ENCLUME_OK);
    encoding_hex(bytes_of(tdx.quote_fields.body.mrtd, 48), hex);
    assert_int_equal(enclume_policy_add_tdx_launch(policy, hex, NULL, NULL, NULL, NULL), ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, snp.evidence.ark.ptr, snp.evidence.ark.len),
                     ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, tdx.root_der.ptr, tdx.root_der.len),
                     ENCLUME_OK);
    return policy;
}

static int verify_snp(const struct enclume_policy *policy, const uint8_t *data, unsigned flags,
                      struct enclume_verdict **verdict)
{
    const struct enclume_bytes files[] = {range(snp.evidence.ark), range(snp.evidence.crls[0]),
                                          range(snp.evidence.vek), range(snp.evidence.ask)};
    return enclume_verify_snp(range(snp.evidence.report), files, test_count(files), data, flags, policy,
                              SYNTHETIC_NOW, verdict);
}

/* The six parts as the service answers are in the tests of the command line; here the two lists, and all in one is attest/collateral_write.c's. */
static int verify_tdx(const struct enclume_policy *policy, const uint8_t *data, unsigned flags,
                      struct enclume_verdict **verdict)
{
    const struct enclume_bytes files[] = {range(tdx.collateral.root_crl), range(tdx.collateral.pck_crl)};
    return enclume_verify_tdx(range(tdx.quote), files, test_count(files), data, flags, policy,
                              SYNTHETIC_TDX_NOW, verdict);
}

static int passed(const struct enclume_verdict *verdict, const char *name)
{
    struct enclume_check check;
    for (size_t i = 0; enclume_verdict_check(verdict, i, &check) == ENCLUME_OK; i++)
        if (strcmp(check.name, name) == 0)
            return check.passed;
    return -1;
}

static void a_sound_report_is_accepted(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_both();
    struct enclume_verdict *verdict = NULL;
    uint8_t measurement[ENCLUME_MEASUREMENT_SIZE];
    assert_int_equal(verify_snp(policy, snp.report.report_data, 0, &verdict), ENCLUME_OK);
    assert_int_equal(enclume_verdict_accepted(verdict), 1);
    assert_int_equal(enclume_verdict_simulated(verdict), 1);
    assert_int_equal(passed(verdict, "snp.report_data"), 1);
    assert_int_equal(enclume_verdict_measurement(verdict, measurement), ENCLUME_OK);
    assert_memory_equal(measurement, snp.report.measurement, sizeof measurement);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void report_data_must_be_given_or_waived(void **state)
{
    (void)state;
    static const uint8_t other[ENCLUME_REPORT_DATA_SIZE];
    struct enclume_policy *policy = policy_for_both();
    struct enclume_verdict *verdict = NULL;
    assert_error(verify_snp(policy, other, 0, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "snp.report_data"), 0);
    enclume_verdict_free(verdict);
    assert_error(verify_snp(policy, NULL, 0, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "snp.report_data"), 0);
    enclume_verdict_free(verdict);
    assert_int_equal(verify_snp(policy, NULL, ENCLUME_ANY_REPORT_DATA, &verdict), ENCLUME_OK);
    assert_int_equal(passed(verdict, "snp.report_data"), -1);
    assert_int_equal(passed(verdict, "snp.report_data.any"), 1);
    enclume_verdict_free(verdict);
    assert_error(verify_snp(policy, other, ENCLUME_ANY_REPORT_DATA, &verdict), "usage");
    assert_null(verdict);
    enclume_policy_free(policy);
}

static void a_quote_is_judged_by_what_came_along(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_both();
    struct enclume_verdict *verdict = NULL;
    assert_error(verify_tdx(policy, tdx.quote_fields.body.report_data, 0, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "file.tdx.collateral"), 0); /* no documents */
    assert_int_equal(passed(verdict, "tdx.quote.signature"), 1);
    assert_int_equal(passed(verdict, "tdx.pck_crl"), 1);
    assert_int_equal(passed(verdict, "tdx.report_data"), 1);
    assert_int_equal(passed(verdict, "tdx.mrtd"), 1);
    enclume_verdict_free(verdict);
    assert_error(verify_tdx(policy, NULL, ENCLUME_ANY_REPORT_DATA, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "tdx.report_data.any"), 1);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
}

static void hostile_ranges_are_refused_or_wrong_use(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_both();
    struct enclume_verdict *verdict = NULL;
    static const uint8_t data[ENCLUME_REPORT_DATA_SIZE];
    const struct enclume_bytes nothing = {NULL, 0};
    const struct enclume_bytes impossible = {NULL, 1};
    struct enclume_bytes many[ENCLUME_FILES_MAX + 1] = {{NULL, 0}};
    assert_error(enclume_verify_snp(nothing, NULL, 0, data, 0, policy, 0, &verdict), "verification-refused");
    enclume_verdict_free(verdict);
    assert_error(enclume_verify_tdx(nothing, &nothing, 1, data, 0, policy, 0, &verdict),
                 "verification-refused");
    enclume_verdict_free(verdict);
    assert_error(enclume_verify_snp(impossible, NULL, 0, data, 0, policy, 0, &verdict), "usage");
    assert_error(enclume_verify_snp(nothing, &impossible, 1, data, 0, policy, 0, &verdict), "usage");
    assert_error(enclume_verify_snp(nothing, NULL, 1, data, 0, policy, 0, &verdict), "usage");
    assert_error(enclume_verify_snp(nothing, many, ENCLUME_FILES_MAX + 1, data, 0, policy, 0, &verdict),
                 "usage");
    assert_error(enclume_verify_snp(nothing, NULL, 0, data, 2, policy, 0, &verdict), "usage");
    assert_error(enclume_verify_snp(nothing, NULL, 0, data, 0, NULL, 0, &verdict), "usage");
    assert_null(verdict);
    assert_error(enclume_verify_snp(nothing, NULL, 0, data, 0, policy, 0, NULL), "usage");
    enclume_policy_free(policy);
}

static void *verify_often(void *policy)
{
    for (int i = 0; i < 4; i++) {
        struct enclume_verdict *verdict = NULL;
        int e = verify_snp(policy, snp.report.report_data, 0, &verdict);
        enclume_verdict_free(verdict);
        if (e != ENCLUME_OK)
            return policy;
    }
    return NULL;
}

static void threads_share_a_policy(void **state)
{
    (void)state;
    struct enclume_policy *policy = policy_for_both();
    pthread_t threads[4];
    for (size_t i = 0; i < test_count(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, policy), 0);
    for (size_t i = 0; i < test_count(threads); i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    enclume_policy_free(policy);
}

static int setup(void **state)
{
    (void)state;
    assert_ok(crypto_init());
    synthetic_keys_make(&snp_keys);
    synthetic_snp_init(&snp, &snp_keys);
    synthetic_snp_build(&snp);
    synthetic_tdx_keys_make(&tdx_keys);
    synthetic_tdx_init(&tdx, &tdx_keys);
    synthetic_tdx_build(&tdx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    synthetic_keys_release(&snp_keys);
    synthetic_tdx_keys_release(&tdx_keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_report_is_accepted),
        cmocka_unit_test(report_data_must_be_given_or_waived),
        cmocka_unit_test(a_quote_is_judged_by_what_came_along),
        cmocka_unit_test(hostile_ranges_are_refused_or_wrong_use),
        cmocka_unit_test(threads_share_a_policy),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
