/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_SERVER_FILTER_H
#define ENCLAVE_INIT_SERVER_FILTER_H

#include "base/error.h"

/*
 * The system calls that a server beside enclumed has: what an ordinary program does with files, memory, threads and time, children of its own, and sockets of two
 * families, which lead nowhere in its network namespace. All others fail with EPERM: those that change the machine, and sockets of all other families, AF_VSOCK first of all, which
 * no namespace keeps from the host. One table. ERR_SYSTEM.
 */
ERR_MUST_USE enum err init_server_filter(struct err_note *note);

#endif
