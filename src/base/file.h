/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

/* Whole files. For programs (cli, client, simulator); attest and what is below it never touch a file. */

#include "base/bytes.h"
#include "base/error.h"

/* At most max bytes, into secret memory: release ->ptr with secret_free. path "-" is standard input. ERR_FILE, ERR_TOO_LARGE. */
ERR_MUST_USE enum err file_read(const char *path, size_t max, struct bytes *content, struct err_note *note);

/* Replaces the file in one step (a new file beside it, synced, renamed over it), readable by its owner alone. ERR_FILE. */
ERR_MUST_USE enum err file_write(const char *path, struct bytes content, struct err_note *note);

#endif
