/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_TDVF_H
#define TESTS_SUPPORT_SYNTHETIC_TDVF_H

/*
 * A firmware image for Intel TDX, made up for tests: the memory layout and the empty variables of edk2's OvmfPkgX64, so that what is measured of them is
 * what real machines measure; its code is a page of nothing in particular. A test changes what it wants before it is built.
 */

#include "launch/tdvf.h"

enum {
    SYNTHETIC_TDVF_VARIABLES = 0x84000,
    SYNTHETIC_TDVF_CODE = 2 * OVMF_PAGE_SIZE,
    SYNTHETIC_TDVF_SIZE = SYNTHETIC_TDVF_VARIABLES + SYNTHETIC_TDVF_CODE,
};

struct synthetic_section {
    uint32_t offset, raw_size;
    uint64_t gpa, size;
    uint32_t type, attributes;
};

struct synthetic_tdvf {
    size_t section_count;
    struct synthetic_section sections[TDVF_SECTIONS_MAX + 1];
    char signature[4];
    uint32_t version, metadata_size, metadata_offset; /* 0: as it is; the offset is from the end */
    bool no_table;                                    /* the place stands 32 bytes before the end instead */
    bool no_entry;                                    /* a table without it */
    uint8_t image[SYNTHETIC_TDVF_SIZE];
};

void synthetic_tdvf_init(struct synthetic_tdvf *t);
struct bytes synthetic_tdvf_build(struct synthetic_tdvf *t);

/* Adds a variable to the store (build first). *at: where the next one goes; 0 at first. */
void synthetic_tdvf_variable(struct synthetic_tdvf *t, size_t *at, uint8_t state, const char *vendor,
                             const char *name, struct bytes value);

#endif
