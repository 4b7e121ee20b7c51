/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/chat.h"

/* Every character that JSON escapes, and some that it does not. */
static void text_survives_being_made_a_line(void **state)
{
    (void)state;
    char awkward[64];
    size_t n = 0;
    for (char c = 1; c < 0x20; c++)
        awkward[n++] = c;
    memcpy(awkward + n, "\"\\/\x7f\xc3\xa9\xf0\x9f\x94\xa8", 11);
    struct bytes text = bytes_of(awkward, n + 10);
    struct chat_line line;
    char *written = chat_line_text(text);
    assert_non_null(written);
    assert_int_equal(written[strlen(written) - 1], '\n');
    assert_null(memchr(written, '\n', strlen(written) - 1));
    assert_ok(chat_line_parse(bytes_str(written), &line));
    assert_int_equal(line.kind, CHAT_LINE_TEXT);
    assert_true(bytes_equal(line.text, text));
    chat_line_release(&line);
    secret_free(written);
}

static void the_last_line_carries_reason_and_usage(void **state)
{
    (void)state;
    for (enum chat_finish f = 0; f < CHAT_FINISH_COUNT; f++) {
        struct chat_line line;
        char *written = chat_line_finish(f, &(struct chat_usage){11, 22});
        assert_ok(chat_line_parse(bytes_str(written), &line));
        assert_int_equal(line.kind, CHAT_LINE_FINISH);
        assert_int_equal(line.finish, f);
        assert_int_equal(line.usage.prompt_tokens, 11);
        assert_int_equal(line.usage.completion_tokens, 22);
        chat_line_release(&line);
        secret_free(written);
    }
}

static void an_error_keeps_its_name_and_has_a_status(void **state)
{
    (void)state;
    static const struct {
        enum err error;
        uint16_t status;
    } rows[] = {{ERR_REQUEST, 400}, {ERR_CONTEXT, 400}, {ERR_UNKNOWN, 404}, {ERR_TOO_LARGE, 413},
                {ERR_BUSY, 429},    {ERR_ENGINE, 500},  {ERR_MEMORY, 500},  {ERR_CHANNEL_SHUTDOWN, 503}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct chat_line line;
        const struct err_note note = {"the \"reason\""};
        char *written = chat_error(rows[i].error, i % 2 == 0 ? &note : NULL);
        assert_ok(chat_line_parse(bytes_str(written), &line));
        assert_int_equal(line.kind, CHAT_LINE_ERROR);
        assert_string_equal(line.code, err_name(rows[i].error));
        assert_int_equal(err_find(line.code), rows[i].error);
        assert_string_equal(line.message, i % 2 == 0 ? note.text : err_text(rows[i].error));
        assert_int_equal(chat_error_status(rows[i].error), rows[i].status);
        chat_line_release(&line);
        secret_free(written);
    }
}

static void a_whole_answer_is_one_object(void **state)
{
    (void)state;
    json_t *doc = NULL;
    char *written = chat_answer(bytes_str("An \"anvil\".\n"), CHAT_FINISH_LENGTH, &(struct chat_usage){3, 4});
    assert_ok(strict_json_parse(bytes_str(written), CHAT_REQUEST_MAX, &doc, NULL));
    const json_t *choice = json_array_get(json_object_get(doc, "choices"), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(choice, "message"), "content")),
                        "An \"anvil\".\n");
    assert_string_equal(json_string_value(json_object_get(choice, "finish_reason")), "length");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(doc, "usage"), "total_tokens")), 7);
    json_decref(doc);
    secret_free(written);
}

#define LAST_LINE(reason, prompt_tokens)                                                                     \
    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"" reason                                                \
    "\"}],\"usage\":{\"prompt_tokens\":" prompt_tokens ",\"completion_tokens\":1}}"

static void lines_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "{}",
        "[]",
        "{\"choices\":[]}",
        "{\"choices\":[{\"delta\":{}}]}",
        "{\"choices\":[{\"delta\":{\"content\":1}}]}",
        LAST_LINE("other", "1"),
        "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
        LAST_LINE("stop", "-1"),
        "{\"error\":{}}",
        "{\"error\":{\"code\":\"busy\"}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct chat_line line;
        size_t live = secret_stats().live;
        assert_true(chat_line_parse(bytes_str(rows[i]), &line) != ERR_OK);
        assert_int_equal(secret_stats().live, live);
    }
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
        cmocka_unit_test(text_survives_being_made_a_line),
        cmocka_unit_test(the_last_line_carries_reason_and_usage),
        cmocka_unit_test(an_error_keeps_its_name_and_has_a_status),
        cmocka_unit_test(a_whole_answer_is_one_object),
        cmocka_unit_test(lines_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
