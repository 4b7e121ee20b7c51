/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_LIB_INTERNAL_H
#define LIB_LIB_INTERNAL_H

/* What stands behind the handles of include/enclume.h. */

#include "attest/policy.h"
#include "attest/verdict.h"
#include "enclume.h"

struct enclume_policy {
    size_t measurement_count;
    uint8_t measurements[ATTEST_REFERENCES_MAX][ATTEST_MEASUREMENT_SIZE];
    size_t model_count;
    uint8_t models[ATTEST_REFERENCES_MAX][ATTEST_DIGEST_SIZE];
    uint8_t *root; /* DER, secret_alloc; NULL: none */
    size_t root_size;
    bool allow_milan;
    uint32_t vmpl;
    int64_t max_age;
};

struct enclume_verdict {
    struct verdict v;
};

/* Prepares the libraries that ours stands on, once a process. Before any use of them. */
ERR_MUST_USE enum err lib_init(void);

/* Copies the note to the caller's ENCLUME_NOTE_SIZE bytes (NULL: nowhere). */
void lib_note(const struct err_note *note, char *out);

/* The policy as the rooms below take it: borrows p. */
struct attest_policy lib_policy_view(const struct enclume_policy *p);
ERR_MUST_USE enum err lib_policy_copy(const struct enclume_policy *p, struct enclume_policy **copy);

#endif
