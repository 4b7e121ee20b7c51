/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/acpi.h"

#include "base/reader.h"
#include "base/writer.h"

#define FILE_TABLES "etc/acpi/tables"
#define FILE_RSDP   "etc/acpi/rsdp"

/* ACPI Specification 6.5, section 5.2: the header of a table, and where FADT and RSDT keep their pointers. */
enum {
    NAME_SIZE = 4,
    HEADER_SIZE = 36,
    CHECKSUM_AT = 9,
    FADT_FACS_AT = 36,
    FADT_DSDT_AT = 40,
    FADT_X_DSDT_AT = 140,
    RSDP_ROOT_AT = 16,
    RSDP_CHECKSUM_AT = 8,
    POINTER = 4,
    LONG_POINTER = 8,
    TABLES_MAX = 32,
};

/* One command of the script. */
enum { COMMAND_ALLOCATE = 1, COMMAND_POINTER = 2, COMMAND_CHECKSUM = 3 };
enum {
    COMMAND_SIZE = 128,
    FILE_NAME_SIZE = 56,
    ZONE_HIGH = 1,
    ZONE_FSEG = 2,
    ALIGN_TABLES = 64,
    ALIGN_RSDP = 16
};

/* What the script does for each table. FACS has no checksum; the others have nothing but one, unless it is said here. */
enum kind { KIND_FACS, KIND_PLAIN, KIND_FADT, KIND_RSDT, KIND_UNKNOWN };
static const struct {
    const char *name;
    enum kind kind;
} known[] = {
    {"FACS", KIND_FACS},  {"DSDT", KIND_PLAIN}, {"FACP", KIND_FADT},  {"APIC", KIND_PLAIN},
    {"HPET", KIND_PLAIN}, {"MCFG", KIND_PLAIN}, {"WAET", KIND_PLAIN}, {"SRAT", KIND_PLAIN},
    {"SLIT", KIND_PLAIN}, {"SSDT", KIND_PLAIN}, {"DMAR", KIND_PLAIN}, {"VIOT", KIND_PLAIN},
    {"RSDT", KIND_RSDT},
};

struct table {
    struct bytes name;
    enum kind kind;
    uint32_t offset, size;
};

struct list {
    size_t count;
    struct table at[TABLES_MAX];
    const struct table *root;
};

static void kind_find(struct table *t)
{
    t->kind = KIND_UNKNOWN;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes_is_str(t->name, known[i].name))
            t->kind = known[i].kind;
}

static enum err table_read(struct reader *r, struct list *list, struct err_note *note)
{
    struct table *t = &list->at[list->count];
    t->offset = (uint32_t)r->offset;
    struct reader ahead = *r;
    t->name = reader_bytes(&ahead, NAME_SIZE);
    t->size = reader_u32le(&ahead);
    (void)reader_bytes(r, t->size);
    if (reader_status(r) != ERR_OK || t->size < HEADER_SIZE)
        return err_noted(ERR_VALUE, note, "ACPI tables: 0x%x bytes at 0x%x", t->size, t->offset);
    kind_find(t);
    if (t->kind == KIND_RSDT && (list->root != NULL || (t->size - HEADER_SIZE) % POINTER != 0))
        return err_noted(ERR_VALUE, note, "ACPI tables: RSDT at 0x%x", t->offset);
    if (t->kind == KIND_FADT && t->size < FADT_X_DSDT_AT + LONG_POINTER)
        return err_noted(ERR_VALUE, note, "ACPI tables: FADT of %u bytes", t->size);
    if (t->kind == KIND_RSDT)
        list->root = t;
    list->count++;
    return ERR_OK;
}

/* The tables stand one behind the other; zeros follow. */
static enum err list_read(struct bytes tables, struct list *list, struct err_note *note)
{
    *list = (struct list){0};
    if (tables.len > ACPI_TABLES_MAX)
        return err_noted(ERR_TOO_LARGE, note, "ACPI tables of %zu bytes", tables.len);
    struct reader r = reader_over(tables);
    enum err e = ERR_OK;
    while (e == ERR_OK && r.left > 0 && *r.at != 0)
        e = list->count == TABLES_MAX ? err_noted(ERR_TOO_LARGE, note, "more than %d ACPI tables", TABLES_MAX)
                                      : table_read(&r, list, note);
    if (e == ERR_OK) {
        reader_zeros(&r, r.left);
        e = reader_finish(&r);
        if (e != ERR_OK)
            e = err_noted(e, note, "ACPI tables: something behind the last, at 0x%zx", r.failed_at);
    }
    if (e == ERR_OK && list->root == NULL)
        e = err_noted(ERR_VALUE, note, "ACPI tables: there is no RSDT");
    return e;
}

enum err acpi_rsdp(struct bytes tables, uint8_t out[static ACPI_RSDP_SIZE], struct err_note *note)
{
    struct list list;
    struct bytes all;
    enum err e = list_read(tables, &list, note);
    if (e != ERR_OK)
        return e;
    struct writer w = writer_into(out, ACPI_RSDP_SIZE);
    writer_str(&w, "RSD PTR ");
    writer_u8(&w, 0); /* checksum: filled in by the script */
    writer_str(&w, "BOCHS ");
    writer_u8(&w, 0); /* revision: ACPI 1.0 */
    writer_u32le(&w, list.root->offset);
    return writer_finish(&w, &all);
}

