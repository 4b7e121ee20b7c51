/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_SYSTEM_H
#define ENCLAVE_INIT_SYSTEM_H

/* The guest as a place: file systems, kernel modules, what the kernel may still do for anybody, randomness. Each of these is one step of main.c. */

#include "enclave/init/init_lists.h"

enum { INIT_USER = 7878 }; /* user and group of enclumed */

/* All of a small file of the kernel's. ERR_FILE, ERR_TOO_LARGE. */
ERR_MUST_USE enum err init_file_read(const char *path, void *to, size_t size, struct bytes *content,
                                     struct err_note *note);
/* ERR_FILE. */
ERR_MUST_USE enum err init_file_write(const char *path, const char *text, struct err_note *note);
/* ERR_SYSTEM: the step, and what the kernel said. */
ERR_MUST_USE enum err init_failed(struct err_note *note, const char *step);

/* proc, sys, and the devices as the kernel names them. */
ERR_MUST_USE enum err init_mount_kernel(struct err_note *note);
/* configfs, which is a module's. */
ERR_MUST_USE enum err init_mount_configfs(struct err_note *note);
/* Of /dev only what enclumed needs, and nothing anywhere can be written. Afterwards no step can open a device. */
ERR_MUST_USE enum err init_seal_files(struct err_note *note);
/* What is mounted there cannot be written any more, in this namespace. flags: its other ones, of mount(2). ERR_SYSTEM. */
ERR_MUST_USE enum err init_read_only(const char *path, unsigned long flags, struct err_note *note);
/* A device's node under another path, readable (and, when writable, to be written) by enclumed alone. ERR_SYSTEM. */
ERR_MUST_USE enum err init_device_keep(const char *path, uint64_t device, bool block, bool writable,
                                       struct err_note *note);
/* What was kept under that path: to make another node of it, for another user. ERR_SYSTEM: nothing was. */
ERR_MUST_USE enum err init_device_kept(const char *path, uint64_t *device, struct err_note *note);

/* Loads them in their order. A chip that is not there is no error. */
ERR_MUST_USE enum err init_modules_load(const struct init_modules *list, bool vsock, bool network,
                                        struct err_note *note);

/* No interpreter of AML is at work: neither acpi=off nor a kernel that leaves its tables' code alone makes this directory. */
ERR_MUST_USE enum err init_acpi_check(struct err_note *note);

/* The processor has its own source of randomness, and the kernel's generator is ready. */
ERR_MUST_USE enum err init_random_check(struct err_note *note);

/* lockdown=confidentiality, whether or not the command line says it already; then no modules any more, and the rows of a table. */
ERR_MUST_USE enum err init_kernel_close(struct err_note *note);

#endif
