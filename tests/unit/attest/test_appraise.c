/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle's text to a verdict. */
#include "attest/appraise.h"
#include "attest/bundle.h"
#include "attest/merkle.h"
#include "attest/rules.h"
#include "attest/statement.h"
#include "base/secret.h"
#include "support/synthetic_snp.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

enum { LEAVES = 5, OWN = 3 };

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static uint8_t measurement[1][48];
static uint8_t challenges[LEAVES][32];
static struct statement statement;
static char statement_text[STATEMENT_MAX];
static struct bundle bundle; /* a sound one; its ranges are the tests' */
static struct attest_policy policy;
static struct verdict verdict;

static void appraise(const struct bundle *b, const uint8_t *challenge)
{
    char *text;
    size_t len;
    assert_ok(bundle_write(b, &text, &len));
    attest_appraise(bytes_of(text, len), challenge, &policy, SYNTHETIC_NOW, &verdict);
    secret_free(text);
}

static void a_sound_bundle_is_accepted(void **state)
{
    (void)state;
    appraise(&bundle, challenges[OWN]);
    assert_true(verdict.accepted);
    assert_true(verdict.simulated);
    assert_true(verdict.claims.fresh);
    assert_memory_equal(verdict.claims.noise_key, statement.noise_key, 32);
    assert_memory_equal(verdict.claims.model_digest, statement.model_digest, 32);
    assert_string_equal(verdict.claims.model_name, "test model");
}

static void a_saved_challenge_counts_when_no_own_is_given(void **state)
{
    (void)state;
    struct bundle b = bundle;
    b.has_challenge = true;
    memcpy(b.challenge, challenges[OWN], 32);
    appraise(&b, NULL);
    assert_true(verdict.accepted);
    appraise(&b, challenges[OWN]);
    assert_true(verdict.accepted);
    b.challenge[0] ^= 1;
    appraise(&b, challenges[OWN]);
    verdict_expect_only(&verdict, "freshness.challenge");
}

static void a_stale_report_is_refused(void **state)
{
    (void)state;
    appraise(&bundle, challenges[OWN - 1]); /* somebody else's challenge */
    verdict_expect_only(&verdict, "snp.report_data");
    assert_false(verdict.claims.fresh);
}

static void a_swapped_statement_is_refused(void **state)
{
    (void)state;
    static char text[STATEMENT_MAX];
    size_t len;
    struct bundle b = bundle;
    struct statement other = statement;
    other.noise_key[31] ^= 1;
    assert_ok(statement_write(&other, text, sizeof text, &len));
    b.statement = bytes_of(text, len);
    appraise(&b, challenges[OWN]);
    verdict_expect_only(&verdict, "snp.report_data");
}

static void a_wrong_place_in_the_tree_is_refused(void **state)
{
    (void)state;
    struct bundle b = bundle;
    b.freshness.hashes[0][0] ^= 1;
    appraise(&b, challenges[OWN]);
    verdict_expect_only(&verdict, "snp.report_data");
    b = bundle;
    b.freshness.count--;
    appraise(&b, challenges[OWN]);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "freshness.path");
    assert_false(verdict_find(&verdict, "snp.report_data")->passed);
}

static void without_a_challenge_nothing_is_accepted(void **state)
{
    (void)state;
    appraise(&bundle, NULL);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "freshness.challenge");
    assert_false(verdict_find(&verdict, "snp.report_data")->passed);
}

static void a_model_that_was_not_named_is_refused(void **state)
{
    (void)state;
    static const uint8_t others[2][32] = {{1}, {2}};
    uint8_t named[2][32];
    policy.models = others;
    policy.model_count = 2;
    appraise(&bundle, challenges[OWN]);
    verdict_expect_only(&verdict, "statement.model");
    memcpy(named[0], others[0], 32);
    memcpy(named[1], statement.model_digest, 32);
    policy.models = (const uint8_t(*)[32])named;
    appraise(&bundle, challenges[OWN]);
    policy.model_count = 0;
    assert_true(verdict.accepted);
}

static void a_gpu_that_nobody_verifies_is_refused(void **state)
{
    (void)state;
    static char text[STATEMENT_MAX];
    static struct synthetic_snp other;
    uint8_t root[32];
    size_t len;
    struct bundle b = bundle;
    struct statement with_gpu = statement;
    with_gpu.has_gpu_evidence = true;
    assert_ok(statement_write(&with_gpu, text, sizeof text, &len));
    b.statement = bytes_of(text, len);
    other = snp;
    assert_ok(merkle_root_from_path(challenges[OWN], &b.freshness, root));
    assert_ok(statement_report_data(b.statement, root, other.report.report_data));
    synthetic_snp_build(&other);
    b.evidence[0].value = other.evidence.report;
    b.endorsements[0].value = other.evidence.vek;
    b.endorsements[1].value = other.evidence.ask;
    b.endorsements[2].value = other.evidence.ark;
    policy.simulated_root = other.evidence.ark;
    appraise(&b, challenges[OWN]);
    policy.simulated_root = snp.evidence.ark;
    verdict_expect_only(&verdict, "statement.gpu");
}

