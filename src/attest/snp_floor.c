/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_floor.h"

/*
 * AMD-SB-3019  CVE-2024-56161, EntrySign: the signature of microcode can be forged.
 * AMD-SB-3020  CVE-2025-0033: a race while the reverse map table is set up.
 * AMD-SB-3027  CVE-2025-29943, StackWarp: the sibling thread controls the stack engine.
 *
 * A level of microcode is the low byte of its revision. Model 11h is Genoa in stepping 1 (B1) and Genoa-X in stepping 2 (B2); 1Ah model 02h stepping 1 is
 * Turin (C1). Milan's row is for those who allow Milan at all.
 */
static const struct snp_floor floors[] = {
    {0x19, 0x00, 0x0f, SNP_STEPPING_ANY, SNP_FIRMWARE, 0x18, false, "AMD-SB-3019"},
    {0x19, 0x10, 0x1f, SNP_STEPPING_ANY, SNP_FIRMWARE, 0x17, false, "AMD-SB-3019"},
    {0x19, 0x10, 0x1f, SNP_STEPPING_ANY, SNP_FIRMWARE, 0x1b, false, "AMD-SB-3020"},
    {0x19, 0xa0, 0xaf, SNP_STEPPING_ANY, SNP_FIRMWARE, 0x17, false, "AMD-SB-3019"},
    {0x19, 0xa0, 0xaf, SNP_STEPPING_ANY, SNP_FIRMWARE, 0x1b, false, "AMD-SB-3020"},
    {0x1a, 0x00, 0x11, SNP_STEPPING_ANY, SNP_FIRMWARE, 0x04, false, "AMD-SB-3020"},
    {0x19, 0x11, 0x11, 1, SNP_MICROCODE, 0x54, false, "AMD-SB-3019"},
    {0x19, 0x11, 0x11, 2, SNP_MICROCODE, 0x4f, false, "AMD-SB-3019"},
    {0x19, 0x11, 0x11, 1, SNP_MICROCODE, 0x56, true, "AMD-SB-3027"},
    {0x19, 0x11, 0x11, 2, SNP_MICROCODE, 0x51, true, "AMD-SB-3027"},
    {0x1a, 0x02, 0x02, 1, SNP_MICROCODE, 0x51, true, "AMD-SB-3027"},
};

const struct snp_floor *snp_floors(size_t *count)
{
    *count = sizeof floors / sizeof *floors;
    return floors;
}

bool snp_floor_applies(const struct snp_floor *floor, const struct snp_chip *chip)
{
    return floor->family == chip->family && floor->model_first <= chip->model &&
           chip->model <= floor->model_last &&
           (floor->stepping == SNP_STEPPING_ANY || floor->stepping == chip->stepping);
}
