/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/pe_digest.h"

#include "base/reader.h"
#include "crypto/crypto.h"

/* Microsoft PE format: offsets from the beginning of what they are in. */
enum {
    DOS_MAGIC = 0x5a4d,
    DOS_PE_OFFSET_AT = 0x3c,
    PE_SIGNATURE = 0x4550,
    OPTIONAL_MAGIC_PE32 = 0x10b,
    OPTIONAL_MAGIC_PE32_PLUS = 0x20b,
    OPTIONAL_SIZE_OF_HEADERS_AT = 60,
    OPTIONAL_CHECKSUM_AT = 64,
    CHECKSUM_SIZE = 4,
    DIRECTORY_SECURITY = 4, /* the fifth */
    DIRECTORY_SIZE = 8,
    SECTION_SIZE = 40,
    SECTION_RAW_SIZE_AT = 16,
    FILE_SECTIONS_AT = 2,
    FILE_OPTIONAL_SIZE_AT = 16,
    FILE_HEADER_SIZE = 20,
};

struct range {
    uint32_t start, size;
};

struct pe {
    struct bytes image;
    size_t checksum_at;
    size_t security_at; /* the entry about signatures; 0: there is none */
    uint32_t signatures_size;
    uint32_t header_size;
    size_t section_count;
    struct range sections[PE_SECTIONS_MAX]; /* those with contents, by their place in the file */
};

static struct reader reader_at(struct bytes image, size_t offset)
{
    struct reader r = reader_over(image);
    (void)reader_bytes(&r, offset);
    return r;
}

static void section_insert(struct pe *pe, struct range section)
{
    size_t i = pe->section_count++;
    for (; i > 0 && pe->sections[i - 1].start > section.start; i--)
        pe->sections[i] = pe->sections[i - 1];
    pe->sections[i] = section;
}

static enum err sections_read(struct pe *pe, size_t table_at, uint16_t count, struct err_note *note)
{
    if (count > PE_SECTIONS_MAX)
        return err_noted(ERR_TOO_LARGE, note, "kernel: %u sections, at most %d are taken", count,
                         PE_SECTIONS_MAX);
    struct reader r = reader_at(pe->image, table_at);
    for (uint16_t i = 0; i < count; i++) {
        struct range section;
        (void)reader_bytes(&r, SECTION_RAW_SIZE_AT);
        section.size = reader_u32le(&r);
        section.start = reader_u32le(&r);
        (void)reader_bytes(&r, SECTION_SIZE - SECTION_RAW_SIZE_AT - 4 - 4);
        if (reader_status(&r) != ERR_OK)
            return err_noted(ERR_TRUNCATED, note, "kernel: ends in its table of sections");
        if (section.size != 0)
            section_insert(pe, section);
    }
    return ERR_OK;
}

static enum err optional_read(struct pe *pe, size_t at, uint16_t size, struct err_note *note)
{
    struct reader r = reader_at(pe->image, at);
    const uint16_t magic = reader_u16le(&r);
    if (magic != OPTIONAL_MAGIC_PE32 && magic != OPTIONAL_MAGIC_PE32_PLUS)
        return err_noted(ERR_UNKNOWN, note, "kernel: a PE image of kind 0x%x", magic);
    const size_t count_at = magic == OPTIONAL_MAGIC_PE32 ? 92 : 108;
    pe->checksum_at = at + OPTIONAL_CHECKSUM_AT;
    r = reader_at(pe->image, at + OPTIONAL_SIZE_OF_HEADERS_AT);
    pe->header_size = reader_u32le(&r);
    r = reader_at(pe->image, at + count_at);
    if (reader_u32le(&r) > DIRECTORY_SECURITY) {
        (void)reader_bytes(&r, (size_t)DIRECTORY_SECURITY * DIRECTORY_SIZE);
        pe->security_at = r.offset;
        (void)reader_u32le(&r);
        pe->signatures_size = reader_u32le(&r);
    }
    const size_t end = pe->security_at != 0 ? pe->security_at + DIRECTORY_SIZE : pe->checksum_at + 4;
    if (reader_status(&r) != ERR_OK || end > at + size || pe->header_size < end ||
        pe->header_size > pe->image.len)
        return err_noted(ERR_VALUE, note, "kernel: a PE header of 0x%x bytes that does not hold together",
                         pe->header_size);
    return ERR_OK;
}

