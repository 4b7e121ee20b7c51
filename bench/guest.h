/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

/*
 * An enclumed on the simulated platform, as a child process that listens on a UNIX socket in a directory of its own, and the policy that accepts it.
 */

#include <sys/types.h>

#include "attest/policy.h"

enum { GUEST_DIR = 32, GUEST_PATH = 64, GUEST_ROOT_MAX = 4096 };

struct guest {
    char dir[GUEST_DIR];
    char address[GUEST_PATH]; /* unix:... */
    char root_file[GUEST_PATH];
    pid_t simulator;
    pid_t enclave;
    uint8_t root[GUEST_ROOT_MAX];
    uint8_t measurement[1][ATTEST_MEASUREMENT_SIZE];
    struct attest_policy policy;
};

/* args: of enclumed, after --listen and --evidence; ends with NULL. Returns when it listens. After crypto_init. */
void guest_start(struct guest *g, const char *const *args);
void guest_stop(struct guest *g);
/* Of enclumed: "VmRSS", "RssAnon", ... of /proc/PID/status, in bytes. */
double guest_memory(const struct guest *g, const char *field);

#endif
