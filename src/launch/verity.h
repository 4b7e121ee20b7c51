/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_VERITY_H
#define LAUNCH_VERITY_H

/*
 * The hash tree of a model volume, made while its data blocks go by: of each level only one block is held. The same tree as cryptsetup's veritysetup makes with
 * hash type 1, SHA-256, blocks of 4096 bytes and our salt.
 *
 *     verity_tree_begin(&tree, &layout, sink, self);
 *     for each data block, in order: e = verity_tree_feed(&tree, block);
 *     e = verity_tree_finish(&tree, root);
 *     verity_superblock_write(&layout, root, superblock);
 */

#include "base/bytes.h"
#include "launch/verity_layout.h"

/* Takes one finished block of the tree, for this place in the volume (in blocks). */
typedef enum err (*verity_sink)(void *self, uint64_t at, const uint8_t block[static VERITY_BLOCK_SIZE]);

struct verity_tree {
    const struct verity_layout *layout;
    verity_sink sink;
    void *self;
    uint64_t fed;
    uint8_t root[VERITY_DIGEST_SIZE];
    struct verity_level {
        uint8_t block[VERITY_BLOCK_SIZE];
        unsigned digests; /* in block */
        uint64_t written;
    } levels[VERITY_LEVELS_MAX];
};

void verity_tree_begin(struct verity_tree *t, const struct verity_layout *layout, verity_sink sink,
                       void *self);
/* ERR_TOO_LARGE: more blocks than the layout has; the sink's errors; ERR_CRYPTO. */
ERR_MUST_USE enum err verity_tree_feed(struct verity_tree *t, const uint8_t block[static VERITY_BLOCK_SIZE]);
/* ERR_TRUNCATED: fewer blocks than the layout has; the sink's errors; ERR_CRYPTO. */
ERR_MUST_USE enum err verity_tree_finish(struct verity_tree *t, uint8_t root[static VERITY_DIGEST_SIZE]);

/* For veritysetup and for people: a whole block that begins with cryptsetup's superblock, version 1. The UUID is of the root hash (RFC 9562, version 8). */
void verity_superblock_write(const struct verity_layout *layout,
                             const uint8_t root[static VERITY_DIGEST_SIZE],
                             uint8_t block[static VERITY_BLOCK_SIZE]);

#endif
