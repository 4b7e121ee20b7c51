/* SPDX-License-Identifier: Apache-2.0 */
/* Sound quotes of every kind that platforms give: accepted. And what only looks like one. */
#include "attest/tdx.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

static struct synthetic_tdx_keys keys;
static struct verdict verdict;

static void appraise(struct synthetic_tdx *t)
{
    struct tdx_policy policy;
    struct tdx_launch launch = {.waived = 0xf};
    const struct tdx_body *body = &t->quote_fields.body;
    synthetic_tdx_build(t);
    tdx_policy_default(&policy);
    memcpy(launch.mrtd, body->mrtd, TDX_REGISTER_SIZE);
    policy.launches = &launch;
    policy.launch_count = 1;
    policy.simulated_root = t->root_der;
    memset(&verdict, 0, sizeof verdict);
    tdx_appraise(t->quote, &t->collateral, body->report_data, &policy, SYNTHETIC_TDX_NOW, &verdict);
    verdict_conclude(&verdict);
}

static void init(struct synthetic_tdx *t, bool version_4)
{
    if (version_4)
        synthetic_tdx_init_4(t, &keys);
    else
        synthetic_tdx_init(t, &keys);
}

static void expect_accepted(const char *what)
{
    const struct verdict_check *failure = verdict_first_failure(&verdict);
    if (failure != NULL)
        fail_msg("%s: %s: %s", what, failure->rule->name, failure->saw);
    assert_true(verdict.accepted);
}

/* Interfaces give quotes in buffers of their own size. */
static void zeros_may_follow_in_any_number(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    static const size_t paddings[] = {0, 1, 39, 70, 3065, 8192};
    for (size_t i = 0; i < test_count(paddings); i++) {
        for (int version_4 = 0; version_4 < 2; version_4++) {
            init(&t, version_4 != 0);
            t.padding = paddings[i];
            appraise(&t);
            expect_accepted("padding");
            t.last_octet = 1;
            appraise(&t);
            assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.quote.form");
        }
    }
}

static void a_chain_may_end_in_a_line_end_and_a_nul(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    static const struct {
        const char *after;
        bool no_nul, good;
    } rows[] = {{"", false, true},      {"", true, true},    {"\n", true, true}, {"\r\n", true, true},
                {"\n\n ", false, true}, {"\t", true, false}, {"x", true, false}, {"#", false, false}};
    for (size_t i = 0; i < test_count(rows); i++) {
        init(&t, false);
        t.after_chain = rows[i].after;
        t.no_nul = rows[i].no_nul;
        appraise(&t);
        if (rows[i].good)
            expect_accepted(rows[i].after);
        else
            assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.pck.form");
    }
}

/* Documents from before there was more than one module; a later module is then none that Intel judges. */
static void module_identities_may_be_missing_where_none_is_needed(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    init(&t, true);
    t.no_modules = true;
    appraise(&t);
    expect_accepted("module version 0");
    init(&t, false);
    t.no_modules = true;
    appraise(&t);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.module.identity");
}

static void the_other_intermediate_is_as_good(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    init(&t, true);
    t.ca.subject_cn = t.pck.issuer_cn = t.pck_crl.issuer_cn = "Intel SGX PCK Processor CA";
    appraise(&t);
    expect_accepted("Processor CA");
}

/* The launch was judged by the module of that time; what runs now must be judged as well. */
static void a_module_that_nobody_judges_must_not_run(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    init(&t, false);
    t.quote_fields.body.tee_tcb_svn_2[1] = 9;
    appraise(&t);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.tcb.status");
    assert_string_equal(verdict.claims.tdx.tcb_status, "unknown");
}

/* A quote of an SGX enclave in version 4 has the same header but for the type. */
static void an_sgx_quote_is_called_one(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    for (int version_4 = 0; version_4 < 2; version_4++) {
        init(&t, version_4 != 0);
        t.quote_fields.tee_type = 0;
        appraise(&t);
        const struct verdict_check *first = verdict_first_failure(&verdict);
        assert_string_equal(first->rule->name, "tdx.quote.tee_type");
        assert_string_equal(first->saw, "0x0, SGX");
    }
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_tdx_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_may_follow_in_any_number),
        cmocka_unit_test(a_chain_may_end_in_a_line_end_and_a_nul),
        cmocka_unit_test(module_identities_may_be_missing_where_none_is_needed),
        cmocka_unit_test(the_other_intermediate_is_as_good),
        cmocka_unit_test(a_module_that_nobody_judges_must_not_run),
        cmocka_unit_test(an_sgx_quote_is_called_one),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
