/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_SEV_HASHES_H
#define LAUNCH_SEV_HASHES_H

/*
 * The table of hashes by which a measured firmware knows kernel, initrd and command line when a hypervisor boots them directly (QEMU, target/i386/sev.c,
 * kernel-hashes=on): the firmware hashes what it is given and stops when a hash differs.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { SEV_HASHES_TABLE_SIZE = 176, SEV_HASHES_CMDLINE_MAX = 64 * 1024 };

struct sev_kernel {
    uint8_t kernel[32]; /* SHA-256 of the file */
    uint8_t initrd[32]; /* of nothing, when there is none */
    const char *cmdline;
};

/* Padded with zeros to a multiple of 16. ERR_TOO_LARGE for an endless command line. */
ERR_MUST_USE enum err sev_hashes_table(const struct sev_kernel *k, uint8_t out[static SEV_HASHES_TABLE_SIZE]);

#endif
