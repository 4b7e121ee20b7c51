/* SPDX-License-Identifier: Apache-2.0 */

/* What a schema may be before a grammar is made of it. */

#include "unit/test.h"

#include <stdio.h>

#include "base/strict_json.h"
#include "engine/llama_internal.h"

static enum err check(const char *json, struct err_note *note)
{
    *note = (struct err_note){{0}};
    return engine_schema_check(bytes_str(json), "tools", note);
}

static void schemas_in_use_pass(void **state)
{
    (void)state;
    struct err_note note;
    assert_ok(check("{}", &note));
    assert_ok(check("true", &note));
    assert_ok(check("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"enum\":[\"x\",1]}},"
                    "\"b\":{\"$ref\":\"#/$defs/c\"}},\"$defs\":{\"c\":{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}}}",
                    &note));
}

static void refuses(const char *json, const char *words)
{
    struct err_note note;
    assert_err(check(json, &note), ERR_REQUEST);
    if (strstr(note.text, words) == NULL || strncmp(note.text, "tools: ", 7) != 0)
        fail_msg("note: %s", note.text);
}

static void what_would_cost_time_or_stack_is_refused(void **state)
{
    (void)state;
    static char json[512 * 1024];
    size_t n = 0;
    refuses("false", "nothing fits");
    refuses("{", "not JSON");

    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(json + n, sizeof json - n, "{\"items\":");
    n += (size_t)snprintf(json + n, sizeof json - n, "1");
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(json + n, sizeof json - n, "}");
    refuses(json, "not JSON"); /* nested deeper than strict_json goes */

    n = (size_t)snprintf(json, sizeof json, "{\"properties\":{\"a0\":{}");
    for (int i = 1; i < 200; i++)
        n += (size_t)snprintf(json + n, sizeof json - n, ",\"a%d\":{}", i);
    (void)snprintf(json + n, sizeof json - n, "}}");
    refuses(json, "members");

    n = (size_t)snprintf(json, sizeof json, "[0");
    for (int i = 1; i < 20000; i++)
        n += (size_t)snprintf(json + n, sizeof json - n, ",%d", i);
    (void)snprintf(json + n, sizeof json - n, "]");
    refuses(json, "parts");

    char text[8000];
    memset(text, '#', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)snprintf(json, sizeof json, "{\"properties\":{\"%.300s\":{}}}", text);
    refuses(json, "name");
    (void)snprintf(json, sizeof json, "{\"pattern\":\"%.600s\"}", text);
    refuses(json, "512 bytes");
    (void)snprintf(json, sizeof json, "{\"enum\":[\"%s\"]}", text);
    refuses(json, "4096 bytes");
    (void)snprintf(json, sizeof json, "{\"description\":\"%s\"}", text);
    struct err_note note;
    assert_ok(check(json, &note)); /* only read */
}

static void nesting_is_counted_in_texts_that_are_not_json(void **state)
{
    (void)state;
    char deep[64];
    memset(deep, '[', sizeof deep);
    assert_true(engine_schema_is_shallow(bytes_str("{\"city\":[1,{}]}")));
    assert_true(engine_schema_is_shallow(bytes_str("]]]]")));
    assert_true(engine_schema_is_shallow(bytes_of(deep, STRICT_JSON_DEPTH)));
    assert_false(engine_schema_is_shallow(bytes_of(deep, STRICT_JSON_DEPTH + 1)));
}

int main(void)
{
    strict_json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_in_use_pass),
        cmocka_unit_test(what_would_cost_time_or_stack_is_refused),
        cmocka_unit_test(nesting_is_counted_in_texts_that_are_not_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
