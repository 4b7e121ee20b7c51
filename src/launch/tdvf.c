/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/tdvf.h"

#include "base/reader.h"

#define GUID_TDX_METADATA "e47a6535-984a-4798-865e-4685a7bf8ec2"

/* "TDVF", length, version, count; then 32 bytes a section. */
enum { METADATA_VERSION = 1, METADATA_HEADER_SIZE = 16, METADATA_SECTION_SIZE = 32, OFFSET_FROM_END = 32 };

/* What a type of section may be: with bytes of the image to copy, or none. */
static const struct {
    const char *name;
    bool has_data;
    bool may_have_none;
} types[TDVF_SECTION_TYPES] = {
    [TDVF_SECTION_BFV] = {"BFV", true, false},
    [TDVF_SECTION_CFV] = {"CFV", true, false},
    [TDVF_SECTION_TD_HOB] = {"TD_HOB", false, true},
    [TDVF_SECTION_TEMP_MEM] = {"TempMem", false, true},
    [TDVF_SECTION_PERM_MEM] = {"PermMem", false, true},
    [TDVF_SECTION_PAYLOAD] = {"Payload", true, true},
    [TDVF_SECTION_PAYLOAD_PARAM] = {"PayloadParam", false, true},
};

/* Bytes of the image from offset on, size of them; false when they are not there. */
static bool slice(struct bytes image, uint32_t offset, uint32_t size, struct bytes *out)
{
    struct reader r = reader_over(image);
    (void)reader_bytes(&r, offset);
    *out = reader_bytes(&r, size);
    return reader_status(&r) == ERR_OK;
}

static enum err offset_before_end(struct bytes image, uint32_t *offset, struct err_note *note)
{
    struct bytes word;
    if (image.len < OFFSET_FROM_END ||
        !slice(image, (uint32_t)(image.len - OFFSET_FROM_END), sizeof *offset, &word))
        return err_noted(ERR_TRUNCATED, note, "firmware of %zu bytes", image.len);
    struct reader r = reader_over(word);
    *offset = reader_u32le(&r);
    return reader_finish(&r);
}

/* Where the metadata begins, from the image's beginning. */
static enum err metadata_offset(struct bytes image, uint32_t *offset, struct err_note *note)
{
    struct bytes entry;
    if (image.len > OVMF_SIZE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "firmware of %zu bytes, at most %d are taken", image.len,
                         OVMF_SIZE_MAX);
    enum err e = ovmf_table_entry(image, GUID_TDX_METADATA, &entry, note);
    if (e == ERR_UNKNOWN) /* there is no table */
        return offset_before_end(image, offset, note);
    if (e != ERR_OK)
        return e;
    if (entry.len == 0)
        return err_noted(ERR_VALUE, note, "this firmware is not made for TDX: it has no TDVF metadata");
    struct reader r = reader_over(entry);
    uint32_t from_end = reader_u32le(&r);
    if (reader_finish(&r) != ERR_OK || from_end > image.len)
        return err_noted(ERR_VALUE, note, "TDVF metadata: 0x%x bytes before the end of 0x%zx", from_end,
                         image.len);
    *offset = (uint32_t)image.len - from_end;
    return ERR_OK;
}

static bool is_free(const struct tdvf *f, const struct tdvf_section *s)
{
    for (size_t i = 0; i < f->section_count; i++)
        if (s->gpa < f->sections[i].gpa + f->sections[i].size && f->sections[i].gpa < s->gpa + s->size)
            return false;
    return true;
}

