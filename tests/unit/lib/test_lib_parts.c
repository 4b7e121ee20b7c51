/* SPDX-License-Identifier: Apache-2.0 */
/* The public API for reports and quotes without a bundle. Only include/enclume.h is used of what is tested. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "enclume.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"
#include "support/synthetic_vtpm.h"
#include "unit/test.h"

#define assert_error(expression, name) assert_string_equal(enclume_error_name(expression), name)

static struct synthetic_keys snp_keys;
static struct synthetic_tdx_keys tdx_keys;
static struct synthetic_snp snp;
static struct synthetic_tdx tdx;
static struct synthetic_vtpm_keys vtpm_keys;
static struct synthetic_vtpm vtpm;
static struct synthetic_snp vtpm_snp;

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

/* ---- a virtual TPM over SEV-SNP ---- */

static struct enclume_policy *policy_for_vtpm(void)
{
    char text[1024];
    char launch[2 * 48 + 1];
    char kernel[2 * TPM_PCR_SIZE + 1];
    struct enclume_policy *policy = NULL;
    encoding_hex(bytes_of(vtpm_snp.report.measurement, 48), launch);
    encoding_hex(bytes_of(vtpm.pcr_values[11], TPM_PCR_SIZE), kernel);
    int len =
        snprintf(text, sizeof text,
                 "{\"version\":1,\"snp\":{\"measurements\":[\"%s\"]},\"vtpm\":{\"pcrs\":[\"pcr0\",\"pcr4\","
                 "\"pcr7\",\"pcr11\"],\"pcr_values\":{\"pcr11\":[\"%s\"]},\"pcrs_outside_log\":[\"pcr11\"]}}",
                 launch, kernel);
    assert_int_equal(enclume_policy_from_json(text, (size_t)len, &policy, NULL), ENCLUME_OK);
    assert_int_equal(
        enclume_policy_trust_simulated_root(policy, vtpm_snp.evidence.ark.ptr, vtpm_snp.evidence.ark.len),
        ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, vtpm.root_der.ptr, vtpm.root_der.len),
                     ENCLUME_OK);
    return policy;
}

static struct enclume_bytes ak_certificates[SYNTHETIC_VTPM_CERTIFICATES];

static struct enclume_vtpm vtpm_evidence(void)
{
    const struct vtpm_evidence *e = &vtpm.evidence;
    for (size_t i = 0; i < e->ak_certificate_count; i++)
        ak_certificates[i] = range(e->ak_certificates[i]);
    return (struct enclume_vtpm){.hcl_report = range(e->hcl_report),
                                 .quote = range(e->quote),
                                 .signature = range(e->signature),
                                 .pcr_values = range(e->pcr_values),
                                 .event_log = range(e->event_log),
                                 .ak_certificates = ak_certificates,
                                 .ak_certificate_count = e->ak_certificate_count};
}

static int verify_vtpm(const struct enclume_vtpm *evidence, struct bytes nonce, unsigned flags,
                       struct enclume_verdict **verdict)
{
    const struct snp_evidence *s = &vtpm_snp.evidence;
    const struct enclume_bytes files[] = {range(s->ark), range(s->crls[0]), range(s->vek), range(s->ask)};
    struct enclume_policy *policy = policy_for_vtpm();
    int e = enclume_verify_vtpm(evidence, files, test_count(files), range(nonce), flags, policy,
                                SYNTHETIC_NOW, verdict);
    enclume_policy_free(policy);
    return e;
}

static void a_virtual_tpm_is_accepted_for_its_challenge(void **state)
{
    (void)state;
    const struct enclume_vtpm evidence = vtpm_evidence();
    struct enclume_verdict *verdict = NULL;
    assert_int_equal(verify_vtpm(&evidence, vtpm.nonce, 0, &verdict), ENCLUME_OK);
    assert_int_equal(enclume_verdict_simulated(verdict), 1);
    assert_int_equal(passed(verdict, "vtpm.nonce"), 1);
    assert_int_equal(passed(verdict, "snp.report.signature"), 1);
    enclume_verdict_free(verdict);
    assert_error(verify_vtpm(&evidence, bytes_str("another"), 0, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "vtpm.nonce"), 0);
    enclume_verdict_free(verdict);
    assert_error(verify_vtpm(&evidence, bytes_of(NULL, 0), 0, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "vtpm.nonce"), 0);
    enclume_verdict_free(verdict);
    assert_int_equal(verify_vtpm(&evidence, bytes_of(NULL, 0), ENCLUME_ANY_NONCE, &verdict), ENCLUME_OK);
    assert_int_equal(passed(verdict, "vtpm.nonce"), -1);
    assert_int_equal(passed(verdict, "vtpm.nonce.any"), 1);
    enclume_verdict_free(verdict);
}

static void what_a_virtual_tpm_does_not_bring_is_named(void **state)
{
    (void)state;
    const struct enclume_vtpm nothing = {.ak_certificate_count = 0};
    struct enclume_vtpm evidence = vtpm_evidence();
    struct enclume_verdict *verdict = NULL;
    evidence.pcr_values.size = 0;
    assert_error(verify_vtpm(&evidence, vtpm.nonce, 0, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "file.vtpm.pcrs"), 0);
    assert_int_equal(passed(verdict, "file.vtpm.quote"), 1);
    enclume_verdict_free(verdict);
    assert_error(verify_vtpm(&nothing, vtpm.nonce, 0, &verdict), "verification-refused");
    assert_int_equal(passed(verdict, "file.platform"), 0);
    assert_int_equal(passed(verdict, "file.vtpm.hcl_report"), 0);
    assert_int_equal(passed(verdict, "file.vtpm.event_log"), 1);
    enclume_verdict_free(verdict);
    evidence.quote = (struct enclume_bytes){NULL, 1};
    assert_error(verify_vtpm(&evidence, vtpm.nonce, 0, &verdict), "usage");
    assert_error(verify_vtpm(NULL, vtpm.nonce, 0, &verdict), "usage");
    assert_error(verify_vtpm(&nothing, bytes_of(vtpm.text, ENCLUME_NONCE_SIZE_MAX + 1), 0, &verdict),
                 "usage");
    assert_error(verify_vtpm(&nothing, vtpm.nonce, ENCLUME_ANY_NONCE, &verdict), "usage");
    assert_error(verify_vtpm(&nothing, vtpm.nonce, ENCLUME_ANY_REPORT_DATA, &verdict), "usage");
    evidence = nothing;
    evidence.ak_certificate_count = 1;
    assert_error(verify_vtpm(&evidence, vtpm.nonce, 0, &verdict), "usage");
    assert_null(verdict);
}

/* ---- */

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
    synthetic_vtpm_keys_make(&vtpm_keys);
    synthetic_vtpm_init(&vtpm, &vtpm_keys);
    synthetic_snp_init(&vtpm_snp, &snp_keys);
    synthetic_vtpm_build_snp(&vtpm, &vtpm_snp);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    synthetic_keys_release(&snp_keys);
    synthetic_tdx_keys_release(&tdx_keys);
    synthetic_vtpm_keys_release(&vtpm_keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_report_is_accepted),
        cmocka_unit_test(report_data_must_be_given_or_waived),
        cmocka_unit_test(a_quote_is_judged_by_what_came_along),
        cmocka_unit_test(a_virtual_tpm_is_accepted_for_its_challenge),
        cmocka_unit_test(what_a_virtual_tpm_does_not_bring_is_named),
        cmocka_unit_test(hostile_ranges_are_refused_or_wrong_use),
        cmocka_unit_test(threads_share_a_policy),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
