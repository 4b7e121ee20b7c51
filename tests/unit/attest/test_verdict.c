/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/verdict.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "unit/test.h"

static const struct verdict_rule one = {"test.one", "The first thing holds", "because of section 1"};
static const struct verdict_rule two = {"test.two", "The second thing holds", "because of section 2"};

static void accepted_means_that_something_was_checked_and_all_passed(void **state)
{
    (void)state;
    static struct verdict v;
    verdict_conclude(&v);
    assert_false(v.accepted);
    assert_true(verdict_add(&v, &one, true, "", "%s", ""));
    verdict_conclude(&v);
    assert_true(v.accepted);
    assert_false(verdict_add(&v, &two, false, "7", "%d", 8));
    verdict_conclude(&v);
    assert_false(v.accepted);
    assert_string_equal(verdict_first_failure(&v)->rule->name, "test.two");
    assert_string_equal(verdict_find(&v, "test.two")->saw, "8");
    assert_null(verdict_find(&v, "test.three"));
}

static void a_long_value_keeps_both_ends(void **state)
{
    (void)state;
    static struct verdict v = {0};
    char value[300];
    memset(value, 'm', sizeof value);
    value[0] = '<';
    value[298] = '>';
    value[299] = '\0';
    (void)verdict_add(&v, &one, false, value, "%s", value);
    const struct verdict_check *c = &v.checks[0];
    assert_true(strlen(c->saw) < VERDICT_VALUE_SIZE && strlen(c->saw) > 190);
    assert_int_equal(c->saw[0], '<');
    assert_int_equal(c->saw[strlen(c->saw) - 1], '>');
    assert_non_null(strstr(c->saw, "..."));
    assert_string_equal(c->saw, c->wanted);
}

static void the_text_says_what_failed_and_why_when_asked(void **state)
{
    (void)state;
    static struct verdict v;
    memset(&v, 0, sizeof v);
    (void)verdict_add(&v, &one, true, "", "%s", "seen");
    (void)verdict_add(&v, &two, false, "7", "%d", 8);
    verdict_conclude(&v);
    char *text = verdict_text(&v, false);
    assert_non_null(text);
    assert_non_null(strstr(text, "ok      test.one"));
    assert_non_null(strstr(text, "FAILED  test.two"));
    assert_non_null(strstr(text, "saw     8\n        wanted  7\n"));
    assert_non_null(strstr(text, "REFUSED: 1 of 2 checks failed, the first is test.two.\n"));
    assert_null(strstr(text, "section 2"));
    assert_null(strstr(text, "SIMULATED"));
    secret_free(text);
    text = verdict_text(&v, true);
    assert_non_null(strstr(text, "because of section 2"));
    secret_free(text);
}

static void a_value_that_fits_stays_whole(void **state)
{
    (void)state;
    static struct verdict v;
    char value[VERDICT_VALUE_SIZE + 1];
    memset(&v, 0, sizeof v);
    memset(value, 'm', sizeof value);
    value[VERDICT_VALUE_SIZE - 1] = '\0';
    (void)verdict_add_text(&v, &one, true, "", value);
    assert_string_equal(v.checks[0].saw, value);
    value[VERDICT_VALUE_SIZE - 1] = 'm';
    value[VERDICT_VALUE_SIZE] = '\0';
    (void)verdict_add_text(&v, &one, true, "", value);
    assert_non_null(strstr(v.checks[1].saw, "m...m"));
}