/* ---- processors: ACPI Specification 6.5, section 5.2.12 ---- */

enum { MADT_ENTRIES_AT = 44, MADT_LOCAL_APIC = 0, MADT_LOCAL_X2APIC = 9 };

static enum err madt_count(struct bytes tables, const struct table *t, uint32_t *count, struct err_note *note)
{
    struct reader all = reader_over(tables);
    (void)reader_bytes(&all, t->offset);
    struct reader r = reader_sub(&all, t->size);
    (void)reader_bytes(&r, MADT_ENTRIES_AT);
    while (r.failed == ERR_OK && r.left > 0) {
        const uint8_t type = reader_u8(&r);
        const uint8_t size = reader_u8(&r);
        if (size < 2)
            reader_fail(&r, ERR_VALUE);
        (void)reader_bytes(&r, (size_t)size - 2);
        *count += type == MADT_LOCAL_APIC || type == MADT_LOCAL_X2APIC;
    }
    return r.failed == ERR_OK ? ERR_OK : err_noted(r.failed, note, "ACPI tables: MADT at 0x%x", t->offset);
}

enum err acpi_processors(struct bytes tables, uint32_t *count, struct err_note *note)
{
    struct list list;
    *count = 0;
    enum err e = list_read(tables, &list, note);
    for (size_t i = 0; e == ERR_OK && i < list.count; i++)
        if (bytes_is_str(list.at[i].name, "APIC"))
            e = madt_count(tables, &list.at[i], count, note);
    return e;
}

/* ---- the script ---- */

static void file_put(struct writer *w, const char *name)
{
    writer_str(w, name);
    writer_zeros(w, FILE_NAME_SIZE - strlen(name));
}

static void allocate_put(struct writer *w, const char *file, uint32_t alignment, uint8_t zone)
{
    writer_u32le(w, COMMAND_ALLOCATE);
    file_put(w, file);
    writer_u32le(w, alignment);
    writer_u8(w, zone);
    writer_zeros(w, COMMAND_SIZE - 4 - FILE_NAME_SIZE - 4 - 1);
}

static void pointer_put(struct writer *w, const char *file, uint32_t offset, uint8_t size)
{
    writer_u32le(w, COMMAND_POINTER);
    file_put(w, file);
    file_put(w, FILE_TABLES);
    writer_u32le(w, offset);
    writer_u8(w, size);
    writer_zeros(w, COMMAND_SIZE - 4 - 2 * FILE_NAME_SIZE - 4 - 1);
}

static void checksum_put(struct writer *w, const char *file, uint32_t at, uint32_t start, uint32_t size)
{
    writer_u32le(w, COMMAND_CHECKSUM);
    file_put(w, file);
    writer_u32le(w, at);
    writer_u32le(w, start);
    writer_u32le(w, size);
    writer_zeros(w, COMMAND_SIZE - 4 - FILE_NAME_SIZE - 3 * 4);
}

static void table_put(struct writer *w, const struct table *t)
{
    if (t->kind == KIND_FACS)
        return;
    if (t->kind == KIND_FADT) {
        pointer_put(w, FILE_TABLES, t->offset + FADT_FACS_AT, POINTER);
        pointer_put(w, FILE_TABLES, t->offset + FADT_DSDT_AT, POINTER);
        pointer_put(w, FILE_TABLES, t->offset + FADT_X_DSDT_AT, LONG_POINTER);
    }
    if (t->kind == KIND_RSDT)
        for (uint32_t at = HEADER_SIZE; at < t->size; at += POINTER)
            pointer_put(w, FILE_TABLES, t->offset + at, POINTER);
    checksum_put(w, FILE_TABLES, t->offset + CHECKSUM_AT, t->offset, t->size);
}

enum err acpi_loader(struct bytes tables, uint8_t out[static ACPI_LOADER_SIZE], struct err_note *note)
{
    struct list list;
    struct bytes all;
    enum err e = list_read(tables, &list, note);
    if (e != ERR_OK)
        return e;
    memset(out, 0, ACPI_LOADER_SIZE);
    struct writer w = writer_into(out, ACPI_LOADER_SIZE);
    allocate_put(&w, FILE_RSDP, ALIGN_RSDP, ZONE_FSEG);
    allocate_put(&w, FILE_TABLES, ALIGN_TABLES, ZONE_HIGH);
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i].kind == KIND_UNKNOWN)
            return err_noted(
                ERR_UNKNOWN, note,
                "ACPI tables: a table at 0x%x whose part in QEMU's script is not known; give the script",
                list.at[i].offset);
        table_put(&w, &list.at[i]);
    }
    pointer_put(&w, FILE_RSDP, RSDP_ROOT_AT, POINTER);
    checksum_put(&w, FILE_RSDP, RSDP_CHECKSUM_AT, 0, ACPI_RSDP_SIZE);
    e = writer_finish(&w, &all);
    return e == ERR_OK ? ERR_OK
                       : err_noted(e, note, "ACPI tables: QEMU's script for them is larger than is known");
}
