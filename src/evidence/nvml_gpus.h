/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_NVML_GPUS_H
#define EVIDENCE_NVML_GPUS_H

/*
 * All of a machine's GPUs, for bundles: a report of each over one nonce, taken once; their certificates; and from the cache of what the host offers, the
 * reference values of their drivers and VBIOSes and a word about every certificate that can be revoked. Those are renewed as the cache renews them.
 */

#include "evidence/evidence.h"
#include "evidence/nvml.h"

/* Asks every GPU, and sees that there are as many when the last has answered. cache and kernel (its clock) must outlive out, which evidence_gpus_release
 * ends; nvml is not needed any more afterwards. cache NULL: ERR_EVIDENCE. ERR_EVIDENCE, ERR_MEMORY. */
ERR_MUST_USE enum err evidence_nvml_gpus(struct evidence_nvml *nvml, struct collateral_cache *cache,
                                         const struct kernel *kernel,
                                         const uint8_t nonce[static NVML_NONCE_SIZE],
                                         struct evidence_gpus *out, struct err_note *note);

#endif
