/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_GPUS_H
#define ENCLAVE_GPUS_H

/*
 * GPUs are told that they may work when they have attested themselves in this machine, and not before: nothing of the model, and no prompt, has been given to
 * them until then. In order: confidential mode is on, for production, without developer tools (evidence/nvml.h); there are as many as the machine's bus has; they do not
 * work yet; each gives a report over a nonce that is made here; all reports are appraised, with the endorsements that the host offers, as a user's client
 * appraises them (attest/nvgpu.h); and only then they are told.
 *
 * The evidence that users see is another, over the key statement, and enclumed's (enclumed --gpus nvml).
 */

#include "attest/nvgpu_policy.h"
#include "evidence/collateral_cache.h"
#include "evidence/nvml.h"

struct gpus_options {
    const char *library; /* NULL: where the driver puts it */
    size_t expected;     /* that the machine has */
    const struct nvgpu_policy *policy;
    struct collateral_cache *collateral;
    const struct kernel *kernel; /* its clock */
};

/* *held: the GPUs, which stay in use; to be closed with evidence_nvml_close, and after an error there are none. ERR_EVIDENCE: the note says why, a check that failed by its name;
 * ERR_MEMORY, ERR_CRYPTO. */
ERR_MUST_USE enum err gpus_ready(const struct gpus_options *options, struct evidence_nvml **held,
                                 struct err_note *note);

#endif
