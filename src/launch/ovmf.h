/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_OVMF_H
#define LAUNCH_OVMF_H

/*
 * What a firmware image says about itself: the table of GUIDs at its end, and the list of memory areas that the hypervisor has to prepare for SEV-SNP
 * (edk2, OvmfPkg/ResetVector: the table is read from its end towards its beginning, and ends 32 bytes before the end of the image, which is mapped to end
 * at 4 GiB).
 *
 *     struct ovmf f;
 *     e = ovmf_parse(image, &f, &note);
 *     f.sections[0 .. f.section_count - 1]
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    OVMF_PAGE_SIZE = 4096,
    OVMF_SIZE_MAX = 64 * 1024 * 1024,
    OVMF_SECTIONS_MAX = 32,
    OVMF_SECTION_SIZE_MAX = 256 * 1024 * 1024,
};

/* enum of edk2's OvmfSevMetadata */
enum ovmf_section_type {
    OVMF_SECTION_SEC_MEM = 1, /* zeroed memory for the firmware's first steps */
    OVMF_SECTION_SECRETS = 2,
    OVMF_SECTION_CPUID = 3,
    OVMF_SECTION_SVSM_CAA = 4,
    OVMF_SECTION_KERNEL_HASHES = 0x10,
};

struct ovmf_section {
    uint32_t gpa;
    uint32_t size;
    uint32_t type; /* enum ovmf_section_type */
};

struct ovmf {
    struct bytes image; /* borrowed */
    bool has_reset_eip;
    uint32_t reset_eip; /* where processors other than the first begin */
    bool has_hash_table;
    uint32_t hash_table_gpa; /* where the hypervisor puts the hashes of kernel, initrd and command line */
    uint32_t hash_table_size;
    bool has_svsm;
    uint32_t svsm_entry; /* offset from the image's beginning at which an SVSM starts */
    size_t section_count;
    struct ovmf_section sections[OVMF_SECTIONS_MAX];
};

/* ERR_TRUNCATED, ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE: the note says what, and where. An image without the table is refused. */
ERR_MUST_USE enum err ovmf_parse(struct bytes image, struct ovmf *f, struct err_note *note);

/* The table's entry with this GUID (as text, "96b582de-1fb2-45f7-baea-a366c55a082d"); empty when there is none. */
ERR_MUST_USE enum err ovmf_table_entry(struct bytes image, const char *guid, struct bytes *entry,
                                       struct err_note *note);

#endif
