/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/smbios.h"

#include <stdlib.h>

#include "base/reader.h"
#include "crypto/crypto.h"

/* DMTF DSP0134 (SMBIOS), section 6.1. */
enum {
    HEADER_SIZE = 4, /* type, length of the formatted part, handle */
    STRINGS_MAX = 255,
    TYPE_PROCESSOR = 4,
    TYPE_END = 127,
    TYPE_OEM = 128, /* and all above */
    STRUCTURES_MAX = 4096,
};

/* Where a processor says which it is: CPUID leaf 1, EAX (Intel SDM, volume 2, "Version Information"). TDX came with Sapphire Rapids, of family 6. */
enum {
    PROCESSOR_ID_AT = 8,
    MODEL_SHIFT = 4,
    FAMILY_SHIFT = 8,
    MODEL_EXTENDED_SHIFT = 16,
    FAMILY_EXTENDED_SHIFT = 20,
    FAMILY_6 = 6,
    FAMILY_15 = 15,
    MODEL_SAPPHIRE_RAPIDS = 143,
};

/* A structure, by places in the table. */
struct structure {
    uint8_t type;
    size_t at;
    size_t length; /* of the formatted part, header included */
    size_t end;    /* behind its strings */
    size_t string_count;
    struct {
        size_t at, length;
    } strings[STRINGS_MAX];
};

/* What is blotted out, by structure and field: a number becomes zero, a text spaces, and its field zero too. */
static const struct field {
    uint8_t type, at, size;
    bool is_text;
} fields[] = {
    {1, 0x07, 1, true},   /* serial number */
    {1, 0x08, 16, false}, /* UUID */
    {1, 0x18, 1, false},  /* what woke it */
    {2, 0x07, 1, true},   /* serial number */
    {2, 0x0a, 1, true},   /* place in the chassis */
    {3, 0x07, 1, true},   /* serial number */
    {3, 0x08, 1, true},   /* asset tag */
    {4, 0x20, 1, true},   /* serial number */
    {4, 0x21, 1, true},   /* asset tag */
    {4, 0x22, 1, true},   /* part number */
    {4, 0x23, 1, false},  /* cores */
    {4, 0x24, 1, false},  /* cores in use */
    {4, 0x25, 1, false},  /* threads */
    {4, 0x2a, 2, false},  /* cores, again */
    {4, 0x2c, 2, false},  /* cores in use, again */
    {4, 0x2e, 2, false},  /* threads, again */
    {4, 0x16, 2, false},  /* speed, at present */
    {4, 0x11, 1, false},  /* voltage */
    {17, 0x18, 1, true},  /* serial number */
    {17, 0x19, 1, true},  /* asset tag */
    {17, 0x1a, 1, true},  /* part number */
    {22, 0x07, 1, true},  /* serial number */
    {22, 0x10, 2, false}, /* serial number, in numbers */
    {22, 0x12, 2, false}, /* date */
    {23, 0x05, 2, false}, /* resets */
    {27, 0x0c, 2, false}, /* speed */
    {39, 0x08, 1, true},  /* serial number */
    {39, 0x09, 1, true},  /* asset tag */
    {39, 0x0a, 1, true},  /* part number */
};

/* Of these nothing but the header counts: OEM strings, event log, 32-bit memory error, boot integrity services, 64-bit memory error. */
static const uint8_t blank[] = {11, 15, 18, 31, 33};

/* ---- one structure ---- */

/* Texts, each with its NUL, and one NUL behind the last; two, where there is none. */
static void strings_read(struct reader *r, struct structure *s)
{
    struct reader ahead = *r;
    s->string_count = 0;
    if (reader_u8(&ahead) == 0 && reader_status(&ahead) == ERR_OK) {
        reader_zeros(r, 2);
        return;
    }
    for (uint8_t c = reader_u8(r); c != 0 && reader_status(r) == ERR_OK; c = reader_u8(r)) {
        if (s->string_count == STRINGS_MAX) {
            reader_fail(r, ERR_TOO_LARGE);
            return;
        }
        const size_t at = r->offset - 1;
        while (reader_u8(r) != 0)
            ;
        s->strings[s->string_count].at = at;
        s->strings[s->string_count++].length = r->offset - 1 - at;
    }
}

static enum err structure_read(struct reader *r, struct structure *s)
{
    s->at = r->offset;
    s->type = reader_u8(r);
    s->length = reader_u8(r);
    (void)reader_u16le(r); /* handle */
    if (reader_status(r) == ERR_OK && s->length < HEADER_SIZE)
        reader_fail(r, ERR_VALUE);
    else
        (void)reader_bytes(r, s->length - HEADER_SIZE);
    strings_read(r, s);
    s->end = r->offset;
    return reader_status(r);
}

