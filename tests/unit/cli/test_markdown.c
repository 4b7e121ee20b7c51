/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown as a terminal is shown it, whole and cut at every byte; what is none stays as it is; what comes early and what has to wait. */
#include "cli/markdown.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test.h"

enum { SHOWN_MAX = 32768 };

static char shown[SHOWN_MAX];
static size_t shown_len;

static void gather(void *owner, struct bytes text)
{
    (void)owner;
    assert_true(shown_len + text.len < sizeof shown);
    memcpy(shown + shown_len, text.ptr, text.len);
    shown_len += text.len;
    shown[shown_len] = '\0';
}

static struct markdown m;

static void begin(void)
{
    shown_len = 0;
    shown[0] = '\0';
    markdown_begin(&m, gather, NULL);
}

static const char *render(const char *text, size_t step)
{
    size_t len = strlen(text);
    begin();
    for (size_t at = 0; at < len; at += step)
        markdown_text(&m, bytes_of(text + at, len - at < step ? len - at : step));
    markdown_end(&m);
    return shown;
}

#define B    "\x1b[1m"
#define I    "\x1b[3m"
#define C    "\x1b[36m"
#define H    "\x1b[1;4m"
#define Q    "\x1b[2m"
#define O    "\x1b[0m"
#define BAR  "\xe2\x94\x82"
#define DASH "\xe2\x94\x80"
#define DOT  "\xe2\x80\xa2"
#define TEN  DASH DASH DASH DASH DASH DASH DASH DASH DASH DASH

static const struct {
    const char *text;
    const char *wanted;
} rows[] = {
    {"", ""},
    {"plain text\nand more", "plain text\nand more"},
    /* headings */
    {"# One\ntwo", H "One" O "\ntwo"},
    {"###### Six **b**\n", H "Six " O B H "b" O "\n"},
    {"####### seven", "####### seven"},
    {"#tag", "#tag"},
    {"#", "#"},
    /* bold, italic, code */
    {"a **b** c", "a " B "b" O " c"},
    {"**b**", B "b" O},
    {"*i* and _i_ and __b__", I "i" O " and " I "i" O " and " B "b" O},
    {"***both***", B I "both" O},
    {"`a * b` `` x`y ``", C "a * b" O " " C " x`y " O},
    {"2 * 3 * 4, a_b_c, snake_case_name", "2 * 3 * 4, a_b_c, snake_case_name"},
    {"\\*no\\* \\x \\", "*no* \\x \\"},
    {"`a\\b`", C "a\\b" O},
    {"**open\nnext", B "open" O "\nnext"},
    {"**", "**"},
    {"****", "****"},
    /* lists, quotations, rules */
    {"- a\n* b\n+ c\n", DOT " a\n" DOT " b\n" DOT " c\n"},
    {"  - deep **b**\n", "  " DOT " deep " B "b" O "\n"},
    {"* *i*\n", DOT " " I "i" O "\n"},
    {"-x\n", "-x\n"},
    {"-", "-"},
    {"1. one\n", "1. one\n"},
    {"> said\n", Q BAR " said" O "\n"},
    {"---\n", TEN TEN TEN TEN "\n"},
    {"* * *\n", TEN TEN TEN TEN "\n"},
    {"--\n", "--\n"},
    {"--- x\n", "--- x\n"},
    /* code */
    {"```c\nint *a; // **x**\n\n# y\n```\nz", C "int *a; // **x**" O "\n\n" C "# y" O "\nz"},
    {"~~~\n```\n~~~\nz", C "```" O "\nz"},
    {"  ```\nx\n  ```\nz", C "x" O "\nz"},
    {"```\nx", C "x" O},
    {"```\nx\n```", C "x" O "\n"},
    {"``` `\n", ""},
    /* tables */
    {"| a | bc |\n|---|:--|\n| **1** | 2 |\n\nx",
     " " B "a" O " " BAR " " B "bc" O " \n" DASH DASH DASH "\xe2\x94\xbc" DASH DASH DASH DASH "\n " B "1" O
     " " BAR " 2  \n\nx"},
    {"| a \\| b |\n", " " B "a | b" O " \n"},
    {"a | b\n", "a | b\n"},
    /* characters of several bytes */
    {"\xc3\xa9 **\xe2\x82\xac** \xf0\x9f\x94\xa8", "\xc3\xa9 " B "\xe2\x82\xac" O " \xf0\x9f\x94\xa8"},
};

static void each_form_is_shown_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        for (size_t step = 1; step < 24; step++)
            if (strcmp(render(rows[i].text, step), rows[i].wanted) != 0)
                fail_msg("row %zu by %zu: \"%s\" is shown as \"%s\", wanted \"%s\"", i, step, rows[i].text,
                         shown, rows[i].wanted);
}

static void text_is_shown_as_soon_as_it_is_clear(void **state)
{
    (void)state;
    begin();
    markdown_text(&m, bytes_str("Wor"));
    assert_string_equal(shown, "Wor");
    markdown_text(&m, bytes_str("ds *"));
    assert_string_equal(shown, "Words ");
    markdown_text(&m, bytes_str("i"));
    assert_string_equal(shown, "Words " I "i");
    markdown_text(&m, bytes_str("*\n-"));
    assert_string_equal(shown, "Words " I "i" O "\n");
    markdown_text(&m, bytes_str(" x"));
    assert_string_equal(shown, "Words " I "i" O "\n" DOT " x");
    markdown_text(&m, bytes_str("\n| a |"));
    assert_string_equal(shown, "Words " I "i" O "\n" DOT " x\n");
    markdown_text(&m, bytes_str("\n"));
    assert_string_equal(shown, "Words " I "i" O "\n" DOT " x\n " B "a" O " \n");
    markdown_end(&m);
}

static void what_is_held_has_its_limit(void **state)
{
    static char text[3 * MARKDOWN_HELD_MAX];
    static const char begins[] = {'|', '*', '`', '#', ' ', '-', '_', '\\'};
    (void)state;
    for (size_t i = 0; i < sizeof begins; i++) {
        memset(text, begins[i], sizeof text - 1);
        (void)render(text, 7);
        size_t seen = 0;
        for (size_t k = 0; k < shown_len; k++)
            seen += shown[k] == begins[i];
        /* Nothing is lost: of escapes every second one is shown, a fence or a run of ticks is no text. */
        if (begins[i] != '\\' && begins[i] != '`')
            assert_int_equal(seen, sizeof text - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_shown_however_it_is_cut),
        cmocka_unit_test(text_is_shown_as_soon_as_it_is_clear),
        cmocka_unit_test(what_is_held_has_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
