/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_VERITY_LAYOUT_H
#define LAUNCH_VERITY_LAYOUT_H

/*
 * Where everything stands in a model volume (image/README.md, "The model volume"): the GGUF file filled to whole blocks, a superblock, and the hash tree of
 * dm-verity (Linux, Documentation/admin-guide/device-mapper/verity.rst), from the root's level down. It follows from the file's length alone, so the guest
 * needs no superblock, and reads none. Pure; shared by enclume model pack, which writes a volume, and the guest's init, which hands it to the kernel.
 */

#include "base/error.h"

#include <stdint.h>

enum {
    VERITY_BLOCK_SIZE = 4096,
    VERITY_DIGEST_SIZE = 32,
    VERITY_PER_BLOCK = VERITY_BLOCK_SIZE / VERITY_DIGEST_SIZE,
    VERITY_SALT_SIZE = 32,
    VERITY_LEVELS_MAX = 5, /* of hashes, up to the largest file: 128^5 blocks are more than 2^46 bytes have */
};
#define VERITY_FILE_MAX (UINT64_C(1) << 46) /* bytes */

extern const uint8_t verity_salt[VERITY_SALT_SIZE];

struct verity_layout {
    uint64_t data_blocks;
    uint64_t hash_start; /* the first block of the tree; the superblock stands before it */
    unsigned levels;     /* of hashes; 0 for one data block, whose digest is the root */
    uint64_t level_start[VERITY_LEVELS_MAX];
    uint64_t level_blocks[VERITY_LEVELS_MAX]; /* level 0 has the digests of data blocks */
    uint64_t volume_blocks;                   /* all of it */
};

/* ERR_VALUE: an empty file; ERR_TOO_LARGE: more than VERITY_FILE_MAX. */
ERR_MUST_USE enum err verity_layout_of(uint64_t file_size, struct verity_layout *layout);

#endif
