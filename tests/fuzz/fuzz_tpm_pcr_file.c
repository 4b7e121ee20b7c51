/* SPDX-License-Identifier: Apache-2.0 */

/* Values of registers that are taken are whole values, and the same when they are read again as they are. */

#include <stdlib.h>
#include <string.h>

#include "attest/tpm_pcr_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t values[TPM_PCR_VALUES_MAX], again[TPM_PCR_VALUES_MAX];
    struct err_note note;
    size_t len;
    size_t again_len;
    if (tpm_pcr_file_parse(bytes_of(data, size), values, &len, &note) != ERR_OK)
        return 0;
    if (len > sizeof values || len % TPM_PCR_SIZE != 0)
        abort();
    if (len != 0 && (tpm_pcr_file_parse(bytes_of(values, len), again, &again_len, NULL) != ERR_OK ||
                     again_len != len || memcmp(values, again, len) != 0))
        abort();
    return 0;
}
