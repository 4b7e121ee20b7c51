/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/ovmf.h"

#include "base/reader.h"
#include "launch/guid.h"

/* Behind the table stand the 32 bytes of the reset vector. An entry is its data, the entry's size (2, little endian), its GUID; the table's own entry, which is
 * the last, has the size of the whole table. */
enum { RESET_VECTOR_SIZE = 32, ENTRY_TAIL = 2 + GUID_SIZE, ENTRIES_MAX = 64 };

#define GUID_TABLE        "96b582de-1fb2-45f7-baea-a366c55a082d"
#define GUID_HASH_TABLE   "7255371f-3a3b-4b04-927b-1da6efa8d454"
#define GUID_RESET_BLOCK  "00f771de-1a7e-4fcb-890e-68c77e2fb44e"
#define GUID_SEV_METADATA "dc886566-984a-4798-a75e-5585a7bf67cc"
#define GUID_SVSM_INFO    "a789a612-0597-4c4b-a49f-cbb1fe9d1ddd"

/* ---- the table ---- */

struct entry {
    struct bytes data;
    uint8_t guid[GUID_SIZE];
};

/* The first n bytes of b. */
static struct bytes head(struct bytes b, size_t n)
{
    struct reader r = reader_over(b);
    return reader_bytes(&r, n);
}

static struct bytes tail(struct bytes b, size_t n)
{
    struct reader r = reader_over(b);
    (void)reader_bytes(&r, b.len - n);
    return reader_rest(&r);
}

/* Takes the entry at the end of *table off it. */
static enum err entry_take(struct bytes *table, struct entry *entry, struct err_note *note)
{
    if (table->len < ENTRY_TAIL)
        return err_noted(ERR_TRUNCATED, note, "firmware table: %zu bytes are no entry", table->len);
    struct reader r = reader_over(tail(*table, ENTRY_TAIL));
    size_t size = reader_u16le(&r);
    reader_copy(&r, entry->guid, sizeof entry->guid);
    if (size < ENTRY_TAIL || size > table->len)
        return err_noted(ERR_VALUE, note, "firmware table: an entry of %zu bytes, with %zu left", size,
                         table->len);
    entry->data = head(tail(*table, size), size - ENTRY_TAIL);
    *table = head(*table, table->len - size);
    return ERR_OK;
}

/* The table without its own entry. */
static enum err table_find(struct bytes image, struct bytes *table, struct err_note *note)
{
    uint8_t wanted[GUID_SIZE];
    struct entry own = {0};
    guid_of(GUID_TABLE, wanted);
    if (image.len > OVMF_SIZE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "firmware of %zu bytes, at most %d are taken", image.len,
                         OVMF_SIZE_MAX);
    if (image.len < RESET_VECTOR_SIZE + ENTRY_TAIL)
        return err_noted(ERR_TRUNCATED, note, "firmware of %zu bytes", image.len);
    struct bytes rest = head(image, image.len - RESET_VECTOR_SIZE);
    struct reader r = reader_over(tail(rest, ENTRY_TAIL));
    (void)reader_u16le(&r);
    if (!bytes_equal(reader_rest(&r), bytes_of(wanted, sizeof wanted)))
        return err_noted(ERR_UNKNOWN, note, "the firmware has no table of GUIDs at its end");
    enum err e = entry_take(&rest, &own, note);
    *table = own.data;
    return e;
}

enum err ovmf_table_entry(struct bytes image, const char *guid, struct bytes *data, struct err_note *note)
{
    uint8_t wanted[GUID_SIZE];
    struct bytes table = {0};
    bool found = false;
    guid_of(guid, wanted);
    *data = (struct bytes){0};
    enum err e = table_find(image, &table, note);
    for (size_t i = 0; e == ERR_OK && table.len > 0; i++) {
        struct entry entry = {0};
        if (i == ENTRIES_MAX)
            return err_noted(ERR_TOO_LARGE, note, "firmware table: more than %d entries", ENTRIES_MAX);
        e = entry_take(&table, &entry, note);
        if (e != ERR_OK || memcmp(entry.guid, wanted, sizeof wanted) != 0)
            continue;
        if (found)
            return err_noted(ERR_VALUE, note, "firmware table: %s is there twice", guid);
        found = true;
        *data = entry.data;
    }
    return e;
}

