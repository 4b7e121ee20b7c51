/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/verdict.h"
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
        cmocka_unit_test(the_text_says_what_failed_and_why_when_asked),
        cmocka_unit_test(simulated_is_the_first_and_the_last_line),
        cmocka_unit_test(the_json_holds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
