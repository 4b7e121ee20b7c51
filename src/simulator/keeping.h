/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_KEEPING_H
#define SIMULATOR_KEEPING_H

/* A made-up chain of either platform, made at each start or kept in a file. */

#include "base/bytes.h"
#include "base/error.h"

/* One a platform. The chain is its own structure. */
struct keeping {
    const char *file; /* in the directory */
    ERR_MUST_USE enum err (*make)(int64_t now, void **chain);
    ERR_MUST_USE enum err (*read)(struct bytes text, void **chain);
    ERR_MUST_USE enum err (*write)(void *chain, char *text, size_t size, size_t *len);
    void (*release)(void *chain);
};

/* directory: NULL for a chain that is not kept; it is made when it is not there. ERR_FILE, ERR_ENCODING, ERR_CRYPTO, ERR_MEMORY. */
ERR_MUST_USE enum err keeping_open(const struct keeping *keeping, const char *directory, int64_t now,
                                   void **chain, struct err_note *note);

#endif
