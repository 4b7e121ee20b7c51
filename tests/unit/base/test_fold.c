/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"

/* What was written, and the stream that it went to. */
struct page {
    char *text;
    size_t size;
    FILE *to;
};

static FILE *page_open(struct page *p)
{
    *p = (struct page){0};
    p->to = open_memstream(&p->text, &p->size);
    assert_non_null(p->to);
    return p->to;
}

static void assert_page(struct page *p, const char *wanted)
{
    assert_int_equal(fclose(p->to), 0);
    assert_string_equal(p->text, wanted);
    free(p->text);
}

static void lines_break_between_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at, indent, width;
        const char *wanted;
    } rows[] = {
        {"one two three", 0, 0, 80, "one two three\n"},
        {"one two three", 0, 0, 7, "one two\nthree\n"},
        {"one two three", 0, 0, 6, "one\ntwo\nthree\n"},
        {"one two three", 4, 2, 8, "one\n  two\n  three\n"},
        {"one two three", 4, 2, 11, "one two\n  three\n"},
        {"", 0, 0, 80, "\n"},
        {"  ", 3, 3, 80, "\n"},
        {" one  two\nthree ", 0, 0, 80, "one two three\n"},
        {" one  two\nthree ", 3, 3, FOLD_NEVER, " one  two\nthree \n"},
        /* What cannot be broken stays whole, and begins a line. */
        {"a 0123456789abcdef b", 0, 1, 8, "a\n 0123456789abcdef\n b\n"},
        {"0123456789abcdef", 4, 4, 8, "0123456789abcdef\n"},
        /* A character of several bytes is one column. */
        {"\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 0, 0, 5, "\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9\n"},
        {"\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 0, 0, 4, "\xc3\xa9\xc3\xa9\n\xc3\xa9\xc3\xa9\n"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct page p;
        fold_text(page_open(&p), rows[i].text, rows[i].at, rows[i].indent, rows[i].width);
        assert_page(&p, rows[i].wanted);
    }
}

static void what_is_no_terminal_has_the_width_that_is_said(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fold_width(file, 123), 123);
    assert_int_equal(fclose(file), 0);
}

static void a_help_keeps_what_is_to_be_copied(void **state)
{
    (void)state;
    struct page p;
    fold_help(page_open(&p),
              "Usage: program --with a --rather long --list of --options that --need a --second line\n"
              "       program --short\n"
              "\n"
              "A paragraph of two lines,\n"
              "which is folded anew as there is room for more than these words on a line.\n"
              "    an example that is much too long for a line but stays as it is, since it is copied\n"
              "And another paragraph.\n"
              "\n");
    assert_int_equal(fclose(p.to), 0);
    assert_string_equal(
        p.text, "Usage: program --with a --rather long --list of --options that --need a --second\n"
                "           line\n"
                "       program --short\n"
                "\n"
                "A paragraph of two lines, which is folded anew as there is room for more than\n"
                "these words on a line.\n"
                "    an example that is much too long for a line but stays as it is, since it is copied\n"
                "And another paragraph.\n"
                "\n");
    free(p.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_break_between_words),
        cmocka_unit_test(what_is_no_terminal_has_the_width_that_is_said),
        cmocka_unit_test(a_help_keeps_what_is_to_be_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
