/* SPDX-License-Identifier: Apache-2.0 */
/* Which texts of another server may stand on a line, and which are refused. */
#include "engine/upstream_json.h"

#include <stdlib.h>

#include "unit/test.h"

enum { TEXT_MAX = 512 };

static enum err check(const char *text, size_t len, char *out)
{
    struct err_note note = {{0}};
    memcpy(out, text, len);
    enum err e = upstream_json_line((uint8_t *)out, len, &note);
    out[len] = '\0';
    if (e != ERR_OK)
        assert_true(note.text[0] != '\0');
    return e;
}

static void one_object_is_taken_as_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "{\"a\":1}",
        " { \"a\" : [ 1 , -2.5e+10 , 0 , 0.0 , 1E5 , true , false , null ] } ",
        "{\"a\":{\"b\":[{},[],\"\"]},\"c\":[[]]}",
        "{\"\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
        "{\"a\":\"caf\xc3\xa9 \xf0\x9f\x98\x80\"}",
        "{\"a\":1,\"a\":2}",
        "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Once\"},\"finish_reason\":null}]}",
    };
    char out[TEXT_MAX];
    for (size_t i = 0; i < test_count(texts); i++) {
        assert_ok(check(texts[i], strlen(texts[i]), out));
        assert_string_equal(out, texts[i]);
    }
}

static void line_breaks_between_the_parts_become_spaces(void **state)
{
    (void)state;
    static const char text[] = "{\n\t\"a\":\r\n [1,\n2]\n}\n";
    char out[TEXT_MAX];
    assert_ok(check(text, sizeof text - 1, out));
    assert_string_equal(out, "{  \"a\":   [1, 2] } ");
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "1",
        "\"a\"",
        "null",
        "[]",
        "[{}]",
        "{",
        "}",
        "{}{}",
        "{},",
        "{} x",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}",
        "{\"a\":{1]}",
        "{\"a\":[}]",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":0x1}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":nul}",
        "{\"a\":NaN}",
        "{\"a\":\"b}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\u123\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\ud800x\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "\xef\xbb\xbf{}",
        "{\"a\":1}\xc2\xa0",
        "data: {}",
    };
    char out[TEXT_MAX];
    for (size_t i = 0; i < test_count(texts); i++)
        if (check(texts[i], strlen(texts[i]), out) != ERR_JSON)
            fail_msg("taken: %s", texts[i]);
    assert_err(check("{\"a\":\"\0\"}", 9, out), ERR_JSON);
    assert_err(check("{}\0", 3, out), ERR_JSON);
    assert_err(check("{\"a\":\"\\\0\"}", 10, out), ERR_JSON);
}

/* Every beginning of a good text is refused, and no byte behind it is looked at. */
static void a_cut_text_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1.5e-3,true,\"x\\u00e9\\ud83d\\ude00\\n\"],\"b\":{\"c\":null}}";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        uint8_t *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        assert_err(upstream_json_line(copy, n, NULL), ERR_JSON);
        free(copy);
    }
}

static void it_may_be_so_deep_and_no_deeper(void **state)
{
    (void)state;
    char text[TEXT_MAX];
    char out[TEXT_MAX];
    for (size_t depth = UPSTREAM_JSON_DEPTH; depth <= UPSTREAM_JSON_DEPTH + 1; depth++) {
        memcpy(text, "{\"a\":", 5);
        memset(text + 5, '[', depth - 1);
        memset(text + 5 + depth - 1, ']', depth - 1);
        text[5 + 2 * (depth - 1)] = '}';
        assert_err(check(text, 6 + 2 * (depth - 1), out), depth <= UPSTREAM_JSON_DEPTH ? ERR_OK : ERR_JSON);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_object_is_taken_as_it_is),
        cmocka_unit_test(line_breaks_between_the_parts_become_spaces),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(a_cut_text_is_refused_wherever_it_is_cut),
        cmocka_unit_test(it_may_be_so_deep_and_no_deeper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
