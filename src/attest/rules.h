/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_RULES_H
#define ATTEST_RULES_H

/* Every check that this verifier can make: the tables of all files that make checks, one behind the other (`enclume verify --list-checks`, docs/verdict.md). */

#include "attest/verdict.h"

/* The rules of one table, in their order; NULL behind the last. One function for each file that has a table. */
const struct verdict_rule *appraise_rule(size_t index);
const struct verdict_rule *appraise_parts_rule(size_t index);
const struct verdict_rule *appraise_gpu_rule(size_t index);
const struct verdict_rule *snp_rule(size_t index);
const struct verdict_rule *tdx_rule(size_t index);
const struct verdict_rule *vtpm_rule(size_t index);
const struct verdict_rule *nvgpu_rule(size_t index);

struct rule_table {
    const char *title; /* "AMD SEV-SNP" */
    const struct verdict_rule *(*rule)(size_t index);
};

/* NULL behind the last. */
const struct rule_table *rules_table(size_t index);

#endif
