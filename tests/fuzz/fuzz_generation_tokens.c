/* SPDX-License-Identifier: Apache-2.0 */
#include "generation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_generation(API_TOKENS, data, size);
}
