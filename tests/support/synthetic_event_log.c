/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_event_log.h"

#include "crypto/crypto.h"
#include "support/synthetic_der.h"

enum { NO_SHA1 = 0x5a };

const struct synthetic_algorithm synthetic_sha1 = {0x0004, 20};
const struct synthetic_algorithm synthetic_sha256 = {0x000b, 32};
const struct synthetic_algorithm synthetic_sha384 = {0x000c, 48};

static enum crypto_hash hash_of(size_t size)
{
    return size == CRYPTO_SHA384_SIZE ? CRYPTO_SHA384 : CRYPTO_SHA256;
}

void synthetic_log_begin(struct writer *w, const struct synthetic_algorithm *algorithms, size_t count)
{
    static const uint8_t signature[16] = "Spec ID Event03";
    writer_u32le(w, 0);
    writer_u32le(w, SYNTHETIC_EV_NO_ACTION);
    writer_zeros(w, 20);
    writer_u32le(w, (uint32_t)(16 + 4 + 3 + 1 + 4 + 4 * count + 1));
    writer_bytes(w, bytes_of(signature, sizeof signature));
    writer_u32le(w, 0);
    writer_u8(w, 0);
    writer_u8(w, 2);
    writer_u8(w, 0);
    writer_u8(w, 2);
    writer_u32le(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        writer_u16le(w, algorithms[i].id);
        writer_u16le(w, algorithms[i].size);
    }
    writer_u8(w, 0);
}

void synthetic_log_event(struct writer *w, uint32_t pcr, uint32_t type,
                         const struct synthetic_algorithm *algorithms, size_t count, struct bytes text)
{
    writer_u32le(w, pcr);
    writer_u32le(w, type);
    writer_u32le(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[CRYPTO_HASH_MAX];
        memset(digest, NO_SHA1, sizeof digest);
        if (algorithms[i].size != synthetic_sha1.size)
            synthetic_must(crypto_hash_parts(hash_of(algorithms[i].size), &text, 1, digest));
        writer_u16le(w, algorithms[i].id);
        writer_bytes(w, bytes_of(digest, algorithms[i].size));
    }
    writer_u32le(w, (uint32_t)text.len);
    writer_bytes(w, text);
}

void synthetic_log_locality(struct writer *w, const struct synthetic_algorithm *algorithms, size_t count,
                            uint8_t locality)
{
    uint8_t event[17] = "StartupLocality";
    event[16] = locality;
    synthetic_log_event(w, 0, SYNTHETIC_EV_NO_ACTION, algorithms, count, bytes_of(event, sizeof event));
}

void synthetic_extend(uint8_t *pcr, size_t size, const char *text)
{
    uint8_t digest[CRYPTO_HASH_MAX];
    const struct bytes event = bytes_str(text);
    synthetic_must(crypto_hash_parts(hash_of(size), &event, 1, digest));
    const struct bytes parts[] = {bytes_of(pcr, size), bytes_of(digest, size)};
    synthetic_must(crypto_hash_parts(hash_of(size), parts, 2, pcr));
}
