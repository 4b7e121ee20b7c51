/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_WORLD_H
#define TESTS_E2E_WORLD_H

/*
 * A simulated platform with an enclave on it, in a directory of its own, listening on a UNIX socket; and the commands to call it with.
 *
 *     struct world w;
 *     world_start(&w, &(struct world_options){.enclave = {"--slots", "2"}});
 *     int code = world_chat(&w, &p, (const char *const[]){"--max-tokens", "9", "Hello", NULL});
 *     world_stop(&w);                            // asserts exit code 0
 *
 * The platforms' chains are kept beside the tests, since making AMD's RSA keys takes a second.
 */

#include "e2e/support/process.h"

enum { WORLD_PATH = 104, WORLD_OPTIONS_MAX = 16 };

struct world_options {
    const char *platform; /* "snp" or "tdx"; NULL: "snp" */
    const char *lie;      /* of tests/support/hostile_simulator.c; NULL: the honest simulator */
    const char *program;  /* NULL: enclumed */
    const char *model;    /* NULL: the demo model */
    const char *listen;   /* NULL: unix:<socket> */
    const char *simulator[WORLD_OPTIONS_MAX];
    const char *enclave[WORLD_OPTIONS_MAX];
};

struct world {
    struct world_options options;
    char dir[WORLD_PATH];
    char socket[WORLD_PATH];
    char address[WORLD_PATH]; /* unix:<socket> */
    char relay[WORLD_PATH];   /* a path where a test may put a relay */
    char relay_address[WORLD_PATH];
    char root[WORLD_PATH]; /* the simulated root, PEM */
    char log[WORLD_PATH];
    char policy[WORLD_PATH]; /* a document that accepts the launch of this enclave and no other */
    char measurement[97];    /* what the enclave must be measured as; of TDX, MRTD alone */
    struct process simulator;
    pid_t enclave;
};

/* The setup of a group of tests: what is made ready once in a program. */
int world_setup(void **state);
/* Called first in main: ends the program as skipped, saying why, when the demo model is not there. */
void world_require_model(void);
/* The same when the enclave, which gives up being looked at by its user, cannot be looked at by this user. */
void world_require_sight(void);

/* A new directory and the names in it; starts nothing. */
void world_open(struct world *w, const struct world_options *options);
/* Also starts it and waits until it listens. */
void world_start(struct world *w, const struct world_options *options);
/* Starts simulator and enclave in a world that is open; false when it ended before it listened. */
bool world_run(struct world *w);
/* SIGTERM to the simulator, which hands it on; the exit code. */
int world_end(struct world *w);
/* world_end, which must give 0; then removes the directory. */
void world_stop(struct world *w);
void world_remove(struct world *w);

/* Runs enclume chat against address (NULL: the enclave itself) with what makes it acceptable, and these arguments. The caller releases p. */
void world_chat_start(const struct world *w, const char *address, struct process *p,
                      const char *const *arguments);
int world_chat(const struct world *w, const char *address, struct process *p, const char *const *arguments);
/* A path in the world's directory; free it. */
char *world_path(const struct world *w, const char *name);

/* /proc of the enclave; it is root's alone to look at, except whether it is alive */
bool world_visible(const struct world *w);
size_t world_open_files(const struct world *w);
size_t world_resident_kib(const struct world *w);
bool world_alive(const struct world *w);

#endif
