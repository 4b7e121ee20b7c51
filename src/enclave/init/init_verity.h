/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_VERITY_H
#define ENCLAVE_INIT_VERITY_H

#include "enclave/init/init_options.h"

/*
 * Has the kernel guard the model volume (dm-verity): the table is made from the measured command line alone, and nothing of the volume is parsed here. The result is
 * a read-only block device; *device is its number. A block that is not what the root hash says is an error to whoever reads it.
 * ERR_SYSTEM, ERR_VALUE (the volume has another size than it must have).
 */
ERR_MUST_USE enum err init_verity_open(const char *volume, const struct init_options *o, uint64_t *device,
                                       struct err_note *note);

/* The table's text, NUL-terminated. Apart, for the tests. ERR_NO_SPACE. */
ERR_MUST_USE enum err init_verity_table(const char *volume, const struct verity_layout *layout,
                                        const uint8_t root[static VERITY_DIGEST_SIZE], char *text,
                                        size_t size);

#endif
