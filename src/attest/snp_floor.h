/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_FLOOR_H
#define ATTEST_SNP_FLOOR_H

/*
 * Minimum security patch levels: below them a chip's firmware or microcode has a flaw that AMD has published and mended. Levels are numbered for each
 * stepping on its own, so a row is keyed by CPUID family, model and stepping.
 */

#include "attest/anchors.h"

enum { SNP_STEPPING_ANY = 0xff };

struct snp_floor {
    uint8_t family; /* CPUID, extended values included */
    uint8_t model_first;
    uint8_t model_last;
    uint8_t stepping; /* or SNP_STEPPING_ANY */
    enum snp_component component;
    uint8_t minimum;
    bool smt_off_suffices; /* the flaw needs a sibling thread: a guest that forbids SMT does not have it */
    const char *bulletin;  /* "AMD-SB-3019" */
};

/* A chip, as far as the report says what it is. */
struct snp_chip {
    uint8_t family;
    uint8_t model;
    uint8_t stepping; /* SNP_STEPPING_ANY: not stated; then rows for one stepping do not apply */
};

/* The table that is shipped. */
const struct snp_floor *snp_floors(size_t *count);

bool snp_floor_applies(const struct snp_floor *floor, const struct snp_chip *chip);

#endif
