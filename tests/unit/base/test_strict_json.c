/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/strict_json.h"

enum { LIMIT = 4096 };

static enum err parse(struct bytes text, json_t **doc)
{
    struct err_note note = {{0}};
    enum err e = strict_json_parse(text, LIMIT, doc, &note);
    assert_true((e == ERR_OK) == (*doc != NULL));
    assert_true((e == ERR_OK) == (note.text[0] == '\0'));
    return e;
}

static json_t *parsed(const char *text)
{
    json_t *doc;
    assert_ok(parse(bytes_str(text), &doc));
    return doc;
}

static void documents_are_parsed(void **state)
{
    static const char *const good[] = {
        "{}", "[]", " {\"a\": [1, 2.5, true, null, \"\\u00e9\xc3\xa9\"]}\r\n\t", "{\"\":{}}"};
    (void)state;
    for (size_t i = 0; i < test_count(good); i++)
        json_decref(parsed(good[i]));
}

static void what_is_not_one_strict_document_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t len; /* 0: up to the NUL */
    } cases[] = {
        {"", 0},
        {"{", 0},
        {"[1,]", 0},
        {"{\"a\":1,}", 0},
        {"{a:1}", 0},
        {"{'a':1}", 0},
        {"[01]", 0},
        {"[NaN]", 0},
        {"[1e999]", 0},
        {"[9223372036854775808]", 0},
        {"// c\n[]", 0},
        {"{} x", 0},
        {"{}{}", 0},
        {"[] \0", 4},
        {"[50\0]", 5},
        {"{\"a\":50\0,\"b\":1}", 16},
        {"{\"a\":1,\"a\":2}", 0},
        {"{\"a\":1,\"\\u0061\":2}", 0},
        {"{\"b\":{\"a\":1,\"a\":1}}", 0},
        {"[\"\\u0000\"]", 0},
        {"[\"a\0b\"]", 7},
        {"{\"\\u0000\":1}", 0},
        {"[\"\x80\"]", 0},
        {"[\"\xc0\xaf\"]", 0},
        {"[\"\xed\xa0\x80\"]", 0},
        {"[\"\\ud800\"]", 0},
        {"[\"\\udc00\\ud800\"]", 0},
        {"[\"\n\"]", 0},
        {"[\"\\x\"]", 0},
        {"\"text\"", 0},
        {"12", 0},
        {"\xef\xbb\xbf{}", 0},
    };
    json_t *doc;
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        size_t len = cases[i].len == 0 ? strlen(cases[i].text) : cases[i].len;
        if (parse(bytes_of(cases[i].text, len), &doc) != ERR_JSON)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
}

static void depth_is_limited(void **state)
{
    char text[256];
    json_t *doc;
    (void)state;
    for (size_t depth = STRICT_JSON_DEPTH - 1; depth <= STRICT_JSON_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_err(parse(bytes_of(text, 2 * depth), &doc), depth <= STRICT_JSON_DEPTH ? ERR_OK : ERR_JSON);
        json_decref(doc);
    }
    /* Brackets in strings, also behind an escaped quote, are not depth; nor are siblings. */
    memset(text, '[', sizeof text);
    memcpy(text, "[\"\\\"", 4);
    memcpy(text + sizeof text - 2, "\"]", 2);
    assert_ok(parse(bytes_of(text, sizeof text), &doc));
    json_decref(doc);
    text[0] = '[';
    for (size_t i = 1; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "[],", 3);
    memcpy(text + 196, "[]]", 4);
    assert_ok(parse(bytes_str(text), &doc));
    json_decref(doc);
}

static void size_is_limited(void **state)
{
    json_t *doc;
    struct err_note note;
    (void)state;
    assert_ok(strict_json_parse(bytes_str("[1,2]"), 5, &doc, NULL));
    json_decref(doc);
    assert_err(strict_json_parse(bytes_str("[1,2]"), 4, &doc, &note), ERR_TOO_LARGE);
    assert_null(doc);
}

static size_t secret_bytes(void)
{
    struct secret_stats now = secret_stats();
    return now.locked + now.unlocked;
}

/* A list of as many of these as the text has room for. */
static size_t list_write(char *text, size_t size, const char *value)
{
    size_t len = strlen(value);
    size_t used = 1;
    text[0] = '[';
    for (; used + len + 1 < size; used += len + 1)
        (void)snprintf(text + used, size - used, "%s,", value);
    text[used - 1] = ']';
    return used;
}

