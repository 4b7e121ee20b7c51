/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void every_row_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < ERR_COUNT; a++) {
        assert_true(strlen(err_name((enum err)a)) > 0);
        assert_string_not_equal(err_name((enum err)a), "unknown-error");
        for (int b = a + 1; b < ERR_COUNT; b++)
            assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
    }
}

static void names_are_lower_case_words_with_hyphens(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++)
        for (const char *c = err_name((enum err)e); *c != '\0'; c++)
            assert_true(islower((unsigned char)*c) || *c == '-');
}

static void every_row_has_a_sentence_and_a_class(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_int_equal(err_class(ERR_OK), ERR_CLASS_NONE);
    for (int e = 1; e < ERR_COUNT; e++) {
        assert_true(strlen(err_text((enum err)e)) > strlen("no error"));
        assert_true(err_class((enum err)e) >= ERR_CLASS_REFUSED &&
                    err_class((enum err)e) <= ERR_CLASS_ENCLAVE);
    }
}

static void a_number_outside_the_table_is_still_named(void **state)
{
    const int outside[] = {ERR_COUNT, -1, 100000};
    (void)state;
    for (size_t i = 0; i < test_count(outside); i++) {
        assert_string_equal(err_name((enum err)outside[i]), "unknown-error");
        assert_true(strlen(err_text((enum err)outside[i])) > 0);
        assert_int_equal(err_class((enum err)outside[i]), ERR_CLASS_ENCLAVE);
    }
}

static void a_note_is_written_and_cut_to_its_room(void **state)
{
    struct err_note note;
    char lengthy[2 * sizeof note.text];
    (void)state;
    assert_err(err_noted(ERR_VALUE, &note, "field %d", 7), ERR_VALUE);
    assert_string_equal(note.text, "field 7");
    memset(lengthy, 'x', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = '\0';
    assert_err(err_noted(ERR_JSON, &note, "%s", lengthy), ERR_JSON);
    assert_int_equal(strlen(note.text), sizeof note.text - 1);
    assert_err(err_noted(ERR_FILE, NULL, "%s", "nobody wants it"), ERR_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_name_of_its_own),
        cmocka_unit_test(names_are_lower_case_words_with_hyphens),
        cmocka_unit_test(every_row_has_a_sentence_and_a_class),
        cmocka_unit_test(a_number_outside_the_table_is_still_named),
        cmocka_unit_test(a_note_is_written_and_cut_to_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
