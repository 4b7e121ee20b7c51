/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_OVMF_H
#define TESTS_SUPPORT_SYNTHETIC_OVMF_H

/* A firmware image of two pages, made up for tests: a sound one, in which a test changes what it wants before it is built. */

#include "launch/ovmf.h"

enum { SYNTHETIC_OVMF_SIZE = 2 * OVMF_PAGE_SIZE, SYNTHETIC_OVMF_ENTRIES_MAX = 80 };

struct synthetic_ovmf {
    uint32_t reset_eip;
    uint32_t hash_table_gpa, hash_table_size;
    size_t section_count;
    struct ovmf_section sections[OVMF_SECTIONS_MAX + 1];
    uint32_t metadata_version, metadata_offset, metadata_count, metadata_size; /* 0: as it is */
    char signature[4];
    size_t padding_entries; /* entries that nobody knows */
    bool twice;             /* the reset block */
    int entry_size_off;     /* by how much the size of the reset block's entry is wrong */
    int table_size_off;     /* likewise of the whole table */
    bool no_table;
    bool long_reset_block;
    uint8_t image[SYNTHETIC_OVMF_SIZE];
};

void synthetic_ovmf_init(struct synthetic_ovmf *o);
struct bytes synthetic_ovmf_build(struct synthetic_ovmf *o);

#endif
