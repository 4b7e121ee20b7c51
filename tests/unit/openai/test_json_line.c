/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/answer.h"
#include "openai/json_line.h"

static char *written(void (*put)(struct json_line *, struct bytes), struct bytes text)
{
    struct secret_buffer out = {0};
    struct json_line l = {.out = &out};
    put(&l, text);
    char *json = json_line_text(&l);
    assert_non_null(json);
    return json;
}

/* Every character that JSON escapes, and some that it does not. */
static void text_survives(void **state)
{
    (void)state;
    char awkward[64];
    size_t n = 0;
    for (char c = 1; c < 0x20; c++)
        awkward[n++] = c;
    memcpy(awkward + n, "\"\\/\x7f\xc3\xa9\xf0\x9f\x94\xa8", 10);
    const struct bytes text = bytes_of(awkward, n + 10);
    char *json = written(json_put_text, text);
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_true(json_is_string(value));
    assert_int_equal(json_string_length(value), text.len);
    assert_memory_equal(json_string_value(value), text.ptr, text.len);
    /* Neither can end a line, or an event (a carriage return would). */
    assert_null(strpbrk(json, "\r\n"));
    json_decref(value);
    secret_free(json);
}

static void bytes_become_text(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *json;
    } rows[] = {
        {"", "\"\""},
        {"a\xc3\xa9", "\"a\xc3\xa9\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"a\xc3\"\xa9\xc3\xa9", "\"a\xef\xbf\xbd\\\"\xef\xbf\xbd\xc3\xa9\""},
        {"\xf0\x9f\x94", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xff\xf0\x9f\x94\xa8", "\"\xef\xbf\xbd\xf0\x9f\x94\xa8\""},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        char *json = written(json_put_lossy, bytes_str(rows[i].bytes));
        assert_string_equal(json, rows[i].json);
        secret_free(json);
    }
}

static void numbers_read_back_the_same(void **state)
{
    (void)state;
    static const float rows[] = {0, -1, 0.1F, 1.0F / 3, FLT_MAX, FLT_MIN, -1e-7F, 16777216, 0.9999999F};
    for (size_t i = 0; i < test_count(rows); i++) {
        struct secret_buffer out = {0};
        struct json_line l = {.out = &out};
        json_put_number(&l, rows[i]);
        char *json = json_line_text(&l);
        assert_true(strtof(json, NULL) == rows[i]);
        secret_free(json);
    }
    static const float none[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < test_count(none); i++) {
        struct secret_buffer out = {0};
        struct json_line l = {.out = &out};
        json_put_number(&l, none[i]);
        json_put_bool(&l, true);
        json_put_integer(&l, INT64_MIN);
        char *json = json_line_text(&l);
        assert_string_equal(json, "nulltrue-9223372036854775808");
        secret_free(json);
    }
}

static void the_first_failure_sticks(void **state)
{
    (void)state;
    size_t live = secret_stats().live;
    struct secret_buffer out = {0};
    struct json_line l = {.out = &out};
    uint8_t *large = malloc(ANSWER_SIZE_MAX);
    assert_non_null(large);
    memset(large, '7', ANSWER_SIZE_MAX);
    json_put(&l, "1");
    json_put_bytes(&l, bytes_of(large, ANSWER_SIZE_MAX));
    assert_err(json_line_finish(&l), ERR_TOO_LARGE);
    json_put(&l, "2");
    assert_err(json_line_finish(&l), ERR_TOO_LARGE);
    assert_int_equal(out.len, 1);
    assert_null(json_line_text(&l));
    free(large);
    assert_int_equal(secret_stats().live, live);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_survives),
        cmocka_unit_test(bytes_become_text),
        cmocka_unit_test(numbers_read_back_the_same),
        cmocka_unit_test(the_first_failure_sticks),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
