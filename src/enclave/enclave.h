/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_ENCLAVE_H
#define ENCLAVE_ENCLAVE_H

/*
 * enclumed: one loop (libuv) that owns all sessions and requests, beside the engine's thread and the thread that waits for the chip. Everything
 * below runs on the loop's thread; the other two speak through the mailbox.
 */

#include <uv.h>

#include "base/log.h"
#include "channel/channel.h"
#include "enclave/idmap.h"
#include "enclave/mailbox.h"
#include "enclave/options.h"
#include "engine/engine.h"
#include "evidence/batch.h"
#include "evidence/nvml_gpus.h"

enum {
    ENCLAVE_BODY_MAX = 256 * 1024 * 1024, /* request bodies that are being received, over all sessions */
    ENCLAVE_SESSION_BODY_MAX = 8 * 1024 * 1024, /* and in one session */
    ENCLAVE_READ_SIZE = 128 * 1024,
    ENCLAVE_WRITE_STALL_MS = 60 * 1000, /* a peer that takes nothing for so long is dropped */
    ENCLAVE_SWEEP_MS = 1000,
};

struct enclave {
    struct enclave_options options;
    uv_loop_t loop;
    uv_timer_t sweep;
    uv_signal_t signals[2];
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } listener;
    bool listening;
    bool stopping;
    uint64_t stop_at; /* uv_now at which the grace is over */

    struct noise_keypair *key;           /* secret memory */
    struct collateral_cache *collateral; /* NULL: none */
    struct evidence_source *source;
    bool gpu;                   /* the engine of this process computes on GPUs */
    struct evidence_nvml *nvml; /* until its GPUs have answered; NULL: none */
    struct evidence_gpus gpus;  /* of this start; none is a count of 0 */
    struct evidence_batch *batch;
    int dialer; /* where connections to the other server come from, until the engine has it; -1: there is none */
    struct engine *engine;
    struct engine_info engine_info;
    int64_t started_at; /* seconds since 1970: the model's "created" */
    struct mailbox mailbox;

    struct idmap session_ids;
    struct idmap request_ids;
    struct session *sessions; /* list */
    size_t session_count;
    size_t body_bytes;
    uint8_t *read_buffer; /* one for all: what is read is dealt with at once */
};

/* server.c. The caller has filled options; returns when the enclave was asked to stop and has. */
ERR_MUST_USE enum err server_run(struct enclave *enclave, struct err_note *note);
void server_stop(struct enclave *enclave);

/* session.c */
struct session;
void session_accept(struct enclave *enclave);
void session_evidence_ready(struct enclave *enclave, const struct mail *mail);
/* Sends what is queued and closes the socket when there is nothing left to say. May release the session. */
void session_pump(struct session *session);
void session_close(struct session *session,
                   enum err reason);        /* says why; the socket is closed when that is sent */
void session_drop(struct session *session); /* closes the socket now */
void sessions_pump(struct enclave *enclave);
void sessions_sweep(struct enclave *enclave);

/* request.c */
void request_open(struct session *session, uint32_t stream, struct bytes path);
void request_data(struct session *session, uint32_t stream, struct bytes data, bool end);
void request_cancelled(struct session *session, uint32_t stream);
void request_lines(struct enclave *enclave, const struct mail *mail);
void request_done(struct enclave *enclave, const struct mail *mail);
/* Queues what long answers have left, as far as there is room. */
void requests_write_rest(struct session *session);
/* Gives up those that take too long to come, or to be taken. */
void requests_sweep(struct session *session, uint64_t now);
/* The session goes: its requests are cancelled and forgotten. */
void requests_drop(struct session *session);

#endif
