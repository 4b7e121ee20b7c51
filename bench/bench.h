/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

/*
 * What the benchmarks share: comparing something of ours with its peer, or with the limit that it stands on, in the same run.
 *
 *     bench_begin("bench_transport", "...", argc, argv);
 *     bench_compare(&(struct bench_claim){.name = "noise.seal.64k", ..., .ours = {...}, .peer = {...}, .aim = 0.85});
 *     return bench_end();
 *
 * Machines are shared and noisy, so the two take turns in short rounds, the second first in every other round, and what is reported is the median
 * of the rounds' ratios with the lowest and the highest. A ratio is one of speed: 2 is twice as fast as the peer, whatever the unit.
 * Options of every program: --json, --rounds N, --only NAME, --help.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One of the two. run does count operations and gives the seconds that they took. */
struct bench_side {
    const char *label;
    double (*run)(void *self, uint64_t count);
    void *self;
};

struct bench_claim {
    const char *name; /* stable, for --json */
    const char *text; /* for people */
    const char *unit; /* what is shown: a rate ("GB/s") or a time ("us") */
    bool is_time;
    double scale;        /* operations to units: bytes an operation / 1e9; or seconds to units: 1e6 */
    double aim;          /* wanted ratio; 0: none */
    double round;        /* seconds for each side of a round; 0: 0.01 */
    unsigned rounds_max; /* for what takes long; 0: no limit */
    struct bench_side ours;
    struct bench_side peer;
};

void bench_begin(const char *program, const char *about, int argc, char **argv);
/* The exit code. */
int bench_end(void);

/* Does nothing when --only asks for others. */
void bench_compare(const struct bench_claim *claim);
bool bench_wanted(const char *name);

/* Rounds that a claim measured by itself: count pairs, in units. */
void bench_report(const struct bench_claim *claim, const double *ours, const double *peer, size_t count);

/* A number that is no ratio. aim_below: 0 for none. */
void bench_value(const char *name, const char *text, double value, const char *unit, double aim_below);

/* What could not be compared, and why. */
void bench_left_out(const char *name, const char *why);

/* Rounds that --rounds asks for. */
unsigned bench_rounds(void);
double bench_median(double *values, size_t count);

/* Ends the program with a message unless e is ERR_OK. */
void bench_must(enum err e, const char *what);
void bench_must_be(bool condition, const char *what);
_Noreturn void bench_fail(const char *what);

/* Seconds. Processor time of the whole process is what a claim should use where it can: other people's load does not count in it. */
double bench_processor_time(void);
double bench_clock(void);

/* ---- stopwatch: for pieces too short for a system call ----
 * Each lap is one piece; the sum leaves out the slowest tenth, scaled up again, so that being interrupted does not count. */
struct bench_laps {
    double *laps;
    size_t count;
    size_t room;
};
void bench_lap(struct bench_laps *l, double seconds);
/* The sum; empties l. */
double bench_laps_sum(struct bench_laps *l);

/* ---- a peer in a process of its own ----
 * Because crypto_init moves libcrypto's heap into secret memory, which a fair peer must not pay for, or because it is another program. */
struct bench_peer;
/* Forks. work is called in the child; fork before crypto_init. */
struct bench_peer *bench_peer_fork(double (*work)(void *self, uint64_t count), void *self);
/* Starts a program that answers each line, a number of operations, with a line, nanoseconds. NULL when there is no such file: its set-up left it out. argv
 * ends with NULL; argv[0] is looked for as a shell does. */
struct bench_peer *bench_peer_start(const char *file, const char *const *argv);
/* For bench_side.run, self is the peer. */
double bench_peer_run(void *peer, uint64_t count);
/* The most memory that it has held so far, in MiB. */
double bench_peer_memory(const struct bench_peer *peer);
void bench_peer_stop(struct bench_peer *peer);

/* The most memory that this process has held so far, in MiB: code, libraries and stack included. */
double bench_memory(void);

#endif
