/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_JSON_H
#define EVIDENCE_COLLATERAL_JSON_H

/* The counterpart of attest/collateral.h: all collateral of a TDX platform as the one JSON document that quote verification libraries exchange, and a
 * bundle carries (media type application/vnd.enclume.tdx-collateral+json). */

#include "attest/tdx.h"

enum { COLLATERAL_JSON_MAX = 512 * 1024 };

/* NUL-terminated, in canonical form; release with secret_free. Every part of c must be there: ERR_VALUE with its name otherwise. ERR_TOO_LARGE, ERR_MEMORY. */
ERR_MUST_USE enum err collateral_json_write(const struct tdx_collateral *c, char **text, size_t *len,
                                            struct err_note *note);

#endif
