/* SPDX-License-Identifier: Apache-2.0 */

/* A GPU's endorsements from a stranger: byte 0 even, a reference integrity manifest; odd, an OCSP response. */

#include <stdlib.h>

#include "evidence/collateral_gpu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct collateral_key rim = {.kind = COLLATERAL_RIM, .id = "NV_GPU_DRIVER_GH100_1.2"};
    static const struct collateral_key ocsp = {.kind = COLLATERAL_OCSP, .serial = {5}, .serial_len = 1};
    static const struct collateral_subject subject;
    struct err_note note;
    int64_t expires = INT64_MAX;
    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    if ((data[0] & 1) == 0)
        (void)!collateral_check(&rim, &subject, rest, 1767225600, &expires, &note);
    else if (collateral_check(&ocsp, &subject, rest, 1767225600, &expires, &note) == ERR_OK &&
             expires < 1767225600)
        abort();
    return 0;
}
