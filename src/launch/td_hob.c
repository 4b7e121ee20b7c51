/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"
#include "launch/tdx_digest.h"

/* ---- memory: QEMU, hw/i386/pc_q35.c and target/i386/kvm/tdx.c ---- */

static const uint64_t four_gib = 1ULL << 32;
/* A machine with so much has no more than 2 GiB of it below 4 GiB; one with less, all of it. */
static const uint64_t split_from = 0xb0000000;
static const uint64_t split_at = 0x80000000;

struct range {
    uint64_t start, size;
    bool accepted; /* placed by the hypervisor before the TD ran; else the TD has to accept it */
};

/* One range is cut in three at most by each section. */
enum { RANGES_MAX = 2 + 2 * TDVF_SECTIONS_MAX };

struct ranges {
    size_t count;
    struct range at[RANGES_MAX];
};

static void range_add(struct ranges *ranges, uint64_t start, uint64_t end, bool accepted)
{
    if (start < end && ranges->count < RANGES_MAX)
        ranges->at[ranges->count++] = (struct range){start, end - start, accepted};
}

/* Ranges stay in the order of their addresses. */
static enum err accept(struct ranges *ranges, const struct tdvf_section *s, struct err_note *note)
{
    struct ranges cut = {0};
    bool found = false;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range r = ranges->at[i];
        const uint64_t end = r.start + r.size;
        if (r.accepted || s->gpa < r.start || s->gpa + s->size > end) {
            range_add(&cut, r.start, end, r.accepted);
            continue;
        }
        range_add(&cut, r.start, s->gpa, false);
        range_add(&cut, s->gpa, s->gpa + s->size, true);
        range_add(&cut, s->gpa + s->size, end, false);
        found = true;
    }
    if (!found)
        return err_noted(ERR_VALUE, note, "the firmware wants memory at 0x%llx, and there is none",
                         (unsigned long long)s->gpa);
    *ranges = cut;
    return ERR_OK;
}

static enum err ranges_of(const struct tdvf *f, uint64_t memory, struct ranges *ranges, struct err_note *note)
{
    const uint64_t below = memory >= split_from ? split_at : memory;
    enum err e = ERR_OK;
    *ranges = (struct ranges){0};
    range_add(ranges, 0, below, false);
    range_add(ranges, four_gib, four_gib + (memory - below), false);
    for (size_t i = 0; e == ERR_OK && i < f->section_count; i++)
        if (f->sections[i].type == TDVF_SECTION_TD_HOB || f->sections[i].type == TDVF_SECTION_TEMP_MEM)
            e = accept(ranges, &f->sections[i], note);
    return e;
}

/* ---- hand-off blocks: UEFI Platform Initialization Specification, volume 3, section 5 ---- */

enum {
    HOB_HANDOFF = 1,
    HOB_RESOURCE = 3,
    HOB_HANDOFF_SIZE = 56,
    HOB_RESOURCE_SIZE = 48,
    HOB_END_SIZE = 8,
    HANDOFF_VERSION = 9,
    RESOURCE_SYSTEM_MEMORY = 0,
    RESOURCE_UNACCEPTED_MEMORY = 7,
    RESOURCE_PRESENT_INITIALIZED_TESTED = 7,
    GUID_BYTES = 16,
};

static void header_put(struct writer *w, uint16_t type, uint16_t size)
{
    writer_u16le(w, type);
    writer_u16le(w, size);
    writer_u32le(w, 0);
}

enum err tdx_hob(const struct tdvf *f, uint64_t memory, uint8_t out[static TDX_HOB_MAX], size_t *size,
                 struct err_note *note)
{
    enum { UNUSED_FIELDS = 4 + 4 * 8 }; /* boot mode; the four ends of memory, which QEMU leaves zero */
    const struct tdvf_section *hob;
    struct ranges ranges;
    struct bytes all = {0};
    *size = 0;
    enum err e = tdvf_find(f, TDVF_SECTION_TD_HOB, &hob, note);
    if (e == ERR_OK)
        e = ranges_of(f, memory, &ranges, note);
    if (e != ERR_OK)
        return e;
    const uint64_t total = HOB_HANDOFF_SIZE + ranges.count * HOB_RESOURCE_SIZE + HOB_END_SIZE;
    if (total > hob->size)
        return err_noted(ERR_VALUE, note, "the firmware leaves no room for a list of %zu memory ranges",
                         ranges.count);
    struct writer w = writer_into(out, TDX_HOB_MAX);
    header_put(&w, HOB_HANDOFF, HOB_HANDOFF_SIZE);
    writer_u32le(&w, HANDOFF_VERSION);
    writer_zeros(&w, UNUSED_FIELDS);
    writer_u64le(&w, hob->gpa + total);
    for (size_t i = 0; i < ranges.count; i++) {
        header_put(&w, HOB_RESOURCE, HOB_RESOURCE_SIZE);
        writer_zeros(&w, GUID_BYTES); /* owner */
        writer_u32le(&w, ranges.at[i].accepted ? RESOURCE_SYSTEM_MEMORY : RESOURCE_UNACCEPTED_MEMORY);
        writer_u32le(&w, RESOURCE_PRESENT_INITIALIZED_TESTED);
        writer_u64le(&w, ranges.at[i].start);
        writer_u64le(&w, ranges.at[i].size);
    }
    e = writer_finish(&w, &all);
    *size = all.len;
    return e;
}
