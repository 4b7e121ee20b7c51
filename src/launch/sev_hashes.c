/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/sev_hashes.h"

#include "base/writer.h"
#include "crypto/crypto.h"
#include "launch/guid.h"

enum {
    ENTRY_SIZE = GUID_SIZE + 2 + CRYPTO_SHA256_SIZE,
    ENTRIES = 3,
    TABLE_SIZE = GUID_SIZE + 2 + ENTRIES * ENTRY_SIZE
};

#define GUID_TABLE   "9438d606-4f22-4cc9-b479-a793d411fd21"
#define GUID_CMDLINE "97d02dd8-bd20-4c94-aa78-e7714d36ab2a"
#define GUID_INITRD  "44baf731-3a2f-4bd7-9af1-41e29169781d"
#define GUID_KERNEL  "4de79437-abd2-427f-b835-d5b172d2045b"

static void head_put(struct writer *w, const char *guid_text, uint16_t size)
{
    uint8_t guid[GUID_SIZE];
    guid_of(guid_text, guid);
    writer_bytes(w, bytes_of(guid, sizeof guid));
    writer_u16le(w, size);
}

static void entry_put(struct writer *w, const char *guid_text, const uint8_t hash[static CRYPTO_SHA256_SIZE])
{
    head_put(w, guid_text, ENTRY_SIZE);
    writer_bytes(w, bytes_of(hash, CRYPTO_SHA256_SIZE));
}

enum err sev_hashes_table(const struct sev_kernel *k, uint8_t out[static SEV_HASHES_TABLE_SIZE])
{
    uint8_t cmdline[CRYPTO_SHA256_SIZE];
    struct bytes table;
    struct bytes text = bytes_of(k->cmdline, strlen(k->cmdline) + 1); /* hashed with its NUL */
    if (text.len > SEV_HASHES_CMDLINE_MAX)
        return ERR_TOO_LARGE;
    enum err e = crypto_hash_parts(CRYPTO_SHA256, &text, 1, cmdline);
    if (e != ERR_OK)
        return e;
    struct writer w = writer_into(out, SEV_HASHES_TABLE_SIZE);
    head_put(&w, GUID_TABLE, TABLE_SIZE);
    entry_put(&w, GUID_CMDLINE, cmdline);
    entry_put(&w, GUID_INITRD, k->initrd);
    entry_put(&w, GUID_KERNEL, k->kernel);
    writer_zeros(&w, SEV_HASHES_TABLE_SIZE - TABLE_SIZE);
    return writer_finish(&w, &table);
}
