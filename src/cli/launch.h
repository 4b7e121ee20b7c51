/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

/* `enclume launch`: what the command line says, the machine that comes of it, and what it is measured as. */

#include "base/options.h"
#include "launch/register.h"
#include "launch/vm.h"

struct launch_options {
    const char *platform;
    const char *image;
    const char *model;
    struct option_list words; /* of the kernel command line, beside the image's own */
    const char *name;
    const char *memory;
    uint32_t vcpus;
    const char *vcpu_model;
    const char *firmware;
    const char *firmware_version; /* of edk2; for TDX */
    const char *qemu;
    const char *accel;
    uint32_t cid;
    const char *socket;
    uint32_t port;
    const char *bind;
    const char *tap;
    const char *address;
    const char *gateway;
    uint32_t guest_port;
    const char *policy; /* of SNP, hexadecimal */
    const char *host_data;
    uint32_t cbitpos;
    const char *quote_service;
    const char *simulator;
    const char *root_out;
    const char *chain;
    const char *serial;
    const char *cmdline_out;
    const char *policy_out;
    const char *acpi_tables;
    bool dry_run;
    bool libvirt;
    bool systemd;
    bool unchecked;
    bool help;
};

enum { LAUNCH_PATH_MAX = 4096, LAUNCH_CMDLINE_MAX = 16 * 1024 };

/* The machine; vm's texts point into this or into the options. */
struct launch_plan {
    struct vm vm;
    char kernel[LAUNCH_PATH_MAX];
    char initrd[LAUNCH_PATH_MAX];
    char simulator[LAUNCH_PATH_MAX];
    char cmdline[LAUNCH_CMDLINE_MAX];
    const char *firmware_version; /* NULL: as enclume measure has it */
};

/* ERR_USAGE for what does not go together, ERR_FILE, ERR_VALUE for an image or a volume that is none. */
ERR_MUST_USE enum err launch_plan(const struct launch_options *o, struct launch_plan *plan,
                                  struct err_note *note);

/* Is the volume one of the size that the words say, with the root hash that they say? ERR_FILE, ERR_VALUE. */
ERR_MUST_USE enum err launch_model_check(const char *volume, const char *cmdline, struct err_note *note);

/* What the machine must be measured as. ERR_FILE, and what launch/ refuses. */
ERR_MUST_USE enum err launch_measure(const struct launch_options *o, const struct launch_plan *plan,
                                     struct launch_registers *registers, struct err_note *note);

/* A policy document that accepts this machine and no other. */
ERR_MUST_USE enum err launch_policy(const struct launch_registers *registers, char *text, size_t size,
                                    size_t *len);

/* Runs the command, hands on signals, copies what the guest's serial line says and says how it goes. The exit code: 0 when the machine was stopped by a
 * signal that was handed on, or switched itself off; 4 when it stopped for a reason, which is said. */
int launch_run(const struct launch_plan *plan, const struct vm_args *args);

#endif