/* What is small on the wire can be large in memory: a stranger's list of empty objects took a hundred times its size. */
static void memory_is_limited(void **state)
{
    enum { SIZE = 1024 * 1024, ALLOWED = STRICT_JSON_MEMORY + STRICT_JSON_MEMORY / 4 };
    static const char *const values[] = {
        "{}", "[]", "\"\"", "1", "null", "{\"a\":1}", "{\"a\":\"b\"}", "[[],\"\"]", "{\"a\":{}}", "-1.5e3"};
    char *text = malloc(SIZE);
    json_t *doc;
    struct err_note note;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < test_count(values); i++) {
        size_t before = secret_bytes();
        size_t size = SIZE;
        size_t len = list_write(text, size, values[i]);
        /* The longest that is taken, or nearly: its estimate is not far from what it really takes. */
        enum err e = strict_json_parse(bytes_of(text, len), SIZE, &doc, &note);
        while (e == ERR_TOO_LARGE) {
            assert_null(doc);
            assert_int_equal(secret_bytes(), before);
            size -= size / 16;
            len = list_write(text, size, values[i]);
            e = strict_json_parse(bytes_of(text, len), SIZE, &doc, &note);
        }
        assert_ok(e);
        json_decref(doc);
        if (secret_bytes() - before > ALLOWED)
            fail_msg("%zu bytes of \"%s\" took %zu bytes", len, values[i], secret_bytes() - before);
    }
    size_t len = list_write(text, SIZE, "{}");
    assert_err(strict_json_parse(bytes_of(text, len), SIZE, &doc, &note), ERR_TOO_LARGE);
    assert_err(strict_json_parse_within(bytes_str("[{},{}]"), SIZE, 256, &doc, &note), ERR_TOO_LARGE);
    assert_ok(strict_json_parse_within(bytes_str("[{},{}]"), SIZE, SIZE_MAX, &doc, &note));
    json_decref(doc);
    /* What stands in a string is text, and no more. */
    memset(text, '{', SIZE);
    memcpy(text, "[\"", 2);
    memcpy(text + SIZE - 2, "\"]", 2);
    assert_ok(strict_json_parse(bytes_of(text, SIZE), SIZE, &doc, &note));
    json_decref(doc);
    free(text);
}

static void a_note_holds_no_content(void **state)
{
    json_t *doc;
    struct err_note note;
    (void)state;
    assert_err(strict_json_parse(bytes_str("{\"prompt\": \"hunter2\" hunter2}"), LIMIT, &doc, &note),
               ERR_JSON);
    assert_null(strstr(note.text, "hunter2"));
    assert_non_null(strstr(note.text, "byte 2"));
    static const char *const keys[] = {"prompt", NULL};
    doc = parsed("{\"hunter2\":1}");
    assert_err(strict_json_only(doc, "request", keys, &note), ERR_UNKNOWN);
    assert_null(strstr(note.text, "hunter2"));
    assert_non_null(strstr(note.text, "request"));
    json_decref(doc);
}

static void only_known_members_pass(void **state)
{
    static const char *const keys[] = {"a", "bc", NULL};
    static const struct {
        const char *text;
        enum err wanted;
    } cases[] = {
        {"{}", ERR_OK},
        {"{\"a\":1}", ERR_OK},
        {"{\"bc\":1,\"a\":2}", ERR_OK},
        {"{\"b\":1}", ERR_UNKNOWN},
        {"{\"a\":1,\"bcd\":2}", ERR_UNKNOWN},
        {"{\"\":1}", ERR_UNKNOWN},
        {"{\"A\":1}", ERR_UNKNOWN},
        {"[]", ERR_JSON},
    };
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        json_t *doc = parsed(cases[i].text);
        assert_err(strict_json_only(doc, "document", keys, NULL), cases[i].wanted);
        json_decref(doc);
    }
    assert_err(strict_json_only(NULL, "nothing", keys, NULL), ERR_JSON);
}

