/* SPDX-License-Identifier: Apache-2.0 */
/* Real reports of real chips, where they are at hand: third-party evidence is not in this repository. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/chain.h"
#include "attest/snp.h"
#include "attest/snp_certificates.h"
#include "attest/snp_report.h"
#include "attest/vcek.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "unit/attest/snp_files.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

enum { TIME_2024 = 1704067200 };

static struct snp_file report;
static struct snp_file vcek;
static struct snp_file ask;
static struct snp_file ark;
static struct verdict verdict;

static struct attest_policy policy;

/* The report's own measurement is the reference. */
static void appraise_with_policy(void)
{
    uint8_t measurement[1][48];
    struct snp_report r;
    assert_ok(snp_report_parse(report.bytes, &r, NULL));
    memcpy(measurement[0], r.measurement, 48);
    policy.measurements = (const uint8_t(*)[48])measurement;
    policy.measurement_count = 1;
    const struct snp_evidence evidence = {
        .report = report.bytes, .vek = vcek.bytes, .ask = ask.bytes, .ark = ark.bytes};
    memset(&verdict, 0, sizeof verdict);
    snp_appraise(&evidence, r.report_data, &policy, TIME_2024, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.simulated);
}

static void appraise(bool allow_milan)
{
    policy = (struct attest_policy){.snp.allow_missing_crl = true, /* none of AMD's is at hand */
                                    .allow_milan = allow_milan};
    appraise_with_policy();
}

static void a_milan_report_of_a_debuggable_guest_fails_just_that(void **state)
{
    (void)state;
    static const char *const failures[] = {"snp.policy.debug", "snp.tcb.floor.reported",
                                           "snp.tcb.floor.committed", "snp.tcb.floor.launch",
                                           "snp.platform.alias_check"};
    static const char *const more[] = {"snp.policy.debug",         "snp.tcb.floor.reported",
                                       "snp.tcb.floor.committed",  "snp.tcb.floor.launch",
                                       "snp.platform.alias_check", "snp.product.milan"};
    if (!snp_file_read("go-sev-guest/attestation.bin", &report) ||
        !snp_file_read("go-sev-guest/vcek.testcer", &vcek) ||
        !snp_chain_read("go-sev-guest/milan.testcer", &ask, &ark)) {
        print_message("skipped: no evidence from go-sev-guest (deps/evidence fetches it)\n");
        skip();
    }
    appraise(true);
    verdict_expect_failures(&verdict, failures, test_count(failures));
    assert_string_equal(verdict.claims.product, "Milan");
    appraise(false);
    verdict_expect_failures(&verdict, more, test_count(more));
}

static void a_milan_report_from_before_the_alias_check_fails_just_that(void **state)
{
    (void)state;
    static const char *const failures[] = {"snp.tcb.floor.reported", "snp.tcb.floor.committed",
                                           "snp.tcb.floor.launch", "snp.platform.alias_check"};
    if (!snp_report_read("sev/report_milan.hex", &report) || !snp_file_read("sev/vcek_milan.der", &vcek) ||
        !snp_chain_read("sev/cert_chain_milan", &ask, &ark)) {
        print_message("skipped: no evidence from virtee/sev\n");
        skip();
    }
    appraise(true);
    verdict_expect_failures(&verdict, failures, test_count(failures));
}

/* What today's defaults refuse, a policy of that time accepts: each by its name. */
static void a_policy_of_its_time_accepts_a_milan_report(void **state)
{
    (void)state;
    static const struct {
        const char *report, *vcek, *chain;
        bool debug;
    } sets[] = {
        {"sev/report_milan.hex", "sev/vcek_milan.der", "sev/cert_chain_milan", false},
        {"go-sev-guest/attestation.bin", "go-sev-guest/vcek.testcer", "go-sev-guest/milan.testcer", true}};
    for (size_t i = 0; i < test_count(sets); i++) {
        if (!snp_report_read(sets[i].report, &report) || !snp_file_read(sets[i].vcek, &vcek) ||
            !snp_chain_read(sets[i].chain, &ask, &ark)) {
            print_message("skipped: no %s\n", sets[i].report);
            skip();
        }
        policy = (struct attest_policy){
            .snp.allow_missing_crl = true, .snp.own_floors = true, .allow_milan = true};
        policy.snp.platform[SNP_PLATFORM_ALIAS_CHECK] = POLICY_ANY;
        policy.snp.guest[SNP_GUEST_DEBUG] = sets[i].debug ? POLICY_ANY : POLICY_DEFAULT;
        appraise_with_policy();
        verdict_expect_failures(&verdict, NULL, 0);
        assert_true(verdict.accepted);
    }
}

