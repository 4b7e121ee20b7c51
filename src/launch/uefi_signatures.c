/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/uefi_signatures.h"

#include "base/reader.h"
#include "launch/guid.h"

enum { LIST_HEADER_SIZE = GUID_SIZE + 3 * 4 };

static enum err list_read(struct reader *r, size_t *count, struct bytes *first)
{
    (void)reader_bytes(r, GUID_SIZE); /* what its entries are */
    const uint32_t size = reader_u32le(r);
    const uint32_t header = reader_u32le(r);
    const uint32_t entry = reader_u32le(r);
    if (reader_status(r) != ERR_OK)
        return ERR_TRUNCATED;
    if (size < LIST_HEADER_SIZE || entry <= GUID_SIZE)
        return ERR_VALUE;
    struct reader entries = reader_sub(r, size - LIST_HEADER_SIZE);
    (void)reader_bytes(&entries, header);
    if (reader_status(&entries) != ERR_OK)
        return ERR_TRUNCATED;
    if (entries.left % entry != 0)
        return ERR_VALUE;
    while (entries.left > 0) {
        const struct bytes one = reader_bytes(&entries, entry);
        if ((*count)++ == 0)
            *first = one;
    }
    return ERR_OK;
}

enum err uefi_signatures_read(struct bytes database, size_t *count, struct bytes *first,
                              struct err_note *note)
{
    enum err e = ERR_OK;
    *count = 0;
    *first = (struct bytes){0};
    struct reader r = reader_over(database);
    while (e == ERR_OK && r.left > 0) {
        const size_t at = r.offset;
        e = list_read(&r, count, first);
        if (e != ERR_OK)
            e = err_noted(e, note, "signatures: the list at %zu is none", at);
    }
    return e;
}
