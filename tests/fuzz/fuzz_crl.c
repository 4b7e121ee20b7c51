/* SPDX-License-Identifier: Apache-2.0 */

/* A revocation list from a stranger, as large as one likes. */

#include <stdlib.h>

#include "attest/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crl list;
    struct err_note note;
    if (crl_parse(bytes_of(data, size), &list, &note) != ERR_OK)
        return 0;
    if (list.der.len != size || list.tbs.len >= size || (list.revoked_count == 0) != (list.revoked.len == 0))
        abort();
    if (crl_lists(&list, (struct bytes){0})) /* a serial has at least one octet */
        abort();
    return 0;
}
