/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MODEL_PACK_H
#define CLI_MODEL_PACK_H

#include "launch/verity_layout.h"

#include <stdint.h>

struct model_pack {
    uint64_t size; /* of the file, in bytes */
    uint64_t volume_size;
    uint8_t root[VERITY_DIGEST_SIZE];
    uint8_t sha256[VERITY_DIGEST_SIZE]; /* of the file: what the key statement will say */
};

/* Makes the model volume of a GGUF file (image/README.md), in one step like file_write. ERR_FILE, ERR_VALUE (not GGUF), ERR_TOO_LARGE. */
ERR_MUST_USE enum err model_pack(const char *path, const char *output, struct model_pack *pack,
                                 struct err_note *note);

#endif
