/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a streamed text broken between words: the same however the text is cut into pieces. */
#include "cli/wrap.h"

#include <stdio.h>

#include "cli/markdown.h"
#include "cli/terminal.h"
#include "unit/test.h"

#define BAR    "\xe2\x94\x82"
#define DOT    "\xe2\x80\xa2"
#define ACUTE  "\xcc\x81"
#define BOLD   "\x1b[1m"
#define PLAIN  "\x1b[0m"
#define HAMMER "\xf0\x9f\x94\xa8"
#define ANVIL  "\xe9\x89\x84\xe7\xa0\xa7" /* two characters of two columns */

static char shown[1 << 14];
static size_t shown_len;

static void gather(void *owner, struct bytes text)
{
    (void)owner;
    assert_true(shown_len + text.len < sizeof shown);
    memcpy(shown + shown_len, text.ptr, text.len);
    shown_len += text.len;
    shown[shown_len] = '\0';
}

static void expect(struct wrap *w, size_t width, size_t step, const char *text, const char *wanted)
{
    shown_len = 0;
    shown[0] = '\0';
    wrap_begin(w, width, gather, NULL);
    for (size_t at = 0; at < strlen(text); at += step)
        wrap_text(w, bytes_of(text + at, strlen(text) - at < step ? strlen(text) - at : step), false);
    wrap_end(w);
    if (strcmp(shown, wanted) != 0)
        fail_msg("\"%s\" by %zu is shown as \"%s\", wanted \"%s\"", text, step, shown, wanted);
}

static const struct row {
    size_t width;
    const char *text;
    const char *wanted;
} rows[] = {
    {10, "", ""},
    {10, "one two three four", "one two\nthree four"},
    {10, "0123456789 x", "0123456789\nx"},
    {10, "one\ntwo  three\n\nfour\n", "one\ntwo  three\n\nfour\n"},
    {10, "end \n", "end\n"},
    {0, "one two three four", "one two three four"},
    /* What is longer than a line is left to the terminal. */
    {10, "a 01234567890123 b c", "a\n01234567890123 b c"},
    {10, "a 01234567890123 b cdefg", "a\n01234567890123 b\ncdefg"},
    /* Lines go on where their text began. */
    {10, "  one two three", "  one two\n  three"},
    /* A quotation that stands too far to the right to hang anything there. */
    {10, "\t" BAR " one two three", "        " BAR "\none two\nthree"},
    {10, " one two three", " one two\nthree"},
    {10, DOT " one two three", DOT " one two\n  three"},
    {10, " " DOT " one two three", " " DOT " one two\n   three"},
    {10, "1. one two three\n2. x", "1. one two\n   three\n2. x"},
    {10, "12) one two", "12) one\n    two"},
    {10, "x. one two three", "x. one two\nthree"},
    {10, BAR " one two three\nx one two three", BAR " one two\n" BAR " three\nx one two\nthree"},
    {10, "      one two", "      one\ntwo"},
    /* Styles take no room. */
    {10, BOLD "one" PLAIN " two three", BOLD "one" PLAIN " two\nthree"},
    {10, "one two " BOLD "three" PLAIN, "one two\n" BOLD "three" PLAIN},
    {10, BOLD DOT PLAIN " one two three", BOLD DOT PLAIN " one two\n  three"},
    /* A character of two columns, one of none; between wide ones a line may break. */
    {10, HAMMER HAMMER HAMMER " abc de", HAMMER HAMMER HAMMER " abc\nde"},
    {6, ANVIL ANVIL, "\xe9\x89\x84\xe7\xa0\xa7\xe9\x89\x84\n\xe7\xa0\xa7"},
    {5, "abcde" ACUTE " f", "abcde" ACUTE "\nf"},
    {6,
     "ab" HAMMER HAMMER "\xe2\x80\x8d"
     "x",
     "ab" HAMMER HAMMER "\xe2\x80\x8d"
     "x"},
    {16, "a\tb", "a       b"},
};

static void lines_break_between_words_however_they_are_cut(void **state)
{
    static struct wrap w;
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        for (size_t step = 1; step < 12; step++)
            expect(&w, rows[i].width, step, rows[i].text, rows[i].wanted);
}

static void a_word_without_end_is_written_all_the_same(void **state)
{
    static struct wrap w;
    static char text[3 * WRAP_WORD_MAX + 1];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    expect(&w, 10, 1, text, text);
    expect(&w, 10, sizeof text, text, text);
}

/* Behind markdown: code and tables keep their lines. */

static struct markdown markdown;
static struct wrap behind;

static void write_wrapped(void *owner, struct bytes text)
{
    (void)owner;
    wrap_text(&behind, text, markdown_keeps_lines(&markdown));
}

static void code_and_tables_keep_their_lines(void **state)
{
    static const char text[] =
        "one two three\n```\none two three\n```\n| one two | three four |\n\n> one two three\n";
    (void)state;
    shown_len = 0;
    markdown_begin(&markdown, write_wrapped, NULL);
    wrap_begin(&behind, 10, gather, NULL);
    for (size_t i = 0; i < sizeof text - 1; i++)
        markdown_text(&markdown, bytes_of(text + i, 1));
    markdown_end(&markdown);
    wrap_end(&behind);
    assert_string_equal(shown,
                        "one two\nthree\n\x1b[36mone two three\x1b[0m\n \x1b[1mone two\x1b[0m " BAR
                        " \x1b[1mthree four\x1b[0m \n\n\x1b[2m" BAR " one two\n" BAR " three\x1b[0m\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_break_between_words_however_they_are_cut),
        cmocka_unit_test(a_word_without_end_is_written_all_the_same),
        cmocka_unit_test(code_and_tables_keep_their_lines),
    };
    terminal_know_widths();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
