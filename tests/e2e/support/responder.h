/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_RESPONDER_H
#define TESTS_E2E_RESPONDER_H

/*
 * An enclave's end of the channel in this process, which serves evidence of our choice over a real socket and keeps count of what the client says.
 * Each connection gets a report of its own, signed over that connection's challenge, so that only the lie makes it wrong.
 */

#include "client/client.h"
#include "e2e/support/world.h"
#include "simulator/platform.h"

enum responder_lie {
    RESPONDER_HONEST,
    RESPONDER_BIT,             /* one bit of the report or quote is turned over; number: which */
    RESPONDER_TRUNCATED,       /* the bundle's text ends early; number: by how many bytes */
    RESPONDER_OTHER_STATEMENT, /* the statement names another key, the report is of the true one */
    RESPONDER_OTHER_KEY, /* statement and report are of another key: genuine evidence, passed on by somebody in between */
    RESPONDER_OTHER_DATA, /* the report is of this statement and another challenge */
    RESPONDER_STALE,      /* the whole bundle of the connection before */
};

struct responder;
/* Listens on the UNIX socket at path. platform is borrowed. */
struct responder *responder_start(const char *path, const struct platform *platform);
void responder_stop(struct responder *r);
/* What the next connection gets. */
void responder_serve(struct responder *r, enum responder_lie lie, size_t number);
/* Waits until a connection has ended: the bytes that the client sent in it behind its first record. */
size_t responder_heard(struct responder *r);

/* What it answers to a request that is complete, on the responder's thread; without it, nothing. True: the connection is to be cut off now. */
typedef bool (*responder_answer)(struct channel *channel, uint32_t stream, const char *path,
                                 struct bytes body);
void responder_answers(struct responder *r, responder_answer answer);
/* Streams that the client has given up. */
size_t responder_cancelled(struct responder *r);

/* A platform that plays the one of that name, with something of its own in every register, as if it had launched a program. Its chain is kept beside
 * the tests. Release with platform_close. */
struct platform *responder_platform(const char *name);
/* How many bytes its evidence has. */
size_t responder_evidence_size(const struct platform *p);

/* A policy that accepts that launch on that platform; it borrows from p and registers. */
struct responder_registers {
    uint8_t measurement[1][ATTEST_MEASUREMENT_SIZE];
    struct tdx_launch launch;
};
struct attest_policy responder_policy(const struct platform *p, struct responder_registers *registers);

/* Makes that launch acceptable in this world's policy and root, in place of its own enclave's. */
void responder_accept(const struct world *w, const struct platform *p);

#endif
