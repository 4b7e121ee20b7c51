/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_SNP_SCENE_H
#define TESTS_UNIT_ATTEST_SNP_SCENE_H

/* For test_snp.c, test_snp_said.c and the tables of changes: sound evidence and a policy that accepts it, to change one thing in. */

#include "attest/snp.h"
#include "support/synthetic_snp.h"

struct scene {
    struct synthetic_snp snp;
    struct attest_policy policy;
    uint8_t measurement[1][48];
    uint8_t report_data[64];
    int64_t now;
    bool foreign_root;
};

extern struct synthetic_keys keys;

enum scene_kind { SCENE_GENOA, SCENE_TURIN, SCENE_VLEK };

/* Sound evidence of that kind, and a policy that accepts it. */
void scene_init(struct scene *s, enum scene_kind kind);
/* Builds it, signs it and has it appraised, under its own root unless foreign_root is set. */
void scene_appraise(struct scene *s, struct verdict *v);

/* Fixtures of a group of tests. */
int scene_make_keys(void **state);
int scene_drop_keys(void **state);

struct change {
    const char *what;
    void (*change)(struct scene *s);
    const char *check;
    const char
        *also; /* another check that the same change fails, and whose name begins like this; NULL: none */
    enum scene_kind kind;
};

#define ROW(change, check)                                                                                   \
    {                                                                                                        \
#change, change, check, NULL, SCENE_GENOA                                                            \
    }
#define ROW2(change, check, also)                                                                            \
    {                                                                                                        \
#change, change, check, also, SCENE_GENOA                                                            \
    }
#define TURIN(change, check)                                                                                 \
    {                                                                                                        \
#change, change, check, NULL, SCENE_TURIN                                                            \
    }
#define VLEK(change, check)                                                                                  \
    {                                                                                                        \
#change, change, check, NULL, SCENE_VLEK                                                             \
    }

extern const struct change changes_signer[];
extern const size_t changes_signer_count;
extern const struct change changes_state[];
extern const size_t changes_state_count;

#endif
