/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_BACKENDS_H
#define GATEWAY_BACKENDS_H

/*
 * The virtual machines that bytes are relayed to: which there are, which of them answer, and which one comes next. Pure: no socket, no clock.
 *
 * In a file, a line each, "#" begins a comment:
 *
 *     vsock:3:7878
 *     vsock:4:7878 drain        # no new connections; those that are there go on
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "gateway/address.h"

enum { BACKENDS_MAX = 256, BACKENDS_FILE_MAX = 256 * 1024, BACKEND_TEXT_SIZE = 160 };

struct backend {
    char text[BACKEND_TEXT_SIZE]; /* as it was named */
    struct address address;
    bool listed;   /* false: taken out of the list; it goes when its last connection has */
    bool draining; /* listed, and gets no new connections */
    bool up;       /* the last attempt to connect succeeded */
    bool checking; /* a check is under way: it must stay where it is */
    size_t connections;
    uint64_t served;   /* connections, ever */
    uint64_t failures; /* attempts to connect that failed, checks included */
    uint64_t check_at; /* when it is to be checked next */
};

struct backends {
    struct backend *rows[BACKENDS_MAX]; /* their places do not change */
    size_t count;
    size_t turn; /* who comes first among equals */
};

/* Replaces the list by what the text of a file says; a backend that was there before goes on as it is. A new one counts as up until an attempt fails. On
 * failure all stays as it was. ERR_USAGE, ERR_NETWORK, ERR_TOO_LARGE, ERR_MEMORY; the note names the line. */
ERR_MUST_USE enum err backends_read(struct backends *b, struct bytes text, struct err_note *note);
/* Releases who is not listed any more, has no connection and is not being checked. */
void backends_sweep(struct backends *b);
void backends_close(struct backends *b);

/* The one with the fewest connections among those that are listed, up and not draining; among equals they take turns. NULL: there is none. */
struct backend *backends_choose(struct backends *b);
bool backends_usable(const struct backend *backend);
size_t backends_usable_count(const struct backends *b);

#endif
