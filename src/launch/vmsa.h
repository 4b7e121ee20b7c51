/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_VMSA_H
#define LAUNCH_VMSA_H

/*
 * The state in which a virtual processor begins, as the hypervisor sets it and the firmware of the chip measures it: one page, the VM save area (AMD64
 * Architecture Programmer's Manual, volume 2, table B-4). Hypervisors differ in a few registers.
 */

#include "base/bytes.h"

enum { VMSA_SIZE = 4096 };

/* By whom the machine is started; SVSM: by QEMU, into a Secure VM Service Module. */
enum vmsa_hypervisor { VMSA_QEMU, VMSA_EC2, VMSA_GCE, VMSA_SVSM, VMSA_HYPERVISOR_COUNT };

struct vmsa {
    enum vmsa_hypervisor hypervisor;
    bool is_first;         /* the boot processor */
    uint64_t entry;        /* where it begins: the reset vector, or the firmware's address for the others */
    uint64_t sev_features; /* SEV_FEATURES: bit 0 SNP; QEMU adds bit 5, debug swap, on kernels that have it */
    uint32_t signature;    /* CPUID signature of the processor's model, which QEMU leaves in RDX */
};

void vmsa_build(const struct vmsa *v, uint8_t page[static VMSA_SIZE]);

#endif
