/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/monotonic.h"
#include "cli/cli.h"
#include "cli/launch.h"
#include "cli/terminal.h"

enum { LINE_SIZE = 1024, PIECE_SIZE = 4096, NOT_STARTED = 127, BY_SIGNAL = 128, LAST_WORDS_MS = 1000 };
enum { UTF8_MAX = 4 };

/* What the guest says on its serial line that means something here (image/README.md, "Devices"; enclumed's log). */
static const char said_stopped[] = "enclume-init: stopped: ";
static const char said_listening[] = " listening";

struct run {
    pid_t pid;
    int output; /* what the machine writes; -1: closed */
    int signals;
    int64_t started_ms;
    bool is_ready;
    bool was_told; /* to end */
    bool ended;
    int status;
    uint8_t begun[UTF8_MAX]; /* of a character that the machine has not written to its end */
    size_t begun_len;
    char line[LINE_SIZE];
    size_t used;
    char reason[LINE_SIZE]; /* why the guest stopped; empty: it did not say */
};

/* ---- the child ---- */

static void become(const struct vm_args *args, int output, pid_t parent)
{
    const char *argv[VM_ARGS_MAX + 1] = {NULL};
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;
    memcpy(argv, args->at, args->count * sizeof *argv);
    (void)sigemptyset(&none);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
        return;
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent || setpgid(0, 0) != 0)
        return;
    if (sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        (void)execvp(argv[0], (char *const *)argv);
}

static bool start(struct run *r, const struct vm_args *args)
{
    static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    int pipes[2];
    sigset_t set;
    const pid_t parent = getpid();
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        (void)sigaddset(&set, taken[i]);
    (void)signal(SIGCHLD, SIG_DFL);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    r->signals = signalfd(-1, &set, SFD_CLOEXEC);
    r->pid = r->signals < 0 ? -1 : fork();
    if (r->pid == 0) {
        become(args, pipes[1], parent);
        (void)dprintf(STDERR_FILENO, "enclume: %s cannot be started: %s\n", args->at[0], strerror(errno));
        _exit(NOT_STARTED);
    }
    (void)close(pipes[1]);
    r->output = pipes[0];
    r->started_ms = monotonic_ms();
    return r->pid > 0;
}

/* ---- what it says ---- */

static void on_line(struct run *r)
{
    r->line[r->used] = '\0';
    const char *stopped = strstr(r->line, said_stopped);
    if (stopped != NULL)
        (void)snprintf(r->reason, sizeof r->reason, "%s", stopped + sizeof said_stopped - 1);
    if (!r->is_ready && strstr(r->line, said_listening) != NULL) {
        r->is_ready = true;
        (void)fprintf(stderr, "enclume: the machine answers, after %.1f s\n",
                      (double)(monotonic_ms() - r->started_ms) / 1000);
    }
    r->used = 0;
}

/* The guest is a stranger: on a terminal, its control characters are left out, also those that come in two parts. */
static void show(struct run *r, const uint8_t *text, size_t len, bool is_last)
{
    const size_t later = is_last ? 0 : encoding_utf8_incomplete(bytes_of(text, len));
    terminal_write(stdout, bytes_of(text, len - later), isatty(STDOUT_FILENO) == 1);
    memcpy(r->begun, text + len - later, later);
    r->begun_len = later;
}

static void on_output(struct run *r)
{
    uint8_t text[UTF8_MAX + PIECE_SIZE];
    uint8_t *piece = text + r->begun_len;
    memcpy(text, r->begun, r->begun_len);
    ssize_t n = read(r->output, piece, PIECE_SIZE);
    if (n < 0 && errno == EINTR)
        return;
    show(r, text, r->begun_len + (n > 0 ? (size_t)n : 0), n <= 0);
    if (n <= 0) {
        (void)close(r->output);
        r->output = -1;
        return;
    }
    for (ssize_t i = 0; i < n; i++)
        if (piece[i] == '\n')
            on_line(r);
        else if (piece[i] != '\r' && r->used + 1 < sizeof r->line)
            r->line[r->used++] = (char)piece[i];
}

static void on_signal(struct run *r)
{
    struct signalfd_siginfo info;
    if (read(r->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD) {
        r->ended = r->ended || waitpid(r->pid, &r->status, WNOHANG) == r->pid;
        return;
    }
    if (!r->was_told)
        (void)fputs("enclume: stopping the machine\n", stderr);
    r->was_told = true;
    (void)kill(r->pid, SIGTERM);
}

/* ---- how it ended ---- */

static int verdict(const struct run *r)
{
    const int code = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : BY_SIGNAL + WTERMSIG(r->status);
    if (r->reason[0] != '\0') {
        (void)fprintf(stderr, "enclume: the machine stopped itself: ");
        terminal_write(stderr, bytes_str(r->reason), true);
        (void)fputs("\n", stderr);
        return ERR_CLASS_ENCLAVE;
    }
    if (r->was_told) {
        (void)fputs("enclume: the machine was stopped\n", stderr);
        return 0;
    }
    if (code != 0) {
        (void)fprintf(stderr, "enclume: QEMU ended with %s %d\n", code < BY_SIGNAL ? "code" : "signal",
                      code < BY_SIGNAL ? code : code - BY_SIGNAL);
        return ERR_CLASS_ENCLAVE;
    }
    (void)fprintf(stderr, "enclume: the machine switched itself off%s\n",
                  r->is_ready ? "" : " before it answered anybody");
    return r->is_ready ? 0 : ERR_CLASS_ENCLAVE;
}

int launch_run(const struct launch_plan *plan, const struct vm_args *args)
{
    static struct run r;
    struct err_note note = {{0}};
    r = (struct run){.output = -1, .signals = -1};
    if (!start(&r, args))
        return cli_fail(err_noted(ERR_SYSTEM, &note, "%s: %s", args->at[0], strerror(errno)), &note);
    if (plan->vm.serial != NULL)
        (void)fprintf(stderr, "enclume: the guest's serial line goes to %s\n", plan->vm.serial);
    while (!r.ended || r.output >= 0) {
        struct pollfd fds[] = {{.fd = r.signals, .events = POLLIN}, {.fd = r.output, .events = POLLIN}};
        const int n = poll(fds, 2, r.ended ? LAST_WORDS_MS : -1);
        if ((n < 0 && errno != EINTR) || (n == 0 && r.ended))
            break;
        if (n < 0)
            continue;
        if (fds[0].revents != 0)
            on_signal(&r);
        if (fds[1].revents != 0)
            on_output(&r);
    }
    return verdict(&r);
}
