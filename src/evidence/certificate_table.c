/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/certificate_table.h"

#include <stddef.h>

#include "base/reader.h"
#include "base/writer.h"

enum {
    GUID_SIZE = 16,
    ENTRY_SIZE = GUID_SIZE + 4 + 4,
    KNOWN_COUNT = 3,
    TABLE_SIZE = (KNOWN_COUNT + 1) * ENTRY_SIZE
};

/* GUIDs in the order of their text. */
static const struct known {
    uint8_t guid[GUID_SIZE];
    size_t to;
} known[KNOWN_COUNT] = {
    /* 63da758d-e664-4564-adc5-f4b93be8accd */
    {{0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd},
     offsetof(struct certificate_table, vcek)},
    /* 4ab7b379-bbac-4fe4-a02f-05aef327c782 */
    {{0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82},
     offsetof(struct certificate_table, ask)},
    /* c0b406a4-a803-4952-9743-3fb6014cd0ae */
    {{0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae},
     offsetof(struct certificate_table, ark)},
};

static struct bytes *member(struct certificate_table *t, const struct known *k)
{
    return (struct bytes *)((char *)t + k->to);
}

enum err certificate_table_write(const struct certificate_table *t, uint8_t *out, size_t size, size_t *len)
{
    struct certificate_table from = *t;
    struct bytes written;
    struct writer w = writer_into(out, size);
    size_t offset = TABLE_SIZE;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        struct bytes certificate = *member(&from, &known[i]);
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

static const struct known *known_by_guid(struct bytes guid)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (bytes_equal(guid, bytes_of(known[i].guid, GUID_SIZE)))
            return &known[i];
    return NULL;
}

static bool is_end(struct bytes guid, uint32_t offset, uint32_t length)
{
    static const uint8_t zeros[GUID_SIZE];
    return bytes_equal(guid, bytes_of(zeros, sizeof zeros)) && offset == 0 && length == 0;
}

/* The bytes from offset on, which must not lie inside the table itself. */
static enum err entry_read(struct bytes area, uint32_t offset, uint32_t length, struct bytes *certificate)
{
    struct reader r = reader_over(area);
    if (offset < TABLE_SIZE || length == 0)
        return ERR_VALUE;
    (void)reader_bytes(&r, offset);
    *certificate = reader_bytes(&r, length);
    return reader_status(&r);
}

enum err certificate_table_parse(struct bytes area, struct certificate_table *t)
{
    struct certificate_table found = {{0}, {0}, {0}};
    struct reader r = reader_over(area);
    *t = found;
    for (size_t i = 0;; i++) {
        struct bytes guid = reader_bytes(&r, GUID_SIZE);
        uint32_t offset = reader_u32le(&r);
        uint32_t length = reader_u32le(&r);
        enum err e = reader_status(&r);
        if (e != ERR_OK)
            return e;
        if (is_end(guid, offset, length)) {
            if (i != KNOWN_COUNT)
                return ERR_VALUE;
            *t = found;
            return ERR_OK;
        }
        const struct known *k = known_by_guid(guid);
        if (k == NULL)
            return ERR_UNKNOWN;
        if (member(&found, k)->len != 0)
            return ERR_VALUE;
        e = entry_read(area, offset, length, member(&found, k));
        if (e != ERR_OK)
            return e;
    }
}
