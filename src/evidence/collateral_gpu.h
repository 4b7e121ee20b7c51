/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_GPU_H
#define EVIDENCE_COLLATERAL_GPU_H

/*
 * What a cache must know of a GPU's endorsements: is it what was asked for, and until when is it good? Their signatures are the verifier's affair. For
 * collateral_check.c and tests alone; the parameters are those of collateral_check.
 */

#include "evidence/collateral_check.h"

/* A reference integrity manifest (ISO/IEC 19770-2, signed XML): its version is the one in the identifier, and its certificates are read for their dates. */
ERR_MUST_USE enum err collateral_check_rim(const struct collateral_key *key,
                                           const struct collateral_subject *subject, struct bytes document,
                                           int64_t now, int64_t *expires, struct err_note *note);
/* An OCSP response (RFC 6960) about one certificate: successful, of that serial number, begun, and with a date of the next. */
ERR_MUST_USE enum err collateral_check_ocsp(const struct collateral_key *key,
                                            const struct collateral_subject *subject, struct bytes document,
                                            int64_t now, int64_t *expires, struct err_note *note);

#endif
