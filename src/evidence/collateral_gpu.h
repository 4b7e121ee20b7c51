/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_GPU_H
#define EVIDENCE_COLLATERAL_GPU_H

/*
 * The endorsements of an NVIDIA GPU: are they what was asked for, by the verifier's own checks (attest/nvgpu.h, attest/ocsp.h), and until when? For
 * collateral_check.c and tests alone; the parameters are those of collateral_check.
 */

#include "evidence/collateral_check.h"

/* A document of reference values: one that this GPU's report needs, of that name, for this chip; signed under NVIDIA's pinned root, by certificates that are
 * valid now. Whether the GPU measured these values is the verifier's affair: the document is the right one all the same. */
ERR_MUST_USE enum err collateral_check_rim(const struct collateral_key *key,
                                           const struct collateral_subject *subject, struct bytes document,
                                           int64_t now, int64_t *expires, struct err_note *note);
/* An OCSP response: about that certificate, which is in the subject's chain; signed by its issuer or whom that appointed; current. Whether it says "good" is
 * the verifier's affair. The chain itself is not verified here. */
ERR_MUST_USE enum err collateral_check_ocsp(const struct collateral_key *key,
                                            const struct collateral_subject *subject, struct bytes document,
                                            int64_t now, int64_t *expires, struct err_note *note);

#endif
