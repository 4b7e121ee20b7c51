/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/*
 * That something is still awaited, and for how long by now: one line on standard error, if that is a terminal, which goes when it is over. One at a time; uses SIGALRM.
 */

/* Nothing is shown in the first moments. what: a few words, which stay the caller's. */
void progress_begin(const char *what);
/* So much of it is done, where that is known. */
void progress_amount(unsigned done, unsigned total);
/* Harmless when none was begun. */
void progress_end(void);

#endif
