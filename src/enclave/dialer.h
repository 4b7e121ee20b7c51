/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_DIALER_H
#define ENCLAVE_DIALER_H

/*
 * The process that connects to the other server for the enclave (engine/upstream_dial.h), which itself can neither make a socket nor connect one when it serves, with this engine as with the
 * other. It is started before there is a key or a prompt, holds nothing but its end of a pair of sockets and one address, and can make no other system calls than those
 * that this takes. Whoever gets hold of the enclave can have connections to that one server, and no others.
 */

#include "enclave/options.h"

/* *dialer: the engine's end; -1 when the options name no other server. The dialer ends when that end is closed, also by the enclave's death. ERR_SYSTEM. */
ERR_MUST_USE enum err dialer_start(const struct enclave_options *options, int *dialer, struct err_note *note);

#endif
