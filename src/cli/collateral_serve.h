/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_SERVE_H
#define CLI_COLLATERAL_SERVE_H

/*
 * The host's helper for enclaves that have no network: answers the questions of evidence/collateral_wire.h (docs/protocol.md, section 13) from a directory
 * that `enclume collateral fetch` has filled. Who asks is a VM that nobody here trusts: a question is taken whole before it is looked at, has a name in one
 * spelling that leads to no other directory, and has its time, like the taking of the answer; a connection has one question at a time.
 */

#include <stdbool.h>

#include "cli/nvidia.h"

enum {
    COLLATERAL_SERVE_CONNECTIONS = 16, /* at once; more wait until one of them ends */
    COLLATERAL_SERVE_TIMEOUT_MS = 30 * 1000,
    COLLATERAL_SERVE_FETCH_MS = 25 * 1000, /* less than the half minute that an enclave waits */
};

struct collateral_serve {
    const char *directory;
    int listener;   /* does not block; stays the caller's */
    int signals;    /* a signalfd: what comes there ends it */
    bool once;      /* end after the first connection */
    int timeout_ms; /* of a question, and of an answer */
    /* Who is asked for what a GPU needs and the directory does not have, or has not for long; NULL: nobody. It is handed on and not kept. */
    const struct nvidia_services *nvidia;
    int fetch_ms; /* of that */
};

/* Ends at a signal, or with once; each question is a line on standard error: when, which name, what became of it. ERR_SYSTEM, ERR_MEMORY. */
ERR_MUST_USE enum err collateral_serve_run(const struct collateral_serve *serve, struct err_note *note);

/* `enclume collateral serve`: listens at unix:PATH or vsock:PORT until SIGTERM or SIGINT. Of asked, the listener, the signals and the times are set here.
 * ERR_USAGE, ERR_FILE, ERR_NETWORK, ERR_SYSTEM, ERR_MEMORY. */
ERR_MUST_USE enum err collateral_serve(const struct collateral_serve *asked, const char *address,
                                       struct err_note *note);

#endif
