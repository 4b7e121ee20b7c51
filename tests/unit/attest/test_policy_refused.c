/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is wrong with a policy document is refused with its path. */
#include "attest/policy_document.h"

#include <stdlib.h>

#include "attest/vcek.h"
#include "base/secret.h"
#include "policy_samples.h"

/* ---- what is refused ---- */

/* Not what any kind takes. */
static const char *const wrong_for_all[] = {"null",         "1.5",       "-1",     "\"\"",
                                            "\"nonsense\"", "{\"x\":1}", "[null]", "1e2"};

struct wrong {
    enum member_kind kind;
    const char *value;
    const char *below; /* where in the member it is */
};
static const struct wrong wrongs[] = {
    {MEMBER_VERSION, "0", ""},
    {MEMBER_VERSION, "2", ""},
    {MEMBER_VERSION, "true", ""},
    {MEMBER_OBJECT, "[]", ""},
    {MEMBER_OBJECT, "true", ""},
    {MEMBER_OBJECT, "{\"\":1}", "."},
    {MEMBER_OBJECT, "{\"a\\u001b[2J\":1}", ".a?[2J"},
    {MEMBER_BOOL, "0", ""},
    {MEMBER_BOOL, "1", ""},
    {MEMBER_BOOL, "\"true\"", ""},
    {MEMBER_BOOL, "[]", ""},
    {MEMBER_NUMBER, "true", ""},
    {MEMBER_NUMBER, "\"1\"", ""},
    {MEMBER_NUMBER, "\"any\"", ""},
    {MEMBER_NUMBER, "9223372036854775807", ""},
    {MEMBER_NUMBER_OR_ANY, "16", ""},
    {MEMBER_NUMBER_OR_ANY, "255", ""},
    {MEMBER_NUMBER_OR_ANY, "\"1\"", ""},
    {MEMBER_NUMBER_OR_ANY, "true", ""},
    {MEMBER_NUMBER_IF, "4294967296", ""},
    {MEMBER_NUMBER_IF, "true", ""},
    {MEMBER_NUMBER_IF, "\"1\"", ""},
    {MEMBER_TEXT_OR_ANY, "1", ""},
    {MEMBER_TEXT_OR_ANY, "\"\\u0007\"", ""},
    {MEMBER_TEXT_OR_ANY, "\"" B32("x") "y\"", ""},
    {MEMBER_OCTETS, "\"33\"", ""},
    {MEMBER_OCTETS, "[1]", "[0]"},
    {MEMBER_OCTETS, "[\"\"]", "[0]"},
    {MEMBER_OCTETS, "[\"33\",\"3\"]", "[1]"},
    {MEMBER_OCTETS, "[\"333\"]", "[0]"},
    {MEMBER_OCTETS, "[\"3g\"]", "[0]"},
    {MEMBER_OCTETS, "[\"" B16("11") B4("11") "11\"]", "[0]"},
    {MEMBER_MASK, "1", ""},
    {MEMBER_MASK, "\"1\"", ""},
    {MEMBER_MASK, "\"0x\"", ""},
    {MEMBER_MASK, "\"0X1\"", ""},
    {MEMBER_MASK, "\"0xg\"", ""},
    {MEMBER_MASK, "\"0x 1\"", ""},
    {MEMBER_MASK, "\"1x1\"", ""},
    {MEMBER_MASK, "\"0x11111111111111111\"", ""},
    {MEMBER_DOTTED, "\"1\"", ""},
    {MEMBER_DOTTED, "\"1.2.3.4\"", ""},
    {MEMBER_DOTTED, "\"1.\"", ""},
    {MEMBER_DOTTED, "\"1.2.\"", ""},
    {MEMBER_DOTTED, "\".2\"", ""},
    {MEMBER_DOTTED, "\"1..2\"", ""},
    {MEMBER_DOTTED, "\"01.2.3\"", ""},
    {MEMBER_DOTTED, "\"01.2\"", ""},
    {MEMBER_DOTTED, "\"256.2\"", ""},
    {MEMBER_DOTTED, "\"256.2.3\"", ""},
    {MEMBER_DOTTED, "\"1.99999999999999999999\"", ""},
    {MEMBER_DOTTED, "\"1.-2\"", ""},
    {MEMBER_DOTTED, "1", ""},
    {MEMBER_WORD, "\"ANY\"", ""},
    {MEMBER_WORD, "\"vce\"", ""},
    {MEMBER_WORD, "0", ""},
    {MEMBER_WORD, "[]", ""},
    {MEMBER_WORDS, "\"tdx\"", ""},
    {MEMBER_WORDS, "[1]", "[0]"},
    {MEMBER_WORDS, "[\"nonsense\"]", "[0]"},
    {MEMBER_WORDS, "[\"\"]", "[0]"},
    {MEMBER_RULE, "\"required\"", ""},
    {MEMBER_RULE, "\"default\"", ""},
    {MEMBER_RULE, "true", ""},
    {MEMBER_BIT_RULE, "\"allow\"", ""},
    {MEMBER_BIT_RULE, "1", ""},
    {MEMBER_TEXT, "1", ""},
    {MEMBER_TEXT, "\"\\u0007\"", ""},
    {MEMBER_TEXT, "\"\\u00e4\"", ""},
    {MEMBER_TEXT, "\"" B64("x") "y\"", ""},
    {MEMBER_TEXTS, "\"text\"", ""},
    {MEMBER_TEXTS, "[\"a\",\"\"]", "[1]"},
    {MEMBER_TEXTS, "[\"\\n\"]", "[0]"},
    {MEMBER_TEXTS, "[1]", "[0]"},
    {MEMBER_TEXTS, "[\"" B64("x") B64("x") "y\"]", "[0]"},
    {MEMBER_BYTES, "\"" B16("33") "3\"", ""},
    {MEMBER_BYTES, "\"" B16("33") B16("33") B16("33") B4("33") "\"", ""},
    {MEMBER_BYTES, "\"" B16("3g") "\"", ""},
    {MEMBER_BYTES, "\"any\"", ""},
    {MEMBER_BYTES, "1", ""},
    {MEMBER_VALUE, "\"Any\"", ""},
    {MEMBER_VALUE, "\"" B16("33") "3\"", ""},
    {MEMBER_VALUE, "[\"" B16("33") "\"]", ""},
    {MEMBER_VALUE, "1", ""},
    {MEMBER_VALUES, ONE(B48), ""},
    {MEMBER_VALUES, "[\"33\"]", "[0]"},
    {MEMBER_VALUES, "[\"any\"]", "[0]"},
    {MEMBER_VALUES, "[[]]", "[0]"},
    {MEMBER_RECORDS, "{}", ""},
    {MEMBER_RECORDS, "[1]", "[0]"},
    {MEMBER_RECORDS, "[[]]", "[0]"},
    {MEMBER_RECORDS, "[{\"nonsense\":1}]", "[0].nonsense"},
    {MEMBER_RECORDS, "\"Shipped\"", ""},
    {MEMBER_REGISTER, "\"" B48("33") "3\"", ""},
    {MEMBER_REGISTER, "\"" B32("33") "\"", ""},
    {MEMBER_REGISTER, "\"Any\"", ""},
    {MEMBER_REGISTER, "1", ""},
    {MEMBER_ROOTS, "\"AAAA\"", ""},
    {MEMBER_ROOTS, "[1]", "[0]"},
    {MEMBER_ROOTS, "[\"\"]", "[0]"},
    {MEMBER_ROOTS, "[\"AAAA\"]", "[0]"},
    {MEMBER_ROOTS, "[\"-----BEGIN CERTIFICATE-----\"]", "[0]"},
    {MEMBER_ROOTS, "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]", ""},
};