static void members_have_their_types_and_ranges(void **state)
{
    struct bytes text;
    int64_t number;
    const json_t *value;
    uint8_t out[4];
    size_t len;
    (void)state;
    json_t *doc = parsed(
        "{\"s\":\"caf\xc3\xa9\",\"n\":-5,\"r\":1.0,\"a\":[1,2],\"o\":{},\"b\":\"Zm9v\",\"bad\":\"Zm9v=\","
        "\"long\":\"Zm9vYmE\",\"t\":true,\"z\":null}");
    assert_ok(strict_json_string(doc, "s", &text, NULL));
    assert_true(bytes_is_str(text, "caf\xc3\xa9"));
    assert_err(strict_json_string(doc, "n", &text, NULL), ERR_JSON);
    assert_err(strict_json_string(doc, "z", &text, NULL), ERR_JSON);
    assert_err(strict_json_string(doc, "missing", &text, NULL), ERR_JSON);
    assert_err(strict_json_string(NULL, "s", &text, NULL), ERR_JSON);
    assert_int_equal(text.len, 0);

    assert_ok(strict_json_integer(doc, "n", -5, -5, &number, NULL));
    assert_int_equal(number, -5);
    assert_err(strict_json_integer(doc, "n", -4, 10, &number, NULL), ERR_VALUE);
    assert_err(strict_json_integer(doc, "n", -10, -6, &number, NULL), ERR_VALUE);
    assert_err(strict_json_integer(doc, "r", 0, 10, &number, NULL), ERR_JSON);
    assert_err(strict_json_integer(doc, "t", 0, 10, &number, NULL), ERR_JSON);
    assert_err(strict_json_integer(doc, "missing", 0, 10, &number, NULL), ERR_JSON);

    assert_ok(strict_json_array(doc, "a", 2, &value, NULL));
    assert_int_equal(json_array_size(value), 2);
    assert_err(strict_json_array(doc, "a", 1, &value, NULL), ERR_VALUE);
    assert_null(value);
    assert_err(strict_json_array(doc, "o", 1, &value, NULL), ERR_JSON);

    assert_ok(strict_json_object(doc, "o", &value, NULL));
    assert_err(strict_json_object(doc, "a", &value, NULL), ERR_JSON);
    assert_null(value);

    assert_ok(strict_json_base64url(doc, "b", out, sizeof out, &len, NULL));
    assert_true(bytes_is_str(bytes_of(out, len), "foo"));
    assert_err(strict_json_base64url(doc, "bad", out, sizeof out, &len, NULL), ERR_VALUE);
    assert_err(strict_json_base64url(doc, "long", out, sizeof out, &len, NULL), ERR_VALUE);
    assert_err(strict_json_base64url(doc, "n", out, sizeof out, &len, NULL), ERR_JSON);
    assert_int_equal(len, 0);
    json_decref(doc);
}

/* RFC 8785 section 3.2.2.2 names the escapes; section 3.2.3 the order. */
static void the_canonical_form_is_that_of_rfc_8785(void **state)
{
    static const struct {
        const char *text;
        const char *wanted;
    } cases[] = {
        {" { \"b\" : 2 , \"a\" : [ 1 , true , null ] } ", "{\"a\":[1,true,null],\"b\":2}"},
        {"{\"aa\":1,\"a\":2,\"B\":3,\"_\":4,\"1\":5}", "{\"1\":5,\"B\":3,\"_\":4,\"a\":2,\"aa\":1}"},
        {"[\"\\u001F\\u000B\\b\\f\\n\\r\\t\"]", "[\"\\u001f\\u000b\\b\\f\\n\\r\\t\"]"},
        {"[\"\\\\u00FF \\\" \\/ \\u007f\"]", "[\"\\\\u00FF \\\" / \x7f\"]"},
        {"[\"\\u20ac\\ud83d\\ude00\"]", "[\"\xe2\x82\xac\xf0\x9f\x98\x80\"]"},
        {"[-0, 0, -1, 9007199254740991]", "[0,0,-1,9007199254740991]"},
        {"{}", "{}"},
    };
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        json_t *doc = parsed(cases[i].text);
        char *text = strict_json_canonical(doc);
        assert_string_equal(text, cases[i].wanted);
        secret_free(text);
        json_decref(doc);
    }
}

static void documents_stand_in_secret_memory(void **state)
{
    (void)state;
    size_t before = secret_stats().live;
    json_t *doc = parsed("{\"a\":[1,2,3]}");
    assert_true(secret_stats().live > before);
    json_decref(doc);
    assert_int_equal(secret_stats().live, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_parsed),
        cmocka_unit_test(what_is_not_one_strict_document_is_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(a_note_holds_no_content),
        cmocka_unit_test(only_known_members_pass),
        cmocka_unit_test(members_have_their_types_and_ranges),
        cmocka_unit_test(the_canonical_form_is_that_of_rfc_8785),
        cmocka_unit_test(documents_stand_in_secret_memory),
    };
    strict_json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
