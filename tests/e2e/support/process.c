/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/monotonic.h"
#include "unit/test.h"

enum { CHUNK = 16384, RUN_MS = 60000, EXIT_BY_SIGNAL = 128, EXIT_NOT_STARTED = 127 };

long process_clock(void)
{
    return (long)monotonic_ms();
}

void process_sleep(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

static void become(const char *const *argv, const int in[2], const int out[2], const int err[2],
                   const char *log)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int to = log == NULL ? -1 : open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (dup2(in[0], STDIN_FILENO) < 0 || dup2(to < 0 ? out[1] : to, STDOUT_FILENO) < 0 ||
        dup2(to < 0 ? err[1] : to, STDERR_FILENO) < 0)
        _exit(EXIT_NOT_STARTED);
    (void)execv(argv[0], (char *const *)argv);
    (void)dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    _exit(EXIT_NOT_STARTED);
}

void process_start(struct process *p, const char *const *argv, const char *log)
{
    int in[2];
    int out[2];
    int err[2];
    *p = (struct process){.in = -1, .fds = {-1, -1}};
    p->out.bytes = calloc(1, 1);
    p->err.bytes = calloc(1, 1);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    (void)fflush(NULL);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0)
        become(argv, in, out, err, log);
    (void)close(in[0]);
    (void)close(out[1]);
    (void)close(err[1]);
    p->in = in[1];
    p->fds[0] = out[0];
    p->fds[1] = err[0];
}

static void take(struct process *p, int i)
{
    struct process_text *t = i == 0 ? &p->out : &p->err;
    t->bytes = realloc(t->bytes, t->len + CHUNK + 1);
    assert_non_null(t->bytes);
    ssize_t n = read(p->fds[i], t->bytes + t->len, CHUNK);
    if (n <= 0) {
        (void)close(p->fds[i]);
        p->fds[i] = -1;
    } else {
        t->len += (size_t)n;
    }
    t->bytes[t->len] = '\0';
}

/* False when nothing was said for so long, or there is nothing more to come. */
static bool listen_once(struct process *p, long left)
{
    struct pollfd polled[2] = {{.fd = p->fds[0], .events = POLLIN}, {.fd = p->fds[1], .events = POLLIN}};
    if (left <= 0 || (p->fds[0] < 0 && p->fds[1] < 0))
        return false;
    if (poll(polled, 2, (int)left) <= 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (polled[i].revents != 0)
            take(p, i);
    return true;
}

bool process_says(struct process *p, const char *text, int timeout_ms)
{
    long end = process_clock() + timeout_ms;
    while (strstr(p->out.bytes, text) == NULL && strstr(p->err.bytes, text) == NULL)
        if (!listen_once(p, end - process_clock()))
            return false;
    return true;
}

static bool reap(struct process *p, int options)
{
    int status = 0;
    if (!p->reaped && waitpid(p->pid, &status, options) == p->pid) {
        p->reaped = true;
        p->code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BY_SIGNAL + WTERMSIG(status);
    }
    return p->reaped;
}

int process_finish(struct process *p, int timeout_ms)
{
    long end = process_clock() + timeout_ms;
    if (p->in >= 0)
        (void)close(p->in);
    p->in = -1;
    while (listen_once(p, end - process_clock()))
        ;
    while (!reap(p, WNOHANG)) {
        if (process_clock() > end) {
            (void)kill(p->pid, SIGKILL);
            (void)reap(p, 0);
            return PROCESS_TIMED_OUT;
        }
        process_sleep(2);
    }
    return p->code;
}

void process_release(struct process *p)
{
    if (p->pid > 0 && !p->reaped) {
        (void)kill(p->pid, SIGKILL);
        (void)reap(p, 0);
    }
    for (int i = 0; i < 2; i++)
        if (p->fds[i] >= 0)
            (void)close(p->fds[i]);
    if (p->in >= 0)
        (void)close(p->in);
    free(p->out.bytes);
    free(p->err.bytes);
    *p = (struct process){.in = -1, .fds = {-1, -1}, .reaped = true};
}

int process_run(struct process *p, const char *const *argv)
{
    process_start(p, argv, NULL);
    return process_finish(p, RUN_MS);
}

char *process_read_file(const char *path, size_t *len)
{
    char *text = NULL;
    size_t size = 0;
    *len = 0;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    do {
        size = *len + CHUNK;
        text = realloc(text, size + 1);
        assert_non_null(text);
        *len += fread(text + *len, 1, CHUNK, f);
    } while (*len == size);
    text[*len] = '\0';
    (void)fclose(f);
    return text;
}

/* /proc/<pid>/<name>; free it. */
static char *read_proc(pid_t pid, const char *name)
{
    char path[64];
    size_t len = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return process_read_file(path, &len);
}

pid_t process_child_of(pid_t parent)
{
    char name[32];
    (void)snprintf(name, sizeof name, "task/%d/children", (int)parent);
    char *text = read_proc(parent, name);
    pid_t child = (pid_t)strtol(text, NULL, 10);
    free(text);
    assert_true(child > 0);
    return child;
}

long process_status(pid_t pid, const char *name)
{
    char *text = read_proc(pid, "status");
    const char *at = strstr(text, name);
    assert_non_null(at);
    long value = strtol(at + strlen(name), NULL, 10);
    free(text);
    return value;
}

size_t process_open_files(pid_t pid)
{
    char path[64];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *list = opendir(path);
    assert_non_null(list);
    for (const struct dirent *e = readdir(list); e != NULL;
         e = readdir(list)) // NOLINT(concurrency-mt-unsafe)
        count += e->d_name[0] != '.';
    (void)closedir(list);
    return count;
}