static void a_malformed_statement_is_refused(void **state)
{
    (void)state;
    struct bundle b = bundle;
    b.statement = bytes_str("{}");
    appraise(&b, challenges[OWN]);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "statement.form");
}

static void missing_and_superfluous_certificates_are_refused(void **state)
{
    (void)state;
    struct bundle b = bundle;
    b.endorsement_count = 2;
    appraise(&b, challenges[OWN]);
    assert_false(verdict_find(&verdict, "bundle.content")->passed);
    b = bundle;
    b.endorsements[b.endorsement_count++] = b.endorsements[0];
    appraise(&b, challenges[OWN]);
    assert_false(verdict_find(&verdict, "bundle.content")->passed);
    b = bundle;
    b.endorsements[2].media_type = BUNDLE_CRL;
    appraise(&b, challenges[OWN]);
    assert_false(verdict_find(&verdict, "bundle.content")->passed);
    b = bundle;
    b.evidence[b.evidence_count++] = b.evidence[0];
    appraise(&b, challenges[OWN]);
    assert_false(verdict_find(&verdict, "bundle.content")->passed);
    assert_false(verdict.accepted);
}

static void every_truncation_of_a_bundle_is_refused(void **state)
{
    (void)state;
    char *text;
    size_t len;
    assert_ok(bundle_write(&bundle, &text, &len));
    for (size_t cut = 0; cut < len; cut++) {
        attest_appraise(bytes_of(text, cut), challenges[OWN], &policy, SYNTHETIC_NOW, &verdict);
        assert_false(verdict.accepted);
        assert_string_equal(verdict_first_failure(&verdict)->rule->name, "bundle.form");
    }
    secret_free(text);
}

static void without_the_root_given_by_hand_it_is_refused(void **state)
{
    (void)state;
    struct bytes root = policy.simulated_root;
    policy.simulated_root = (struct bytes){0};
    appraise(&bundle, challenges[OWN]);
    policy.simulated_root = root;
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "snp.chain.root");
    assert_false(verdict_find(&verdict, "snp.chain.ask")->passed); /* no key that is pinned either */
    assert_false(verdict.simulated);
}

enum given { SOUND, SAVED, POLICY_NAMES, MALFORMED, NO_CHALLENGE, NO_STATEMENT, NO_PATH };

static void appraise_given(enum given given)
{
    static const uint8_t model[1][32] = {{1}};
    const struct attest_policy before = policy;
    struct bundle b = bundle;
    if (given == SAVED) {
        b.has_challenge = true;
        memcpy(b.challenge, challenges[OWN], 32);
    }
    if (given == POLICY_NAMES) {
        policy.platforms = 1U << VERDICT_PLATFORM_TDX;
        policy.models = model;
        policy.model_count = 1;
        policy.gpu.gpu_count = 1;
    }
    if (given == NO_STATEMENT)
        b.statement = bytes_str("{}");
    if (given == NO_PATH)
        b.freshness.count--;
    if (given == MALFORMED)
        attest_appraise(bytes_str("{"), challenges[OWN], &policy, SYNTHETIC_NOW, &verdict);
    else
        appraise(&b, given == SAVED || given == NO_CHALLENGE ? NULL : challenges[OWN]);
    policy = before;
}

/* Whatever is wrong, each row is there and says what was seen. */
static void no_row_is_left_out(void **state)
{
    (void)state;
    static const struct {
        enum given given;
        const char *check;
        bool passed;
        const char *saw, *wanted; /* NULL: any */
    } table[] = {
        {SOUND, "bundle.form", true, "", ""},
        {SOUND, "bundle.content", true, "", ""},
        {SOUND, "bundle.platform", true, NULL, "any"},
        {SOUND, "freshness.challenge", true, "of this handshake", NULL},
        {SOUND, "freshness.path", true, "4 of 5", NULL},
        {SOUND, "statement.form", true, "", ""},
        {SOUND, "statement.model", true, NULL, "any"},
        {SOUND, "statement.gpu", true, "none", NULL},
        {SAVED, "freshness.challenge", true, "saved with the bundle", NULL},
        {POLICY_NAMES, "bundle.platform", false, NULL, "one of those you named"},
        {POLICY_NAMES, "statement.model", false, NULL, "one of those you named"},
        {POLICY_NAMES, "statement.gpu", false, "none", "the same"},
        {MALFORMED, "bundle.form", false, "JSON error at byte 1 (line 1)", NULL},
        {MALFORMED, "bundle.content", false, "not checked: the bundle is malformed", NULL},
        {MALFORMED, "bundle.platform", false,
         "not checked: the bundle is malformed, or of a platform that is not known", NULL},
        {MALFORMED, "freshness.challenge", true, NULL, NULL},
        {MALFORMED, "freshness.path", false, "not checked: the bundle is malformed", NULL},
        {MALFORMED, "statement.form", false, "not checked: the bundle is malformed", NULL},
        {MALFORMED, "statement.model", false, "not checked: there is no statement", NULL},
        {MALFORMED, "statement.gpu", false, "not checked: there is no statement", NULL},
        {NO_CHALLENGE, "freshness.challenge", false, "none", "one"},
        {NO_CHALLENGE, "freshness.path", false, "not checked: there is no challenge", NULL},
        {NO_STATEMENT, "statement.form", false, NULL, NULL},
        {NO_STATEMENT, "statement.model", false, "not checked: there is no statement", NULL},
        {NO_STATEMENT, "statement.gpu", false, "not checked: there is no statement", NULL},
        {NO_PATH, "freshness.path", false, "a field has a value that is not allowed", NULL},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        appraise_given(table[i].given);
        const struct verdict_check *c = verdict_find(&verdict, table[i].check);
        if (c == NULL)
            fail_msg("row %zu: no %s", i, table[i].check);
        if (c->passed != table[i].passed || (table[i].saw != NULL && strcmp(c->saw, table[i].saw) != 0) ||
            (table[i].wanted != NULL && strcmp(c->wanted, table[i].wanted) != 0))
            fail_msg("row %zu: %s %s (saw %s, wanted %s)", i, c->rule->name, c->passed ? "passed" : "failed",
                     c->saw, c->wanted);
    }
}

