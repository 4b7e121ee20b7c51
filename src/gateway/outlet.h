/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_OUTLET_H
#define GATEWAY_OUTLET_H

/*
 * One socket of a relayed connection. What it does not take at once is kept for it; whoever feeds it looks at outlet_backlog and stops reading from
 * the other side until `moved` says that it is gone. An idle one has no buffer.
 */

#include <stdbool.h>
#include <uv.h>

#include "base/bytes.h"

struct outlet {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
    void *owner;
    void (*moved)(void *owner, bool fine); /* something that was kept has been taken, or never will be */
    void (*ended)(void *owner);            /* outlet_end has been done */
    void (*closed)(void *owner);           /* outlet_close has been done */
    bool open;
    bool reading;
    bool ending;
};

/* Makes a handle that suits the family, without a socket yet. False: no memory. */
bool outlet_init(struct outlet *o, uv_loop_t *loop, int family);
/* Takes a connected socket over; closes it on failure. */
bool outlet_adopt(struct outlet *o, int fd);
/* False when the socket is broken. After outlet_end nothing is written, and true. */
bool outlet_write(struct outlet *o, struct bytes bytes);
size_t outlet_backlog(const struct outlet *o);
/* Tells the peer that nothing more comes, after what is kept. */
void outlet_end(struct outlet *o);
void outlet_close(struct outlet *o);

void outlet_read(struct outlet *o, bool wanted, uv_alloc_cb on_buffer, uv_read_cb on_read);

#endif
