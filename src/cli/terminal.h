/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

/* What a model writes is foreign text: on a terminal its control characters could move the cursor, change the title or type for the user. */

#include <stdio.h>

#include "base/bytes.h"

/* Writes UTF-8 text; when to_terminal, without control characters other than newline and tab (U+0000-001F, U+007F-009F). Flushes. */
void terminal_write(FILE *to, struct bytes text, bool to_terminal);

#endif
