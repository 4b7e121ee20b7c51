/* SPDX-License-Identifier: Apache-2.0 */

/* Times as texts, by counting: held against libc's. */

#include "unit/test.h"

#include <time.h>

#include "base/utc.h"

static void it_is_what_libc_says(void **state)
{
    (void)state;
    /* Two thousand times, 47 months and some apart; and the ends of days, months, years and centuries. */
    static const int64_t more[] = {0,          86399,      86400,       68169599,    68169600,    951782400,
                                   951868799,  951868800,  4107542399,  4107542400,  4107628800,  1764126300,
                                   2147483647, 2147483648, 32503679999, 32503680000, 253402300799};
    for (int64_t i = 0; i < 2000 + (int64_t)test_count(more); i++) {
        time_t at = (time_t)(i < 2000 ? i * 126701077 : more[i - 2000]);
        char text[UTC_TEXT_SIZE];
        char wanted[UTC_TEXT_SIZE];
        struct tm utc;
        assert_true(utc_text(at, text));
        assert_non_null(gmtime_r(&at, &utc));
        assert_int_equal(strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%SZ", &utc), 20);
        assert_string_equal(text, wanted);
    }
}

static void what_has_no_such_form_is_refused(void **state)
{
    (void)state;
    static const int64_t none[] = {-1, INT64_MIN, 253402300800, INT64_MAX};
    for (size_t i = 0; i < test_count(none); i++) {
        char text[UTC_TEXT_SIZE] = "x";
        assert_false(utc_text(none[i], text));
        assert_string_equal(text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_libc_says),
        cmocka_unit_test(what_has_no_such_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
