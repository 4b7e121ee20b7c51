/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_SESSION_H
#define ENCLAVE_SESSION_H

#include "enclave/enclave.h"

/* One connection. An idle one costs this, its channel and the kernel's socket. */
struct session {
    struct enclave *enclave;
    struct session *next;
    struct session **link; /* what points to this one */
    uint64_t id;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
    struct channel *channel;
    struct request *requests; /* list */
    size_t body_bytes;
    uint64_t last_active;  /* uv_now of the last request, or of the connection */
    uint64_t last_written; /* uv_now of the last progress in writing */
    uint8_t *write_buffer; /* ciphertext that uv_write holds; NULL when none is under way */
    size_t write_size;
    uv_write_t write;
    bool closing; /* uv_close was called */
    bool dirty;   /* something was queued since the last pump */
    bool begun;   /* the engine knows of it */
};

#endif
