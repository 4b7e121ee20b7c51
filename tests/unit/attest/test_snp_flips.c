/* SPDX-License-Identifier: Apache-2.0 */
/* No bit of the evidence may change unnoticed. Of long parts one bit of each octet is tried, another one each time; with ENCLUME_EVERY_BIT in the
 * environment, all of them, which takes minutes. Under AddressSanitizer, which looks at how they are read, fewer. */
#include <stdlib.h>

#include "attest/snp.h"
#include "attest/snp_report.h"
#include "support/synthetic_snp.h"
#include "unit/attest/snp_files.h"
#include "unit/test.h"

enum {
    TIME_2024 = 1704067200,
    OCTETS_APART = TEST_UNDER_ASAN ? 5 : 1,
    BITS_APART = TEST_UNDER_ASAN ? 7 : 1,
};

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static uint8_t measurement[1][48];
static uint8_t report_data[64];
static uint8_t root[SYNTHETIC_CERT_MAX];
static struct attest_policy policy;
static int64_t now = SYNTHETIC_NOW;

static bool is_accepted(const struct snp_evidence *evidence)
{
    static struct verdict v;
    memset(&v, 0, sizeof v);
    snp_appraise(evidence, report_data, &policy, now, &v);
    verdict_conclude(&v);
    return v.accepted;
}

static void every_bit_of_the_report_counts(void **state)
{
    (void)state;
    size_t refused = 0;
    assert_true(is_accepted(&snp.evidence));
    for (size_t bit = 0; bit < SNP_REPORT_SIZE * 8; bit += BITS_APART) {
        snp.report_bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (is_accepted(&snp.evidence))
            fail_msg("bit %zu of byte 0x%zx can be flipped", bit % 8, bit / 8);
        snp.report_bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refused++;
    }
    assert_int_equal(refused, (9472 + BITS_APART - 1) / BITS_APART);
    assert_true(is_accepted(&snp.evidence));
}

/* In a copy that stands where the part stood. */
static void flip(const struct snp_evidence *evidence, uint8_t *part, size_t len, const char *what)
{
    bool all = getenv("ENCLUME_EVERY_BIT") != NULL;
    for (size_t bit = 0; bit < len * 8; bit++) {
        size_t at = bit / 8;
        if (!all && (bit % 8 != at * 5 % 8 || at % OCTETS_APART != 0))
            continue;
        part[at] ^= (uint8_t)(1U << bit % 8);
        if (is_accepted(evidence))
            fail_msg("%s: bit %zu of octet 0x%zx can be flipped", what, bit % 8, at);
        part[at] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(is_accepted(evidence));
}

/* The root that was given by hand stays as it is. */
static void every_octet_of_the_certificates_counts(void **state)
{
    (void)state;
    flip(&snp.evidence, snp.buffers[0], snp.evidence.ark.len, "ARK");
    flip(&snp.evidence, snp.buffers[1], snp.evidence.ask.len, "ASK");
    flip(&snp.evidence, snp.buffers[2], snp.evidence.vek.len, "VCEK");
}

static void every_octet_of_the_revocation_list_counts(void **state)
{
    (void)state;
    flip(&snp.evidence, snp.crl_buffer, snp.evidence.crls[0].len, "revocation list");
}

/* A chip's own report under AMD's own chain, by a policy of its time. */
static void every_octet_of_real_evidence_counts(void **state)
{
    (void)state;
    static struct snp_file report;
    static struct snp_file vek;
    static struct snp_file ask;
    static struct snp_file ark;
    static struct snp_report read;
    const struct attest_policy synthetic = policy;
    if (!snp_report_read("sev/report_milan.hex", &report) || !snp_file_read("sev/vcek_milan.der", &vek) ||
        !snp_chain_read("sev/cert_chain_milan", &ask, &ark)) {
        print_message("skipped: no real report\n");
        skip();
    }
    assert_ok(snp_report_parse(report.bytes, &read, NULL));
    policy = (struct attest_policy){.measurements = (const uint8_t(*)[48])read.measurement,
                                    .measurement_count = 1,
                                    .snp.allow_missing_crl = true,
                                    .snp.own_floors = true,
                                    .allow_milan = true};
    policy.snp.platform[SNP_PLATFORM_ALIAS_CHECK] = POLICY_ANY;
    memcpy(report_data, read.report_data, sizeof report_data);
    now = TIME_2024;
    const struct snp_evidence evidence = {
        .report = report.bytes, .vek = vek.bytes, .ask = ask.bytes, .ark = ark.bytes};
    flip(&evidence, report.content, report.bytes.len, "report");
    flip(&evidence, vek.content, vek.bytes.len, "VCEK");
    flip(&evidence, ask.content, ask.bytes.len, "ASK");
    flip(&evidence, ark.content, ark.bytes.len, "ARK");
    policy = synthetic;
    memcpy(report_data, snp.report.report_data, sizeof report_data);
    now = SYNTHETIC_NOW;
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
        cmocka_unit_test(every_octet_of_real_evidence_counts),
        cmocka_unit_test(a_certificate_cut_or_lengthened_is_refused),
        cmocka_unit_test(certificates_in_another_order_are_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
