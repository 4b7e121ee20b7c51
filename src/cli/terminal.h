/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

/*
 * What a model writes is foreign text: on a terminal its control characters could move the cursor, change the title, write to the clipboard or type for the user; and
 * its direction marks could make a text look like another one (CVE-2021-42574).
 */

#include <stdio.h>

#include "base/bytes.h"
#include "base/secret_buffer.h"

/* How many bytes at p, of UTF-8 text with `left` bytes, make a character that must not reach a terminal; 0: it may pass. These may not: U+0000-001F but newline and tab,
 * U+007F-009F, U+061C, U+200E-200F, U+202A-202E, U+2066-2069. Without ESC and C1 nothing can begin an escape sequence (ECMA-48). */
size_t terminal_control_size(const uint8_t *p, size_t left);

/* Adds the text without those characters. ERR_MEMORY. */
ERR_MUST_USE enum err terminal_clean(struct secret_buffer *to, struct bytes text);

/* Takes them out of a NUL-terminated text, where it stands. */
void terminal_clean_text(char *text);

/* Writes UTF-8 text; when to_terminal, without those characters. Flushes. */
void terminal_write(FILE *to, struct bytes text, bool to_terminal);

/* Makes the widths of characters known, which the C library tells by the locale. Nothing else of a locale is used. */
void terminal_know_widths(void);

/* Columns of the terminal behind this stream; 0: there is none, or it does not say. */
size_t terminal_columns(FILE *to);

/* Columns of the character at the beginning of the text (at least 1 byte); *size: its bytes. A control character has 0, and so has one that combines. */
int terminal_width(struct bytes text, size_t *size);

#endif
