/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_TDX_SCENE_H
#define TESTS_UNIT_ATTEST_TDX_SCENE_H

/* For test_tdx.c, test_tdx_said.c and the table of changes: sound evidence and a policy that accepts it, to change one thing in. */

#include "attest/tdx.h"
#include "support/synthetic_tdx.h"

enum { TDX_ALL_CHECKS = 74, TDX_ROW_FAILURES = 8 };

struct scene {
    struct synthetic_tdx tdx;
    struct tdx_policy policy;
    struct tdx_launch launches[TDX_LAUNCHES_MAX + 1];
    uint8_t other[2][TDX_REGISTER_SIZE];
    uint8_t ppid[1][PCK_PPID_SIZE];
    uint8_t report_data[TDX_REPORT_DATA_SIZE];
    bool report_data_unknown;
    bool foreign_root;
    int64_t now;
};

extern struct synthetic_tdx_keys keys;

void scene_init(struct scene *s, bool version_4);
/* Builds it, signs it and has it appraised, under its own root unless foreign_root is set. */
void scene_appraise(struct scene *s, struct verdict *v);

/* Fixtures of a group of tests. */
int scene_make_keys(void **state);
int scene_drop_keys(void **state);

/* What is changed, and which checks it fails. */
struct row {
    const char *name;
    void (*change)(struct scene *s);
    bool version_4;
    bool only_first; /* the first failure is what counts: others follow from it */
    const char *failures[TDX_ROW_FAILURES];
};
extern const struct row tdx_rows[];
extern const size_t tdx_row_count;
/* Makes the change of that name, which must be one of the rows'. */
void scene_change(struct scene *s, const char *name);

#endif
