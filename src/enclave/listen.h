/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_LISTEN_H
#define ENCLAVE_LISTEN_H

#include "enclave/enclave.h"

/* Binds the one listening socket: tcp:ADDRESS:PORT (numeric), unix:PATH, vsock:PORT. *port: what to tell a person (0 for unix). ERR_USAGE, ERR_NETWORK. */
ERR_MUST_USE enum err listen_open(struct enclave *enclave, const char *address,
                                  uv_connection_cb on_connection, int *port, struct err_note *note);

#endif
