/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_PTY_H
#define TESTS_E2E_PTY_H

/* A program on a terminal of its own: what it shows, and keys that are pressed. Whatever goes wrong here fails the test. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PTY_SCREEN_MAX = 65536, PTY_WAIT_MS = 60000 };

struct pty {
    pid_t pid;
    int fd;
    char screen[PTY_SCREEN_MAX]; /* all that was shown, NUL-terminated */
    size_t len;
    size_t from; /* where the next search begins */
};

/* False, and says so, where there are no pseudo-terminals. */
bool pty_available(void);
/* TERM is xterm, 80 by 24. */
void pty_start(struct pty *t, const char *const *argv);
/* False when nothing more was shown in that time, or the other side is gone. */
bool pty_look(struct pty *t, long ms);
/* Waits until text is shown behind what was found last; moves behind it. */
void pty_expect(struct pty *t, const char *text);
void pty_type(struct pty *t, const char *keys);
/* Reads all it says and waits for its end: the exit code. */
int pty_end(struct pty *t);
/* The same for one that a signal ends: its number. */
int pty_end_by_signal(struct pty *t);

#endif
