/* SPDX-License-Identifier: Apache-2.0 */
/* Real reports of real chips, where they are at hand: third-party evidence is not in this repository. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/chain.h"
#include "attest/snp.h"
#include "attest/snp_report.h"
#include "attest/vcek.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "unit/test.h"

enum { FILE_MAX = 16 * 1024, TIME_2024 = 1704067200 };

static const char *const folders[] = {ENCLUME_SHARED "/evidence/snp", ENCLUME_DEPS_DIR "/evidence/snp"};

struct file {
    uint8_t content[FILE_MAX];
    struct bytes bytes;
};

static bool file_read(const char *name, struct file *f)
{
    char path[1024];
    for (size_t i = 0; i < test_count(folders); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folders[i], name);
        FILE *in = fopen(path, "rb");
        if (in == NULL)
            continue;
        f->bytes = bytes_of(f->content, fread(f->content, 1, sizeof f->content, in));
        (void)fclose(in);
        return f->bytes.len > 0 && f->bytes.len < sizeof f->content;
    }
    return false;
}

/* ASK and ARK, in this order, as AMD hands them out. */
static bool chain_read(const char *name, struct file *ask, struct file *ark)
{
    static struct file pem;
    size_t len;
    if (!file_read(name, &pem))
        return false;
    struct bytes text = pem.bytes;
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", ask->content, sizeof ask->content, &len));
    ask->bytes = bytes_of(ask->content, len);
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", ark->content, sizeof ark->content, &len));
    ark->bytes = bytes_of(ark->content, len);
    return true;
}

static struct file report;
static struct file vcek;
static struct file ask;
static struct file ark;
static struct verdict verdict;

static void appraise(bool allow_milan)
{
    uint8_t measurement[1][48];
    struct snp_report r;
    assert_ok(snp_report_parse(report.bytes, &r, NULL));
    memcpy(measurement[0], r.measurement, 48);
    const struct attest_policy policy = {.measurements = (const uint8_t(*)[48])measurement,
                                         .measurement_count = 1,
                                         .allow_milan = allow_milan};
    const struct snp_evidence evidence = {
        .report = report.bytes, .vcek = vcek.bytes, .ask = ask.bytes, .ark = ark.bytes};
    memset(&verdict, 0, sizeof verdict);
    snp_appraise(&evidence, r.report_data, &policy, TIME_2024, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.simulated);
}

/* names: the checks that are to fail, and no others. */
static void expect_failures(const char *const names[], size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < verdict.count; i++) {
        bool named = false;
        for (size_t n = 0; n < count; n++)
            named = named || strcmp(verdict.checks[i].rule->name, names[n]) == 0;
        if (named == verdict.checks[i].passed)
            fail_msg("%s %s (%s)", verdict.checks[i].rule->name, named ? "passed" : "failed",
                     verdict.checks[i].saw);
        failed += !verdict.checks[i].passed;
    }
    assert_int_equal(failed, count);
}

static void a_milan_report_of_a_debuggable_guest_fails_just_that(void **state)
{
    (void)state;
    static const char *const failures[] = {"snp.policy.debug", "snp.platform.alias_check"};
    static const char *const more[] = {"snp.policy.debug", "snp.platform.alias_check", "snp.product.milan"};
    if (!file_read("go-sev-guest/attestation.bin", &report) ||
        !file_read("go-sev-guest/vcek.testcer", &vcek) ||
        !chain_read("go-sev-guest/milan.testcer", &ask, &ark)) {
        print_message("skipped: no evidence from go-sev-guest (deps/evidence fetches it)\n");
        skip();
    }
    appraise(true);
    expect_failures(failures, test_count(failures));
    assert_string_equal(verdict.claims.product, "Milan");
    appraise(false);
    expect_failures(more, test_count(more));
}

static void a_milan_report_from_before_the_alias_check_fails_just_that(void **state)
{
    (void)state;
    static const char *const failures[] = {"snp.platform.alias_check"};
    static struct file hex;
    if (!file_read("sev/report_milan.hex", &hex) || !file_read("sev/vcek_milan.der", &vcek) ||
        !chain_read("sev/cert_chain_milan", &ask, &ark)) {
        print_message("skipped: no evidence from virtee/sev\n");
        skip();
    }
    assert_ok(encoding_unhex(bytes_of(hex.content, SNP_REPORT_SIZE * 2), report.content, SNP_REPORT_SIZE));
    report.bytes = bytes_of(report.content, SNP_REPORT_SIZE);
    appraise(true);
    expect_failures(failures, test_count(failures));
}

