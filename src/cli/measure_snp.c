/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/measure_snp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "cli/digest_file.h"
#include "cli/measure_files.h"

static const struct {
    const char *name;
    enum vmsa_hypervisor hypervisor;
    bool needs_model; /* QEMU leaves the model's signature in a register */
} hypervisors[] = {
    {"qemu", VMSA_QEMU, true},
    {"ec2", VMSA_EC2, false},
    {"gce", VMSA_GCE, false},
};
enum { HYPERVISOR_COUNT = sizeof hypervisors / sizeof hypervisors[0] };

bool measure_snp_is_given(const struct measure_snp *m)
{
    return m->ovmf != NULL || m->kernel != NULL || m->initrd != NULL || m->cmdline != NULL ||
           m->vcpu_model != NULL || m->features != NULL || m->vmm != NULL || m->vcpus != 1;
}

/* "0x21" */
static bool hexadecimal(const char *text, uint64_t max, uint64_t *value)
{
    char *end = NULL;
    if (text[0] != '0' || text[1] != 'x' || text[2] == '\0' ||
        strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
        return false;
    errno = 0;
    *value = strtoull(text, &end, 16);
    return errno == 0 && *end == '\0' && *value <= max;
}

static enum err processor_read(const struct measure_snp *m, struct snp_launch *launch, struct err_note *note)
{
    uint64_t number = 0;
    size_t vmm = 0;
    while (m->vmm != NULL && vmm < HYPERVISOR_COUNT && strcmp(m->vmm, hypervisors[vmm].name) != 0)
        vmm++;
    if (vmm == HYPERVISOR_COUNT)
        return err_noted(ERR_USAGE, note, "--vmm %.100s: is not known; known: qemu, ec2, gce", m->vmm);
    launch->hypervisor = hypervisors[vmm].hypervisor;
    if (m->vcpu_model == NULL && hypervisors[vmm].needs_model)
        return err_noted(ERR_USAGE, note, "--vcpu-model: is required");
    if (m->vcpu_model != NULL && hexadecimal(m->vcpu_model, UINT32_MAX, &number))
        launch->signature = (uint32_t)number;
    else if (m->vcpu_model != NULL && snp_cpu_signature(m->vcpu_model, &launch->signature) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--vcpu-model %.100s: is not known; its CPUID signature will do",
                         m->vcpu_model);
    launch->features = 1;
    if (m->features != NULL && !hexadecimal(m->features, UINT64_MAX, &launch->features))
        return err_noted(ERR_USAGE, note, "--guest-features %.100s: wanted a number like 0x21", m->features);
    return ERR_OK;
}

static enum err kernel_read(const struct measure_snp *m, struct sev_kernel *kernel, char **cmdline,
                            struct err_note *note)
{
    const struct bytes nothing = {0};
    enum err e = digest_file(m->kernel, CRYPTO_SHA256, kernel->kernel, note);
    if (e == ERR_OK)
        e = m->initrd == NULL ? crypto_hash_parts(CRYPTO_SHA256, &nothing, 1, kernel->initrd)
                              : digest_file(m->initrd, CRYPTO_SHA256, kernel->initrd, note);
    if (e == ERR_OK && m->cmdline_text == NULL)
        e = measure_cmdline_read(m->cmdline, cmdline, note);
    kernel->cmdline = m->cmdline_text != NULL ? m->cmdline_text : *cmdline;
    return e;
}

enum err measure_snp_compute(const struct measure_snp *m, struct launch_registers *launch,
                             struct err_note *note)
{
    struct sev_kernel kernel;
    struct snp_launch l = {.vcpus = m->vcpus};
    char *cmdline = NULL;
    *launch = (struct launch_registers){.count = 1, .at = {{.name = "measurement"}}};
    if (m->ovmf == NULL)
        return err_noted(ERR_USAGE, note, "--firmware: is required");
    if (m->kernel == NULL && (m->initrd != NULL || m->cmdline != NULL))
        return err_noted(ERR_USAGE, note, "--initrd and --cmdline: are a kernel's; give --kernel");
    enum err e = processor_read(m, &l, note);
    if (e == ERR_OK)
        e = file_read(m->ovmf, OVMF_SIZE_MAX, &l.firmware, note);
    if (e == ERR_OK && m->kernel != NULL) {
        e = kernel_read(m, &kernel, &cmdline, note);
        l.kernel = &kernel;
    }
    if (e == ERR_OK)
        e = snp_launch_digest(&l, launch->at[0].value, note);
    secret_free(cmdline);
    secret_free(bytes_owned(l.firmware));
    return e;
}
