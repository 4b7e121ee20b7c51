/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_LISTEN_H
#define CLI_COLLATERAL_LISTEN_H

/* Where the helper of the host listens: unix:PATH, or vsock:PORT on every context of this machine. */

#include "base/error.h"

struct collateral_listener {
    int fd;           /* does not block */
    const char *path; /* of a UNIX socket; NULL: vsock */
};

/* A socket's name that a helper which was killed has left behind is taken over; what somebody answers at, or what is no socket, is not. address must
 * outlive the listener. ERR_USAGE, ERR_NETWORK. */
ERR_MUST_USE enum err collateral_listen(const char *address, struct collateral_listener *listener,
                                        struct err_note *note);
/* Takes the socket's name away. */
void collateral_listen_end(const struct collateral_listener *listener);

#endif
