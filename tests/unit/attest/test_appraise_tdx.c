/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a TD's bundle to a verdict: the parts that Intel TDX brings, and the way to them. */
#include "attest/appraise.h"
#include "attest/bundle.h"
#include "attest/collateral.h"
#include "attest/merkle.h"
#include "attest/statement.h"
#include "base/secret.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

enum { LEAVES = 3, OWN = 1 };

static struct synthetic_tdx_keys keys;
static struct synthetic_tdx tdx;
static struct tdx_launch launch;
static uint8_t challenges[LEAVES][32];
static struct statement statement;
static char statement_text[STATEMENT_MAX];
static char *collateral_text;
static struct bundle bundle;
static struct attest_policy policy;
static struct verdict verdict;

static void appraise(const struct bundle *b, const uint8_t *challenge)
{
    char *text;
    size_t len;
    assert_ok(bundle_write(b, &text, &len));
    attest_appraise(bytes_of(text, len), challenge, &policy, SYNTHETIC_TDX_NOW, &verdict);
    secret_free(text);
}

/* also: a row that cannot be judged then; NULL: none. */
static void expect_two(const char *failure, const char *also)
{
    assert_false(verdict.accepted);
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *c = &verdict.checks[i];
        const bool unjudged = also != NULL && strcmp(c->rule->name, also) == 0;
        if (c->passed == (unjudged || strcmp(c->rule->name, failure) == 0))
            fail_msg("%s %s (%s)", c->rule->name, c->passed ? "passed" : "failed", c->saw);
        if (unjudged)
            assert_int_equal(strncmp(c->saw, "not checked", strlen("not checked")), 0);
    }
}

static void expect_only(const char *failure)
{
    expect_two(failure, NULL);
}

static void a_sound_bundle_is_accepted(void **state)
{
    (void)state;
    appraise(&bundle, challenges[OWN]);
    assert_true(verdict.accepted);
    assert_true(verdict.simulated);
    assert_true(verdict.claims.fresh);
    assert_int_equal(verdict.claims.platform, VERDICT_PLATFORM_TDX);
    assert_memory_equal(verdict.claims.noise_key, statement.noise_key, 32);
    assert_memory_equal(verdict.claims.measurement, launch.mrtd, 48);
    assert_null(verdict_find(&verdict, "snp.report.version"));
}

static void a_quote_for_another_challenge_is_refused(void **state)
{
    (void)state;
    appraise(&bundle, challenges[OWN + 1]);
    expect_only("tdx.report_data");
    assert_false(verdict.claims.fresh);
}

static void another_statement_is_refused(void **state)
{
    (void)state;
    static char text[STATEMENT_MAX];
    size_t len;
    struct bundle b = bundle;
    struct statement other = statement;
    other.noise_key[0] ^= 1;
    assert_ok(statement_write(&other, text, sizeof text, &len));
    b.statement = bytes_of(text, len);
    appraise(&b, challenges[OWN]);
    expect_only("tdx.report_data");
}

/* A measurement of SEV-SNP is no launch of a TD. */
static void a_policy_for_snp_alone_refuses_a_td(void **state)
{
    (void)state;
    const struct attest_policy before = policy;
    policy.tdx.launch_count = 0;
    policy.measurements = (const uint8_t(*)[48])launch.mrtd;
    policy.measurement_count = 1;
    appraise(&bundle, challenges[OWN]);
    policy = before;
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.mrtd");
}

static void a_root_of_the_other_platform_is_not_trusted(void **state)
{
    (void)state;
    const struct attest_policy before = policy;
    policy.simulated_root = policy.tdx.simulated_root;
    policy.tdx.simulated_root = (struct bytes){0};
    appraise(&bundle, challenges[OWN]);
    policy = before;
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.pck.root");
    assert_false(verdict.simulated);
}

static void parts_of_the_other_platform_are_refused(void **state)
{
    (void)state;
    const struct bundle_item certificate = {BUNDLE_CERTIFICATE, tdx.root_der};
    struct bundle b = bundle;
    b.endorsements[b.endorsement_count++] = certificate;
    appraise(&b, challenges[OWN]);
    expect_two("bundle.content", "statement.gpu");

    b = bundle;
    b.evidence[0].media_type = BUNDLE_SNP_REPORT;
    appraise(&b, challenges[OWN]);
    expect_two("bundle.content", "statement.gpu");

    b = bundle;
    memcpy(b.platform, BUNDLE_PLATFORM_SNP, sizeof BUNDLE_PLATFORM_SNP);
    appraise(&b, challenges[OWN]);
    expect_two("bundle.content", "statement.gpu");

    b = bundle;
    b.endorsement_count = 0;
    appraise(&b, challenges[OWN]);
    expect_two("bundle.content", "statement.gpu");
}

