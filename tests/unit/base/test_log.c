/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* What body writes to standard error. */
static void captured(void (*body)(void), char *text, size_t size)
{
    int pipe_ends[2];
    (void)fflush(stderr);
    assert_int_equal(pipe(pipe_ends), 0);
    int old = dup(STDERR_FILENO);
    assert_true(old >= 0 && dup2(pipe_ends[1], STDERR_FILENO) >= 0);
    body();
    assert_true(dup2(old, STDERR_FILENO) >= 0);
    (void)close(old);
    (void)close(pipe_ends[1]);
    ssize_t n = read(pipe_ends[0], text, size - 1);
    (void)close(pipe_ends[0]);
    assert_true(n >= 0);
    text[n] = '\0';
}

/* The line after its time, which is checked for its form. */
static const char *after_time(const char *line)
{
    int year, month, day, hour, minute, second;
    int end = 0;
    assert_int_equal(
        sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2dZ %n", &year, &month, &day, &hour, &minute, &second, &end), 6);
    assert_int_equal(end, strlen("2026-11-02T10:00:00Z "));
    assert_true(year >= 2024 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 &&
                minute < 60);
    return line + end;
}

static void close_a_session(void)
{
    log_event(LOG_SESSION_CLOSED, LOG_ERR(ERR_CHANNEL_FRAME), LOG_NUM(LOG_KEY_RECORDS, 12),
              LOG_NUM(LOG_KEY_BYTES, INT64_MIN));
}

static void a_line_has_time_event_and_fields(void **state)
{
    char line[512];
    (void)state;
    captured(close_a_session, line, sizeof line);
    assert_string_equal(after_time(line),
                        "session-closed error=frame-malformed records=12 bytes=-9223372036854775808\n");
}

static void log_what_is_not_in_the_tables(void)
{
    const struct log_field fields[] = {
        {(enum log_key)LOG_KEY_COUNT, 5}, {LOG_KEY_ERROR, 99999}, {LOG_KEY_PORT, 1}};
    log_write((enum log_event)LOG_EVENT_COUNT, fields, test_count(fields));
}

static void numbers_outside_the_tables_do_no_harm(void **state)
{
    char line[512];
    (void)state;
    captured(log_what_is_not_in_the_tables, line, sizeof line);
    assert_string_equal(after_time(line), "unknown-event error=unknown-error port=1\n");
}

static void log_too_much(void)
{
    struct log_field fields[100];
    for (size_t i = 0; i < test_count(fields); i++)
        fields[i] = LOG_NUM(LOG_KEY_BYTES, i);
    log_write(LOG_STOPPED, fields, test_count(fields));
}

static void a_line_too_long_is_cut_and_still_one_line(void **state)
{
    char line[1024];
    (void)state;
    captured(log_too_much, line, sizeof line);
    assert_true(strlen(line) <= 512);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void every_event_and_key_has_a_name(void **state)
{
    (void)state;
#define LOG_NAME_CHECK(constant, name)                                                                       \
    assert_true(strlen(name) > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));
    LOG_EVENT_TABLE(LOG_NAME_CHECK)
    LOG_KEY_TABLE(LOG_NAME_CHECK)
#undef LOG_NAME_CHECK
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_event_and_fields),
        cmocka_unit_test(numbers_outside_the_tables_do_no_harm),
        cmocka_unit_test(a_line_too_long_is_cut_and_still_one_line),
        cmocka_unit_test(every_event_and_key_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
