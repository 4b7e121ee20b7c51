/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_TEXT_H
#define ENCLAVE_INIT_TEXT_H

/* Taking apart lines and words: of the command line and of the lists. */

#include "base/bytes.h"

/* What stands before the next separator, which is consumed; *rest is what follows, with ptr NULL when there was none. */
struct bytes init_field(struct bytes *rest, char separator);

/* Decimal digits without leading zeros, at most max. */
bool init_number(struct bytes text, uint64_t max, uint64_t *number);

#endif