/* The report of one chip under the certificate of another. */
static void another_chips_certificate_is_refused(void **state)
{
    (void)state;
    static const char *const failures[] = {"snp.report.signature",   "snp.vek.tcb",
                                           "snp.vek.chip_id",        "snp.policy.debug",
                                           "snp.tcb.floor.reported", "snp.tcb.floor.committed",
                                           "snp.tcb.floor.launch",   "snp.platform.alias_check"};
    if (!snp_file_read("go-sev-guest/attestation.bin", &report) ||
        !snp_file_read("sev/vcek_milan.der", &vcek) ||
        !snp_chain_read("go-sev-guest/milan.testcer", &ask, &ark)) {
        print_message("skipped: no evidence from two chips\n");
        skip();
    }
    appraise(true);
    verdict_expect_failures(&verdict, failures, test_count(failures));
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
        if (!snp_chain_read(rows[i].chain, &ask, &ark) ||
            (rows[i].vcek != NULL && !snp_file_read(rows[i].vcek, &vcek))) {
            print_message("skipped: no %s\n", rows[i].chain);
            skip();
        }
        assert_ok(crypto_hash_parts(CRYPTO_SHA256, &ark.bytes, 1, digest));
        encoding_hex(bytes_of(digest, sizeof digest), hex);
        assert_string_equal(hex, rows[i].digest);
        assert_ok(chain_parse(ark.bytes, ask.bytes, rows[i].vcek != NULL ? vcek.bytes : ask.bytes,
                              VCEK_OF_CHIP, &c, &note));
        assert_string_equal(c.product->name, rows[i].product);
        assert_ok(chain_check_root(&c, (struct bytes){0}, &simulated, &note));
        assert_ok(chain_check_ask(&c, false, &note));
        if (rows[i].vcek != NULL) {
            assert_ok(chain_check_vek(&c, &note));
            assert_ok(chain_check_validity(&c, c.vek.cert.not_before, &note));
            assert_ok(chain_check_validity(&c, c.vek.cert.not_after, &note));
            assert_err(chain_check_validity(&c, c.vek.cert.not_before - 1, &note), ERR_CERTIFICATE);
            assert_err(chain_check_validity(&c, c.vek.cert.not_after + 1, &note), ERR_CERTIFICATE);
            assert_ok(vcek_parse(&c.vek.cert, VCEK_OF_CHIP, &extensions, &note));
            assert_true(vcek_is_product(&extensions, c.product));
        }
        chain_release(&c);
    }
}

/* An intermediate of AMD's own, signed by AMD's root, but for the other kind of key: the pin says so before the name does. */
static void the_intermediate_for_vleks_is_taken_for_vleks_alone(void **state)
{
    (void)state;
    static const struct {
        const char *vlek;
        const char *vcek;
    } chains[] = {{"go-sev-guest/ask_ark_milan_vlek.pem", "go-sev-guest/ask_ark_milan.pem"},
                  {"go-sev-guest/ask_ark_genoa_vlek.pem", "go-sev-guest/ask_ark_genoa.pem"},
                  {"go-sev-guest/ask_ark_turin_vlek.pem", "go-sev-guest/ask_ark_turin_vcek.pem"}};
    for (size_t i = 0; i < test_count(chains); i++) {
        for (int kind = VCEK_OF_CHIP; kind <= VCEK_OF_PROVIDER; kind++) {
            struct chain c;
            struct err_note note = {{0}};
            bool vlek = kind == VCEK_OF_PROVIDER;
            if (!snp_chain_read(vlek ? chains[i].vlek : chains[i].vcek, &ask, &ark)) {
                print_message("skipped: no %s\n", chains[i].vlek);
                skip();
            }
            assert_ok(chain_parse(ark.bytes, ask.bytes, ask.bytes, (enum vcek_kind)kind, &c, &note));
            assert_ok(chain_check_ask(&c, false, &note));
            c.kind = vlek ? VCEK_OF_CHIP : VCEK_OF_PROVIDER;
            assert_err(chain_check_ask(&c, false, &note), ERR_REFUSED);
            assert_non_null(strstr(note.text, "pinned"));
            assert_err(chain_check_ask(&c, true, &note), ERR_CERTIFICATE); /* the name, then */
            /* What certificates that are pinned whole are not asked any more. */
            assert_ok(x509_verify(&c.ark.cert, c.ark.key));
            assert_ok(x509_verify(&c.ask.cert, c.ark.key));
            chain_release(&c);
        }
    }
}

