/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DOCTOR_LOOK_H
#define CLI_DOCTOR_LOOK_H

/* The ways of looking at a machine. Each gives true when what it found is what the row wants, and says in words what that was. */

#include "cli/doctor.h"

struct look {
    const struct doctor *doctor;
    const char *path; /* or the name that is asked for */
    const char *wanted;
    uint32_t number;
    char *seen; /* DOCTOR_SEEN_SIZE */
};

bool look_exists(const struct look *l);
bool look_device(const struct look *l);   /* a character device that can be opened for reading and writing */
bool look_nonempty(const struct look *l); /* a directory with something in it */
bool look_value(
    const struct look *l); /* a file whose first word is one of `wanted`, which are parted by blanks */
bool look_contains(const struct look *l); /* a file that has `wanted` in it */
bool look_cpu_flag(const struct look *l); /* `wanted` is one of the flags in /proc/cpuinfo */
bool look_kernel(const struct look *l);   /* at least number: major * 100 + minor */
bool look_memory(const struct look *l);   /* as much as the machine to be started needs */
bool look_no_swap(const struct look *l);
bool look_qemu_version(const struct look *l); /* at least number */
bool look_qemu_object(const struct look *l);  /* `wanted` is one of QEMU's objects */
bool look_firmware_snp(const struct look *l);
bool look_firmware_tdx(const struct look *l);

#endif
