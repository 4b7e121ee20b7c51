/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LINE_H
#define CLI_LINE_H

/*
 * A line that is being typed: keys in, text and cursor out. No terminal here; prompt.c draws.
 *
 * Our own, and small, because what is typed is a prompt: it stands in secret memory from its first byte on, and is wiped. The line editors that there are
 * (readline, libedit) keep lines, history and what they draw in ordinary memory and free it as it is.
 */

#include "base/secret_buffer.h"
#include "cli/history.h"

enum { LINE_SIZE_MAX = 1024 * 1024, LINE_SEQUENCE_MAX = 16 };

enum line_event {
    LINE_MORE,      /* go on */
    LINE_DONE,      /* Enter */
    LINE_END,       /* Ctrl-D on an empty line */
    LINE_INTERRUPT, /* Ctrl-C */
    LINE_REDRAW,    /* Ctrl-L: the screen is to be cleared */
};

struct line {
    struct secret_buffer text; /* UTF-8 */
    size_t cursor;             /* at a character's first byte, or at the end */
    const struct history *history;
    size_t history_at;          /* history->count: what is typed now */
    struct secret_buffer draft; /* what was typed before one went up */
    uint8_t sequence
        [LINE_SEQUENCE_MAX]; /* of an escape sequence, or of a UTF-8 character, as far as it has come */
    size_t sequence_len;
    bool pasting;
    enum err failed; /* ERR_MEMORY, ERR_TOO_LARGE: what was typed last is not in the text */
};

/* history is borrowed; may be NULL. */
void line_begin(struct line *l, const struct history *history);
/* One byte from the terminal. */
enum line_event line_key(struct line *l, uint8_t byte);
void line_wipe(struct line *l);

#endif
