/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/certificate_table.h"

#include <stddef.h>

#include "base/reader.h"
#include "base/writer.h"

enum { GUID_SIZE = 16, ENTRY_SIZE = GUID_SIZE + 4 + 4 };

/* GUIDs in the order of their text. */
static const struct known {
    uint8_t guid[GUID_SIZE];
    size_t to;
} known[] = {
    /* 63da758d-e664-4564-adc5-f4b93be8accd */
    {{0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd},
     offsetof(struct certificate_table, vcek)},
    /* a8074bc2-a25a-483e-aae6-39c045a0b8a1 */
    {{0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1},
     offsetof(struct certificate_table, vlek)},
    /* 4ab7b379-bbac-4fe4-a02f-05aef327c782 */
    {{0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82},
     offsetof(struct certificate_table, ask)},
    /* c0b406a4-a803-4952-9743-3fb6014cd0ae */
    {{0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae},
     offsetof(struct certificate_table, ark)},
    /* 5e1cb2a4-7d0f-4f63-9a3e-c1d8460be972, of this project */
    {{0x5e, 0x1c, 0xb2, 0xa4, 0x7d, 0x0f, 0x4f, 0x63, 0x9a, 0x3e, 0xc1, 0xd8, 0x46, 0x0b, 0xe9, 0x72},
     offsetof(struct certificate_table, crl)},
};

enum { KNOWN_COUNT = sizeof known / sizeof *known };

static struct bytes *member(struct certificate_table *t, const struct known *k)
{
    return (struct bytes *)((char *)t + k->to);
}

/* ---- writing ---- */

enum err certificate_table_write(const struct certificate_table *t, uint8_t *out, size_t size, size_t *len)
{
    struct certificate_table from = *t;
    struct bytes written;
    struct writer w = writer_into(out, size);
    size_t offset = ENTRY_SIZE;
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        offset += member(&from, &known[i])->len == 0 ? 0 : ENTRY_SIZE;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        struct bytes certificate = *member(&from, &known[i]);
        if (certificate.len == 0)
            continue;
        writer_bytes(&w, bytes_of(known[i].guid, GUID_SIZE));
        writer_u32le(&w, (uint32_t)offset);
        writer_u32le(&w, (uint32_t)certificate.len);
        offset += certificate.len;
    }
    writer_zeros(&w, ENTRY_SIZE);
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        writer_bytes(&w, *member(&from, &known[i]));
    enum err e = writer_finish(&w, &written);
    *len = written.len;
    return e;
}

/* ---- parsing ---- */

struct entry {
    struct bytes guid;
    uint32_t offset;
    uint32_t length;
};

static struct entry entry_read(struct reader *r)
{
    struct entry e = {.guid = reader_bytes(r, GUID_SIZE)};
    e.offset = reader_u32le(r);
    e.length = reader_u32le(r);
    return e;
}

static bool is_end(const struct entry *e)
{
    static const uint8_t zeros[GUID_SIZE];
    return bytes_equal(e->guid, bytes_of(zeros, sizeof zeros)) && e->offset == 0 && e->length == 0;
}

static const struct known *known_by_guid(struct bytes guid)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (bytes_equal(guid, bytes_of(known[i].guid, GUID_SIZE)))
            return &known[i];
    return NULL;
}

/* How many bytes the entries take, the one at the end included. */
static enum err table_measure(struct bytes area, size_t *size)
{
    struct reader r = reader_over(area);
    for (size_t i = 0; i <= CERTIFICATE_TABLE_ENTRIES_MAX; i++) {
        struct entry e = entry_read(&r);
        enum err failure = reader_status(&r);
        *size = r.offset;
        if (failure != ERR_OK || is_end(&e))
            return failure;
    }
    return ERR_TOO_LARGE;
}

/* The bytes from the entry's offset on, which must not lie inside the table itself. */
static enum err content_read(struct bytes area, size_t table_size, const struct entry *e, struct bytes *to)
{
    struct reader r = reader_over(area);
    if (e->offset < table_size || e->length == 0 || to->len != 0)
        return ERR_VALUE;
    (void)reader_bytes(&r, e->offset);
    *to = reader_bytes(&r, e->length);
    return reader_status(&r);
}

enum err certificate_table_parse(struct bytes area, struct certificate_table *t)
{
    struct certificate_table found = {0};
    size_t table_size = 0;
    *t = found;
    enum err e = table_measure(area, &table_size);
    struct reader r = reader_over(area);
    /* equivalent: with <= the entry at the end is read, too, which is for no certificate */
    while (e == ERR_OK && r.offset + ENTRY_SIZE < table_size) {
        struct entry entry = entry_read(&r);
        const struct known *k = known_by_guid(entry.guid);
        if (k != NULL)
            e = content_read(area, table_size, &entry, member(&found, k));
    }
    if (e == ERR_OK)
        *t = found;
    return e;
}
