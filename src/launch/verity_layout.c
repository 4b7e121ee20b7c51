/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/verity_layout.h"

const uint8_t verity_salt[VERITY_SALT_SIZE] = "enclume model volume v1";

static uint64_t blocks_for(uint64_t count, uint64_t per_block)
{
    return count / per_block + (count % per_block != 0);
}

enum err verity_layout_of(uint64_t file_size, struct verity_layout *layout)
{
    *layout = (struct verity_layout){.data_blocks = blocks_for(file_size, VERITY_BLOCK_SIZE)};
    if (file_size == 0)
        return ERR_VALUE;
    if (file_size > VERITY_FILE_MAX)
        return ERR_TOO_LARGE;
    for (uint64_t digests = layout->data_blocks; digests > 1; layout->levels++) {
        digests = blocks_for(digests, VERITY_PER_BLOCK);
        layout->level_blocks[layout->levels] = digests;
    }
    layout->hash_start = layout->data_blocks + 1;
    uint64_t at = layout->hash_start;
    for (unsigned level = layout->levels; level-- > 0;) {
        layout->level_start[level] = at;
        at += layout->level_blocks[level];
    }
    layout->volume_blocks = at;
    return ERR_OK;
}
