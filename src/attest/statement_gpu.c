/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/statement.h"

#include "base/writer.h"
#include "crypto/crypto.h"

#define GPU_LABEL "enclume gpu evidence v1" /* hashed with its NUL */

enum { LENGTH_SIZE = 4 };

enum err statement_gpu_nonce(const struct statement *s, uint8_t nonce[static 32])
{
    struct statement before = *s;
    char text[STATEMENT_MAX];
    size_t len;
    before.has_gpu_evidence = false;
    enum err e = statement_write(&before, text, sizeof text, &len);
    const struct bytes part = bytes_of(text, len);
    return e == ERR_OK ? crypto_hash_parts(CRYPTO_SHA256, &part, 1, nonce) : e;
}

enum err statement_gpu_digest(const struct bytes *reports, size_t count, uint8_t digest[static 32])
{
    struct crypto_hash_stream *s;
    enum err e = crypto_hash_open(CRYPTO_SHA256, &s);
    if (e != ERR_OK)
        return e; /* equivalent: hashing fails for want of memory alone */
    e = crypto_hash_feed(s, bytes_of(GPU_LABEL, sizeof GPU_LABEL));
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        uint8_t length[LENGTH_SIZE];
        struct writer w = writer_into(length, sizeof length);
        writer_u32be(&w, (uint32_t)reports[i].len);
        e = crypto_hash_feed(s, bytes_of(length, sizeof length));
        if (e == ERR_OK)
            e = crypto_hash_feed(s, reports[i]);
    }
    enum err closed = crypto_hash_close(s, e == ERR_OK ? digest : NULL);
    /* equivalent: hashing fails for want of memory alone */
    return e == ERR_OK ? closed : e;
}
