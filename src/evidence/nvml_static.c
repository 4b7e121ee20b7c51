/* SPDX-License-Identifier: Apache-2.0 */
/* In place of nvml.c in a program that is one static file: it has no loader, and what it would load is not measured with it. */
#include "evidence/nvml.h"

#include <stdlib.h>

enum err evidence_nvml_open(const char *path, struct evidence_nvml **gpus, struct err_note *note)
{
    (void)path;
    *gpus = NULL;
    return err_noted(ERR_EVIDENCE, note,
                     "this program is one static file, which cannot load NVIDIA's management library: GPU "
                     "evidence takes a "
                     "build with shared libraries");
}

/* There are none, so none of these is ever called with any. */
unsigned evidence_nvml_count(const struct evidence_nvml *gpus)
{
    (void)gpus;
    return 0;
}

enum err evidence_nvml_same(const struct evidence_nvml *gpus, struct err_note *note)
{
    (void)gpus;
    return err_noted(ERR_EVIDENCE, note, "there is no GPU");
}

enum err evidence_nvml_report(struct evidence_nvml *gpus, unsigned index,
                              const uint8_t nonce[static NVML_NONCE_SIZE], struct gpu_evidence *out,
                              struct err_note *note)
{
    (void)gpus;
    (void)nonce;
    memset(out, 0, sizeof *out);
    return err_noted(ERR_EVIDENCE, note, "there is no GPU %u", index);
}

void evidence_nvml_close(struct evidence_nvml *gpus)
{
    (void)gpus;
}
