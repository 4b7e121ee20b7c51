/* SPDX-License-Identifier: Apache-2.0 */
/* Real quotes of real TDs, each at its own time, and what is wrong with those that are wrong. */
#include <stdio.h>

#include "attest/sgx_chain.h"
#include "attest/tdx_quote.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "unit/attest/tdx_files.h"
#include "unit/test.h"

enum {
    TIME_2023_07_01 = 1688169600,
    TIME_2025_06_25 = 1750809600,
    TIME_2025_09_10 = 1757462400,
    TIME_2026_02_25 = 1771977600,
    TIME_2026_03_10 = 1773100800,
    FAILURES_MAX = 12,
};

#define OUTDATED "dcap-qvl/tdx_quote_outdated_collateral.json"

/* What one set of files comes to. */
struct set {
    const char *quote;
    size_t size;            /* to which the quote is cut; 0: whole */
    const char *collateral; /* with everything in it */
    const char *instead[5]; /* of its documents and lists: files that are used in their place */
    int64_t now;
    const char *status;
    const char *failures[FAILURES_MAX]; /* the checks that are to fail, and no others */
};

static const struct set sets[] = {
    /* Up to date. */
    {.quote = "dcap-qvl/tdx_quote",
     .collateral = "dcap-qvl/tdx_quote_collateral.json",
     .now = TIME_2025_06_25,
     .status = "UpToDate"},
    {.quote = "dcap-qvl/quote_hex.txt",
     .collateral = "dcap-qvl/quote_collateral.json",
     .now = TIME_2025_09_10,
     .status = "UpToDate"},
    {.quote = "go-tdx-guest/quote_v5_sample.dat",
     .collateral = OUTDATED,
     .instead = {"go-tdx-guest/sample_tcbinfo_response_v5"},
     .now = TIME_2026_02_25,
     .status = "UpToDate"},
    /* The same later, and earlier. */
    {.quote = "dcap-qvl/tdx_quote",
     .collateral = "dcap-qvl/tdx_quote_collateral.json",
     .now = TIME_2025_09_10,
     .status = "UpToDate",
     .failures = {"tdx.pck_crl.current", "tdx.tcb_info.current", "tdx.qe_identity.current"}},
    {.quote = "dcap-qvl/tdx_quote",
     .collateral = "dcap-qvl/tdx_quote_collateral.json",
     .now = TIME_2023_07_01,
     .status = "UpToDate",
     .failures = {"tdx.pck.validity", "tdx.root_crl.current", "tdx.pck_crl.current",
                  "tdx.tcb_info.signer_valid", "tdx.tcb_info.current", "tdx.qe_identity.signer_valid",
                  "tdx.qe_identity.current"}},
    /* Another platform's TCB info. */
    {.quote = "dcap-qvl/quote_hex.txt",
     .collateral = "dcap-qvl/tdx_quote_collateral.json",
     .now = TIME_2025_06_25,
     .status = "unknown",
     .failures = {"tdx.pck.validity", "tdx.tcb_info.platform", "tdx.tcb.level", "tdx.tcb.status"}},
    /* Firmware below every level that Intel judges: a component of the PCK is. */
    {.quote = "dcap-qvl/tdx_quote_outdated",
     .collateral = OUTDATED,
     .now = TIME_2026_02_25,
     .status = "unknown",
     .failures = {"tdx.tcb.level", "tdx.tcb.status"}},
    {.quote = "dcap-qvl/tdx_quote_outdated",
     .collateral = OUTDATED,
     .now = TIME_2026_03_10,
     .status = "unknown",
     .failures = {"tdx.tcb.level", "tdx.tcb.status"}},
    {.quote = "dcap-qvl/tdx-quote.hex",
     .collateral = "dcap-qvl/tdx_quote_collateral.json",
     .now = TIME_2025_06_25,
     .status = "unknown",
     .failures = {"tdx.tcb.level", "tdx.tcb.status"}},
    {.quote = "dcap-qvl/quote-from-tappd.hex",
     .collateral = "dcap-qvl/tdx_quote_collateral.json",
     .now = TIME_2025_06_25,
     .status = "unknown",
     .failures = {"tdx.tcb.level", "tdx.tcb.status"}},
    /* 39 octets of text were put behind this one. Its documents' signer had, in 2023, another certificate for the same key. */
    {.quote = "go-tdx-guest/tdx_prod_quote_SPR_E4.dat",
     .size = 4974 - 39,
     .collateral = OUTDATED,
     .instead = {"go-tdx-guest/sample_tcbInfo_response", "go-tdx-guest/sample_qeIdentity_response",
                 "go-tdx-guest/pckcrl", "go-tdx-guest/rootcrl.der"},
     .now = TIME_2023_07_01,
     .status = "unknown",
     .failures = {"tdx.tcb_info.signer_valid", "tdx.qe_identity.signer_valid", "tdx.tcb.level",
                  "tdx.tcb.status", "tdx.td.sept_ve_disable"}},
};

