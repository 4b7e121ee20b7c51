/* SPDX-License-Identifier: Apache-2.0 */
/* No bit of the evidence may change unnoticed. */
#include "attest/snp.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static uint8_t measurement[1][48];
static uint8_t report_data[64];
static uint8_t root[SYNTHETIC_CERT_MAX];
static struct attest_policy policy;

static bool is_accepted(const struct snp_evidence *evidence)
{
    static struct verdict v;
    memset(&v, 0, sizeof v);
    snp_appraise(evidence, report_data, &policy, SYNTHETIC_NOW, &v);
    verdict_conclude(&v);
    return v.accepted;
}

static void every_bit_of_the_report_counts(void **state)
{
    (void)state;
    size_t refused = 0;
    assert_true(is_accepted(&snp.evidence));
    for (size_t bit = 0; bit < SNP_REPORT_SIZE * 8; bit++) {
        snp.report_bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (is_accepted(&snp.evidence))
            fail_msg("bit %zu of byte 0x%zx can be flipped", bit % 8, bit / 8);
        snp.report_bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refused++;
    }
    assert_int_equal(refused, 9472);
    assert_true(is_accepted(&snp.evidence));
}

/* One bit of each octet, a different one each time; the root that was given by hand stays as it is. */
static void every_octet_of_the_certificates_counts(void **state)
{
    (void)state;
    const struct bytes certs[] = {snp.evidence.ark, snp.evidence.ask, snp.evidence.vek};
    for (size_t c = 0; c < test_count(certs); c++) {
        for (size_t at = 0; at < certs[c].len; at++) {
            uint8_t mask = (uint8_t)(1U << (at * 5 + c) % 8);
            snp.buffers[c][at] ^= mask;
            if (is_accepted(&snp.evidence))
                fail_msg("octet %zu of certificate %zu can be changed", at, c);
            snp.buffers[c][at] ^= mask;
        }
    }
    assert_true(is_accepted(&snp.evidence));
}

static void every_octet_of_the_revocation_list_counts(void **state)
{
    (void)state;
    for (size_t at = 0; at < snp.evidence.crls[0].len; at++) {
        uint8_t mask = (uint8_t)(1U << at * 3 % 8);
        snp.crl_buffer[at] ^= mask;
        if (is_accepted(&snp.evidence))
            fail_msg("octet %zu of the list can be changed", at);
        snp.crl_buffer[at] ^= mask;
    }
    assert_true(is_accepted(&snp.evidence));
}

static void a_certificate_cut_or_lengthened_is_refused(void **state)
{
    (void)state;
    struct snp_evidence evidence = snp.evidence;
    for (evidence.vek.len = 0; evidence.vek.len < snp.evidence.vek.len; evidence.vek.len++)
        assert_false(is_accepted(&evidence));
    assert_true(is_accepted(&evidence));
    evidence.vek.len++;
    assert_false(is_accepted(&evidence));
}

static void certificates_in_another_order_are_refused(void **state)
{
    (void)state;
    const struct bytes certs[] = {snp.evidence.ark, snp.evidence.ask, snp.evidence.vek};
    size_t accepted = 0;
    for (size_t i = 0; i < 27; i++) {
        struct snp_evidence evidence = {.report = snp.evidence.report,
                                        .ark = certs[i % 3],
                                        .ask = certs[i / 3 % 3],
                                        .vek = certs[i / 9],
                                        .crls = {snp.evidence.crls[0]},
                                        .crl_count = 1};
        accepted += is_accepted(&evidence);
    }
    assert_int_equal(accepted, 1);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    memcpy(measurement[0], snp.report.measurement, 48);
    memcpy(report_data, snp.report.report_data, 64);
    memcpy(root, snp.evidence.ark.ptr, snp.evidence.ark.len);
    policy.measurements = (const uint8_t(*)[48])measurement;
    policy.measurement_count = 1;
    policy.simulated_root = bytes_of(root, snp.evidence.ark.len);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_of_the_report_counts),
        cmocka_unit_test(every_octet_of_the_certificates_counts),
        cmocka_unit_test(every_octet_of_the_revocation_list_counts),
        cmocka_unit_test(a_certificate_cut_or_lengthened_is_refused),
        cmocka_unit_test(certificates_in_another_order_are_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
