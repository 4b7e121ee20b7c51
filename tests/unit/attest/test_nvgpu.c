/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of the GPUs' appraisal, failed alone: sound evidence, one thing changed, built and signed anew. */
#include <stdlib.h>

#include "attest/rules.h"
#include "base/secret.h"
#include "unit/attest/nvgpu_changes.h"
#include "unit/test.h"

static struct verdict verdict;

static bool is_named(const struct row *row, const char *name)
{
    for (size_t i = 0; i < NVGPU_ROW_FAILURES && row->failures[i] != NULL; i++)
        if (strcmp(row->failures[i], name) == 0)
            return true;
    return false;
}

static bool row_holds(const struct row *row)
{
    bool right = true;
    const struct verdict_check *first = verdict_first_failure(&verdict);
    if (row->only_first && (first == NULL || strcmp(first->rule->name, row->failures[0]) != 0)) {
        print_message("%s: first failure is %s (%s)\n", row->name, first == NULL ? "none" : first->rule->name,
                      first == NULL ? "" : first->saw);
        return false;
    }
    for (size_t i = 0; !row->only_first && i < verdict.count; i++) {
        const struct verdict_check *check = &verdict.checks[i];
        if (is_named(row, check->rule->name) != check->passed)
            continue;
        print_message("%s: %s %s (saw %s, wanted %s)\n", row->name, check->rule->name,
                      check->passed ? "passed" : "failed", check->saw, check->wanted);
        right = false;
    }
    return right && verdict.accepted == (row->failures[0] == NULL) && verdict.count == NVGPU_ALL_CHECKS;
}

static void each_change_fails_its_own_check(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    const struct row *row;
    size_t wrong = 0;
    bool one_is_enough = getenv("CMOCKA_TEST_ABORT") != NULL;
    for (size_t i = 0; (row = nvgpu_row(i)) != NULL && !(wrong != 0 && one_is_enough); i++) {
        synthetic_nvgpu_init(&s, row->kind);
        row->change(&s);
        synthetic_nvgpu_appraise(&s, &verdict);
        wrong += !row_holds(row);
    }
    assert_int_equal(wrong, 0);
}

static void every_check_has_a_change_that_fails_it_alone(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    synthetic_nvgpu_appraise(&s, &verdict);
    for (size_t i = 0; i < verdict.count; i++) {
        const struct row *row;
        bool named = false;
        for (size_t r = 0; (row = nvgpu_row(r)) != NULL; r++)
            named = named ||
                    (row->failures[0] != NULL && strcmp(row->failures[0], verdict.checks[i].rule->name) == 0);
        if (!named)
            fail_msg("no change fails %s", verdict.checks[i].rule->name);
    }
}

static void sound_evidence_is_accepted_and_marked_simulated(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    nvgpu_change(&s, "two_gpus");
    synthetic_nvgpu_appraise(&s, &verdict);
    const struct nvgpu_claims *c = &verdict.claims.gpu;
    assert_true(verdict.accepted);
    assert_true(verdict.simulated);
    assert_int_equal(verdict.count, NVGPU_ALL_CHECKS);
    assert_int_equal(c->count, 2);
    assert_memory_equal(c->nonce, s.nonce, sizeof s.nonce);
    assert_true(c->revocation_checked);
    assert_false(c->inventory_checked);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(c->gpus[i].driver, "580.95.05");
        assert_string_equal(c->gpus[i].vbios, "96.00.9F.00.01");
        assert_string_equal(c->gpus[i].chip, "GH100");
        assert_string_equal(c->gpus[i].architecture, "Hopper");
        assert_string_equal(c->gpus[i].mode, "SPT");
        assert_string_equal(c->gpus[i].project, "1010");
        assert_string_equal(c->gpus[i].project_sku, "0200");
        assert_string_equal(c->gpus[i].chip_sku, "882");
        assert_int_equal(c->gpus[i].serial_size, 2);
        assert_int_equal(c->gpus[i].fwid[0], 0xf1);
    }
    assert_int_equal(c->gpus[1].serial[0], 0x11);
    char *json = verdict_json(&verdict);
    assert_non_null(strstr(json, "\"driver\": \"580.95.05\""));
    assert_non_null(strstr(json, "\"device_serial\": \"1101\""));
    secret_free(json);
}

