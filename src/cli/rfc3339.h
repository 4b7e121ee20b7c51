/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RFC3339_H
#define CLI_RFC3339_H

/* Times as people write them (RFC 3339): 2026-11-02T10:00:00Z, or with an offset, 2026-11-02T11:00:00+01:00. */

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/utc.h"

enum { RFC3339_SIZE = UTC_TEXT_SIZE };

/* Seconds since 1970. "T" and "Z" may be small, as the RFC has it. Refused: fractions of a second and leap seconds, since nothing here is finer than a
 * second, and years before 1970. ERR_VALUE. */
ERR_MUST_USE enum err rfc3339_parse(struct bytes text, int64_t *seconds);

/* In UTC. What a year of four digits cannot say becomes "never". */
const char *rfc3339_write(int64_t seconds, char out[static RFC3339_SIZE]);

#endif
