/* SPDX-License-Identifier: Apache-2.0 */

/* A report that the parser takes is made of the parts that it names, in their order, and nothing else; what it keeps of them lies inside it. */

#include <stdlib.h>

#include "attest/nvgpu_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct bytes part, struct bytes whole)
{
    if (part.ptr != NULL && (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { FIXED = 37 + 8 + 32 + 2 };
    static struct nvgpu_report r;
    struct err_note note;
    char text[NVGPU_TEXT_SIZE];
    uint64_t number;
    if (nvgpu_report_parse(bytes_of(data, size), &r, &note) != ERR_OK)
        return 0;
    if (FIXED + r.record.len + r.opaque.len != r.signed_part.len ||
        r.signed_part.len + r.signature.len != size)
        abort();
    if (nvgpu_report_blocks(&r, &note) == ERR_OK && r.block_count == 0)
        abort();
    for (size_t i = 0; i < NVGPU_BLOCKS_MAX; i++)
        check_inside(r.measurements[i], r.record);
    if (nvgpu_report_fields(&r, &note) != ERR_OK)
        return 0;
    for (size_t i = 0; i < NVGPU_FIELD_TYPES; i++) {
        check_inside(r.fields[i], r.opaque);
        if (nvgpu_report_text(&r, (enum nvgpu_field)i, text) != (text[0] != '\0'))
            abort();
        (void)nvgpu_report_number(&r, (enum nvgpu_field)i, &number);
    }
    (void)nvgpu_report_vbios(&r, text);
    return 0;
}
