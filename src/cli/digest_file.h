/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIGEST_FILE_H
#define CLI_DIGEST_FILE_H

#include "crypto/crypto.h"

/* The hash of a file of any size. out: crypto_hash_size(h) bytes. ERR_FILE with a note. */
ERR_MUST_USE enum err digest_file(const char *path, enum crypto_hash h, uint8_t *out, struct err_note *note);

#endif
