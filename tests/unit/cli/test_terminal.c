/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>

#include "base/secret.h"
#include "cli/conversation.h"
#include "cli/terminal.h"

static void expect(const char *in, size_t len, bool to_terminal, const char *wanted)
{
    char out[128] = {0};
    FILE *file = fmemopen(out, sizeof out, "w");
    assert_non_null(file);
    terminal_write(file, bytes_of(in, len), to_terminal);
    (void)fclose(file);
    assert_string_equal(out, wanted);
}

#define EXPECT(in, to_terminal, wanted) expect((in), sizeof(in) - 1, (to_terminal), (wanted))

static void a_model_cannot_drive_the_terminal(void **state)
{
    (void)state;
    EXPECT("plain\ttext\n", true, "plain\ttext\n");
    EXPECT("\x1b[2Jred\x1b[31m", true, "[2Jred[31m");
    EXPECT("title \x1b]0;x\x07", true, "title ]0;x");
    EXPECT("back\b\rdel\x7f", true, "backdel");
    EXPECT("c1 \xc2\x9b"
           "31m \xc2\x80\xc2\x9f",
           true, "c1 31m ");
    EXPECT("\xc2\xa0 \xc3\xa9 \xf0\x9f\x94\xa8 \xe2\x80\x94", true,
           "\xc2\xa0 \xc3\xa9 \xf0\x9f\x94\xa8 \xe2\x80\x94");
    EXPECT("user\xe2\x80\xaenimda\xe2\x80\xac \xe2\x81\xa6x\xe2\x81\xa9 \xd8\x9c\xe2\x80\x8e\xe2\x80\x8f.",
           true, "usernimda x .");
    EXPECT("\xe2\x80\x8d \xe2\x80\xa9 \xe2\x81\xaa \xd8\x9b", true,
           "\xe2\x80\x8d \xe2\x80\xa9 \xe2\x81\xaa \xd8\x9b");
    EXPECT("not UTF-8 \xc2\x07\x9b"
           "31m \x9b"
           "31m \xe2\x80\x07\xae.",
           true, "not UTF-8 31m 31m .");
    EXPECT("", true, "");
}

static void a_text_is_cleaned_where_it_stands(void **state)
{
    static const char *const rows[][2] = {
        {"plain", "plain"},
        {"", ""},
        {"\x1b", ""},
        {"\x1b[2J\x1b]0;x\x07 and\tmore\n", "[2J]0;x and\tmore\n"},
        {"\xc2\x9b\xe2\x80\xae\xc3\xa9\x7f", "\xc3\xa9"},
        {"cut \xc2", "cut \xc2"},
    };
    char text[64];
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        (void)snprintf(text, sizeof text, "%s", rows[i][0]);
        terminal_clean_text(text);
        assert_string_equal(text, rows[i][1]);
    }
}

static void a_file_gets_every_byte(void **state)
{
    (void)state;
    EXPECT("\x1b[2J\x7f\xc2\x9b", false, "\x1b[2J\x7f\xc2\x9b");
}

static void a_conversation_keeps_what_was_said_and_wipes_it(void **state)
{
    (void)state;
    static struct conversation c;
    size_t live = secret_stats().live;
    assert_ok(conversation_add(&c, CHAT_SYSTEM, bytes_str("be brief")));
    assert_ok(conversation_add(&c, CHAT_USER, bytes_str("question")));
    assert_ok(conversation_answer(&c, bytes_str("an ")));
    assert_ok(conversation_answer(&c, bytes_str("answer")));
    assert_ok(conversation_answer_done(&c));
    assert_int_equal(c.count, 3);
    assert_int_equal(c.messages[2].role, CHAT_ASSISTANT);
    assert_true(bytes_is_str(c.messages[2].content, "an answer"));
    /* A question that got no answer at all is forgotten. */
    assert_ok(conversation_add(&c, CHAT_USER, bytes_str("unheard")));
    assert_ok(conversation_answer_done(&c));
    assert_int_equal(c.count, 3);
    conversation_restart(&c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.messages[0].role, CHAT_SYSTEM);
    conversation_wipe(&c);
    assert_int_equal(c.count, 0);
    assert_int_equal(secret_stats().live, live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_cannot_drive_the_terminal),
        cmocka_unit_test(a_text_is_cleaned_where_it_stands),
        cmocka_unit_test(a_file_gets_every_byte),
        cmocka_unit_test(a_conversation_keeps_what_was_said_and_wipes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
