/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/pty.h"

#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e/support/process.h"
#include "unit/test.h"

void pty_start(struct pty *t, const char *const *argv)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    *t = (struct pty){.len = 0};
    (void)fflush(NULL);
    t->pid = forkpty(&t->fd, NULL, NULL, &size);
    assert_true(t->pid >= 0);
    if (t->pid == 0) {
        (void)setenv("TERM", "xterm", 1); // NOLINT(concurrency-mt-unsafe): the child has one thread
        (void)unsetenv("NO_COLOR");       // NOLINT(concurrency-mt-unsafe)
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
    }
}

bool pty_look(struct pty *t, long ms)
{
    struct pollfd polled = {.fd = t->fd, .events = POLLIN};
    if (ms <= 0 || poll(&polled, 1, (int)ms) <= 0)
        return false;
    assert_true(t->len < PTY_SCREEN_MAX - 1);
    ssize_t n = read(t->fd, t->screen + t->len, PTY_SCREEN_MAX - 1 - t->len);
    if (n <= 0)
        return false;
    t->len += (size_t)n;
    t->screen[t->len] = '\0';
    return true;
}

void pty_expect(struct pty *t, const char *text)
{
    long end = process_clock() + PTY_WAIT_MS;
    const char *found = NULL;
    while ((found = strstr(t->screen + t->from, text)) == NULL)
        if (!pty_look(t, end - process_clock()))
            fail_msg("\"%s\" did not come; the screen:\n%s", text, t->screen);
    t->from = (size_t)(found - t->screen) + strlen(text);
}

void pty_type(struct pty *t, const char *keys)
{
    assert_int_equal(write(t->fd, keys, strlen(keys)), strlen(keys));
}

static int reap(struct pty *t)
{
    int status = 0;
    long end = process_clock() + PTY_WAIT_MS;
    while (pty_look(t, end - process_clock()))
        ;
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    (void)close(t->fd);
    return status;
}

int pty_end(struct pty *t)
{
    int status = reap(t);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int pty_end_by_signal(struct pty *t)
{
    int status = reap(t);
    assert_true(WIFSIGNALED(status));
    return WTERMSIG(status);
}

bool pty_available(void)
{
    int master = -1;
    int slave = -1;
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0) {
        print_message("skipped: this machine has no pseudo-terminals (/dev/pts is not mounted)\n");
        return false;
    }
    (void)close(master);
    (void)close(slave);
    return true;
}
