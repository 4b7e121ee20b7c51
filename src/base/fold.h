/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

/* Text for people, broken between words where the line of a terminal ends, so that the terminal need not break it inside of one. */

#include <stddef.h>
#include <stdio.h>

enum {
    FOLD_WIDTH = 80,      /* of what is no terminal: a pipe into a pager, for one */
    FOLD_WIDTH_MIN = 40,  /* a narrower terminal breaks the lines itself */
    FOLD_WIDTH_MAX = 100, /* longer lines are hard to read, however wide the window is */
    FOLD_NEVER = 1 << 20  /* the text as it is, and a newline: for programs that look for words in it */
};

/* How many columns a line has: those of the terminal, between the two bounds; `otherwise` where `to` is no terminal. */
size_t fold_width(FILE *to, size_t otherwise);

/* Writes the words of `text`, the first of them at column `at`, those of later lines from column `indent` on; then ends the line. Blanks and newlines only part
 * words. A word that is longer than a line stays whole. A column is a character; text that needs two for one, or none, is not for here. */
void fold_text(FILE *to, const char *text, size_t at, size_t indent, size_t width);

/* The text of a --help: first the ways to call the program, a line each; behind the first empty line paragraphs, which are folded whatever lines they have, and
 * lines that begin with a blank, which stay as they are (they are there to be copied). */
void fold_help(FILE *to, const char *text);

#endif
