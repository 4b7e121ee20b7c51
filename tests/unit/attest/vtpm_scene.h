/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_VTPM_SCENE_H
#define TESTS_UNIT_ATTEST_VTPM_SCENE_H

/* For test_vtpm.c and the table of changes: sound evidence of a virtual TPM and a policy that accepts it, to change one thing in. */

#include "attest/hcl_report.h"
#include "attest/vtpm.h"
#include "support/synthetic_vtpm.h"

enum { VTPM_CHECKS = 36, VTPM_ROW_FAILURES = 3 };

struct scene {
    bool is_tdx;
    struct synthetic_snp snp;
    struct synthetic_tdx tdx;
    struct synthetic_vtpm vtpm;
    struct attest_policy snp_policy;
    struct tdx_policy tdx_policy;
    struct vtpm_policy policy;
    uint8_t measurement[1][48];
    struct tdx_launch launch;
    uint8_t pcr[TPM_PCR_COUNT][1][TPM_PCR_SIZE];
    uint8_t user_data[HCL_USER_DATA_SIZE];
    uint8_t nonce[TPM_NONCE_MAX + 1]; /* as the verifier remembers it */
    size_t nonce_known;               /* how much of it */
    bool foreign_ak_root;
    size_t certificates; /* how many: the root again and again; 0: as they were built */
    int64_t now;
};

extern struct synthetic_vtpm_keys keys;

/* Sound evidence over that hardware, and a policy that accepts it. */
void scene_init(struct scene *s, bool is_tdx);
/* The value that this register has is the one that the policy wants. */
void scene_reference(struct scene *s, unsigned pcr);
/* Builds and signs, under roots of its own; has what is built appraised; both. */
void scene_build(struct scene *s);
void scene_appraise_built(struct scene *s, struct verdict *v);
void scene_appraise(struct scene *s, struct verdict *v);

/* Fixtures of a group of tests. */
int scene_make_keys(void **state);
int scene_drop_keys(void **state);

/* failures: the checks that fail of themselves. Others may say "not checked" because of these, but none else may fail. */
struct row {
    const char *name;
    void (*change)(struct scene *s);
    bool is_tdx;
    const char *failures[VTPM_ROW_FAILURES];
};
extern const struct row vtpm_rows[];
extern const size_t vtpm_row_count;
/* Makes the change of that name, which must be one of the rows'. */
void scene_change(struct scene *s, const char *name);

/* What the change user_data_as_wanted puts there. */
#define USER_DATA                                                                                            \
    "4242424242424242424242424242424242424242424242424242424242424242"                                       \
    "4242424242424242424242424242424242424242424242424242424242424242"

#endif