static enum err pe_read(struct bytes image, struct pe *pe, struct err_note *note)
{
    *pe = (struct pe){.image = image};
    struct reader r = reader_over(image);
    if (reader_u16le(&r) != DOS_MAGIC)
        return err_noted(ERR_UNKNOWN, note, "kernel: not an EFI program");
    r = reader_at(image, DOS_PE_OFFSET_AT);
    const size_t pe_at = reader_u32le(&r);
    r = reader_at(image, pe_at);
    if (reader_u32le(&r) != PE_SIGNATURE)
        return err_noted(ERR_UNKNOWN, note, "kernel: not an EFI program");
    const size_t file_at = pe_at + sizeof(uint32_t);
    r = reader_at(image, file_at + FILE_SECTIONS_AT);
    const uint16_t section_count = reader_u16le(&r);
    r = reader_at(image, file_at + FILE_OPTIONAL_SIZE_AT);
    const uint16_t optional_size = reader_u16le(&r);
    if (reader_status(&r) != ERR_OK)
        return err_noted(ERR_TRUNCATED, note, "kernel: ends in its header");
    const size_t optional_at = file_at + FILE_HEADER_SIZE;
    enum err e = optional_read(pe, optional_at, optional_size, note);
    return e == ERR_OK ? sections_read(pe, optional_at + optional_size, section_count, note) : e;
}

static enum err feed(struct crypto_hash_stream *s, struct bytes image, size_t start, size_t end)
{
    struct reader r = reader_at(image, start);
    struct bytes part = reader_bytes(&r, end - start);
    return reader_status(&r) == ERR_OK ? crypto_hash_feed(s, part) : ERR_TRUNCATED;
}

static enum err header_feed(struct crypto_hash_stream *s, const struct pe *pe)
{
    size_t from = pe->checksum_at + CHECKSUM_SIZE;
    enum err e = feed(s, pe->image, 0, pe->checksum_at);
    if (e == ERR_OK && pe->security_at != 0) {
        e = feed(s, pe->image, from, pe->security_at);
        from = pe->security_at + DIRECTORY_SIZE;
    }
    return e == ERR_OK ? feed(s, pe->image, from, pe->header_size) : e;
}

/* What stands behind header and sections, but the signatures. */
static enum err tail_feed(struct crypto_hash_stream *s, const struct pe *pe, uint64_t hashed,
                          struct err_note *note)
{
    if (pe->image.len <= hashed)
        return ERR_OK;
    if (pe->image.len < hashed + pe->signatures_size)
        return err_noted(ERR_VALUE, note, "kernel: signatures of 0x%x bytes are not all there",
                         pe->signatures_size);
    return feed(s, pe->image, (size_t)hashed, pe->image.len - pe->signatures_size);
}

enum err pe_digest(struct bytes image, enum crypto_hash h, uint8_t *digest, struct err_note *note)
{
    struct pe pe;
    struct crypto_hash_stream *s = NULL;
    enum err e = pe_read(image, &pe, note);
    if (e == ERR_OK)
        e = crypto_hash_open(h, &s);
    if (e != ERR_OK)
        return e;
    uint64_t hashed = pe.header_size;
    e = header_feed(s, &pe);
    for (size_t i = 0; e == ERR_OK && i < pe.section_count; i++) {
        const struct range *section = &pe.sections[i];
        e = feed(s, image, section->start, (size_t)section->start + section->size);
        if (e != ERR_OK)
            e = err_noted(ERR_TRUNCATED, note, "kernel: a section of 0x%x bytes at 0x%x of 0x%zx",
                          section->size, section->start, image.len);
        hashed += section->size;
    }
    if (e == ERR_OK)
        e = tail_feed(s, &pe, hashed, note);
    enum err closed = crypto_hash_close(s, e == ERR_OK ? digest : NULL);
    return e == ERR_OK ? closed : e;
}
