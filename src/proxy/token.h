/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROXY_TOKEN_H
#define PROXY_TOKEN_H

#include "base/bytes.h"
#include "base/error.h"

/* A new token, "enclume-" and 43 characters of 32 random bytes, in secret memory: release ->ptr with secret_free. */
ERR_MUST_USE enum err token_new(struct bytes *token);
/* 32 random bytes in base64url, likewise. */
ERR_MUST_USE enum err token_random(struct bytes *text);
/* The token in the file, likewise; a file that is not there is made, with a new token, for its owner alone (*made). One that others may read is refused: ERR_FILE.
 * ERR_VALUE when it holds no token. */
ERR_MUST_USE enum err token_file(const char *path, struct bytes *token, bool *made, struct err_note *note);

#endif
