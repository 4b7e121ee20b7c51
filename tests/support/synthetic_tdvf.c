/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_tdvf.h"

#include "base/writer.h"
#include "launch/guid.h"

enum {
    METADATA_FROM_END = 0x600,
    RESET_VECTOR = 32,
    TAIL = 2 + GUID_SIZE,
    STORE_AT = 0x48,
    STORE_HEADER = 28
};

void synthetic_tdvf_init(struct synthetic_tdvf *t)
{
    static const struct synthetic_section sections[] = {
        {SYNTHETIC_TDVF_VARIABLES, SYNTHETIC_TDVF_CODE, 0xffffe000, SYNTHETIC_TDVF_CODE, TDVF_SECTION_BFV,
         TDVF_ATTRIBUTE_MR_EXTEND},
        {0, SYNTHETIC_TDVF_VARIABLES, 0xffc00000, SYNTHETIC_TDVF_VARIABLES, TDVF_SECTION_CFV, 0},
        {0, 0, 0x811000, 0xf000, TDVF_SECTION_TEMP_MEM, 0},
        {0, 0, 0x80b000, 0x2000, TDVF_SECTION_TEMP_MEM, 0},
        {0, 0, 0x809000, 0x2000, TDVF_SECTION_TD_HOB, 0},
        {0, 0, 0x800000, 0x6000, TDVF_SECTION_TEMP_MEM, 0},
    };
    memset(t, 0, sizeof *t);
    t->section_count = sizeof sections / sizeof *sections;
    memcpy(t->sections, sections, sizeof sections);
    memcpy(t->signature, "TDVF", sizeof t->signature);
    t->version = 1;
}

static void guid_put(struct writer *w, const char *text)
{
    uint8_t guid[GUID_SIZE];
    guid_of(text, guid);
    writer_bytes(w, bytes_of(guid, sizeof guid));
}

/* An empty store of variables as edk2's build makes it: volume header, store header, and the header of its spare area. */
static void variables_put(struct synthetic_tdvf *t)
{
    enum { SPARE_AT = 0x41000 };
    memset(t->image, 0xff, SYNTHETIC_TDVF_VARIABLES);
    struct writer w = writer_into(t->image, SYNTHETIC_TDVF_VARIABLES);
    writer_zeros(&w, 16);
    guid_put(&w, "fff12b8d-7696-4c8b-a985-2747075b4f50");
    writer_u64le(&w, SYNTHETIC_TDVF_VARIABLES);
    writer_str(&w, "_FVH");
    writer_u32le(&w, 0x4feff);
    writer_u16le(&w, STORE_AT);
    writer_u16le(&w, 0xb8af); /* checksum */
    writer_u16le(&w, 0);
    writer_u8(&w, 0);
    writer_u8(&w, 2);
    writer_u32le(&w, SYNTHETIC_TDVF_VARIABLES / OVMF_PAGE_SIZE);
    writer_u32le(&w, OVMF_PAGE_SIZE);
    writer_zeros(&w, 8);
    guid_put(&w, "aaf32c78-947b-439a-a180-2e144ec37792");
    writer_u32le(&w, 0x3ffb8);
    writer_u8(&w, 0x5a);
    writer_u8(&w, 0xfe);
    writer_zeros(&w, 6);
    w = writer_into(t->image + SPARE_AT, 64);
    guid_put(&w, "9e58292b-7c68-497d-a0ce-6500fd9f1b95");
    writer_u32le(&w, 0x642caf2c);
    writer_u32le(&w, 0xfffffffe);
    writer_u64le(&w, 0xfe0);
}

static void metadata_put(struct synthetic_tdvf *t)
{
    struct writer w = writer_into(t->image + SYNTHETIC_TDVF_SIZE - METADATA_FROM_END, METADATA_FROM_END);
    writer_bytes(&w, bytes_of(t->signature, sizeof t->signature));
    writer_u32le(&w, t->metadata_size != 0 ? t->metadata_size : (uint32_t)(16 + 32 * t->section_count));
    writer_u32le(&w, t->version);
    writer_u32le(&w, (uint32_t)t->section_count);
    for (size_t i = 0; i < t->section_count; i++) {
        const struct synthetic_section *s = &t->sections[i];
        writer_u32le(&w, s->offset);
        writer_u32le(&w, s->raw_size);
        writer_u64le(&w, s->gpa);
        writer_u64le(&w, s->size);
        writer_u32le(&w, s->type);
        writer_u32le(&w, s->attributes);
    }
}

static void entry_put(struct synthetic_tdvf *t, size_t *end, const char *guid, struct bytes data, size_t size)
{
    *end -= data.len + TAIL;
    struct writer w = writer_into(t->image + *end, data.len + TAIL);
    writer_bytes(&w, data);
    writer_u16le(&w, (uint16_t)size);
    guid_put(&w, guid);
}

struct bytes synthetic_tdvf_build(struct synthetic_tdvf *t)
{
    uint8_t number[4];
    const size_t table_end = SYNTHETIC_TDVF_SIZE - RESET_VECTOR;
    size_t end = table_end - TAIL;
    const uint32_t offset = t->metadata_offset != 0 ? t->metadata_offset : METADATA_FROM_END;
    variables_put(t);
    for (size_t i = SYNTHETIC_TDVF_VARIABLES; i < SYNTHETIC_TDVF_SIZE; i++)
        t->image[i] = (uint8_t)(i * 31 >> 3);
    metadata_put(t);
    struct writer w = writer_into(t->no_table ? t->image + table_end : number, sizeof number);
    writer_u32le(&w, t->no_table ? SYNTHETIC_TDVF_SIZE - offset : offset);
    if (!t->no_table) {
        entry_put(t, &end,
                  t->no_entry ? "11111111-2222-3333-4444-555555555555"
                              : "e47a6535-984a-4798-865e-4685a7bf8ec2",
                  bytes_of(number, sizeof number), sizeof number + TAIL);
        const size_t table_size = table_end - end;
        end = table_end;
        entry_put(t, &end, "96b582de-1fb2-45f7-baea-a366c55a082d", (struct bytes){0}, table_size);
    }
    return bytes_of(t->image, sizeof t->image);
}

void synthetic_tdvf_variable(struct synthetic_tdvf *t, size_t *at, uint8_t state, const char *vendor,
                             const char *name, struct bytes value)
{
    struct writer w = writer_into(t->image + STORE_AT + STORE_HEADER + *at, 0x4000);
    writer_u16le(&w, 0x55aa);
    writer_u8(&w, state);
    writer_u8(&w, 0);
    writer_u32le(&w, 0x27);
    writer_zeros(&w, 28);
    writer_u32le(&w, (uint32_t)(2 * (strlen(name) + 1)));
    writer_u32le(&w, (uint32_t)value.len);
    guid_put(&w, vendor);
    for (const char *c = name; *c != '\0'; c++)
        writer_u16le(&w, (uint16_t)(unsigned char)*c);
    writer_u16le(&w, 0);
    writer_bytes(&w, value);
    *at += (w.used + 3) / 4 * 4;
}