static void expect_wrong_values_refused(const struct sample_place *p)
{
    const struct policy_member *m = p->rows[p->depth - 1];
    size_t tried = 0;
    for (size_t i = 0; i < test_count(wrong_for_all); i++) {
        const char *value = wrong_for_all[i];
        const bool list = m->kind == MEMBER_WORDS || m->kind == MEMBER_TEXTS || m->kind == MEMBER_VALUES ||
                          m->kind == MEMBER_RECORDS || m->kind == MEMBER_ROOTS || m->kind == MEMBER_OCTETS;
        if ((m->kind == MEMBER_TEXT || m->kind == MEMBER_TEXT_OR_ANY) && strcmp(value, "\"nonsense\"") == 0)
            continue;
        sample_refused(p, value,
                       strcmp(value, "[null]") == 0 && list                          ? "[0]"
                       : strcmp(value, "{\"x\":1}") == 0 && m->kind == MEMBER_OBJECT ? ".x"
                                                                                     : "");
    }
    for (size_t i = 0; i < test_count(wrongs); i++) {
        if (wrongs[i].kind != m->kind)
            continue;
        tried++;
        sample_refused(p, wrongs[i].value, wrongs[i].below);
    }
    assert_true(tried != 0);
}

static void every_wrong_value_is_refused_with_its_path(void **state)
{
    (void)state;
    sample_each_member(true, expect_wrong_values_refused);
}