static struct tdx_file quote;
static struct tdx_file file;
static struct verdict verdict;

/* What the files in `some` bring takes the place of what is in `all`. */
static struct tdx_collateral merged(const struct tdx_collateral *all, const struct tdx_collateral *some)
{
    struct tdx_collateral c = *all;
    c.tcb_info = some->tcb_info.body.len != 0 ? some->tcb_info : all->tcb_info;
    c.qe_identity = some->qe_identity.body.len != 0 ? some->qe_identity : all->qe_identity;
    c.root_crl = some->root_crl.len != 0 ? some->root_crl : all->root_crl;
    c.pck_crl = some->pck_crl.len != 0 ? some->pck_crl : all->pck_crl;
    return c;
}

static void appraise(const struct tdx_collateral *collateral, int64_t now)
{
    struct tdx_policy policy;
    struct tdx_quote q;
    struct tdx_launch launch = {.waived = 0xf};
    (void)!tdx_quote_parse(quote.bytes, &q, NULL);
    tdx_policy_default(&policy);
    memcpy(launch.mrtd, q.body.mrtd, sizeof launch.mrtd);
    policy.launches = &launch;
    policy.launch_count = 1;
    memset(&verdict, 0, sizeof verdict);
    tdx_appraise(quote.bytes, collateral, q.body.report_data, &policy, now, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.simulated);
}

static bool is_named(const char *const failures[static FAILURES_MAX], const char *name)
{
    for (size_t i = 0; i < FAILURES_MAX && failures[i] != NULL; i++)
        if (strcmp(failures[i], name) == 0)
            return true;
    return false;
}

static void expect_failures(const char *what, const char *const failures[static FAILURES_MAX])
{
    size_t failed = 0;
    size_t wanted = 0;
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *check = &verdict.checks[i];
        if (is_named(failures, check->rule->name) == check->passed)
            fail_msg("%s: %s %s (%s)", what, check->rule->name, check->passed ? "passed" : "failed",
                     check->saw);
        failed += !check->passed;
    }
    while (wanted < FAILURES_MAX && failures[wanted] != NULL)
        wanted++;
    assert_int_equal(failed, wanted);
    assert_true(verdict.accepted == (wanted == 0));
}

static void every_set_of_files_comes_to_what_it_should(void **state)
{
    (void)state;
    size_t found = 0;
    for (size_t i = 0; i < test_count(sets); i++) {
        const struct set *s = &sets[i];
        struct collateral all;
        struct collateral some;
        const char *const whole[] = {s->collateral, NULL};
        bool there = tdx_quote_read(s->quote, &quote);
        there = tdx_collateral_read(whole, &all) && there;
        there = tdx_collateral_read(s->instead, &some) && there;
        if (there) {
            const struct tdx_collateral collateral = merged(&all.tdx, &some.tdx);
            quote.bytes.len = s->size != 0 ? s->size : quote.bytes.len;
            appraise(&collateral, s->now);
            expect_failures(s->quote, s->failures);
            assert_true(s->status == NULL || strcmp(verdict.claims.tdx.tcb_status, s->status) == 0);
            found++;
        }
        collateral_release(&all);
        collateral_release(&some);
    }
    if (found == 0)
        skip();
    if (found != test_count(sets))
        print_message("%zu of %zu sets of files are here\n", found, test_count(sets));
}

