/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_http(HTTP_REQUEST, bytes_of(data, size));
    return 0;
}
