/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

#include "base/error.h"

/*
 * Opens a byte stream to tcp:HOST:PORT (also HOST:PORT), unix:PATH or vsock:CID:PORT. Non-blocking, closed on exec. Gives up after timeout_ms, or as
 * soon as cancel_fd (-1: none) becomes readable. ERR_USAGE, ERR_NETWORK, ERR_CANCELLED; the note says what was tried.
 */
ERR_MUST_USE enum err dial(const char *address, int timeout_ms, int cancel_fd, int *fd,
                           struct err_note *note);

/* ERR_USAGE, with a note, for what dial could not reach whatever happens, since it is no such address. */
ERR_MUST_USE enum err dial_check(const char *address, struct err_note *note);

#endif
