/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC by its definition over the hash (RFC 2104): for short messages a fraction of the cost of libcrypto's MAC objects. */
#include "base/secret.h"
#include "crypto/library.h"

enum { HMAC_BLOCK_MAX = 128, HMAC_INNER = 0x36, HMAC_OUTER = 0x5c, HKDF_BLOCKS_MAX = 255 };

static void pad_with(uint8_t *block, size_t size, uint8_t with)
{
    for (size_t i = 0; i < size; i++)
        block[i] ^= with;
}

enum err crypto_hmac(enum crypto_hash h, struct bytes key, const struct bytes *parts, size_t count,
                     uint8_t *out)
{
    uint8_t block[HMAC_BLOCK_MAX] = {0};
    uint8_t inner[CRYPTO_HASH_MAX];
    const struct bytes padded = bytes_of(block, crypto_hash_block(h));
    const struct bytes digest = bytes_of(inner, crypto_hash_size(h));
    enum err e = ERR_OK;

    if (key.len > padded.len)
        e = crypto_hash_parts(h, &key, 1, block);
    else if (key.len != 0)
        memcpy(block, key.ptr, key.len);
    if (e != ERR_OK)
        goto out;
    pad_with(block, padded.len, HMAC_INNER);
    e = crypto_hash_joined(h, padded, parts, count, inner);
    if (e != ERR_OK)
        goto out;
    pad_with(block, padded.len, HMAC_INNER ^ HMAC_OUTER);
    e = crypto_hash_joined(h, padded, &digest, 1, out);
out:
    secret_wipe(block, sizeof block);
    secret_wipe(inner, sizeof inner);
    return e;
}

/* RFC 5869. An empty salt is HashLen zeros, which HMAC pads to the same key. */
enum err crypto_hkdf(enum crypto_hash h, struct bytes secret, struct bytes salt, struct bytes info,
                     uint8_t *out, size_t size)
{
    uint8_t prk[CRYPTO_HASH_MAX];
    uint8_t t[CRYPTO_HASH_MAX];
    const size_t hash_size = crypto_hash_size(h);

    if (size > HKDF_BLOCKS_MAX * hash_size)
        return ERR_TOO_LARGE;
    enum err e = crypto_hmac(h, salt, &secret, 1, prk);
    uint8_t counter = 0;
    for (size_t done = 0; e == ERR_OK && done < size;) {
        const size_t take = size - done < hash_size ? size - done : hash_size;
        const struct bytes parts[] = {bytes_of(t, counter == 0 ? 0 : hash_size), info, bytes_of(&counter, 1)};
        counter++;
        e = crypto_hmac(h, bytes_of(prk, hash_size), parts, sizeof parts / sizeof parts[0], t);
        if (e == ERR_OK)
            memcpy(out + done, t, take);
        done += take;
    }
    secret_wipe(prk, sizeof prk);
    secret_wipe(t, sizeof t);
    if (e != ERR_OK)
        secret_wipe(out, size);
    return e;
}
