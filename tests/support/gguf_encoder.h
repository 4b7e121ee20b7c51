/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_GGUF_ENCODER_H
#define TESTS_SUPPORT_GGUF_ENCODER_H

/*
 * A model that makes vectors and nothing else, in the form of BERT: the vocabulary of the model `from` and made-up weights. Each token looks at all others, so a vector tells whether a text was
 * read in one go.
 */

#include <stdbool.h>

enum { GGUF_ENCODER_WIDTH = 64, GGUF_ENCODER_CONTEXT = 192 };

/* False when it cannot be read or written. */
bool gguf_encoder_write(const char *from, const char *to);

#endif
