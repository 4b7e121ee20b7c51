/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CLAIM_JSON_H
#define ATTEST_CLAIM_JSON_H

/* How claims of every platform stand in a verdict's JSON (docs/verdict.md). For verdict.c and the *_claims.c. */

#include <jansson.h>

#include "base/bytes.h"

enum { CLAIM_JSON_HEX_MAX = 64 };

/* Lower case; at most CLAIM_JSON_HEX_MAX bytes. NULL without memory. */
json_t *claim_json_hex(const uint8_t *value, size_t size);
/* Numbers wider than what every JSON reader holds exactly (53 bits) are hexadecimal text, "0x1f". */
json_t *claim_json_number(uint64_t value);

#endif
