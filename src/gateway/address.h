/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_ADDRESS_H
#define GATEWAY_ADDRESS_H

/* Where a stream socket is: tcp:HOST:PORT, unix:PATH, vsock:CID:PORT. */

#include <sys/socket.h>

#include "base/error.h"

struct address {
    struct sockaddr_storage where; /* ss_family: AF_INET, AF_INET6, AF_UNIX, AF_VSOCK */
    socklen_t size;
};

/* A host's name is looked up, once and blocking: at start, or when the list of backends is read again. ERR_USAGE, ERR_NETWORK (no such host). */
ERR_MUST_USE enum err address_parse(const char *text, struct address *address, struct err_note *note);

/* A non-blocking socket for it, closed on exec; -1 with errno. */
int address_socket(const struct address *address);

#endif
