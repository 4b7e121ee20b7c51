/* SPDX-License-Identifier: Apache-2.0 */

/* A document of reference values that is taken has rows that hold each of their own values. */

#include <stdlib.h>

#include "attest/nvgpu_names.h"
#include "attest/rim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init() != ERR_OK)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rim *rim;
    struct err_note note;
    bool simulated;
    if (rim_parse(bytes_of(data, size), &rim, &note) != ERR_OK) {
        if (rim != NULL)
            abort();
        return 0;
    }
    for (size_t i = 0; i < rim->row_count; i++) {
        const struct rim_row *row = &rim->rows[i];
        if (rim_row(rim, row->index) != row)
            abort();
        for (size_t k = 0; k < row->alternatives; k++) {
            uint8_t value[RIM_VALUE_MAX];
            rim_value(rim, row, k, value);
            if (!rim_row_holds(rim, row, bytes_of(value, row->size)))
                abort();
        }
    }
    struct nvgpu_certificate_ids ids;
    if (nvgpu_names_of_rim(bytes_of(data, size), &ids, &note) == ERR_OK && rim->chain.count > 0 &&
        ids.count + 1 != rim->chain.count)
        abort();
    (void)!rim_check_digest(rim, &note);
    (void)!nv_chain_check_root(&rim->chain, &anchors_nvidia_rim, (struct bytes){0}, &simulated, &note);
    rim_free(rim);
    return 0;
}
