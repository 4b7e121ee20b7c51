/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERDICT_PRINT_H
#define CLI_VERDICT_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "attest/verdict.h"

/* Writes verdict_text. On a terminal: without control characters, which evidence could hold, and in colours unless NO_COLOR is set (no-color.org) or TERM is
 * "dumb". ERR_MEMORY. */
ERR_MUST_USE enum err verdict_print_text(FILE *to, const struct verdict *v, bool explain);

/* The rules of every table, for people or as JSON: an array of {"table", "name", "text", "why"}. ERR_MEMORY. */
ERR_MUST_USE enum err verdict_print_rules(FILE *to, bool json);

#endif
