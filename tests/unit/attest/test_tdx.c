/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of the TDX appraisal, failed alone: sound evidence, one thing changed, built and signed anew. */
#include "attest/rules.h"
#include "unit/attest/tdx_scene.h"
#include "unit/test.h"

static struct verdict verdict;

static bool is_named(const struct row *row, const char *name)
{
    for (size_t i = 0; i < test_count(row->failures) && row->failures[i] != NULL; i++)
        if (strcmp(row->failures[i], name) == 0)
            return true;
    return false;
}

static bool row_holds(const struct row *row)
{
    bool good = true;
    const struct verdict_check *first = verdict_first_failure(&verdict);
    if (row->only_first)
        good = first != NULL && strcmp(first->rule->name, row->failures[0]) == 0;
    for (size_t i = 0; i < verdict.count && !row->only_first; i++)
        good = good && verdict.checks[i].passed != is_named(row, verdict.checks[i].rule->name);
    good = good && verdict.accepted == (row->failures[0] == NULL);
    if (good)
        return true;
    for (size_t i = 0; i < verdict.count; i++)
        if (!verdict.checks[i].passed)
            print_message("%s: %s: saw %s\n", row->name, verdict.checks[i].rule->name, verdict.checks[i].saw);
    print_message("%s: %zu checks, not what was wanted\n", row->name, verdict.count);
    return false;
}

static void each_change_fails_its_own_check(void **state)
{
    (void)state;
    static struct scene s;
    size_t wrong = 0;
    for (size_t i = 0; i < tdx_row_count; i++) {
        scene_init(&s, tdx_rows[i].version_4);
        tdx_rows[i].change(&s);
        scene_appraise(&s, &verdict);
        wrong += !row_holds(&tdx_rows[i]);
    }
    assert_int_equal(wrong, 0);
}

static void sound_evidence_is_accepted_and_marked_simulated(void **state)
{
    (void)state;
    static struct scene s;
    for (int version_4 = 0; version_4 < 2; version_4++) {
        scene_init(&s, version_4 != 0);
        scene_appraise(&s, &verdict);
        assert_true(verdict.accepted);
        assert_true(verdict.simulated);
        assert_int_equal(verdict.count, TDX_ALL_CHECKS);
        assert_int_equal(verdict.claims.platform, VERDICT_PLATFORM_TDX);
        assert_string_equal(verdict.claims.tdx.tcb_status, "UpToDate");
        assert_int_equal(verdict.claims.tdx.evaluation_number, 17);
        assert_memory_equal(verdict.claims.measurement, s.launches[0].mrtd, TDX_REGISTER_SIZE);
        assert_memory_equal(verdict.claims.tdx.ppid, s.ppid[0], PCK_PPID_SIZE);
        assert_int_equal(verdict.claims.tdx.advisories.count, 0);
    }
}

static void every_check_has_a_change_that_fails_it(void **state)
{
    (void)state;
    static struct scene s;
    scene_init(&s, false);
    scene_appraise(&s, &verdict);
    for (size_t i = 0; i < verdict.count; i++) {
        bool named = false;
        for (size_t r = 0; r < tdx_row_count; r++)
            named = named || is_named(&tdx_rows[r], verdict.checks[i].rule->name);
        if (!named)
            fail_msg("no change fails %s", verdict.checks[i].rule->name);
    }
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    assert_string_equal(tdx_rule(0)->name, "tdx.quote.version");
    assert_string_equal(tdx_rule(TDX_ALL_CHECKS - 1)->name, "tdx.report_data");
    assert_null(tdx_rule(TDX_ALL_CHECKS));
}

static void without_a_launch_no_register_passes(void **state)
{
    (void)state;
    static const char *const registers[] = {"tdx.mrtd", "tdx.rtmr0", "tdx.rtmr1", "tdx.rtmr2", "tdx.rtmr3"};
    static struct scene s;
    scene_init(&s, false);
    scene_change(&s, "no_reference");
    scene_appraise(&s, &verdict);
    assert_false(verdict.accepted);
    for (size_t i = 0; i < test_count(registers); i++)
        assert_false(verdict_find(&verdict, registers[i])->passed);
}

static void nothing_at_all_is_refused(void **state)
{
    (void)state;
    struct tdx_policy policy;
    tdx_policy_default(&policy);
    memset(&verdict, 0, sizeof verdict);
    tdx_appraise((struct bytes){0}, &(struct tdx_collateral){0}, NULL, &policy, SYNTHETIC_TDX_NOW, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.accepted);
    assert_int_equal(verdict.count, TDX_ALL_CHECKS);
    for (size_t i = 0; i < verdict.count; i++)
        assert_false(verdict.checks[i].passed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_evidence_is_accepted_and_marked_simulated),
        cmocka_unit_test(each_rule_has_its_number),
        cmocka_unit_test(each_change_fails_its_own_check),
        cmocka_unit_test(every_check_has_a_change_that_fails_it),
        cmocka_unit_test(without_a_launch_no_register_passes),
        cmocka_unit_test(nothing_at_all_is_refused),
    };
    return cmocka_run_group_tests(tests, scene_make_keys, scene_drop_keys);
}
