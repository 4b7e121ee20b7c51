/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/monotonic.h"

enum { EXIT_BY_SIGNAL = 128, QUESTION_ROOM = SIMULATED_WIRE_QUESTION_SIZE + 1 };

struct loop {
    const struct serve *serve;
    const struct launched *launched;
    int signals;
    bool open;   /* the program has its end of the wire */
    bool asked;  /* a question is being worked on: no other is taken */
    int64_t due; /* when its answer goes out */
    bool ended;
    int exit_code;
    struct simulated_question question;
    uint8_t room[QUESTION_ROOM];
    size_t have; /* of a question, in room */
    struct platform_frame frame;
    size_t sent; /* of the frame; less than its length: it is being sent */
};

enum err serve_signals(int *fd, struct err_note *note)
{
    static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        (void)sigaddset(&set, taken[i]);
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, it would take the exit status with it */
    *fd = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
    return *fd >= 0 ? ERR_OK : err_noted(ERR_SYSTEM, note, "signals: %s", strerror(errno));
}

static void reap(struct loop *l)
{
    int status;
    if (waitpid(l->launched->pid, &status, WNOHANG) != l->launched->pid)
        return;
    l->ended = true;
    l->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BY_SIGNAL + WTERMSIG(status);
}

static void on_signal(struct loop *l)
{
    struct signalfd_siginfo info;
    if (read(l->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        reap(l);
    else
        (void)kill(l->launched->pid, (int)info.ssi_signo);
}

/* A program that closes the wire, or breaks its rules, gets no more answers; it may go on without. */
static void hang_up(struct loop *l)
{
    l->open = false;
    (void)shutdown(l->launched->wire, SHUT_RDWR);
}

/* One message, or as much of a question as has come. */
static void on_question(struct loop *l)
{
    const size_t whole = l->launched->is_stream ? SIMULATED_WIRE_QUESTION_SIZE : QUESTION_ROOM;
    ssize_t n = recv(l->launched->wire, l->room + l->have, whole - l->have, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        hang_up(l);
        return;
    }
    l->have += (size_t)n;
    if (l->launched->is_stream && l->have < whole)
        return;
    if (simulated_question_parse(bytes_of(l->room, l->have), &l->question) != ERR_OK) {
        hang_up(l);
        return;
    }
    l->have = 0;
    l->asked = true;
    l->due = monotonic_ms();
    if (l->question.what == SIMULATED_ASKS_REPORT)
        l->due += l->serve->delay_ms + (l->serve->delay_ms != 0); /* not a part of a millisecond less */
}

/* A machine takes an answer in parts, when it gets to it. */
static void go_on_sending(struct loop *l)
{
    ssize_t n;
    do
        n = send(l->launched->wire, l->frame.bytes + l->sent, l->frame.len - l->sent, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN)
        hang_up(l);
    if (n > 0)
        l->sent += (size_t)n;
}

static void answer(struct loop *l)
{
    l->asked = false;
    l->sent = 0;
    l->frame.len = 0;
    if (l->serve->answer(l->serve->self, &l->question, &l->frame) != ERR_OK)
        hang_up(l);
    else
        go_on_sending(l);
}

static bool is_sending(const struct loop *l)
{
    return l->open && l->sent < l->frame.len;
}

static int patience(const struct loop *l)
{
    if (!l->asked)
        return -1;
    int64_t left = l->due - monotonic_ms();
    return left > 0 ? (int)left : 0;
}

enum err serve_run(const struct serve *s, const struct launched *launched, int signals, int *exit_code,
                   struct err_note *note)
{
    struct loop l = {.serve = s, .launched = launched, .signals = signals, .open = true};
    reap(&l);
    while (!l.ended) {
        const bool sends = is_sending(&l);
        const bool listens = l.open && !l.asked && !sends;
        struct pollfd fds[] = {
            {.fd = signals, .events = POLLIN},
            {.fd = listens || sends ? launched->wire : -1, .events = (short)(sends ? POLLOUT : POLLIN)}};
        int n = poll(fds, 2, patience(&l));
        if (n < 0 && errno != EINTR)
            return err_noted(ERR_SYSTEM, note, "waiting: %s", strerror(errno));
        if (n > 0 && fds[0].revents != 0)
            on_signal(&l);
        if (n > 0 && fds[1].revents != 0 && sends)
            go_on_sending(&l);
        else if (n > 0 && fds[1].revents != 0)
            on_question(&l);
        if (l.asked && patience(&l) == 0)
            answer(&l);
    }
    *exit_code = l.exit_code;
    return ERR_OK;
}
