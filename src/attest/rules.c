/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/rules.h"

static const struct rule_table tables[] = {
    {"Bundles", appraise_rule},
    {"Separate files", appraise_parts_rule},
    {"Separate files of GPUs", appraise_gpu_rule},
    {"AMD SEV-SNP", snp_rule},
    {"Intel TDX", tdx_rule},
    {"NVIDIA GPUs", nvgpu_rule},
    {"Virtual TPM", vtpm_rule},
};

const struct rule_table *rules_table(size_t index)
{
    return index < sizeof tables / sizeof *tables ? &tables[index] : NULL;
}
