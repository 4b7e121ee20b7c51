/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <string.h>

#include "base/options.h"

struct values {
    const char *text;
    uint32_t number;
    float real;
    bool loud;
    struct option_list many;
};

static const struct option table[] = {
    {"--text", OPTION_TEXT, offsetof(struct values, text), 0, 0, "TEXT", "a text"},
    {"--number", OPTION_NUMBER, offsetof(struct values, number), 2, 10, "N", "a number"},
    {"--real", OPTION_REAL, offsetof(struct values, real), -1, 1, "R", "a real number"},
    {"--loud", OPTION_SWITCH, offsetof(struct values, loud), 0, 0, NULL, "a switch"},
    {"--many", OPTION_LIST, offsetof(struct values, many), 0, 0, "TEXT", "a list"},
    {0},
};

static struct values values;
static struct option_list operands;
static struct err_note note;

static enum err parse(const char *const *argv)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    values = (struct values){.number = 5};
    note.text[0] = '\0';
    return options_parse(table, argc, (char *const *)argv, &values, &operands, &note);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void values_stand_apart_or_behind_an_equals_sign(void **state)
{
    (void)state;
    assert_ok(PARSE("--text", "a", "--number=7", "--real", "-0.5", "--loud", "--many", "x", "--many=y=z",
                    "operand", "-"));
    assert_string_equal(values.text, "a");
    assert_int_equal(values.number, 7);
    assert_true(values.real == -0.5F && values.loud);
    assert_int_equal(values.many.count, 2);
    assert_string_equal(values.many.items[1], "y=z");
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.items[1], "-");
}

static void what_is_not_given_keeps_its_default(void **state)
{
    (void)state;
    assert_ok(PARSE("only"));
    assert_int_equal(values.number, 5);
    assert_null(values.text);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_ok(PARSE("--loud", "--", "--text", "--unknown", "--"));
    assert_int_equal(operands.count, 3);
    assert_string_equal(operands.items[0], "--text");
    assert_string_equal(operands.items[2], "--");
}

static void a_wrong_command_line_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *argv[4];
        const char *named;
    } rows[] = {
        {{"--unknown"}, "--unknown"},
        {{"--tex", "a"}, "--tex"},
        {{"--text"}, "--text"},
        {{"--number", "1"}, "2 to 10"},
        {{"--number", "11"}, "2 to 10"},
        {{"--number", ""}, "--number"},
        {{"--number", "5x"}, "5x"},
        {{"--number", "-3"}, "-3"},
        {{"--number", "+3"}, "+3"},
        {{"--number", "99999999999999999999"}, "--number"},
        {{"--real", "1.5"}, "-1 to 1"},
        {{"--real", "nan"}, "--real"},
        {{"--loud=yes"}, "no value"},
        {{"--loud", "--loud"}, "twice"},
        {{"--text=a", "--text=b"}, "twice"},
        {{"-x"}, "-x"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        assert_err(parse(rows[i].argv), ERR_USAGE);
        assert_non_null(strstr(note.text, rows[i].named));
    }
}

static void a_list_has_an_end(void **state)
{
    (void)state;
    const char *argv[OPTION_LIST_MAX + 2] = {NULL};
    for (size_t i = 0; i <= OPTION_LIST_MAX; i++)
        argv[i] = "--many=x";
    assert_err(parse(argv), ERR_USAGE);
    for (size_t i = 0; i <= OPTION_LIST_MAX; i++)
        argv[i] = "x";
    assert_err(parse(argv), ERR_USAGE);
    argv[OPTION_LIST_MAX] = NULL;
    assert_ok(parse(argv));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_apart_or_behind_an_equals_sign),
        cmocka_unit_test(what_is_not_given_keeps_its_default),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_wrong_command_line_is_named),
        cmocka_unit_test(a_list_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
