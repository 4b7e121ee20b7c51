/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_QEMU_LINUX_H
#define LAUNCH_QEMU_LINUX_H

/*
 * What QEMU changes in a Linux kernel before it hands it to the firmware: fields of its setup header, among them where the initial file system lies,
 * which follows from the size of memory (QEMU, hw/i386/x86-common.c; Linux, Documentation/arch/x86/boot.rst). QEMU from 10.1 on leaves the kernel of a
 * confidential machine as it is.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { QEMU_LINUX_HEADER_SIZE = 1024 }; /* all that is changed lies in it */

struct qemu_linux {
    uint64_t memory; /* bytes */
    bool has_initrd;
    uint32_t initrd_size;
    const char *cmdline;
};

/* header: the kernel's first bytes. ERR_VALUE: a kernel, a size or a command line for which QEMU does something else. */
ERR_MUST_USE enum err qemu_linux_patch(const struct qemu_linux *q,
                                       uint8_t header[static QEMU_LINUX_HEADER_SIZE], struct err_note *note);

#endif
