/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_VM_H
#define LAUNCH_VM_H

/*
 * A virtual machine as the operator wants it, and the ways of starting it: QEMU's command line, and around that a shell's line, a systemd unit, or libvirt's
 * domain. All that the guest is measured by stands in one structure, so that what is printed, what is run and what `enclume measure` computes are the same
 * machine. Pure functions.
 *
 *     struct vm vm = {.platform = VM_SNP, .firmware = "OVMF.amdsev.fd", .kernel = "vmlinuz", ...};
 *     e = vm_check(&vm, &note);
 *     e = vm_args(&vm, &args, &note);      // args.at[0] is QEMU
 *     vm_line(&args, &text);
 */

#include "base/bytes.h"
#include "base/error.h"
#include "base/writer.h"

enum vm_platform { VM_SNP, VM_TDX, VM_SIMULATED };
enum vm_accel { VM_KVM, VM_TCG };

enum {
    VM_HOST_DATA_SIZE = 32,
    VM_ARGS_MAX = 64,
    VM_TEXT_MAX = 64 * 1024,
    VM_CID_MIN = 3, /* 0 to 2 are the hypervisor's and the host's */
};

/* How the guest is reached: one of these. */
enum vm_network {
    VM_VSOCK,      /* the kernel's vhost-vsock; no IP network in the guest */
    VM_VSOCK_USER, /* vsock by a program of the host's (vhost-user), where the kernel has none */
    VM_USER,       /* a network device, and one port of the host's handed on; nothing goes out */
    VM_TAP,        /* a network device on an interface of the host's */
};

struct vm {
    enum vm_platform platform;
    enum vm_accel accel; /* VM_TCG for a simulated one alone */
    const char *name;    /* of the domain and the unit; letters, digits, "-", "_", "." */
    const char *qemu;
    const char *firmware;
    const char *kernel;
    const char *initrd;
    const char *cmdline; /* all of it */
    const char *model;   /* the volume; NULL: none */
    uint64_t memory;     /* bytes, whole MiB */
    uint32_t vcpus;
    const char *cpu; /* as QEMU names it; for SNP it is measured */

    /* SNP: SEV Secure Nested Paging Firmware ABI, table "Guest policy"; where the C-bit is, and how many address bits memory encryption takes. */
    uint64_t policy;
    uint32_t cbitpos;
    uint32_t reduced_phys_bits;
    bool has_host_data;
    uint8_t host_data[VM_HOST_DATA_SIZE];
    /* TDX: where the host's quote generation service listens; "/path", or "CID:PORT" of vsock. */
    const char *quote_service;

    enum vm_network network;
    uint32_t cid;          /* VM_VSOCK */
    const char *socket;    /* VM_VSOCK_USER: the vhost-user socket */
    const char *bind;      /* VM_USER: the host's address, and port */
    uint32_t port;         /* VM_USER */
    uint32_t guest_port;   /* where enclumed listens */
    const char *interface; /* VM_TAP */
    const char *simulator; /* VM_SIMULATED: the program that plays the chip; NULL: QEMU alone */
    const char *root_out;  /* VM_SIMULATED: where its root certificate goes; NULL: nowhere */
    const char *chain;     /* VM_SIMULATED: directory that keeps its keys; NULL: new ones */
    const char *serial;    /* file for the guest's serial line; NULL: standard output */
};

/* ERR_VALUE: the note says what does not go together, or has characters that it must not have. */
ERR_MUST_USE enum err vm_check(const struct vm *vm, struct err_note *note);

/* What others start for us has another working directory: are all file names whole? ERR_VALUE. */
ERR_MUST_USE enum err vm_check_paths(const struct vm *vm, struct err_note *note);

struct vm_args {
    size_t count;
    const char *at[VM_ARGS_MAX]; /* in room */
    size_t used;
    char room[VM_TEXT_MAX];
};

/* The command with its arguments; for a simulated machine, the simulator's with QEMU's behind. ERR_NO_SPACE. */
ERR_MUST_USE enum err vm_args(const struct vm *vm, struct vm_args *args, struct err_note *note);

/* As text. What does not fit shows in writer_finish. A line for a POSIX shell; a unit of systemd; a domain for `virsh define`. */
void vm_line(const struct vm_args *args, struct writer *w);
void vm_unit(const struct vm *vm, const struct vm_args *args, struct writer *w);
/* ERR_VALUE: a machine that libvirt cannot start (simulated; vsock by a program). */
ERR_MUST_USE enum err vm_domain(const struct vm *vm, struct writer *w, struct err_note *note);

#endif
