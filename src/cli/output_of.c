/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output_of.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/monotonic.h"

enum { ROOM = 64 * 1024, PATIENCE_MS = 10000, NOT_STARTED = 127 };

static void become(const char *const *argv, int out)
{
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(nowhere, STDERR_FILENO) < 0)
        return;
    (void)execvp(argv[0], (char *const *)argv);
}

/* Until the other end is closed: true. */
static bool read_all(int fd, char *text)
{
    const int64_t end = monotonic_ms() + PATIENCE_MS;
    size_t used = 0;
    for (;;) {
        char beyond[512];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const int64_t left = end - monotonic_ms();
        if (left <= 0)
            return false;
        if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
            return false;
        if (p.revents == 0)
            continue;
        const bool full = used + 1 >= ROOM;
        ssize_t n = read(fd, full ? beyond : text + used, full ? sizeof beyond : ROOM - 1 - used);
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0 && !full)
            used += (size_t)n;
    }
}

char *output_of(const char *const *argv)
{
    int pipes[2];
    int status = -1;
    char *text = calloc(1, ROOM);
    if (text == NULL || pipe2(pipes, O_CLOEXEC) != 0) {
        free(text);
        return NULL;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        become(argv, pipes[1]);
        _exit(NOT_STARTED);
    }
    (void)close(pipes[1]);
    bool good = pid > 0 && read_all(pipes[0], text);
    (void)close(pipes[0]);
    if (pid > 0 && !good)
        (void)kill(pid, SIGKILL);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (good)
        return text;
    free(text);
    return NULL;
}