/* What was read well is left again, so that the path is that of what was not. */
static void the_second_of_two_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *document, *path;
    } table[] = {
        {"\"platforms\":[\"sev-snp\",\"x\"]", "platforms[1]"},
        {"\"models\":[" ONE(B32) ",\"00\"]", "models[1]"},
        {"\"snp\":{\"csp_ids\":[\"a\",1]}", "snp.csp_ids[1]"},
        {"\"snp\":{\"csp_ids\":[\"a\"],\"vmpl\":9}", "snp.vmpl"},
        {"\"gpu\":{\"serials\":[\"00\",\"0\"]}", "gpu.serials[1]"},
        {"\"gpu\":{\"serials\":[\"00\"],\"count\":-1}", "gpu.count"},
        {"\"tdx\":{\"advisories\":[\"a\",\"\"]}", "tdx.advisories[1]"},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        char text[512];
        struct policy_document *doc;
        struct err_note note = {{0}};
        (void)snprintf(text, sizeof text, "{\"version\":1,%s}", table[i].document);
        assert_true(policy_document_parse(bytes_str(text), &doc, &note) != ERR_OK);
        const size_t len = strlen(table[i].path);
        if (strncmp(note.text, table[i].path, len) != 0 || note.text[len] != ':')
            fail_msg("%s: %s", text, note.text);
    }
}

static void numbers_with_dots_have_every_digit(void **state)
{
    (void)state;
    struct policy_document *doc = sample_parse(
        bytes_str("{\"version\":1,\"snp\":{\"firmware_min\":\"190.0.255\",\"abi_min\":\"9.89\"}}"));
    static const uint8_t firmware[] = {190, 0, 255};
    static const uint8_t abi[] = {9, 89};
    assert_memory_equal(doc->policy.snp.firmware_floor, firmware, sizeof firmware);
    assert_memory_equal(doc->policy.snp.abi_floor, abi, sizeof abi);
    policy_document_release(doc);
    sample_refused_text(bytes_str("{\"version\":1,\"snp\":{\"abi_min\":\"1./\"}}"), ERR_VALUE, "snp.abi_min");
    sample_refused_text(bytes_str("{\"version\":1,\"snp\":{\"abi_min\":\"1.:\"}}"), ERR_VALUE, "snp.abi_min");
}

static void a_text_has_as_many_characters_as_it_may(void **state)
{
    (void)state;
    char text[256];
    char name[VCEK_CSP_ID_MAX + 2];
    memset(name, '~', sizeof name);
    for (size_t more = 0; more < 2; more++) {
        (void)snprintf(text, sizeof text, "{\"version\":1,\"snp\":{\"csp_ids\":[\"%.*s\"]}}",
                       (int)(VCEK_CSP_ID_MAX + more), name);
        if (more == 0)
            policy_document_release(sample_parse(bytes_str(text)));
        else
            sample_refused_text(bytes_str(text), ERR_VALUE, "snp.csp_ids[0]");
    }
    policy_document_release(sample_parse(bytes_str("{\"version\":1,\"snp\":{\"csp_ids\":[\" \"]}}")));
    sample_refused_text(bytes_str("{\"version\":1,\"snp\":{\"csp_ids\":[\"\\u001f\"]}}"), ERR_VALUE,
                        "snp.csp_ids[0]");
    sample_refused_text(bytes_str("{\"version\":1,\"snp\":{\"csp_ids\":[\"\\u007f\"]}}"), ERR_VALUE,
                        "snp.csp_ids[0]");
}

