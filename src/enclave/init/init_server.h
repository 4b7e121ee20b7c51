/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_SERVER_H
#define ENCLAVE_INIT_SERVER_H

/*
 * Another server beside enclumed (llama-server, vLLM), which sees every prompt and is not ours: so it is put where it can tell nobody. It is
 *
 *   another user than enclumed, without capabilities and ways to get some;
 *   in namespaces of its own: of its network there is loopback alone, of processes its own, of files those of /server, read-only, and memory for /tmp and /dev/shm;
 *   under a filter of system calls (init_server_filter.h);
 *   without standard input, output and error: what it would log is nobody's;
 *   without core dumps.
 *
 * The one way to it is a UNIX socket in /run, where it can make one and enclumed's user can connect to it. When it ends, so does the machine.
 *
 *     e = init_server_prepare(&list, &nodes, &server, &note);     while the kernel makes namespaces
 *     ...
 *     e = init_server_start(&server, &note);                      when the kernel is closed
 */

#include <sys/types.h>

#include "enclave/init/init_gpus.h"
#include "enclave/init/init_server_list.h"

#define INIT_SERVER_LIST "/server.list"
#define INIT_SERVER_SOCKET                                                                                   \
    "unix:/run/engine.sock" /* as enclumed is told it; in the server's root it is the same path */

enum { INIT_SERVER_USER = 7879 }; /* user and group */

struct init_server {
    pid_t pid;
    int go; /* a byte starts it */
};

/* Makes the process that is to be the server and everything around it, and holds it. The model's device must be there. gpus: devices that it may use; may be empty.
 * ERR_SYSTEM; the note says which step, in whose process ever. */
ERR_MUST_USE enum err init_server_prepare(const struct init_server_list *list,
                                          const struct init_gpu_nodes *gpus, struct init_server *server,
                                          struct err_note *note);

/* Lets it go. That its program cannot be executed shows as its end. ERR_SYSTEM. */
ERR_MUST_USE enum err init_server_start(struct init_server *server, struct err_note *note);

#endif
