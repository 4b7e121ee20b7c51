/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_MERKLE_H
#define ATTEST_MERKLE_H

/*
 * Merkle trees as in RFC 6962 section 2.1 (SHA-256; leaf prefix 0x00, node prefix 0x01), over challenges: one hardware quote answers all the
 * clients that asked while the chip was busy, and each gets the path that proves that its own challenge is in it.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { MERKLE_HASH_SIZE = 32, MERKLE_LEAVES_MAX = 65536, MERKLE_PATH_MAX = 16 };

struct merkle_path {
    uint32_t index; /* of the leaf, < size */
    uint32_t size;  /* leaves in the tree, 1..MERKLE_LEAVES_MAX */
    uint32_t count; /* hashes below */
    uint8_t hashes[MERKLE_PATH_MAX][MERKLE_HASH_SIZE];
};

/* A tree over count 32-byte challenges, in order. Release with merkle_free. */
struct merkle_tree;
ERR_MUST_USE enum err merkle_build(const uint8_t (*challenges)[32], size_t count, struct merkle_tree **t);
void merkle_free(struct merkle_tree *t);
void merkle_root(const struct merkle_tree *t, uint8_t root[static 32]);
void merkle_path_of(const struct merkle_tree *t, uint32_t index, struct merkle_path *path);

/* The root that this challenge and path lead to (RFC 9162 section 2.1.3.2). ERR_VALUE when index, size and count do not fit together. */
ERR_MUST_USE enum err merkle_root_from_path(const uint8_t challenge[static 32],
                                            const struct merkle_path *path, uint8_t root[static 32]);

#endif