static void an_unknown_member_is_refused_in_every_object(void **state)
{
    (void)state;
    sample_refused_text(bytes_str("{\"version\":1,\"nvidia\":{}}"), ERR_UNKNOWN, "nvidia");
    sample_refused_text(bytes_str("{\"version\":1,\"a !~\x7f\":{}}"), ERR_UNKNOWN, "a?!~?");
    sample_refused_text(bytes_str("{\"version\":1,\"snp\":{\"Vmpl\":0}}"), ERR_UNKNOWN, "snp.Vmpl");
    sample_refused_text(bytes_str("{\"version\":1,\"snp\":{\"guest_policy\":{\"sev\":\"any\"}}}"),
                        ERR_UNKNOWN, "snp.guest_policy.sev");
    sample_refused_text(bytes_str("{\"version\":1,\"tdx\":{\"vmpl\":0}}"), ERR_UNKNOWN, "tdx.vmpl");
    sample_refused_text(bytes_str("{\"version\":1,\"tdx\":{\"launches\":[{\"rtmr4\":\"any\"}]}}"),
                        ERR_UNKNOWN, "tdx.launches[0].rtmr4");
    /* A document of another version is told so, and not that its members are unknown. */
    sample_refused_text(bytes_str("{\"new\":1,\"version\":2}"), ERR_UNKNOWN, "version");
    sample_refused_text(bytes_str("{\"snp\":{}}"), ERR_JSON, "version");
    sample_refused_text(bytes_str("{}"), ERR_JSON, "version");
    sample_refused_text(bytes_str("[]"), ERR_JSON, "policy");
}

/* The second of two records, so that the index in the path is right as well. */
static void a_record_that_lacks_a_member_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *list;
    } lists[] = {{"snp", "tcb_floors"}, {"tdx", "launches"}};
    for (size_t i = 0; i < test_count(lists); i++) {
        const struct policy_member *section = policy_members;
        while (strcmp(section->key, lists[i].section) != 0)
            section++;
        const struct policy_member *list = section->members;
        while (strcmp(list->key, lists[i].list) != 0)
            list++;
        for (const struct policy_member *missing = list->members; missing->key != NULL; missing++) {
            char path[SAMPLE_PATH_SIZE];
            FILE *out = sample_open();
            (void)fprintf(out, "{\"version\":1,\"%s\":{\"%s\":[", section->key, list->key);
            sample_print_record(out, list->members, NULL, "null");
            (void)fputs(",{", out);
            const char *comma = "";
            for (const struct policy_member *m = list->members; m->key != NULL; m++) {
                if (m == missing)
                    continue;
                (void)fprintf(out, "%s\"%s\":", comma, m->key);
                sample_print_value(out, m);
                comma = ",";
            }
            (void)fputs("}]}}", out);
            assert_int_equal(fclose(out), 0);
            (void)snprintf(path, sizeof path, "%s.%s[1].%s", section->key, list->key, missing->key);
            sample_refused_text(sample_text(), ERR_JSON, path);
        }
    }
}

static void texts_that_are_no_json_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "null",
                                        "{\"version\":1}x",
                                        "{\"version\":1,}",
                                        "{\"version\":1,\"version\":1}",
                                        "{\"version\":1,\"snp\":{\"vmpl\":0,\"vmpl\":0}}",
                                        "{\"version\":1,\"models\":[\"\\ud800\"]}",
                                        "{'version':1}",
                                        "\xef\xbb\xbf{\"version\":1}",
                                        "{\"version\":1,\"snp\":{\"csp_ids\":[\"a\\u0000b\"]}}"};
    for (size_t i = 0; i < test_count(texts); i++) {
        struct policy_document *doc;
        struct err_note note;
        assert_err(policy_document_parse(bytes_str(texts[i]), &doc, &note), ERR_JSON);
        assert_null(doc);
    }
}

static void a_truncated_document_is_refused(void **state)
{
    (void)state;
    struct attest_policy policy;
    struct policy_document *doc;
    struct err_note note;
    char *text;
    attest_policy_default(&policy);
    assert_ok(policy_document_write(&policy, 60, POLICY_CANONICAL, &text, &note));
    for (size_t n = 0; n < strlen(text); n++)
        assert_err(policy_document_parse(bytes_of(text, n), &doc, &note), ERR_JSON);
    secret_free(text);
}

/* ---- limits ---- */

static struct bytes document_of_many(const struct sample_place *p, size_t count, const char *between)
{
    const struct policy_member *m = p->rows[p->depth - 1];
    char *value = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&value, &len);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(i == 0 ? "[" : between, out);
        if (m->kind == MEMBER_RECORDS)
            sample_print_record(out, m->members, NULL, "null");
        else if (m->kind == MEMBER_TEXTS)
            (void)fputs("\"t\"", out);
        else
            sample_print_hex(out, 0x11, m->size);
    }
    (void)fputc(']', out);
    assert_int_equal(fclose(out), 0);
    struct bytes text = sample_document(p, value);
    free(value);
    return text;
}

