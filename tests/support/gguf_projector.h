/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_GGUF_PROJECTOR_H
#define TESTS_SUPPORT_GGUF_PROJECTOR_H

/*
 * A projector ("mmproj") of made-up weights, in the form of LLaVA's: what it makes of an image means nothing, but all of its way is gone. Images become
 * GGUF_PROJECTOR_TOKENS tokens. And a picture to give it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GGUF_PROJECTOR_TOKENS = 16 };

/* width: of the text model's vectors. */
bool gguf_projector_write(const char *path, int width);

/* A PNG of side * side pixels whose rows repeat `pixels` (bytes of red, green, blue, ...), not compressed. Returns its size; 0: no room. */
size_t png_write(uint8_t *out, size_t room, uint32_t side, const uint8_t *pixels, size_t pixels_len);

#endif