static bool is_blank(uint8_t type)
{
    return type >= TYPE_OEM || memchr(blank, type, sizeof blank) != NULL;
}

static enum err text_clear(const struct structure *s, uint8_t *table, const struct field *f,
                           struct err_note *note)
{
    const uint8_t number = table[s->at + f->at];
    if (number > s->string_count)
        return err_noted(ERR_VALUE, note, "SMBIOS: structure of type %d at %zu names text %d of %zu", s->type,
                         s->at, number, s->string_count);
    if (number != 0)
        memset(table + s->strings[number - 1].at, ' ', s->strings[number - 1].length);
    return ERR_OK;
}

static enum err structure_clear(const struct structure *s, uint8_t *table, struct err_note *note)
{
    enum err e = ERR_OK;
    if (is_blank(s->type)) {
        memset(table + s->at + HEADER_SIZE, 0, s->end - s->at - HEADER_SIZE);
        return ERR_OK;
    }
    for (size_t i = 0; e == ERR_OK && i < sizeof fields / sizeof *fields; i++) {
        const struct field *f = &fields[i];
        if (f->type != s->type || s->length < (size_t)f->at + f->size)
            continue;
        if (f->is_text)
            e = text_clear(s, table, f, note);
        if (e == ERR_OK)
            memset(table + s->at + f->at, 0, f->size);
    }
    return e;
}

/* ---- the processor ---- */

static bool has_tdx(uint32_t signature)
{
    uint32_t family = signature >> FAMILY_SHIFT & 0xf;
    const uint32_t model = (signature >> MODEL_SHIFT & 0xf) | (signature >> MODEL_EXTENDED_SHIFT & 0xf) << 4;
    if (family == FAMILY_15)
        family += signature >> FAMILY_EXTENDED_SHIFT & 0xff;
    return family > FAMILY_15 || (family == FAMILY_6 && model >= MODEL_SAPPHIRE_RAPIDS);
}

static enum err processor_set(const struct structure *s, uint8_t *table, const uint8_t *processor_id,
                              struct err_note *note)
{
    if (s->length < PROCESSOR_ID_AT + SMBIOS_PROCESSOR_ID_SIZE)
        return err_noted(ERR_VALUE, note, "SMBIOS: a processor's structure of %zu bytes", s->length);
    uint8_t *id = table + s->at + PROCESSOR_ID_AT;
    if (processor_id != NULL)
        memcpy(id, processor_id, SMBIOS_PROCESSOR_ID_SIZE);
    struct reader r = reader_over(bytes_of(id, SMBIOS_PROCESSOR_ID_SIZE));
    const uint32_t signature = reader_u32le(&r);
    if (!has_tdx(signature))
        return err_noted(
            ERR_VALUE, note,
            "SMBIOS: the processor says 0x%08x of itself, and none such has TDX: it is an emulated "
            "machine's; give the server's",
            signature);
    return ERR_OK;
}

/* ---- all of them ---- */

static enum err structures_clear(struct reader *r, uint8_t *table, const uint8_t *processor_id,
                                 struct err_note *note)
{
    struct structure s = {0};
    for (size_t i = 0; s.type != TYPE_END; i++) {
        if (i == STRUCTURES_MAX)
            return err_noted(ERR_TOO_LARGE, note, "SMBIOS: more than %d structures", STRUCTURES_MAX);
        enum err e = structure_read(r, &s);
        if (e != ERR_OK)
            return err_noted(e, note, "SMBIOS: the structure at %zu is cut off, or none", s.at);
        if (s.type == TYPE_PROCESSOR)
            e = processor_set(&s, table, processor_id, note);
        if (e == ERR_OK)
            e = structure_clear(&s, table, note);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err smbios_digest(struct bytes table, const uint8_t *processor_id,
                       uint8_t digest[static LAUNCH_REGISTER_SIZE], struct err_note *note)
{
    memset(digest, 0, LAUNCH_REGISTER_SIZE);
    if (table.len == 0 || table.len > SMBIOS_TABLE_MAX)
        return err_noted(table.len == 0 ? ERR_TRUNCATED : ERR_TOO_LARGE, note, "SMBIOS: a table of %zu bytes",
                         table.len);
    uint8_t *copy = malloc(table.len);
    if (copy == NULL)
        return ERR_MEMORY;
    memcpy(copy, table.ptr, table.len);
    struct reader r = reader_over(table);
    enum err e = structures_clear(&r, copy, processor_id, note);
    const struct bytes all = bytes_of(copy, r.offset);
    if (e == ERR_OK) {
        reader_zeros(&r, r.left);
        e = reader_finish(&r);
        if (e != ERR_OK)
            e = err_noted(e, note, "SMBIOS: something stands behind the last structure");
    }
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest);
    free(copy);
    return e;
}