/* What no report covers nobody claims. */
static void a_statement_without_its_place_in_the_tree_claims_nothing(void **state)
{
    (void)state;
    static const uint8_t nothing[32];
    appraise_given(NO_PATH);
    assert_memory_equal(verdict.claims.noise_key, nothing, 32);
    assert_memory_equal(verdict.claims.model_digest, nothing, 32);
    assert_string_equal(verdict.claims.model_name, "");
    assert_false(verdict.claims.fresh);
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    assert_string_equal(appraise_rule(0)->name, "bundle.form");
    assert_string_equal(appraise_rule(8)->name, "bundle.collateral");
    assert_null(appraise_rule(9));
    assert_null(appraise_rule(100));
}

static int make(void **state)
{
    (void)state;
    struct merkle_tree *tree;
    uint8_t root[32];
    size_t len;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    memcpy(statement.model_name, "test model", 11);
    memset(statement.noise_key, 0x11, 32);
    memset(statement.model_digest, 0x22, 32);
    for (size_t i = 0; i < LEAVES; i++)
        memset(challenges[i], (int)(0x40 + i), 32);
    if (statement_write(&statement, statement_text, sizeof statement_text, &len) != ERR_OK ||
        merkle_build((const uint8_t(*)[32])challenges, LEAVES, &tree) != ERR_OK)
        return -1;
    merkle_root(tree, root);
    bundle.statement = bytes_of(statement_text, len);
    if (statement_report_data(bundle.statement, root, snp.report.report_data) != ERR_OK)
        return -1;
    merkle_path_of(tree, OWN, &bundle.freshness);
    merkle_free(tree);
    synthetic_snp_build(&snp);

    memcpy(bundle.platform, BUNDLE_PLATFORM_SNP, sizeof BUNDLE_PLATFORM_SNP);
    bundle.evidence_count = 1;
    bundle.evidence[0] = (struct bundle_item){BUNDLE_SNP_REPORT, snp.evidence.report};
    bundle.endorsement_count = 4;
    bundle.endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.vek};
    bundle.endorsements[1] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.ask};
    bundle.endorsements[2] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.ark};
    bundle.endorsements[3] = (struct bundle_item){BUNDLE_CRL, snp.evidence.crls[0]};
    memcpy(measurement[0], snp.report.measurement, 48);
    policy.measurements = (const uint8_t(*)[48])measurement;
    policy.measurement_count = 1;
    policy.simulated_root = snp.evidence.ark;
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
        cmocka_unit_test(a_sound_bundle_is_accepted),
        cmocka_unit_test(a_saved_challenge_counts_when_no_own_is_given),
        cmocka_unit_test(a_stale_report_is_refused),
        cmocka_unit_test(a_swapped_statement_is_refused),
        cmocka_unit_test(a_wrong_place_in_the_tree_is_refused),
        cmocka_unit_test(without_a_challenge_nothing_is_accepted),
        cmocka_unit_test(a_model_that_was_not_named_is_refused),
        cmocka_unit_test(a_gpu_that_nobody_verifies_is_refused),
        cmocka_unit_test(a_malformed_statement_is_refused),
        cmocka_unit_test(missing_and_superfluous_certificates_are_refused),
        cmocka_unit_test(no_row_is_left_out),
        cmocka_unit_test(a_statement_without_its_place_in_the_tree_claims_nothing),
        cmocka_unit_test(each_rule_has_its_number),
        cmocka_unit_test(without_the_root_given_by_hand_it_is_refused),
        cmocka_unit_test(every_truncation_of_a_bundle_is_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