/* MRTD and what ends in memory must be the same thing for every hypervisor: so contents that count are there in whole. */
static enum err section_check(const struct tdvf *f, const struct tdvf_section *s, struct err_note *note)
{
    const char *name = types[s->type].name;
    const uint64_t last_page = UINT64_MAX - OVMF_SECTION_SIZE_MAX;
    if (s->gpa % OVMF_PAGE_SIZE != 0 || s->size % OVMF_PAGE_SIZE != 0 || s->size > OVMF_SECTION_SIZE_MAX ||
        s->gpa > last_page || (s->size == 0 && s->type != TDVF_SECTION_PERM_MEM))
        return err_noted(ERR_VALUE, note, "TDVF metadata: %s of 0x%llx bytes at 0x%llx", name,
                         (unsigned long long)s->size, (unsigned long long)s->gpa);
    if (s->data.len > s->size || (s->data.len != 0 && !types[s->type].has_data) ||
        (s->data.len == 0 && !types[s->type].may_have_none))
        return err_noted(ERR_VALUE, note, "TDVF metadata: %s with 0x%zx bytes of the image for 0x%llx", name,
                         s->data.len, (unsigned long long)s->size);
    if ((s->attributes & ~(uint32_t)(TDVF_ATTRIBUTE_MR_EXTEND | TDVF_ATTRIBUTE_PAGE_AUG)) != 0)
        return err_noted(ERR_UNKNOWN, note, "TDVF metadata: %s with attributes 0x%x", name, s->attributes);
    if ((s->attributes & TDVF_ATTRIBUTE_MR_EXTEND) != 0 &&
        (s->data.len != s->size || (s->attributes & TDVF_ATTRIBUTE_PAGE_AUG) != 0))
        return err_noted(ERR_VALUE, note, "TDVF metadata: %s is to be measured, and is not all there", name);
    if (!is_free(f, s))
        return err_noted(ERR_VALUE, note, "TDVF metadata: %s at 0x%llx lies on another section", name,
                         (unsigned long long)s->gpa);
    return ERR_OK;
}

static enum err section_read(struct reader *r, struct tdvf *f, struct err_note *note)
{
    struct tdvf_section *s = &f->sections[f->section_count];
    uint32_t offset = reader_u32le(r);
    uint32_t raw_size = reader_u32le(r);
    s->gpa = reader_u64le(r);
    s->size = reader_u64le(r);
    uint32_t type = reader_u32le(r);
    s->attributes = reader_u32le(r);
    if (reader_status(r) != ERR_OK)
        return err_noted(ERR_TRUNCATED, note, "TDVF metadata: cut off");
    if (type >= TDVF_SECTION_TYPES)
        return err_noted(ERR_UNKNOWN, note, "TDVF metadata: a section of type %u", type);
    s->type = (enum tdvf_section_type)type;
    if (raw_size != 0 && !slice(f->image, offset, raw_size, &s->data))
        return err_noted(ERR_VALUE, note, "TDVF metadata: %s is 0x%x bytes at 0x%x of an image of 0x%zx",
                         types[type].name, raw_size, offset, f->image.len);
    enum err e = section_check(f, s, note);
    if (e == ERR_OK)
        f->section_count++;
    return e;
}

enum err tdvf_parse(struct bytes image, struct tdvf *f, struct err_note *note)
{
    static const uint8_t signature[] = {'T', 'D', 'V', 'F'};
    uint32_t offset = 0;
    memset(f, 0, sizeof *f);
    f->image = image;
    enum err e = metadata_offset(image, &offset, note);
    if (e != ERR_OK)
        return e;
    struct reader r = reader_over(image);
    (void)reader_bytes(&r, offset);
    struct bytes magic = reader_bytes(&r, sizeof signature);
    uint32_t size = reader_u32le(&r);
    uint32_t version = reader_u32le(&r);
    uint32_t count = reader_u32le(&r);
    if (reader_status(&r) != ERR_OK || !bytes_equal(magic, bytes_of(signature, sizeof signature)) ||
        version != METADATA_VERSION)
        return err_noted(ERR_UNKNOWN, note, "TDVF metadata: not of version %d", METADATA_VERSION);
    if (count == 0 || count > TDVF_SECTIONS_MAX ||
        size != METADATA_HEADER_SIZE + count * METADATA_SECTION_SIZE)
        return err_noted(ERR_VALUE, note, "TDVF metadata: %u sections in %u bytes", count, size);
    for (uint32_t i = 0; e == ERR_OK && i < count; i++)
        e = section_read(&r, f, note);
    return e;
}

enum err tdvf_find(const struct tdvf *f, enum tdvf_section_type type, const struct tdvf_section **section,
                   struct err_note *note)
{
    size_t found = 0;
    *section = NULL;
    for (size_t i = 0; i < f->section_count; i++)
        if (f->sections[i].type == type) {
            *section = &f->sections[i];
            found++;
        }
    return found == 1 ? ERR_OK
                      : err_noted(ERR_VALUE, note, "TDVF metadata: %zu sections %s, wanted one", found,
                                  types[type].name);
}
