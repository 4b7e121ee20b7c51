/* SPDX-License-Identifier: Apache-2.0 */
/* Keys into a line: what they do, that nothing but text gets in, that it is wiped; and the history with its file. */
#include "cli/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "cli/terminal.h"
#include "unit/test.h"

static struct line line;

static enum line_event press(const char *keys)
{
    enum line_event event = LINE_MORE;
    for (; *keys != '\0' && event == LINE_MORE; keys++)
        event = line_key(&line, (uint8_t)*keys);
    assert_int_equal(*keys, '\0');
    return event;
}

static void expect(const char *text, size_t cursor)
{
    assert_int_equal(line.text.len, strlen(text));
    assert_memory_equal(line.text.ptr, text, line.text.len);
    assert_int_equal(line.cursor, cursor);
}

static void keys_edit_the_line(void **state)
{
    static const struct {
        const char *keys;
        const char *text;
        size_t cursor;
    } rows[] = {
        {"abc", "abc", 3},
        {"abc\x7f\x08", "a", 1},
        {"abc\x1b[D\x1b[Dx", "axbc", 2},
        {"abc\x1bOD\x1bOC", "abc", 3},
        {"abc\x01x\x05y", "xabcy", 5},
        {"abc\x1b[Hx\x1b[Fy", "xabcy", 5},
        {"abc\x1b[1~x\x1b[4~y", "xabcy", 5},
        {"abc\x01\x1b[3~", "bc", 0},
        {"abc\x01\x04", "bc", 0},
        {"abc\x02\x02\x0b", "a", 1},
        {"abc\x02\x15", "c", 0},
        {"one two  \x17", "one ", 4},
        {"one two\x1b\x7f", "one ", 4},
        {"one two\x1b[1;5D\x1b[1;5Dx", "xone two", 1},
        {"one two\x01\x1b[1;5Cx", "onex two", 4},
        {"one two\x01\x1b"
         "fx",
         "onex two", 4},
        {"one two\x1b"
         "b\x1b"
         "d",
         "one ", 4},
        {"a\x1b\rb", "a\nb", 3},
        {"a\tb", "a\tb", 3},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa8\x7f", "\xc3\xa9\xe2\x82\xac", 5},
        {"\xc3\xa9\xe2\x82\xac\x1b[D\x1b[Dx", "x\xc3\xa9\xe2\x82\xac", 1},
        {"\x1b[200~a\rb\nc\x03\x04\x15\x1b[Dd\x1b[201~e", "a\nb\ncde", 7},
        /* What people see as one character is one: an accent that stands behind its letter, vowel signs, emoji of several parts. */
        {"ae\xcc\x81\x7f", "a", 1},
        {"ae\xcc\x81z\x1b[D\x1b[Dx", "axe\xcc\x81z", 2},
        {"ae\xcc\x81z\x01\x1b[C\x1b[Cx", "ae\xcc\x81xz", 5},
        {"\xd8\xa8\xd9\x8f\x7f", "", 0},
        {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\x7f", "", 0},
        {"x\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbby\x1b[D\x1b[Dz",
         "xz\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbby", 2},
        {"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd\x01\x1b[3~", "", 0},
        {"\xe2\x9d\xa4\xef\xb8\x8f\x7f", "", 0},
        /* At the ends nothing happens. */
        {"\x7f\x1b[D\x1b[C\x1b[3~\x17\x0b\x15\x10\x0e\x1b[A\x1b[B", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        line_begin(&line, NULL);
        assert_int_equal(press(rows[i].keys), LINE_MORE);
        expect(rows[i].text, rows[i].cursor);
    }
    line_wipe(&line);
}

static void what_is_no_text_does_not_get_in(void **state)
{
    static const char *const keys[] = {
        "\xff\xfe",     "\xc3",
        "\x80",         "\xc0\xaf",
        "\xed\xa0\x80", "\xf5\x80\x80\x80",
        "\x1b[31m",     "\x1b[1;2;3;4;5;6;7;8;9;10;11m",
        "\x1b[?2004h",  "\x1bOP",
        "\x1bz",        "\x1c\x1d\x1e\x1f\x0f\x12\x13\x14\x16\x18\x19\x1a\x07"};
    (void)state;
    for (size_t i = 0; i < test_count(keys); i++) {
        line_begin(&line, NULL);
        assert_int_equal(press(keys[i]), LINE_MORE);
        assert_int_equal(press("x"), LINE_MORE);
        expect("x", 1);
    }
    line_wipe(&line);
}

static void some_keys_end_it(void **state)
{
    (void)state;
    line_begin(&line, NULL);
    assert_int_equal(press("abc\r"), LINE_DONE);
    line_begin(&line, NULL);
    assert_int_equal(press("abc\n"), LINE_DONE);
    line_begin(&line, NULL);
    assert_int_equal(press("\x04"), LINE_END);
    assert_int_equal(press("a\x7f\x04"), LINE_END);
    assert_int_equal(press("abc\x03"), LINE_INTERRUPT);
    assert_int_equal(press("\x0c"), LINE_REDRAW);
    expect("abc", 3);
    line_wipe(&line);
}

static void a_line_has_its_limit(void **state)
{
    (void)state;
    line_begin(&line, NULL);
    for (size_t i = 0; i < LINE_SIZE_MAX; i++)
        assert_int_equal(line_key(&line, 'x'), LINE_MORE);
    assert_ok(line.failed);
    assert_int_equal(line_key(&line, 'y'), LINE_MORE);
    assert_err(line.failed, ERR_TOO_LARGE);
    assert_int_equal(line.text.len, LINE_SIZE_MAX);
    (void)line_key(&line, 0x7F);
    assert_err(line.failed, ERR_TOO_LARGE); /* what is left is a part of what was typed */
    (void)line_key(&line, 0x15);
    assert_ok(line.failed);
    line_wipe(&line);
}

static void the_history_is_gone_through_and_the_draft_comes_back(void **state)
{
    static struct history h;
    (void)state;
    size_t live = secret_stats().live;
    assert_ok(history_add(&h, bytes_str("first")));
    assert_ok(history_add(&h, bytes_str("second")));
    assert_ok(history_add(&h, bytes_str("second")));
    assert_ok(history_add(&h, bytes_str("")));
    assert_int_equal(h.count, 2);
    line_begin(&line, &h);
    (void)press("draft\x1b[A");
    expect("second", 6);
    (void)press("!\x10");
    expect("first", 5);
    (void)press("\x10");
    expect("first", 5);
    (void)press("\x0e\x0e");
    expect("draft", 5);
    (void)press("\x0e");
    expect("draft", 5);
    for (unsigned i = 0; i < HISTORY_MAX + 5; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%u", i);
        assert_ok(history_add(&h, bytes_str(text)));
    }
    assert_int_equal(h.count, HISTORY_MAX);
    assert_true(bytes_is_str(h.lines[0], "5"));
    line_wipe(&line);
    history_wipe(&h);
    assert_int_equal(secret_stats().live, live);
}

static void a_history_survives_its_file(void **state)
{
    static struct history h;
    static struct history back;
    char path[] = "/tmp/enclume-history-XXXXXX";
    struct stat about;
    struct err_note note = {0};
    (void)state;
    int fd = mkstemp(path);
    (void)close(fd);
    (void)unlink(path);
    assert_ok(history_load(&back, path, &note)); /* none yet */
    assert_int_equal(back.count, 0);
    assert_ok(history_add(&h, bytes_str("a \\ b \\n c")));
    assert_ok(history_add(&h, bytes_str("two\nlines\n")));
    assert_ok(history_save(&h, path, &note));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_ok(history_load(&back, path, &note));
    assert_int_equal(back.count, 2);
    assert_true(bytes_is_str(back.lines[0], "a \\ b \\n c"));
    assert_true(bytes_is_str(back.lines[1], "two\nlines\n"));
    history_wipe(&back);
    static const char *const wrong[] = {"a\\", "\\x", "\xff\n"};
    for (size_t i = 0; i < test_count(wrong); i++) {
        assert_ok(file_write(path, bytes_str(wrong[i]), &note));
        assert_err(history_load(&back, path, &note), ERR_ENCODING);
        history_wipe(&back);
    }
    history_wipe(&h);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_edit_the_line),
        cmocka_unit_test(what_is_no_text_does_not_get_in),
        cmocka_unit_test(some_keys_end_it),
        cmocka_unit_test(a_line_has_its_limit),
        cmocka_unit_test(the_history_is_gone_through_and_the_draft_comes_back),
        cmocka_unit_test(a_history_survives_its_file),
    };
    terminal_know_widths();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