/* The report of one chip under the certificate of another. */
static void another_chips_certificate_is_refused(void **state)
{
    (void)state;
    static const char *const failures[] = {"snp.report.signature", "snp.vcek.tcb", "snp.vcek.chip_id",
                                           "snp.policy.debug", "snp.platform.alias_check"};
    if (!file_read("go-sev-guest/attestation.bin", &report) || !file_read("sev/vcek_milan.der", &vcek) ||
        !chain_read("go-sev-guest/milan.testcer", &ask, &ark)) {
        print_message("skipped: no evidence from two chips\n");
        skip();
    }
    appraise(true);
    expect_failures(failures, test_count(failures));
}

static void the_chains_of_three_products_lead_to_pinned_roots(void **state)
{
    (void)state;
    static const struct {
        const char *chain;
        const char *vcek; /* NULL: the ASK stands in, to have three certificates */
        const char *product;
        const char *digest; /* of the ARK, as published beside it */
    } rows[] = {
        {"go-sev-guest/ask_ark_milan.pem", "go-sev-guest/vcek.testcer", "Milan",
         "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"},
        {"go-sev-guest/ask_ark_genoa.pem", NULL, "Genoa",
         "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"},
        {"go-sev-guest/ask_ark_turin_vcek.pem", "sev/vcek_turin.der", "Turin",
         "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct chain c;
        struct err_note note = {{0}};
        struct vcek extensions;
        bool simulated;
        uint8_t digest[32];
        char hex[ENCODING_HEX_SIZE(32)];
        if (!chain_read(rows[i].chain, &ask, &ark) ||
            (rows[i].vcek != NULL && !file_read(rows[i].vcek, &vcek))) {
            print_message("skipped: no %s\n", rows[i].chain);
            skip();
        }
        assert_ok(crypto_hash_parts(CRYPTO_SHA256, &ark.bytes, 1, digest));
        encoding_hex(bytes_of(digest, sizeof digest), hex);
        assert_string_equal(hex, rows[i].digest);
        assert_ok(
            chain_parse(ark.bytes, ask.bytes, rows[i].vcek != NULL ? vcek.bytes : ask.bytes, &c, &note));
        assert_string_equal(c.product->name, rows[i].product);
        assert_ok(chain_check_root(&c, (struct bytes){0}, &simulated, &note));
        assert_ok(chain_check_ask(&c, &note));
        if (rows[i].vcek != NULL) {
            assert_ok(chain_check_vcek(&c, &note));
            assert_ok(chain_check_validity(&c, c.vcek.cert.not_before, &note));
            assert_ok(chain_check_validity(&c, c.vcek.cert.not_after, &note));
            assert_err(chain_check_validity(&c, c.vcek.cert.not_before - 1, &note), ERR_CERTIFICATE);
            assert_err(chain_check_validity(&c, c.vcek.cert.not_after + 1, &note), ERR_CERTIFICATE);
            assert_ok(vcek_parse(&c.vcek.cert, &extensions, &note));
            assert_true(vcek_is_product(&extensions, rows[i].product));
        }
        chain_release(&c);
    }
}

static void the_intermediate_for_vleks_is_refused(void **state)
{
    (void)state;
    static const char *const chains[] = {"go-sev-guest/ask_ark_milan_vlek.pem",
                                         "go-sev-guest/ask_ark_genoa_vlek.pem",
                                         "go-sev-guest/ask_ark_turin_vlek.pem"};
    for (size_t i = 0; i < test_count(chains); i++) {
        struct chain c;
        struct err_note note = {{0}};
        if (!chain_read(chains[i], &ask, &ark)) {
            print_message("skipped: no %s\n", chains[i]);
            skip();
        }
        assert_ok(chain_parse(ark.bytes, ask.bytes, ask.bytes, &c, &note));
        assert_err(chain_check_ask(&c, &note), ERR_CERTIFICATE);
        chain_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_milan_report_of_a_debuggable_guest_fails_just_that),
        cmocka_unit_test(a_milan_report_from_before_the_alias_check_fails_just_that),
        cmocka_unit_test(another_chips_certificate_is_refused),
        cmocka_unit_test(the_chains_of_three_products_lead_to_pinned_roots),
        cmocka_unit_test(the_intermediate_for_vleks_is_refused),
    };
    if (!file_read("go-sev-guest/attestation.bin", &report)) {
        print_message("skipped: no real evidence in %s nor in %s\n", folders[0], folders[1]);
        return 77;
    }
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
