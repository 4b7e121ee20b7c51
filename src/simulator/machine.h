/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_MACHINE_H
#define SIMULATOR_MACHINE_H

/*
 * A virtual machine in place of a program: what is launched is QEMU, and what is measured is what QEMU is told to start, out of its own arguments (-bios,
 * -kernel, -initrd, -append, -smp), as AMD's chip and QEMU do it with kernel-hashes=on (launch/snp_digest.h). So the reference value is `enclume measure
 * snp` of the same files.
 *
 * The firmware gets the table of hashes at the place where QEMU puts it on a real machine, so that it checks kernel, command line and initial file system
 * before it starts them; and the guest gets the way to the chip, a virtio serial port of the name "enclume.chip".
 *
 * What it does not do: nothing seals the files between measuring and QEMU's own reading, and nothing keeps the host out of the machine. This is a
 * simulation, not a boundary.
 */

#include "launch/register.h"
#include "launch/sev_hashes.h"
#include "launch/snp_digest.h"
#include "simulator/launch.h"

enum { MACHINE_ARGS_MAX = 128 };

struct machine {
    const char *firmware;
    const char *kernel;
    const char *initrd; /* NULL: none */
    const char *cmdline;
    uint32_t vcpus;
};

/* Out of the arguments of QEMU. ERR_USAGE: one that is needed is missing, or there twice. */
ERR_MUST_USE enum err machine_read(const char *const *args, size_t count, struct machine *m,
                                   struct err_note *note);

/* What must be at which address before the firmware runs. */
struct machine_hashes {
    uint32_t gpa;
    uint8_t table[SEV_HASHES_TABLE_SIZE];
};

/* vcpu_model: as QEMU names it. One register, "measurement". ERR_FILE, ERR_USAGE, and what snp_launch_digest refuses. */
ERR_MUST_USE enum err machine_measure(const struct machine *m, const char *vcpu_model,
                                      struct launch_registers *launched, struct machine_hashes *hashes,
                                      struct err_note *note);

/* Starts QEMU with these arguments and what is the simulation's own; it is killed when the calling thread ends. ERR_SYSTEM, ERR_TOO_LARGE. */
ERR_MUST_USE enum err machine_start(const char *qemu, const char *const *args, size_t count,
                                    const struct machine_hashes *hashes, struct launched *l,
                                    struct err_note *note);

#endif
