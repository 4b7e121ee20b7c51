/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/nvgpu_changes.h"

#include "unit/test.h"

const struct row *nvgpu_row(size_t i)
{
    if (i < nvgpu_row_count_signer)
        return &nvgpu_rows_signer[i];
    i -= nvgpu_row_count_signer;
    return i < nvgpu_row_count_state ? &nvgpu_rows_state[i] : NULL;
}

void nvgpu_change(struct synthetic_nvgpu *s, const char *name)
{
    const struct row *row;
    for (size_t i = 0; (row = nvgpu_row(i)) != NULL; i++) {
        if (strcmp(row->name, name) == 0) {
            row->change(s);
            return;
        }
    }
    fail_msg("no change %s", name);
}

void nvgpu_field_set(struct synthetic_nvgpu *s, uint16_t type, const void *value, size_t size)
{
    struct simulated_gpu_field *f = simulated_gpu_field_find(&s->g->report, type);
    memcpy(f->value, value, size);
    f->size = (uint16_t)size;
}

void nvgpu_field_drop(struct synthetic_nvgpu *s, uint16_t type)
{
    simulated_gpu_field_find(&s->g->report, type)->type = 200;
}
