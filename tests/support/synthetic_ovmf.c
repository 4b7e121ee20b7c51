/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_ovmf.h"

#include "base/writer.h"
#include "launch/guid.h"

enum { METADATA_FROM_END = 0x600, RESET_VECTOR = 32, TAIL = 2 + GUID_SIZE };

void synthetic_ovmf_init(struct synthetic_ovmf *o)
{
    static const struct ovmf_section sections[] = {
        {0x800000, 0x2000, OVMF_SECTION_SEC_MEM},       {0x80d000, 0x1000, OVMF_SECTION_SECRETS},
        {0x80e000, 0x1000, OVMF_SECTION_CPUID},         {0x80f000, 0x1000, OVMF_SECTION_SVSM_CAA},
        {0x810000, 0x1000, OVMF_SECTION_KERNEL_HASHES},
    };
    memset(o, 0, sizeof *o);
    o->reset_eip = 0x80b004;
    o->hash_table_gpa = 0x810c00;
    o->hash_table_size = 0x400;
    o->section_count = sizeof sections / sizeof *sections;
    memcpy(o->sections, sections, sizeof sections);
    memcpy(o->signature, "ASEV", sizeof o->signature);
    o->metadata_version = 1;
}

/* Writes an entry so that it ends where *end stands, and moves *end before it. */
static void entry_put(struct synthetic_ovmf *o, size_t *end, const char *guid_text, struct bytes data,
                      int size_off)
{
    uint8_t guid[GUID_SIZE];
    guid_of(guid_text, guid);
    *end -= data.len + TAIL;
    struct writer w = writer_into(o->image + *end, data.len + TAIL);
    writer_bytes(&w, data);
    writer_u16le(&w, (uint16_t)(data.len + TAIL + (size_t)size_off));
    writer_bytes(&w, bytes_of(guid, sizeof guid));
}

static struct bytes numbers(uint8_t *buffer, uint32_t first, uint32_t second, size_t count)
{
    struct writer w = writer_into(buffer, 8);
    writer_u32le(&w, first);
    writer_u32le(&w, second);
    return bytes_of(buffer, count * 4);
}

static void metadata_put(struct synthetic_ovmf *o)
{
    struct writer w = writer_into(o->image + SYNTHETIC_OVMF_SIZE - METADATA_FROM_END, METADATA_FROM_END);
    uint32_t count = o->metadata_count != 0 ? o->metadata_count : (uint32_t)o->section_count;
    writer_bytes(&w, bytes_of(o->signature, sizeof o->signature));
    writer_u32le(&w, o->metadata_size != 0 ? o->metadata_size : 16 + count * 12);
    writer_u32le(&w, o->metadata_version);
    writer_u32le(&w, count);
    for (size_t i = 0; i < o->section_count; i++) {
        writer_u32le(&w, o->sections[i].gpa);
        writer_u32le(&w, o->sections[i].size);
        writer_u32le(&w, o->sections[i].type);
    }
}

struct bytes synthetic_ovmf_build(struct synthetic_ovmf *o)
{
    uint8_t buffer[8];
    const size_t table_end = SYNTHETIC_OVMF_SIZE - RESET_VECTOR;
    size_t end = table_end - TAIL;
    for (size_t i = 0; i < sizeof o->image; i++)
        o->image[i] = (uint8_t)(i * 31 >> 3);
    metadata_put(o);
    entry_put(o, &end, "00f771de-1a7e-4fcb-890e-68c77e2fb44e",
              numbers(buffer, o->reset_eip, 0, o->long_reset_block ? 2 : 1), o->entry_size_off);
    if (o->twice)
        entry_put(o, &end, "00f771de-1a7e-4fcb-890e-68c77e2fb44e", numbers(buffer, o->reset_eip, 0, 1), 0);
    entry_put(o, &end, "7255371f-3a3b-4b04-927b-1da6efa8d454",
              numbers(buffer, o->hash_table_gpa, o->hash_table_size, 2), 0);
    entry_put(o, &end, "dc886566-984a-4798-a75e-5585a7bf67cc",
              numbers(buffer, o->metadata_offset != 0 ? o->metadata_offset : METADATA_FROM_END, 0, 1), 0);
    for (size_t i = 0; i < o->padding_entries; i++)
        entry_put(o, &end, "11111111-2222-3333-4444-555555555555", (struct bytes){0}, 0);
    const size_t table_size = table_end - end;
    end = table_end;
    entry_put(o, &end,
              o->no_table ? "11111111-2222-3333-4444-555555555555" : "96b582de-1fb2-45f7-baea-a366c55a082d",
              (struct bytes){0}, (int)table_size - TAIL + o->table_size_off);
    return bytes_of(o->image, sizeof o->image);
}