static void one_root_by_hand_is_enough_to_be_simulated(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.foreign_rim_root = true;
    synthetic_nvgpu_appraise(&s, &verdict);
    assert_true(verdict.simulated);
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.foreign_device_root = true;
    synthetic_nvgpu_appraise(&s, &verdict);
    assert_true(verdict.simulated);
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.foreign_device_root = s.foreign_rim_root = true;
    synthetic_nvgpu_appraise(&s, &verdict);
    assert_false(verdict.simulated);
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    assert_string_equal(nvgpu_rule(0)->name, "nvgpu.count");
    assert_string_equal(nvgpu_rule(NVGPU_ALL_CHECKS - 1)->name,
                        verdict.checks[NVGPU_ALL_CHECKS - 1].rule->name);
    assert_null(nvgpu_rule(NVGPU_ALL_CHECKS));
}

/* The claim is of both: the GPU's certificates and those of the reference values. */
static void revocation_is_checked_when_every_word_came_along(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    static const struct {
        unsigned missing; /* bits of responses */
        bool checked;
    } table[] = {{0, true}, {1 << 0, false}, {1 << 3, false}, {0x3f, false}};
    for (size_t i = 0; i < test_count(table); i++) {
        synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
        s.policy.allow_missing_ocsp = true;
        s.ocsp_missing = table[i].missing;
        synthetic_nvgpu_appraise(&s, &verdict);
        assert_true(verdict.accepted);
        assert_int_equal(verdict.claims.gpu.revocation_checked, table[i].checked);
    }
}
/* What a person reads of a check. */
static void the_verdict_says_what_was_seen(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    static const struct {
        const char *change;               /* NULL: none */
        const char *check, *saw, *wanted; /* wanted NULL: any */
    } table[] = {
        {NULL, "nvgpu.chain.root", "the SIMULATED root that was given by hand", "NVIDIA's"},
        {NULL, "nvgpu.rim.root", "the SIMULATED root that was given by hand", "NVIDIA's"},
        {NULL, "nvgpu.count", "1", "1 to 16"},
        {"one_of_two", "nvgpu.count", "1", "2"},
        {NULL, "nvgpu.chip", "GH100", "GH100, GB100 or GB202"},
        {"blackwell_wanted", "nvgpu.chip", "GPU 1: GH100, Hopper", "Blackwell"},
        {NULL, "nvgpu.debug", "", ""},
        {NULL, "nvgpu.inventory", "not looked for: you gave no inventory", ""},
        {NULL, "nvgpu.vbios.rim_id", "its name is not known", ""},
        {NULL, "nvgpu.mode", "GPU 1: SPT", "SPT or MPT"},
        {"mode_3", "nvgpu.mode", "GPU 1: unknown", "SPT or MPT or PPCIE"},
        {"no_words_allowed", "nvgpu.chain.not_revoked",
         "not asked of every certificate, which your policy allows", ""},
        {"no_word_about_the_device_allowed", "nvgpu.chain.not_revoked",
         "not asked of every certificate, which your policy allows", ""},
        {"no_word_about_the_device_allowed", "nvgpu.rim.not_revoked", "good", ""},
        {"no_words", "nvgpu.chain.not_revoked", "GPU 1: no OCSP response about certificate 2", ""},
        {"device_on_hold", "nvgpu.chain.not_revoked", "GPU 1: certificate 2 is on hold (reason 6)", ""},
        {"rim_signer_revoked", "nvgpu.rim.not_revoked", "RIM 1: certificate 1 is revoked (reason 4)", ""},
        {"a_switch", "nvgpu.chip", "GPU 1: an NVSwitch (LS10), whose reports are not verified here", NULL},
        {"a_chip_not_known", "nvgpu.chip", "GPU 1: a chip that is not known", NULL},
        {"identity_of_another_chip", "nvgpu.chip", "GPU 1: certificate 4 is not one of a GH100", NULL},
        {"provisioner_of_another_chip", "nvgpu.chip", "GPU 1: certificate 3 is not one of a GH100", NULL},
        {"device_of_another_chip", "nvgpu.chip", "GPU 1: certificate 2 is not one of a GH100", NULL},
        {"second_is_old", "nvgpu.driver.version", "GPU 1: 580.95.05", "at least 581"},
        {"the_same_twice", "nvgpu.distinct", "GPU 2: the same as GPU 1", NULL},
        {"ppcie", "nvgpu.switches",
         "GPU 1: in protected PCIe mode, and reports of NVSwitches are not verified here", NULL},
        {"last_measurement_missing", "nvgpu.measurements.driver", "GPU 1: measurement 63 is not there", NULL},
        {"driver_without_rim", "nvgpu.driver.rim", "GPU 1: none for the driver 580.95.06", NULL},
        {"driver_without_rim", "nvgpu.measurements.driver", "not checked: there are no reference values",
         NULL},
        {"report_without_fwid", "nvgpu.fwid", "GPU 1: the report does not name its firmware", NULL},
        {"foreign_root", "nvgpu.chain.root", "GPU 1: a root of somebody else's", NULL},
        {"rim_changed", "nvgpu.rim.digest", "RIM 1: the document is not the one that was signed", NULL},
        {"rim_with_a_comment", "nvgpu.rim.form",
         "RIM 1: XML document at 0xe8: a comment, a declaration or an instruction", NULL},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
        if (table[i].change != NULL)
            nvgpu_change(&s, table[i].change);
        synthetic_nvgpu_appraise(&s, &verdict);
        const struct verdict_check *check = verdict_find(&verdict, table[i].check);
        assert_string_equal(check->saw, table[i].saw);
        if (table[i].wanted != NULL)
            assert_string_equal(check->wanted, table[i].wanted);
    }
}

