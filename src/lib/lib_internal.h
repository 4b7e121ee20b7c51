/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_LIB_INTERNAL_H
#define LIB_LIB_INTERNAL_H

/* What stands behind the handles of include/enclume.h. */

#include "attest/policy_document.h"
#include "attest/verdict.h"
#include "enclume.h"

struct enclume_policy {
    struct policy_document *document; /* max_age is never 0 */
};

struct enclume_verdict {
    struct verdict v;
};

/* Prepares the libraries that ours stands on, once a process. Before any use of them. */
ERR_MUST_USE enum err lib_init(void);

/* Copies the note to the caller's ENCLUME_NOTE_SIZE bytes (NULL: nowhere). */
void lib_note(const struct err_note *note, char *out);

/* In memory of its own. ERR_MEMORY. */
ERR_MUST_USE enum err lib_policy_copy(const struct enclume_policy *p, struct enclume_policy **copy);

#endif