/* The tables are of one size, so that more checks than there is room for are a mistake of ours. */
static void a_list_that_is_full_ends_the_process(void **state)
{
    (void)state;
    static struct verdict v;
    for (int more = 0; more < 2; more++) {
        int status = 0;
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (int i = 0; i < VERDICT_CHECKS_MAX + more; i++)
                (void)verdict_add_text(&v, &one, true, "", "");
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(more == 1, WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

/* The whole text, of a verdict with one check of each kind of row. */
static void expect_text(const struct verdict *v, bool explain, const char *wanted)
{
    char *text = verdict_text(v, explain);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    secret_free(text);
}

#define COLUMN_ONE "test.one                         The first thing holds"
#define COLUMN_TWO "test.two                         The second thing holds"

static void each_row_is_printed_in_its_own_way(void **state)
{
    (void)state;
    static struct verdict v;
    char value[64];
    memset(&v, 0, sizeof v);
    expect_text(&v, false, "REFUSED: nothing was checked.\n");
    memset(value, 'm', sizeof value);
    value[40] = '\0';
    (void)verdict_add_text(&v, &one, true, "", value); /* what is short stands in the line */
    value[40] = 'm';
    value[41] = '\0';
    (void)verdict_add_text(&v, &one, true, "9", value);
    (void)verdict_add_text(&v, &one, true, "", "");
    verdict_conclude(&v);
    expect_text(&v, false,
                "ok      " COLUMN_ONE ": mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm\n"
                "ok      " COLUMN_ONE "\n"
                "ok      " COLUMN_ONE "\n"
                "ACCEPTED: all 3 checks passed (none).\n"
                "As of 1970-01-01 00:00:00 UTC.\n");
    memset(&v, 0, sizeof v);
    (void)verdict_add_text(&v, &two, false, "", "");
    (void)verdict_add_text(&v, &two, false, "7", "");
    (void)verdict_add_text(&v, &one, true, "", "");
    (void)verdict_add_text(&v, &two, false, "", "8");
    verdict_conclude(&v);
    expect_text(&v, false,
                "FAILED  " COLUMN_TWO "\n        first   what failed before anything else\n"
                "FAILED  " COLUMN_TWO "\n        wanted  7\n"
                "ok      " COLUMN_ONE "\n"
                "FAILED  " COLUMN_TWO "\n        saw     8\n"
                "REFUSED: 3 of 4 checks failed, the first is test.two.\n"
                "As of 1970-01-01 00:00:00 UTC.\n");
}

static void time_is_said_and_what_hangs_on_it_is_known(void **state)
{
    (void)state;
    static struct verdict v;
    static const struct {
        const char *name;
        bool about_time;
    } rows[] = {{"snp.chain.validity", true}, {"snp.crl.window", true},     {"tdx.pck_crl.current", true},
                {"tdx.x.signer_valid", true}, {"snp.chain.root", false},    {"current", false},
                {".current", false},          {"tdx.current.other", false}, {"", false}};
    char text[VERDICT_TIME_SIZE];
    for (size_t i = 0; i < test_count(rows); i++) {
        const struct verdict_rule rule = {.name = rows[i].name};
        const struct verdict_check check = {.rule = &rule};
        assert_int_equal(verdict_is_about_time(&check), rows[i].about_time);
    }
    memset(&v, 0, sizeof v);
    v.appraised_at = 1795662300;
    assert_string_equal(verdict_time(&v, text), "2026-11-26 03:05:00 UTC");
    v.appraised_at = INT64_MAX;
    assert_string_equal(verdict_time(&v, text), "9223372036854775807 seconds since 1970");
}

static void inventories_are_said_of_the_platform_that_was_checked(void **state)
{
    (void)state;
    static struct verdict v;
    static const char *const not_checked =
        "Inventory of chips: not checked, any genuine chip of the maker's will do.\n";
    for (int platform = VERDICT_PLATFORM_NONE; platform <= VERDICT_PLATFORM_GPU; platform++) {
        for (int checked = 0; checked < 3; checked++) {
            char wanted[256];
            const bool own = checked == (platform == VERDICT_PLATFORM_SNP ? 1 : 2);
            const bool chips = platform == VERDICT_PLATFORM_SNP || platform == VERDICT_PLATFORM_TDX;
            memset(&v, 0, sizeof v);
            v.claims.platform = (enum verdict_platform)platform;
            v.claims.snp.inventory_checked = checked == 1;
            v.claims.tdx.inventory_checked = checked == 2;
            (void)snprintf(wanted, sizeof wanted, "REFUSED: nothing was checked.\n%s",
                           !chips ? ""
                           : own  ? "Inventory of chips: checked.\n"
                                  : not_checked);
            expect_text(&v, true, wanted);
        }
    }
}

static void gpus_are_named_by_what_they_say(void **state)
{
    (void)state;
    static struct verdict v;
    memset(&v, 0, sizeof v);
    v.claims.platform = VERDICT_PLATFORM_GPU;
    v.claims.gpu.count = 2;
    (void)snprintf(v.claims.gpu.gpus[0].architecture, sizeof v.claims.gpu.gpus[0].architecture, "Hopper");
    (void)snprintf(v.claims.gpu.gpus[0].driver, sizeof v.claims.gpu.gpus[0].driver, "1.2");
    (void)snprintf(v.claims.gpu.gpus[0].vbios, sizeof v.claims.gpu.gpus[0].vbios, "3.4");
    (void)snprintf(v.claims.gpu.gpus[0].mode, sizeof v.claims.gpu.gpus[0].mode, "SPT");
    (void)snprintf(v.claims.product, sizeof v.claims.product, "Genoa");
    (void)verdict_add_text(&v, &one, true, "", "");
    verdict_conclude(&v);
    expect_text(&v, true,
                "ok      " COLUMN_ONE "\n        why     because of section 1\n"
                "ACCEPTED: all 1 checks passed (NVIDIA GPU Genoa).\n"
                "As of 1970-01-01 00:00:00 UTC.\n"
                "GPU 1: Hopper, driver 1.2, VBIOS 3.4, SPT.\nGPU 2: ?, driver ?, VBIOS ?, ?.\n"
                "Inventory of GPUs: not checked, any genuine GPU of NVIDIA's will do.\n"
                "Revocation of the GPUs' certificates: not asked of each.\n");
    (void)verdict_add_text(&v, &two, false, "", "");
    v.claims.gpu.inventory_checked = v.claims.gpu.revocation_checked = true;
    v.claims.gpu.count = 1;
    verdict_conclude(&v);
    expect_text(&v, false,
                "ok      " COLUMN_ONE "\n"
                "FAILED  " COLUMN_TWO "\n        first   what failed before anything else\n"
                "REFUSED: 1 of 2 checks failed, the first is test.two.\n"
                "As of 1970-01-01 00:00:00 UTC.\n"
                "GPU 1 says of itself: Hopper, driver 1.2, VBIOS 3.4, SPT.\n"
                "Inventory of GPUs: checked.\nRevocation of the GPUs' certificates: asked of each.\n");
}

/* Claims of what took no part are null. */
static void the_json_has_claims_of_what_took_part(void **state)
{
    (void)state;
    static struct verdict v;
    static const char *const parts[] = {"snp", "tdx", "vtpm", "gpu"};
    for (int platform = VERDICT_PLATFORM_NONE; platform <= VERDICT_PLATFORM_GPU; platform++) {
        for (int beside = 0; beside < 2; beside++) {
            json_t *doc;
            memset(&v, 0, sizeof v);
            v.claims.platform = (enum verdict_platform)platform;
            v.claims.vtpm.there = beside == 1;
            v.claims.gpu.count = (size_t)beside;
            char *text = verdict_json(&v);
            assert_non_null(text);
            assert_ok(strict_json_parse(bytes_str(text), 65536, &doc, NULL));
            const json_t *claims = json_object_get(doc, "claims");
            const bool there[] = {platform == VERDICT_PLATFORM_SNP, platform == VERDICT_PLATFORM_TDX,
                                  beside == 1, beside == 1};
            for (size_t i = 0; i < test_count(parts); i++)
                assert_int_equal(json_is_object(json_object_get(claims, parts[i])), there[i]);
            assert_string_equal(json_string_value(json_object_get(doc, "verdict")), "refused");
            json_decref(doc);
            secret_free(text);
        }
    }
}

static void simulated_is_the_first_and_the_last_line(void **state)
{
    (void)state;
    static struct verdict v;
    memset(&v, 0, sizeof v);
    v.simulated = true;
    v.claims.platform = VERDICT_PLATFORM_SNP;
    (void)verdict_add(&v, &one, true, "", "%s", "");
    verdict_conclude(&v);
    char *text = verdict_text(&v, false);
    assert_non_null(text);
    assert_memory_equal(text, "SIMULATED", 9);
    text[strlen(text) - 1] = '\0';
    assert_memory_equal(strrchr(text, '\n') + 1, "SIMULATED", 9);
    assert_non_null(strstr(text, "(SIMULATED AMD SEV-SNP)"));
    secret_free(text);
}

static void the_json_holds_the_same(void **state)
{
    (void)state;
    static struct verdict v;
    for (int simulated = 0; simulated <= 1; simulated++) {
        memset(&v, 0, sizeof v);
        v.simulated = simulated == 1;
        v.appraised_at = 1767225600;
        v.claims.platform = VERDICT_PLATFORM_SNP;
        v.claims.guest_policy = 0x30000;
        (void)verdict_add(&v, &one, true, "", "%s", "seen");
        verdict_conclude(&v);
        char *text = verdict_json(&v);
        json_t *doc;
        struct bytes value;
        const json_t *checks;
        assert_non_null(text);
        assert_ok(strict_json_parse(bytes_str(text), 65536, &doc, NULL));
        assert_ok(strict_json_string(doc, "verdict", &value, NULL));
        assert_true(bytes_is_str(value, "accepted"));
        assert_ok(strict_json_string(doc, "platform", &value, NULL));
        assert_true(bytes_is_str(value, simulated == 1 ? "SIMULATED AMD SEV-SNP" : "AMD SEV-SNP"));
        assert_int_equal(json_is_true(json_object_get(doc, "simulated")), simulated);
        assert_int_equal(json_integer_value(json_object_get(doc, "appraised_at")), 1767225600);
        assert_ok(strict_json_array(doc, "checks", 1, &checks, NULL));
        assert_string_equal(json_string_value(json_object_get(json_array_get(checks, 0), "name")),
                            "test.one");
        assert_string_equal(
            json_string_value(json_object_get(json_object_get(doc, "claims"), "guest_policy")), "0x30000");
        json_decref(doc);
        secret_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_means_that_something_was_checked_and_all_passed),
        cmocka_unit_test(a_long_value_keeps_both_ends),
        cmocka_unit_test(a_value_that_fits_stays_whole),
        cmocka_unit_test(a_list_that_is_full_ends_the_process),
        cmocka_unit_test(each_row_is_printed_in_its_own_way),
        cmocka_unit_test(time_is_said_and_what_hangs_on_it_is_known),
        cmocka_unit_test(inventories_are_said_of_the_platform_that_was_checked),
        cmocka_unit_test(gpus_are_named_by_what_they_say),
        cmocka_unit_test(the_json_has_claims_of_what_took_part),
        cmocka_unit_test(the_text_says_what_failed_and_why_when_asked),
        cmocka_unit_test(simulated_is_the_first_and_the_last_line),
        cmocka_unit_test(the_json_holds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
