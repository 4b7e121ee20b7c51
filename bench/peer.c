/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

struct bench_peer {
    pid_t pid;
    FILE *to;
    FILE *from;
};

static void serve(double (*work)(void *self, uint64_t count), void *self)
{
    uint64_t count;
    while (scanf("%" SCNu64, &count) == 1) {
        (void)printf("%.0f\n", work(self, count) * 1e9);
        (void)fflush(stdout);
    }
}

/* In the child: standard input and output are the pipes. Gives true there. */
static bool divide(struct bench_peer *p)
{
    int down[2] = {-1, -1};
    int up[2] = {-1, -1};
    bench_must_be(pipe2(down, O_CLOEXEC) == 0 && pipe2(up, O_CLOEXEC) == 0, "no pipe");
    (void)fflush(stdout);
    p->pid = fork();
    bench_must_be(p->pid >= 0, "cannot fork");
    bool child = p->pid == 0;
    if (child) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        bench_must_be(dup2(down[0], 0) == 0 && dup2(up[1], 1) == 1, "no pipe");
        (void)close(down[1]);
        (void)close(up[0]);
    }
    (void)close(down[0]);
    (void)close(up[1]);
    if (!child) {
        p->to = fdopen(down[1], "w");
        p->from = fdopen(up[0], "r");
        bench_must_be(p->to != NULL && p->from != NULL, "no memory");
    }
    return child;
}

static struct bench_peer *peer_new(void)
{
    struct bench_peer *p = calloc(1, sizeof *p);
    bench_must_be(p != NULL, "no memory");
    return p;
}

struct bench_peer *bench_peer_fork(double (*work)(void *self, uint64_t count), void *self)
{
    struct bench_peer *p = peer_new();
    if (divide(p)) {
        serve(work, self);
        exit(0);
    }
    return p;
}

struct bench_peer *bench_peer_start(const char *file, const char *const *argv)
{
    if (access(file, R_OK) != 0)
        return NULL;
    struct bench_peer *p = peer_new();
    if (divide(p)) {
        (void)execvp(argv[0], (char *const *)argv);
        _exit(1);
    }
    return p;
}

double bench_peer_run(void *peer, uint64_t count)
{
    struct bench_peer *p = peer;
    uint64_t took = 0;
    bench_must_be(fprintf(p->to, "%" PRIu64 "\n", count) > 0 && fflush(p->to) == 0 &&
                      fscanf(p->from, "%" SCNu64, &took) == 1,
                  "the peer has ended");
    return (double)took * 1e-9;
}

/* proc(5), status: VmHWM, in KiB. */
static double memory_of(pid_t pid)
{
    char path[64];
    char line[256];
    unsigned long kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *in = fopen(path, "r");
    bench_must_be(in != NULL, "no /proc");
    while (kib == 0 && fgets(line, sizeof line, in) != NULL)
        (void)sscanf(line, "VmHWM: %lu", &kib);
    (void)fclose(in);
    return (double)kib / 1024;
}

double bench_memory(void)
{
    return memory_of(getpid());
}

double bench_peer_memory(const struct bench_peer *peer)
{
    return memory_of(peer->pid);
}

void bench_peer_stop(struct bench_peer *peer)
{
    if (peer == NULL)
        return;
    (void)fclose(peer->to);
    (void)fclose(peer->from);
    /* A peer that was forked later may still hold the pipe open, so its end alone would not do. */
    (void)kill(peer->pid, SIGTERM);
    (void)waitpid(peer->pid, NULL, 0);
    free(peer);
}
