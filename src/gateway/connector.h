/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_CONNECTOR_H
#define GATEWAY_CONNECTOR_H

/* One attempt to connect, to whatever kind of socket, on the loop. */

#include <uv.h>

#include "gateway/address.h"

struct connector;

/* fd: the connected socket, now the owner's; or -1. Never called before connector_start has returned. */
typedef void connector_done(void *owner, int fd);

/* Begins; gives up after timeout_ms. A UNIX socket whose queue is full is tried again until then. NULL: no memory, and done is not called. */
struct connector *connector_start(uv_loop_t *loop, const struct address *address, unsigned timeout_ms,
                                  connector_done *done, void *owner);
/* Ends it without a word. NULL is allowed. */
void connector_cancel(struct connector *c);

#endif
