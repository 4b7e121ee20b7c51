/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WRAP_H
#define CLI_WRAP_H

/*
 * Breaks the lines of a text that streams onto a terminal between its words, where the terminal would break them inside of one. The lines that go on begin where the
 * text of the first began: behind the mark of a list or of a quotation. A word is written when the blank behind it is there, or the end.
 *
 *     wrap_begin(&w, terminal_columns(stdout), write, owner);      // 0 columns: nothing is broken
 *     wrap_text(&w, piece, false); ...                             // true: as it is, as code and tables must be
 *     wrap_end(&w);
 *
 * The text may have SGR sequences (those of markdown.h), which take no room, and no other control characters than newlines. The struct holds content: keep it in
 * secret memory, and wipe it.
 */

#include "base/bytes.h"

enum { WRAP_WORD_MAX = 1024, WRAP_MARK_MAX = 8 };

struct wrap {
    void (*write)(void *owner, struct bytes text);
    void *owner;
    size_t width;
    size_t column;       /* where the next character would stand */
    size_t indent;       /* of the lines that go on */
    bool quoted;         /* they begin with the bar of a quotation */
    bool line_begun;     /* a word was written since the last newline */
    bool glued;          /* the word begins with what combines with the one before */
    bool in_escape;      /* between ESC and the end of its sequence */
    size_t blanks;       /* between the word before and this one */
    size_t word_columns; /* of the word so far */
    uint8_t word[WRAP_WORD_MAX];
    size_t word_len;
    size_t character_at;         /* in the word: where its last character begins */
    uint8_t mark[WRAP_MARK_MAX]; /* the word's beginning without sequences: is it the mark of a list? */
    size_t mark_len;
};

void wrap_begin(struct wrap *w, size_t width, void (*write)(void *owner, struct bytes text), void *owner);
void wrap_text(struct wrap *w, struct bytes text, bool as_it_is);
void wrap_end(struct wrap *w);

#endif