/* Without collateral a quote shows who signed it; what that is worth, nobody says. */
static void a_quote_alone_is_refused(void **state)
{
    (void)state;
    static const char *const passed[] = {"tdx.quote.form",      "tdx.pck.root",     "tdx.pck.ca",
                                         "tdx.pck.leaf",        "tdx.qe.signature", "tdx.qe.attestation_key",
                                         "tdx.quote.signature", "tdx.td.debug",     "tdx.report_data"};
    static const char *const quotes[] = {"go-tdx-guest/cos-113-tdx-quote.dat",
                                         "go-tdx-guest/tdx_prod_quote_SPR_E4.dat"};
    for (size_t i = 0; i < test_count(quotes); i++) {
        if (!tdx_file_read(quotes[i], &quote)) {
            print_message("skipped: no %s\n", quotes[i]);
            continue;
        }
        if (i == 1)
            quote.bytes.len -= 39;
        appraise(&(struct tdx_collateral){0}, TIME_2025_06_25);
        assert_false(verdict.accepted);
        for (size_t p = 0; p < test_count(passed); p++)
            assert_true(verdict_find(&verdict, passed[p])->passed);
        assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.root_crl");
    }
}

static void what_stands_behind_a_quote_is_zero(void **state)
{
    (void)state;
    if (!tdx_file_read("go-tdx-guest/tdx_prod_quote_SPR_E4.dat", &quote))
        skip();
    appraise(&(struct tdx_collateral){0}, TIME_2023_07_01);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.quote.form");
    memset(quote.content + quote.bytes.len - 39, 0, 39);
    appraise(&(struct tdx_collateral){0}, TIME_2023_07_01);
    assert_true(verdict_find(&verdict, "tdx.quote.form")->passed);
}

/* Certificates that are pinned whole are not verified on every appraisal: here they are. */
static void what_is_pinned_is_signed_by_the_root(void **state)
{
    (void)state;
    static uint8_t der[3][4096];
    struct collateral c;
    static const char *const collateral[] = {"dcap-qvl/tdx_quote_collateral.json", NULL};
    if (!tdx_quote_read("dcap-qvl/tdx_quote", &quote) || !tdx_collateral_read(collateral, &c))
        skip();
    struct tdx_quote q;
    struct sgx_certificate certificates[4] = {0};
    assert_ok(tdx_quote_parse(quote.bytes, &q, NULL));
    struct bytes text = q.pck_chain;
    for (size_t i = 0; i < 3; i++) {
        size_t len;
        assert_ok(encoding_pem_next(&text, "CERTIFICATE", der[i], sizeof der[i], &len));
        assert_ok(sgx_certificate_parse("", bytes_of(der[i], len), &certificates[i], NULL));
    }
    assert_ok(sgx_certificate_parse("", c.tdx.tcb_info_issuer.signer, &certificates[3], NULL));
    assert_ok(x509_verify(&certificates[0].cert, certificates[1].key));
    for (size_t i = 1; i < 4; i++)
        assert_ok(x509_verify(&certificates[i].cert, certificates[2].key));
    for (size_t i = 0; i < 4; i++)
        sgx_certificate_release(&certificates[i]);
    collateral_release(&c);
}

static void a_quote_of_an_sgx_enclave_is_refused(void **state)
{
    (void)state;
    struct collateral c;
    static const char *const collateral[] = {"dcap-qvl/sgx_quote_collateral.json", NULL};
    if (!tdx_file_read("dcap-qvl/sgx_quote", &quote) || !tdx_collateral_read(collateral, &c))
        skip();
    appraise(&c.tdx, TIME_2025_06_25);
    collateral_release(&c);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.quote.version");
    assert_string_equal(verdict_find(&verdict, "tdx.tcb_info.form")->saw, "\"id\" is not TDX");
    assert_string_equal(verdict_find(&verdict, "tdx.qe_identity.form")->saw, "\"id\" is not TD_QE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_of_files_comes_to_what_it_should),
        cmocka_unit_test(a_quote_alone_is_refused),
        cmocka_unit_test(what_stands_behind_a_quote_is_zero),
        cmocka_unit_test(what_is_pinned_is_signed_by_the_root),
        cmocka_unit_test(a_quote_of_an_sgx_enclave_is_refused),
    };
    if (!tdx_file_read("go-tdx-guest/tdx_prod_quote_SPR_E4.dat", &file)) {
        print_message("skipped: no real TD quotes (deps/evidence fetches some)\n");
        return 77;
    }
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