static void collateral_that_is_malformed_is_said_to_be(void **state)
{
    (void)state;
    struct bundle b = bundle;
    b.endorsements[0].value = bytes_str("{}");
    appraise(&b, challenges[OWN]);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "bundle.collateral");
    assert_false(verdict_find(&verdict, "tdx.tcb_info.form")->passed);
}

static void a_simulated_root_goes_to_the_platform_whose_name_it_bears(void **state)
{
    (void)state;
    struct attest_policy p;
    struct err_note note;
    attest_policy_default(&p);
    assert_ok(attest_policy_trust_simulated(&p, tdx.root_der, &note));
    assert_true(bytes_equal(p.tdx.simulated_root, tdx.root_der));
    assert_int_equal(p.simulated_root.len, 0);
    attest_policy_default(&p);
    assert_err(attest_policy_trust_simulated(&p, tdx.collateral.tcb_info_issuer.signer, &note), ERR_UNKNOWN);
    assert_err(attest_policy_trust_simulated(&p, bytes_str("0x"), &note), ERR_CERTIFICATE);
    assert_int_equal(p.tdx.simulated_root.len, 0);
}

static int make(void **state)
{
    (void)state;
    struct merkle_tree *tree;
    uint8_t root[32];
    size_t len;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    synthetic_tdx_init(&tdx, &keys);
    memcpy(statement.model_name, "test model", 11);
    memset(statement.noise_key, 0x11, 32);
    for (size_t i = 0; i < LEAVES; i++)
        memset(challenges[i], (int)(0x40 + i), 32);
    if (statement_write(&statement, statement_text, sizeof statement_text, &len) != ERR_OK ||
        merkle_build((const uint8_t(*)[32])challenges, LEAVES, &tree) != ERR_OK)
        return -1;
    merkle_root(tree, root);
    merkle_path_of(tree, OWN, &bundle.freshness);
    merkle_free(tree);
    bundle.statement = bytes_of(statement_text, len);
    if (statement_report_data(bundle.statement, root, tdx.quote_fields.body.report_data) != ERR_OK)
        return -1;
    synthetic_tdx_build(&tdx);
    if (collateral_write(&tdx.collateral, &collateral_text, &len, NULL) != ERR_OK)
        return -1;

    memcpy(bundle.platform, BUNDLE_PLATFORM_TDX, sizeof BUNDLE_PLATFORM_TDX);
    bundle.evidence_count = 1;
    bundle.evidence[0] = (struct bundle_item){BUNDLE_TDX_QUOTE, tdx.quote};
    bundle.endorsement_count = 1;
    bundle.endorsements[0] = (struct bundle_item){BUNDLE_TDX_COLLATERAL, bytes_of(collateral_text, len)};
    memcpy(launch.mrtd, tdx.quote_fields.body.mrtd, sizeof launch.mrtd);
    memcpy(launch.rtmr, tdx.quote_fields.body.rtmr, sizeof launch.rtmr);
    launch.named = 0xf;
    attest_policy_default(&policy);
    policy.tdx.evaluation_number_min = 17;
    policy.tdx.launches = &launch;
    policy.tdx.launch_count = 1;
    policy.tdx.simulated_root = tdx.root_der;
    return 0;
}

static int drop(void **state)
{
    (void)state;
    secret_free(collateral_text);
    synthetic_tdx_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_bundle_is_accepted),
        cmocka_unit_test(a_quote_for_another_challenge_is_refused),
        cmocka_unit_test(another_statement_is_refused),
        cmocka_unit_test(a_policy_for_snp_alone_refuses_a_td),
        cmocka_unit_test(a_root_of_the_other_platform_is_not_trusted),
        cmocka_unit_test(parts_of_the_other_platform_are_refused),
        cmocka_unit_test(collateral_that_is_malformed_is_said_to_be),
        cmocka_unit_test(a_simulated_root_goes_to_the_platform_whose_name_it_bears),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