static void expect_limit(const struct sample_place *p)
{
    const struct policy_member *m = p->rows[p->depth - 1];
    char path[SAMPLE_PATH_SIZE];
    char value[32];
    if (m->kind == MEMBER_VALUES || m->kind == MEMBER_TEXTS || m->kind == MEMBER_RECORDS ||
        m->kind == MEMBER_OCTETS) {
        policy_document_release(sample_parse(document_of_many(p, m->max, ",")));
        sample_refused_text(document_of_many(p, m->max + 1, ","), ERR_TOO_LARGE, sample_path(p, path));
    }
    if (m->kind == MEMBER_NUMBER || m->kind == MEMBER_NUMBER_OR_ANY || m->kind == MEMBER_NUMBER_IF) {
        (void)snprintf(value, sizeof value, "%llu", (unsigned long long)m->max);
        policy_document_release(sample_parse(sample_document(p, value)));
        (void)snprintf(value, sizeof value, "%llu", (unsigned long long)m->max + 1);
        sample_refused_text(sample_document(p, value), ERR_VALUE, sample_path(p, path));
        (void)snprintf(value, sizeof value, "%lld", (long long)m->min - 1);
        sample_refused_text(sample_document(p, value), ERR_VALUE, sample_path(p, path));
    }
}

static void every_list_and_number_has_its_limit(void **state)
{
    (void)state;
    sample_each_member(false, expect_limit);
}

static void a_document_has_a_limit(void **state)
{
    (void)state;
    char *text = malloc(POLICY_DOCUMENT_MAX + 1);
    struct policy_document *doc;
    struct err_note note;
    assert_non_null(text);
    memset(text, ' ', POLICY_DOCUMENT_MAX + 1);
    memcpy(text, "{\"version\":1}", 13);
    policy_document_release(sample_parse(bytes_of(text, POLICY_DOCUMENT_MAX)));
    assert_err(policy_document_parse(bytes_of(text, POLICY_DOCUMENT_MAX + 1), &doc, &note), ERR_TOO_LARGE);
    assert_null(doc);
    free(text);
}

static void words_are_different_and_platforms_are_named(void **state)
{
    (void)state;
    sample_refused_text(bytes_str("{\"version\":1,\"platforms\":[]}"), ERR_VALUE, "platforms");
    sample_refused_text(bytes_str("{\"version\":1,\"platforms\":[\"tdx\",\"sev-snp\",\"tdx\"]}"), ERR_VALUE,
                        "platforms[2]");
    sample_refused_text(bytes_str("{\"version\":1,\"tdx\":{\"tcb_statuses\":[\"UpToDate\",\"UpToDate\"]}}"),
                        ERR_VALUE, "tdx.tcb_statuses[1]");
    struct policy_document *doc = sample_parse(bytes_str("{\"version\":1,\"tdx\":{\"tcb_statuses\":[]}}"));
    assert_int_equal(doc->policy.tdx.statuses, 0); /* none is accepted */
    policy_document_release(doc);
}

static void a_floor_for_no_chip_is_refused(void **state)
{
    (void)state;
    sample_refused_text(
        bytes_str(
            "{\"version\":1,\"snp\":{\"tcb_floors\":[{\"family\":25,\"model_first\":17,\"model_last\":16,"
            "\"stepping\":\"any\",\"component\":\"snp\",\"minimum\":1,\"smt_off_suffices\":false,"
            "\"bulletin\":\"x\"}]}}"),
        ERR_VALUE, "snp.tcb_floors[0]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_value_is_refused_with_its_path),
        cmocka_unit_test(the_second_of_two_is_named),
        cmocka_unit_test(numbers_with_dots_have_every_digit),
        cmocka_unit_test(a_text_has_as_many_characters_as_it_may),
        cmocka_unit_test(an_unknown_member_is_refused_in_every_object),
        cmocka_unit_test(a_record_that_lacks_a_member_is_refused),
        cmocka_unit_test(texts_that_are_no_json_are_refused),
        cmocka_unit_test(a_truncated_document_is_refused),
        cmocka_unit_test(every_list_and_number_has_its_limit),
        cmocka_unit_test(a_document_has_a_limit),
        cmocka_unit_test(words_are_different_and_platforms_are_named),
        cmocka_unit_test(a_floor_for_no_chip_is_refused),
    };
    return cmocka_run_group_tests(tests, sample_make, sample_drop);
}