/* One or two numbers of 32 bits; second NULL: there is one. */
static enum err numbers_read(struct bytes image, const char *guid, bool *has, uint32_t *first,
                             uint32_t *second, struct err_note *note)
{
    struct bytes data = {0};
    enum err e = ovmf_table_entry(image, guid, &data, note);
    *has = e == ERR_OK && data.len != 0;
    if (!*has)
        return e;
    struct reader r = reader_over(data);
    *first = reader_u32le(&r);
    if (second != NULL)
        *second = reader_u32le(&r);
    if (reader_finish(&r) != ERR_OK)
        return err_noted(ERR_VALUE, note, "firmware table: %s has %zu bytes", guid, data.len);
    return ERR_OK;
}

/* ---- the areas of memory ---- */

/* edk2, OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm: "ASEV", length, version, count; then address, size, type of each. */
enum { METADATA_VERSION = 1, METADATA_HEADER_SIZE = 16, METADATA_SECTION_SIZE = 12 };

static enum err section_read(struct reader *r, struct ovmf_section *s, struct err_note *note)
{
    s->gpa = reader_u32le(r);
    s->size = reader_u32le(r);
    s->type = reader_u32le(r);
    switch (s->type) {
    case OVMF_SECTION_SEC_MEM:
    case OVMF_SECTION_SECRETS:
    case OVMF_SECTION_CPUID:
    case OVMF_SECTION_SVSM_CAA:
    case OVMF_SECTION_KERNEL_HASHES:
        break;
    default:
        return err_noted(ERR_UNKNOWN, note, "firmware metadata: a section of type 0x%x", s->type);
    }
    if (s->gpa % OVMF_PAGE_SIZE != 0 || s->size % OVMF_PAGE_SIZE != 0 || s->size == 0 ||
        s->size > OVMF_SECTION_SIZE_MAX)
        return err_noted(ERR_VALUE, note, "firmware metadata: a section of 0x%x bytes at 0x%x", s->size,
                         s->gpa);
    return ERR_OK;
}

static enum err metadata_read(struct ovmf *f, struct err_note *note)
{
    static const uint8_t signature[] = {'A', 'S', 'E', 'V'};
    uint32_t offset; /* from the end of the image */
    bool there;
    enum err e = numbers_read(f->image, GUID_SEV_METADATA, &there, &offset, NULL, note);
    if (e != ERR_OK || !there)
        return e;
    if (offset > f->image.len)
        return err_noted(ERR_VALUE, note, "firmware metadata: 0x%x bytes before the end of 0x%zx", offset,
                         f->image.len);
    struct reader r = reader_over(tail(f->image, offset));
    struct bytes magic = reader_bytes(&r, sizeof signature);
    uint32_t size = reader_u32le(&r);
    uint32_t version = reader_u32le(&r);
    uint32_t count = reader_u32le(&r);
    if (reader_status(&r) != ERR_OK || !bytes_equal(magic, bytes_of(signature, sizeof signature)) ||
        version != METADATA_VERSION)
        return err_noted(ERR_UNKNOWN, note, "firmware metadata: not of version %d", METADATA_VERSION);
    if (count > OVMF_SECTIONS_MAX || size != METADATA_HEADER_SIZE + count * METADATA_SECTION_SIZE)
        return err_noted(ERR_VALUE, note, "firmware metadata: %u sections in %u bytes", count, size);
    for (uint32_t i = 0; e == ERR_OK && i < count; i++)
        e = section_read(&r, &f->sections[f->section_count++], note);
    if (e == ERR_OK && reader_status(&r) != ERR_OK)
        e = err_noted(ERR_TRUNCATED, note, "firmware metadata: cut off");
    return e;
}

enum err ovmf_parse(struct bytes image, struct ovmf *f, struct err_note *note)
{
    memset(f, 0, sizeof *f);
    f->image = image;
    enum err e = numbers_read(image, GUID_RESET_BLOCK, &f->has_reset_eip, &f->reset_eip, NULL, note);
    if (e == ERR_OK)
        e = numbers_read(image, GUID_HASH_TABLE, &f->has_hash_table, &f->hash_table_gpa, &f->hash_table_size,
                         note);
    if (e == ERR_OK)
        e = numbers_read(image, GUID_SVSM_INFO, &f->has_svsm, &f->svsm_entry, NULL, note);
    /* An image that takes no kernel's hashes has zeros there. */
    f->has_hash_table = f->has_hash_table && f->hash_table_gpa != 0;
    return e == ERR_OK ? metadata_read(f, note) : e;
}
