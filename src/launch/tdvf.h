/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_TDVF_H
#define LAUNCH_TDVF_H

/*
 * What a firmware image says of itself for Intel TDX: the sections that the hypervisor has to place in a TD's memory before it starts (Intel TDX Virtual
 * Firmware Design Guide, section 11, "TDVF metadata"). The list is found by an entry of the table of GUIDs at the image's end (launch/ovmf.h); an image
 * without that table has its place in the four bytes that stand 32 before its end.
 *
 *     struct tdvf f;
 *     e = tdvf_parse(image, &f, &note);
 *     f.sections[0 .. f.section_count - 1]
 */

#include "launch/ovmf.h"

enum { TDVF_SECTIONS_MAX = 32 };

/* Table "TDVF section entry": what a section is. */
enum tdvf_section_type {
    TDVF_SECTION_BFV = 0, /* boot firmware volume: code */
    TDVF_SECTION_CFV = 1, /* configuration firmware volume: variables */
    TDVF_SECTION_TD_HOB = 2,
    TDVF_SECTION_TEMP_MEM = 3,
    TDVF_SECTION_PERM_MEM = 4,
    TDVF_SECTION_PAYLOAD = 5,
    TDVF_SECTION_PAYLOAD_PARAM = 6,
    TDVF_SECTION_TYPES
};

enum {
    TDVF_ATTRIBUTE_MR_EXTEND = 1U << 0, /* the contents count in MRTD */
    TDVF_ATTRIBUTE_PAGE_AUG = 1U << 1,  /* added while it runs: not in MRTD at all */
};

struct tdvf_section {
    enum tdvf_section_type type;
    uint32_t attributes;
    struct bytes data; /* in the image; empty where there is nothing to copy */
    uint64_t gpa;      /* whole pages */
    uint64_t size;     /* whole pages, at most OVMF_SECTION_SIZE_MAX; not less than data */
};

struct tdvf {
    struct bytes image; /* borrowed */
    size_t section_count;
    struct tdvf_section sections[TDVF_SECTIONS_MAX];
};

/* ERR_TRUNCATED, ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE: the note says what. What lies outside the image, overlaps in memory, is of an unknown type, or
 * would be measured in part is refused. */
ERR_MUST_USE enum err tdvf_parse(struct bytes image, struct tdvf *f, struct err_note *note);

/* The only section of that type. ERR_VALUE: there is none, or more than one. */
ERR_MUST_USE enum err tdvf_find(const struct tdvf *f, enum tdvf_section_type type,
                                const struct tdvf_section **section, struct err_note *note);

#endif
