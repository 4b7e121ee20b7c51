/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/verity.h"

#include "base/writer.h"
#include "crypto/crypto.h"

/* cryptsetup, lib/verity/verity.c, struct verity_sb */
enum {
    SUPERBLOCK_VERSION = 1,
    SUPERBLOCK_HASH_TYPE = 1, /* the salt goes before the data */
    SUPERBLOCK_ALGORITHM_SIZE = 32,
    SUPERBLOCK_SALT_PAD = 6,
    UUID_SIZE = 16,
};

void verity_tree_begin(struct verity_tree *t, const struct verity_layout *layout, verity_sink sink,
                       void *self)
{
    memset(t, 0, sizeof *t);
    t->layout = layout;
    t->sink = sink;
    t->self = self;
}

static enum err digest_of(const uint8_t block[static VERITY_BLOCK_SIZE],
                          uint8_t digest[static VERITY_DIGEST_SIZE])
{
    const struct bytes parts[] = {bytes_of(verity_salt, sizeof verity_salt),
                                  bytes_of(block, VERITY_BLOCK_SIZE)};
    return crypto_hash_parts(CRYPTO_SHA256, parts, sizeof parts / sizeof *parts, digest);
}

/* Writes the block that a level has collected, and gives its digest; what is left of a last block is zeros. */
static enum err level_flush(struct verity_tree *t, unsigned level, uint8_t digest[static VERITY_DIGEST_SIZE])
{
    struct verity_level *l = &t->levels[level];
    enum err e = t->sink(t->self, t->layout->level_start[level] + l->written, l->block);
    if (e == ERR_OK)
        e = digest_of(l->block, digest);
    l->written++;
    l->digests = 0;
    memset(l->block, 0, sizeof l->block);
    return e;
}

/* A digest goes into its level's block; a block that is full gives a digest for the level above. */
static enum err digest_add(struct verity_tree *t, unsigned level, uint8_t digest[static VERITY_DIGEST_SIZE])
{
    for (enum err e = ERR_OK;; level++) {
        if (level == t->layout->levels) {
            memcpy(t->root, digest, VERITY_DIGEST_SIZE);
            return ERR_OK;
        }
        struct verity_level *l = &t->levels[level];
        memcpy(l->block + (size_t)l->digests * VERITY_DIGEST_SIZE, digest, VERITY_DIGEST_SIZE);
        if (++l->digests < VERITY_PER_BLOCK)
            return ERR_OK;
        e = level_flush(t, level, digest);
        if (e != ERR_OK)
            return e;
    }
}

enum err verity_tree_feed(struct verity_tree *t, const uint8_t block[static VERITY_BLOCK_SIZE])
{
    uint8_t digest[VERITY_DIGEST_SIZE];
    if (t->fed == t->layout->data_blocks)
        return ERR_TOO_LARGE;
    t->fed++;
    enum err e = digest_of(block, digest);
    return e == ERR_OK ? digest_add(t, 0, digest) : e;
}

enum err verity_tree_finish(struct verity_tree *t, uint8_t root[static VERITY_DIGEST_SIZE])
{
    uint8_t digest[VERITY_DIGEST_SIZE];
    if (t->fed != t->layout->data_blocks)
        return ERR_TRUNCATED;
    for (unsigned level = 0; level < t->layout->levels; level++) {
        if (t->levels[level].digests == 0)
            continue;
        enum err e = level_flush(t, level, digest);
        if (e == ERR_OK)
            e = digest_add(t, level + 1, digest);
        if (e != ERR_OK)
            return e;
    }
    memcpy(root, t->root, VERITY_DIGEST_SIZE);
    return ERR_OK;
}

void verity_superblock_write(const struct verity_layout *layout,
                             const uint8_t root[static VERITY_DIGEST_SIZE],
                             uint8_t block[static VERITY_BLOCK_SIZE])
{
    static const char algorithm[SUPERBLOCK_ALGORITHM_SIZE] = "sha256";
    uint8_t uuid[UUID_SIZE];
    memcpy(uuid, root, sizeof uuid);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    memset(block, 0, VERITY_BLOCK_SIZE);
    struct writer w = writer_into(block, VERITY_BLOCK_SIZE);
    writer_bytes(&w, bytes_of("verity\0\0", 8));
    writer_u32le(&w, SUPERBLOCK_VERSION);
    writer_u32le(&w, SUPERBLOCK_HASH_TYPE);
    writer_bytes(&w, bytes_of(uuid, sizeof uuid));
    writer_bytes(&w, bytes_of(algorithm, sizeof algorithm));
    writer_u32le(&w, VERITY_BLOCK_SIZE);
    writer_u32le(&w, VERITY_BLOCK_SIZE);
    writer_u64le(&w, layout->data_blocks);
    writer_u16le(&w, VERITY_SALT_SIZE);
    writer_zeros(&w, SUPERBLOCK_SALT_PAD);
    writer_bytes(&w, bytes_of(verity_salt, sizeof verity_salt));
}