/* The one that is worse is found, wherever it stands. */
static void each_of_several_gpus_counts(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    nvgpu_change(&s, "two_gpus");
    synthetic_nvgpu_build(&s);
    s.second_report[SIMULATED_GPU_VALUE_SIZE] ^= 1;
    synthetic_nvgpu_appraise_again(&s, &verdict);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_find(&verdict, "nvgpu.report.signature")->saw,
                        "GPU 2: a signature does not verify");
    s.second_report[SIMULATED_GPU_VALUE_SIZE] ^= 1;
    s.second_report[4] ^= 1;
    synthetic_nvgpu_appraise_again(&s, &verdict);
    assert_false(verdict_find(&verdict, "nvgpu.report.nonce")->passed);
    s.second_report[4] ^= 1;
    synthetic_nvgpu_appraise_again(&s, &verdict);
    assert_true(verdict.accepted);
}

static void nothing_at_all_is_refused(void **state)
{
    (void)state;
    struct nvgpu_policy policy;
    nvgpu_policy_default(&policy);
    memset(&verdict, 0, sizeof verdict);
    nvgpu_appraise(NULL, 0, &(struct nvgpu_endorsements){0}, NULL, &policy, SYNTHETIC_NVGPU_NOW, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.accepted);
    assert_int_equal(verdict.count, NVGPU_ALL_CHECKS);
    for (size_t i = 0; i < verdict.count; i++)
        assert_false(verdict.checks[i].passed);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_evidence_is_accepted_and_marked_simulated),
        cmocka_unit_test(one_root_by_hand_is_enough_to_be_simulated),
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(each_of_several_gpus_counts),
        cmocka_unit_test(each_rule_has_its_number),
        cmocka_unit_test(revocation_is_checked_when_every_word_came_along),
        cmocka_unit_test(the_verdict_says_what_was_seen),
        cmocka_unit_test(every_check_has_a_change_that_fails_it_alone),
        cmocka_unit_test(each_change_fails_its_own_check),
    };
    return cmocka_run_group_tests(tests, synthetic_nvgpu_make, synthetic_nvgpu_drop);
}