/* Pinned by key as well: the same key in another certificate passes when that is signed, and these are not. */
static void a_root_that_was_signed_anew_must_be_signed_by_itself(void **state)
{
    (void)state;
    struct chain c;
    struct err_note note = {{0}};
    bool simulated;
    if (!snp_chain_read("go-sev-guest/ask_ark_genoa.pem", &ask, &ark)) {
        print_message("skipped: no chain of Genoa's\n");
        skip();
    }
    ark.content[ark.bytes.len - 1] ^= 1; /* of the signature */
    assert_ok(chain_parse(ark.bytes, ask.bytes, ask.bytes, VCEK_OF_CHIP, &c, &note));
    assert_err(chain_check_root(&c, (struct bytes){0}, &simulated, &note), ERR_SIGNATURE);
    assert_ok(chain_check_ask(&c, false, &note));
    ask.content[ask.bytes.len - 1] ^= 1;
    assert_err(chain_check_ask(&c, false, &note), ERR_SIGNATURE);
    chain_release(&c);
}

/* As published: the report of one machine beside the certificate of another. */
static void azures_report_does_not_fit_its_certificate(void **state)
{
    (void)state;
    static const char *const failures[] = {"snp.report.signature", "snp.vek.chip_id",
                                           "snp.platform.alias_check"};
    static struct snp_file hcl;
    enum { REPORT_AT = 32, RUNTIME_HEADER = 20 };
    struct snp_certificates set = {0};
    static struct snp_file pem;
    struct snp_evidence evidence = {0};
    if (!snp_file_read("../azure/azure-cvm-tooling/hcl-report-snp.bin", &hcl) ||
        !snp_file_read("../azure/azure-cvm-tooling/certs.pem", &pem)) {
        print_message("skipped: no evidence of Azure's\n");
        skip();
    }
    assert_ok(snp_certificates_add(&set, pem.bytes, NULL));
    report.bytes = snp_report_unwrap(
        bytes_of(hcl.content + REPORT_AT, SNP_REPORT_SIZE + RUNTIME_HEADER)); /* as some cut it */
    assert_int_equal(report.bytes.len, SNP_REPORT_SIZE);
    snp_certificates_into(&set, SNP_KEY_VCEK, &evidence);
    memcpy(vcek.content, evidence.vek.ptr, evidence.vek.len);
    memcpy(ask.content, evidence.ask.ptr, evidence.ask.len);
    memcpy(ark.content, evidence.ark.ptr, evidence.ark.len);
    vcek.bytes = bytes_of(vcek.content, evidence.vek.len);
    ask.bytes = bytes_of(ask.content, evidence.ask.len);
    ark.bytes = bytes_of(ark.content, evidence.ark.len);
    appraise(true);
    for (size_t i = 0; i < test_count(failures); i++)
        assert_false(verdict_find(&verdict, failures[i])->passed);
    snp_certificates_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_milan_report_of_a_debuggable_guest_fails_just_that),
        cmocka_unit_test(a_milan_report_from_before_the_alias_check_fails_just_that),
        cmocka_unit_test(a_policy_of_its_time_accepts_a_milan_report),
        cmocka_unit_test(another_chips_certificate_is_refused),
        cmocka_unit_test(the_chains_of_three_products_lead_to_pinned_roots),
        cmocka_unit_test(the_intermediate_for_vleks_is_taken_for_vleks_alone),
        cmocka_unit_test(a_root_that_was_signed_anew_must_be_signed_by_itself),
        cmocka_unit_test(azures_report_does_not_fit_its_certificate),
    };
    if (!snp_file_read("go-sev-guest/attestation.bin", &report)) {
        print_message("skipped: no real SEV-SNP reports (deps/evidence fetches some)\n");
        return 77;
    }
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
