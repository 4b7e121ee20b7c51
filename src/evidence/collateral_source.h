/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_SOURCE_H
#define EVIDENCE_COLLATERAL_SOURCE_H

/* Where an enclave gets endorsements from; all of it is the host's. Siblings: a helper behind a socket, a directory. Nothing is verified here
 * (collateral_check.h does). */

#include "evidence/collateral_key.h"
#include "evidence/kernel.h"

struct collateral_source {
    /* Into out, which has COLLATERAL_DOCUMENT_MAX bytes. Blocks for half a minute at most between two bytes. ERR_EVIDENCE. */
    ERR_MUST_USE enum err (*ask)(struct collateral_source *self, const struct collateral_key *key,
                                 uint8_t *out, size_t *len, struct err_note *note);
    void (*close)(struct collateral_source *self); /* releases self */
};

/* "vsock:PORT" of the host, "unix:PATH", or "dir:PATH". address must outlive the source. ERR_USAGE. */
ERR_MUST_USE enum err collateral_source_open(const struct kernel *kernel, const char *address,
                                             struct collateral_source **source, struct err_note *note);

#endif
