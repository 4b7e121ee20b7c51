/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/snp_digest.h"

/* Family, model and stepping of QEMU's processor models (QEMU, target/i386/cpu.c), as CPUID function 1 gives them in EAX. A version ("-v2") changes features, not
 * these. */
static const struct {
    const char *name;
    uint32_t signature;
} models[] = {
    {"EPYC", 0x800f12},       {"EPYC-IBPB", 0x800f12},  {"EPYC-Rome", 0x830f10},
    {"EPYC-Milan", 0xa00f11}, {"EPYC-Genoa", 0xa10f10}, {"EPYC-Turin", 0xb00f00},
};

static bool is_version(const char *text)
{
    return text[0] == '\0' ||
           (text[0] == '-' && text[1] == 'v' && text[2] >= '1' && text[2] <= '9' && text[3] == '\0');
}

enum err snp_cpu_signature(const char *model, uint32_t *signature)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        size_t len = strlen(models[i].name);
        if (strncmp(model, models[i].name, len) == 0 && is_version(model + len)) {
            *signature = models[i].signature;
            return ERR_OK;
        }
    }
    return ERR_UNKNOWN;
}
