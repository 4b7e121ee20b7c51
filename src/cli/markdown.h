/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MARKDOWN_H
#define CLI_MARKDOWN_H

/*
 * Markdown on a terminal, as it streams in: headings, bold, italic, code, lists, quotations, rules and tables. Every character is shown as soon as it is clear what it
 * is: a piece of text at once, a mark when the character behind it is there, a row of a table at its end. What is no Markdown is shown as it is.
 *
 *     markdown_begin(&m, write, owner);
 *     markdown_text(&m, piece); ...
 *     markdown_end(&m);                    // what was held back, and no style stays on
 *
 * The text must be free of control characters (terminal_clean). What comes out has SGR sequences of our own and no other. The struct holds content: keep it in
 * secret memory, and wipe it.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { MARKDOWN_HELD_MAX = 4096, MARKDOWN_COLUMNS_MAX = 16 };

enum markdown_style {
    MARKDOWN_BOLD = 1,
    MARKDOWN_ITALIC = 2,
    MARKDOWN_CODE = 4,
    MARKDOWN_HEADING = 8,
    MARKDOWN_QUOTE = 16
};

struct markdown {
    void (*write)(void *owner, struct bytes text);
    void *owner;
    uint8_t held
        [MARKDOWN_HELD_MAX]; /* what is not clear yet: the beginning of a line, a run of marks, a row of a table */
    size_t held_len;
    bool in_line;     /* its beginning was dealt with */
    bool in_row;      /* of a table: held until its end */
    bool in_fence;    /* between ``` and ``` */
    bool shows_row;   /* a row of a table is being written */
    bool in_info;     /* behind the opening ```, which is not shown */
    bool escaped;     /* after a backslash */
    uint8_t fence;    /* '`' or '~' */
    uint8_t ticks;    /* how many began the code span */
    uint8_t previous; /* the byte before, '\n' at a line's beginning */
    unsigned style;   /* wanted */
    unsigned shown;   /* what the terminal was told */
    size_t columns;   /* of the table; 0: there is none */
    size_t widths[MARKDOWN_COLUMNS_MAX];
};

void markdown_begin(struct markdown *m, void (*write)(void *owner, struct bytes text), void *owner);
void markdown_text(struct markdown *m, struct bytes text);
void markdown_end(struct markdown *m);

/* While `write` is called: this is code or a table, whose lines must stay as they are. */
bool markdown_keeps_lines(const struct markdown *m);

#endif
