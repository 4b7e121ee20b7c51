/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/merkle.h"

#include <stdlib.h>

#include "crypto/crypto.h"

/*
 * The tree of RFC 6962 section 2.1 splits at the largest power of two below the number of leaves. Hashing neighbours pairwise, level by level, and
 * lifting an odd last node unchanged to the next level gives the same tree.
 */

enum { LEVELS_MAX = MERKLE_PATH_MAX + 1 };

struct merkle_tree {
    uint32_t depth;              /* of the root's level */
    uint32_t counts[LEVELS_MAX]; /* nodes of each level, leaves first */
    uint8_t (*levels[LEVELS_MAX])[MERKLE_HASH_SIZE];
    uint8_t nodes[][MERKLE_HASH_SIZE];
};

static enum err leaf_hash(const uint8_t challenge[static 32], uint8_t out[static 32])
{
    static const uint8_t prefix = 0x00;
    const struct bytes parts[] = {bytes_of(&prefix, 1), bytes_of(challenge, 32)};
    return crypto_hash_parts(CRYPTO_SHA256, parts, 2, out);
}

/* out may be left or right. */
static enum err node_hash(const uint8_t left[static 32], const uint8_t right[static 32],
                          uint8_t out[static 32])
{
    static const uint8_t prefix = 0x01;
    const struct bytes parts[] = {bytes_of(&prefix, 1), bytes_of(left, 32), bytes_of(right, 32)};
    return crypto_hash_parts(CRYPTO_SHA256, parts, 3, out);
}

static uint32_t level_above(uint32_t count)
{
    return count / 2 + count % 2;
}

static enum err merkle_hash_level(struct merkle_tree *t, uint32_t level)
{
    for (uint32_t i = 0; i < t->counts[level]; i++) {
        const uint8_t(*below)[MERKLE_HASH_SIZE] = t->levels[level - 1];
        if (2 * i + 1 == t->counts[level - 1]) {
            memcpy(t->levels[level][i], below[2 * i], MERKLE_HASH_SIZE);
            continue;
        }
        enum err e = node_hash(below[2 * i], below[2 * i + 1], t->levels[level][i]);
        if (e != ERR_OK)
            return e; /* equivalent: SHA-256 of octets fails for want of memory alone */
    }
    return ERR_OK;
}

enum err merkle_build(const uint8_t (*challenges)[32], size_t count, struct merkle_tree **out)
{
    enum err e = ERR_OK;
    size_t nodes = count;
    *out = NULL;
    if (count == 0)
        return ERR_VALUE;
    if (count > MERKLE_LEAVES_MAX)
        return ERR_TOO_LARGE;
    for (uint32_t n = (uint32_t)count; n > 1; n = level_above(n))
        nodes += level_above(n);
    struct merkle_tree *t = calloc(1, sizeof *t + nodes * MERKLE_HASH_SIZE);
    if (t == NULL)
        return ERR_MEMORY;

    t->counts[0] = (uint32_t)count;
    t->levels[0] = t->nodes;
    for (uint32_t i = 0; e == ERR_OK && i < count; i++)
        e = leaf_hash(challenges[i], t->levels[0][i]);
    while (e == ERR_OK && t->counts[t->depth] > 1) {
        uint32_t below = t->depth++;
        t->counts[t->depth] = level_above(t->counts[below]);
        t->levels[t->depth] = t->levels[below] + t->counts[below];
        e = merkle_hash_level(t, t->depth);
    }
    if (e == ERR_OK)
        *out = t;
    else
        merkle_free(t);
    return e; /* equivalent: see merkle_hash_level; what it is called with was asked above */
}

void merkle_free(struct merkle_tree *t)
{
    free(t);
}

void merkle_root(const struct merkle_tree *t, uint8_t root[static 32])
{
    memcpy(root, t->levels[t->depth][0], MERKLE_HASH_SIZE);
}

void merkle_path_of(const struct merkle_tree *t, uint32_t index, struct merkle_path *path)
{
    *path = (struct merkle_path){.index = index, .size = t->counts[0]};
    for (uint32_t level = 0; level < t->depth; level++, index /= 2) {
        uint32_t sibling = index ^ 1U;
        if (sibling < t->counts[level])
            memcpy(path->hashes[path->count++], t->levels[level][sibling], MERKLE_HASH_SIZE);
    }
}

/* RFC 9162 section 2.1.3.2; the names fn and sn are its own. */
enum err merkle_root_from_path(const uint8_t challenge[static 32], const struct merkle_path *path,
                               uint8_t root[static 32])
{
    memset(root, 0, MERKLE_HASH_SIZE);
    if (path->size > MERKLE_LEAVES_MAX || path->index >= path->size || path->count > MERKLE_PATH_MAX)
        return ERR_VALUE;
    uint8_t r[MERKLE_HASH_SIZE];
    uint32_t fn = path->index;
    uint32_t sn = path->size - 1;
    enum err e = leaf_hash(challenge, r);
    for (uint32_t i = 0; e == ERR_OK && i < path->count; i++) {
        if (sn == 0)
            return ERR_VALUE;
        if (fn % 2 == 1 || fn == sn) {
            e = node_hash(path->hashes[i], r, r);
            for (; fn % 2 == 0 && fn != 0; fn /= 2)
                sn /= 2;
        } else {
            e = node_hash(r, path->hashes[i], r);
        }
        fn /= 2;
        sn /= 2;
    }
    if (e == ERR_OK && sn != 0)
        e = ERR_VALUE;
    if (e == ERR_OK)
        memcpy(root, r, MERKLE_HASH_SIZE);
    return e;
}
