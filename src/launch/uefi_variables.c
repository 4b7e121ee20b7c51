/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/uefi_variables.h"

#include "base/reader.h"
#include "launch/guid.h"

#define GUID_VOLUME "fff12b8d-7696-4c8b-a985-2747075b4f50" /* of variables */
#define GUID_STORE  "aaf32c78-947b-439a-a180-2e144ec37792" /* of the authenticated form */

/* PI Specification, volume 3, section 3.2.1 (EFI_FIRMWARE_VOLUME_HEADER); edk2's VARIABLE_STORE_HEADER and AUTHENTICATED_VARIABLE_HEADER. */
enum {
    VOLUME_ZEROS = 16,
    VOLUME_HEADER_SIZE_AT = 48,
    STORE_HEADER_SIZE = 28,
    STORE_FORMATTED = 0x5a,
    STORE_HEALTHY = 0xfe,
    VARIABLE_START = 0x55aa,
    VARIABLE_TIME_AND_KEY = 8 + 16 + 4, /* counter, time stamp, index of a key */
    VARIABLE_ADDED = 0x3f,              /* there, and nobody has begun to delete it */
    VARIABLES_MAX = 1024,
    ALIGNMENT = 4,
};

static bool guid_is(struct bytes seen, const char *text)
{
    uint8_t wanted[GUID_SIZE];
    guid_of(text, wanted);
    return bytes_equal(seen, bytes_of(wanted, sizeof wanted));
}

static enum err store_open(struct bytes volume, struct reader *store, struct err_note *note)
{
    struct reader r = reader_over(volume);
    (void)reader_bytes(&r, VOLUME_ZEROS);
    struct bytes kind = reader_bytes(&r, GUID_SIZE);
    uint64_t volume_size = reader_u64le(&r);
    struct bytes signature = reader_bytes(&r, 4);
    (void)reader_u32le(&r); /* attributes */
    uint16_t header_size = reader_u16le(&r);
    if (reader_status(&r) != ERR_OK || !guid_is(kind, GUID_VOLUME) || !bytes_is_str(signature, "_FVH"))
        return err_noted(ERR_UNKNOWN, note, "the configuration volume holds no variables that are known");
    if (volume_size > volume.len || header_size <= VOLUME_HEADER_SIZE_AT)
        return err_noted(ERR_VALUE, note, "configuration volume: %llu bytes in %zu",
                         (unsigned long long)volume_size, volume.len);
    r = reader_over(volume);
    (void)reader_bytes(&r, header_size);
    kind = reader_bytes(&r, GUID_SIZE);
    uint32_t store_size = reader_u32le(&r);
    uint8_t format = reader_u8(&r);
    uint8_t state = reader_u8(&r);
    (void)reader_bytes(&r, 2 + 4);
    if (reader_status(&r) != ERR_OK || !guid_is(kind, GUID_STORE) || format != STORE_FORMATTED ||
        state != STORE_HEALTHY || store_size < STORE_HEADER_SIZE)
        return err_noted(ERR_UNKNOWN, note, "configuration volume: a store of variables that is not known");
    *store = reader_sub(&r, store_size - STORE_HEADER_SIZE);
    return reader_status(store) == ERR_OK
               ? ERR_OK
               : err_noted(ERR_TRUNCATED, note, "configuration volume: a store of %u bytes", store_size);
}

/* UTF-16, with its NUL. */
static bool name_is(struct bytes name, const char *wanted)
{
    struct reader r = reader_over(name);
    for (const char *c = wanted; *c != '\0'; c++)
        if (reader_u16le(&r) != (uint16_t)(unsigned char)*c)
            return false;
    return reader_u16le(&r) == 0 && reader_finish(&r) == ERR_OK;
}

static void align(struct reader *r, const struct reader *start)
{
    const size_t done = r->offset - start->offset;
    (void)reader_bytes(r, (ALIGNMENT - done % ALIGNMENT) % ALIGNMENT);
}

enum err uefi_variable_find(struct bytes volume, const char *vendor, const char *name, bool *found,
                            struct bytes *value, struct err_note *note)
{
    struct reader r = reader_over(volume);
    *found = false;
    *value = (struct bytes){0};
    enum err e = store_open(volume, &r, note);
    const struct reader start = r;
    for (size_t i = 0; e == ERR_OK && r.left >= 2; i++) {
        if (i == VARIABLES_MAX)
            return err_noted(ERR_TOO_LARGE, note, "configuration volume: more than %d variables",
                             VARIABLES_MAX);
        if (reader_u16le(&r) != VARIABLE_START)
            break;
        const uint8_t state = reader_u8(&r);
        (void)reader_u8(&r);
        (void)reader_u32le(&r); /* attributes */
        (void)reader_bytes(&r, VARIABLE_TIME_AND_KEY);
        const uint32_t name_size = reader_u32le(&r);
        const uint32_t value_size = reader_u32le(&r);
        const struct bytes of = reader_bytes(&r, GUID_SIZE);
        const struct bytes is = reader_bytes(&r, name_size);
        const struct bytes has = reader_bytes(&r, value_size);
        if (reader_status(&r) != ERR_OK)
            return err_noted(ERR_TRUNCATED, note, "configuration volume: variable %zu is cut off", i);
        align(&r, &start);
        if (state != VARIABLE_ADDED || !guid_is(of, vendor) || !name_is(is, name))
            continue;
        if (*found)
            return err_noted(ERR_VALUE, note, "configuration volume: %s is there twice", name);
        *found = true;
        *value = has;
    }
    return e;
}
