/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_SERVE_FETCH_H
#define CLI_COLLATERAL_SERVE_FETCH_H

/*
 * How the host's helper gets from NVIDIA's services what an enclave asks for and the directory does not have: each document by a process of its own, so
 * that nobody else waits. It is handed on and not kept: there is no report here to hold it against, as the enclave has, and `enclume collateral fetch`.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "cli/nvidia.h"

enum { SERVE_FETCH_PATH_MAX = 1024 };

/* One that is under way. */
struct serve_fetch {
    pid_t pid;
    int fd; /* to be read; -1: none is under way */
    size_t got;
    char scratch[SERVE_FETCH_PATH_MAX]; /* a directory of its own for temporary files, which goes with it */
};

enum { SERVE_FETCH_ROOM = 1 + COLLATERAL_DOCUMENT_MAX };

/* Does this document, which the directory has, still do at this time: reference values until their signer's certificates end, a word for the first half of
 * its time? The second half is for asking again. */
bool serve_fetch_is_fresh(const struct collateral_key *key, struct bytes document, int64_t now);

/* ERR_SYSTEM, ERR_FILE. */
ERR_MUST_USE enum err serve_fetch_begin(const struct nvidia_services *s, const struct collateral_key *key,
                                        struct serve_fetch *f, struct err_note *note);
/* Reads what is there; room has SERVE_FETCH_ROOM bytes, the same each time. ERR_BUSY: there is more to come. Otherwise it has ended; *document is in the
 * room, from its second byte on. ERR_NETWORK: nothing came, and the note says why. */
ERR_MUST_USE enum err serve_fetch_read(struct serve_fetch *f, uint8_t *room, struct bytes *document,
                                       struct err_note *note);
/* Ends it, if it is under way. */
void serve_fetch_end(struct serve_fetch *f);

#endif
