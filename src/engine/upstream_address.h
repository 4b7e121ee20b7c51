/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_UPSTREAM_ADDRESS_H
#define ENGINE_UPSTREAM_ADDRESS_H

/* Where the other server of this machine listens: "unix:/PATH" or "tcp:127.0.0.1:PORT". Anything that another machine could answer is refused. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"

struct upstream_address {
    union {
        struct sockaddr any;
        struct sockaddr_un path;
        struct sockaddr_in port;
    } to;
    socklen_t size;
};

/* ERR_USAGE; the note says what was wanted. */
ERR_MUST_USE enum err upstream_address_parse(const char *text, struct upstream_address *address,
                                             struct err_note *note);

#endif
