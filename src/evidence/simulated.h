/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_H
#define EVIDENCE_SIMULATED_H

/* What the source of simulated evidence makes of the simulator's answers; by itself for tests and benchmarks, which play the enclave. */

#include "evidence/evidence.h"
#include "evidence/simulated_wire.h"

/* A report and its endorsements, in the bundle's order, and the platform (BUNDLE_PLATFORM_...). What out points to is in frame; it owns nothing.
 * ERR_EVIDENCE, and then *out is zero. */
ERR_MUST_USE enum err evidence_simulated_parse(struct bytes frame, struct evidence *out,
                                               const char **platform, struct err_note *note);

/* The same of an answer about GPUs. */
ERR_MUST_USE enum err evidence_simulated_parse_gpus(struct bytes frame, struct evidence_gpus *out,
                                                    const char **platform, struct err_note *note);

#endif
