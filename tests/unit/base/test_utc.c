/* SPDX-License-Identifier: Apache-2.0 */

/* Moments, their texts and their seconds, by counting: held against libc's. */

#include "unit/test.h"

#include <stdio.h>
#include <time.h>

#include "base/utc.h"

static void it_is_what_libc_says(void **state)
{
    (void)state;
    /* Three thousand times, 39 months and some apart, from the year 0 on; and the ends of days, months, years and centuries. */
    static const int64_t more[] = {
        0,           86399,        86400,        68169599,     68169600,     951782400,   951868799,
        951868800,   4107542399,   4107542400,   4107628800,   1764126300,   2147483647,  2147483648,
        32503679999, 32503680000,  253402300799, -1,           -86400,       -86401,      -2203891200,
        -2203891201, -62135596800, -62135596801, -62162035200, -62162035201, -62167219200};
    for (int64_t i = 0; i < 3000 + (int64_t)test_count(more); i++) {
        time_t at = (time_t)(i < 3000 ? i * 105189840 - 62167219200 : more[i - 3000]);
        char text[UTC_TEXT_SIZE];
        char wanted[64];
        struct tm libcs;
        struct utc moment;
        int64_t back;
        assert_non_null(gmtime_r(&at, &libcs));
        assert_true(utc_of(at, &moment));
        assert_int_equal(moment.year, libcs.tm_year + 1900);
        assert_int_equal(moment.month, libcs.tm_mon + 1);
        assert_int_equal(moment.day, libcs.tm_mday);
        assert_true(utc_seconds(&moment, &back));
        assert_int_equal(back, at);
        assert_true(utc_text(at, text));
        (void)snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT%02d:%02d:%02dZ", libcs.tm_year + 1900,
                       libcs.tm_mon + 1, libcs.tm_mday, libcs.tm_hour, libcs.tm_min, libcs.tm_sec);
        assert_string_equal(text, wanted);
        assert_true(utc_words(at, text));
        wanted[10] = ' ';
        (void)snprintf(wanted + 19, sizeof wanted - 19, " UTC");
        assert_string_equal(text, wanted);
    }
}

static void what_has_no_such_form_is_refused(void **state)
{
    (void)state;
    static const int64_t none[] = {-62167219201, INT64_MIN, 253402300800, INT64_MAX};
    for (size_t i = 0; i < test_count(none); i++) {
        char text[UTC_TEXT_SIZE] = "x";
        struct utc moment = {.year = 1};
        assert_false(utc_text(none[i], text));
        assert_string_equal(text, "");
        text[0] = 'x';
        assert_false(utc_words(none[i], text));
        assert_string_equal(text, "");
        assert_false(utc_of(none[i], &moment));
        assert_int_equal(moment.year, 0);
    }
}

static void what_no_calendar_has_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct utc moment;
        bool there;
    } table[] = {
        {{2024, 2, 29, 23, 59, 59}, true},  {{2000, 2, 29, 0, 0, 0}, true},
        {{0, 2, 29, 0, 0, 0}, true},        {{2023, 2, 29, 0, 0, 0}, false},
        {{1900, 2, 29, 0, 0, 0}, false},    {{2026, 4, 31, 0, 0, 0}, false},
        {{2026, 4, 30, 0, 0, 0}, true},     {{2026, 12, 31, 0, 0, 0}, true},
        {{2026, 12, 32, 0, 0, 0}, false},   {{2026, 0, 1, 0, 0, 0}, false},
        {{2026, 13, 1, 0, 0, 0}, false},    {{2026, 1, 0, 0, 0, 0}, false},
        {{2026, 1, 1, 24, 0, 0}, false},    {{2026, 1, 1, 0, 60, 0}, false},
        {{2026, 1, 1, 0, 0, 60}, false},    {{2026, 1, 1, -1, 0, 0}, false},
        {{2026, 1, 1, 0, -1, 0}, false},    {{2026, 1, 1, 0, 0, -1}, false},
        {{-1, 1, 1, 0, 0, 0}, false},       {{10000, 1, 1, 0, 0, 0}, false},
        {{9999, 12, 31, 23, 59, 59}, true},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        int64_t seconds = 1;
        if (utc_seconds(&table[i].moment, &seconds) != table[i].there)
            fail_msg("row %zu", i);
        assert_true(table[i].there || seconds == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_libc_says),
        cmocka_unit_test(what_has_no_such_form_is_refused),
        cmocka_unit_test(what_no_calendar_has_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
