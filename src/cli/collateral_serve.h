/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_SERVE_H
#define CLI_COLLATERAL_SERVE_H

/*
 * The host's helper for enclaves that have no network: answers the questions of evidence/collateral_wire.h (docs/protocol.md, section 13) from a directory
 * that `enclume collateral fetch` has filled. Who asks is a VM that nobody here trusts: a question is taken whole before it is looked at, has a name in one
 * spelling that leads to no other directory, and has its time, like the taking of the answer; a connection has one question at a time.
 */

#include <stdbool.h>

#include "base/error.h"

enum {
    COLLATERAL_SERVE_CONNECTIONS = 16, /* at once; more wait until one of them ends */
    COLLATERAL_SERVE_TIMEOUT_MS = 30 * 1000,
};

struct collateral_serve {
    const char *directory;
    int listener;   /* does not block; stays the caller's */
    int signals;    /* a signalfd: what comes there ends it */
    bool once;      /* end after the first connection */
    int timeout_ms; /* of a question, and of an answer */
};

/* Ends at a signal, or with once; each question is a line on standard error: when, which name, what became of it. ERR_SYSTEM, ERR_MEMORY. */
ERR_MUST_USE enum err collateral_serve_run(const struct collateral_serve *serve, struct err_note *note);

/* `enclume collateral serve`: listens at unix:PATH or vsock:PORT until SIGTERM or SIGINT. ERR_USAGE, ERR_FILE, ERR_NETWORK, ERR_SYSTEM, ERR_MEMORY. */
ERR_MUST_USE enum err collateral_serve(const char *directory, const char *address, bool once,
                                       struct err_note *note);

#endif
