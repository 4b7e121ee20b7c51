/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

/*
 * Reads what a person types, a line at a time, into secret memory: on a terminal with line.h's keys, otherwise as it comes.
 *
 *     prompt_open(&p);
 *     while (prompt_read(&p, "> ", &history, &text, &note) == PROMPT_LINE) ...   // text: valid until the next prompt_read
 *     prompt_close(&p);
 *
 * On a terminal the modes are changed while a line is read; between two lines what is typed is not shown, and waits. They are put back by prompt_close, and when a signal
 * ends the program.
 */

#include <termios.h>

#include "cli/line.h"

enum prompt_answer { PROMPT_LINE, PROMPT_END, PROMPT_INTERRUPT, PROMPT_INCOMPLETE, PROMPT_FAILED };

struct prompt {
    bool terminal;
    struct line line;
    struct secret_buffer ahead; /* read, and not yet a line's */
    bool ended;                 /* of what is not a terminal */
    size_t row;                 /* of the cursor, below the label's */
};

void prompt_open(struct prompt *p);
void prompt_close(struct prompt *p);
/* PROMPT_END: Ctrl-D, or the end of the input. PROMPT_INTERRUPT: Ctrl-C; *text is what was on the line. PROMPT_INCOMPLETE: part of what was typed did
 * not fit (LINE_SIZE_MAX) and is lost; *failure says why. PROMPT_FAILED: likewise, and there is no next line. */
enum prompt_answer prompt_read(struct prompt *p, const char *label, const struct history *history,
                               struct bytes *text, enum err *failure);

#endif
