/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_CANARY_H
#define TESTS_E2E_CANARY_H

/* What is asked in order to be looked for afterwards, in all of a process's memory. */

#include <stdbool.h>

#include "e2e/memscan.h"

enum { CANARY_PATIENCE_MS = 60000 };

/* With characters that JSON escapes, and no story that the model knows. */
extern const char canary[];

/* Looks for the text as it is and as it stands in JSON, with its letters and with \u and digits. */
void canary_look_for(struct memscan *m, const char *name, const char *text);

/*
 * Searches a process that has done what there was to do: again and again, until nothing is found (wipes), or something is (not), or patience is at its end. Reports
 * what is found in spite of the wiping. The number of places.
 */
size_t canary_hits(const struct memscan *m, pid_t pid, bool wipes);

#endif
