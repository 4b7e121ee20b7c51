/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_GENERATION_H
#define TESTS_FUZZ_GENERATION_H

/*
 * What the fuzz targets of the requests' parsers do with an input, one API each: what is accepted is read through to its last byte, copied, and answered with the
 * rest of the input as the model's words, streamed and whole; every line must be one JSON document.
 */

#include "openai/api.h"

int fuzz_generation(enum api api, const uint8_t *data, size_t size);

#endif
