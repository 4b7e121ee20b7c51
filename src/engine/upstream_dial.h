/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_UPSTREAM_DIAL_H
#define ENGINE_UPSTREAM_DIAL_H

/*
 * How the engine gets connections to the other server without being able to connect: it asks a dialer, a small process that was there before any secret was and
 * that can do this one thing. The two share a pair of sockets (AF_UNIX, SOCK_SEQPACKET); a byte asks, and the answer is the connection itself (SCM_RIGHTS)
 * or the number of an error. Where to connect is fixed when the dialer starts: there is no way to ask it for another place.
 *
 *     dialer:   upstream_dial_serve(theirs, &address);     returns when ours is closed
 *     engine:   upstream_dial_ask(ours);                   any number of times, then for each
 *               upstream_dial_take(ours, &fd, &error);
 */

#include <stdbool.h>

#include "engine/upstream_address.h"

enum { UPSTREAM_DIAL_TIMEOUT_MS = 2000 };

/* Serves until the other end is closed. */
void upstream_dial_serve(int pair, const struct upstream_address *address);

/* False when the dialer is gone, or has more to do than its socket holds. */
bool upstream_dial_ask(int pair);

enum upstream_dial { UPSTREAM_DIAL_NOTHING_YET, UPSTREAM_DIAL_ANSWERED, UPSTREAM_DIAL_GONE };
/* Does not wait. ANSWERED: *fd is a connection (not blocking, closed on exec), or -1 and *error says why not (errno). */
enum upstream_dial upstream_dial_take(int pair, int *fd, int *error);

#endif
