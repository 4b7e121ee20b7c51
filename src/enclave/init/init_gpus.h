/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_GPUS_H
#define ENCLAVE_INIT_GPUS_H

/*
 * NVIDIA GPUs, made ready: the driver's modules are loaded by then (they are rows of the list of modules). Which nodes there must be follows from three things the kernel says, which
 * the parsers here take apart: the PCI bus, the driver's own list of GPUs, and the numbers of character devices. Then a program that can load NVIDIA's library
 * (src/enclave/gpus) has each GPU attest itself, and only then tells them to take work.
 */

#include <sys/types.h>

#include "enclave/init/init_options.h"

enum {
    INIT_GPUS_MAX = 16,
    INIT_GPU_NODES_MAX = INIT_GPUS_MAX + 2,
    INIT_GPU_NAME_MAX = 24,
    INIT_GPU_TEXT_MAX = 4096,
    INIT_GPU_MINOR_MAX = 247, /* NVIDIA's nv-chardev-numbers.h; the control device has 255 */
};

#define INIT_GPUS_PROGRAM "/enclume-gpus"

struct init_gpu_nodes {
    struct {
        char name[INIT_GPU_NAME_MAX]; /* in /dev */
        unsigned major;
        unsigned minor;
    } at[INIT_GPU_NODES_MAX];
    size_t count;
};

/* The driver's word about one GPU (/proc/driver/nvidia/gpus/ADDRESS/information): the line "Device Minor:". ERR_VALUE: there is none, or more than one. */
ERR_MUST_USE enum err init_gpu_minor_parse(struct bytes text, unsigned *minor, struct err_note *note);

/* /proc/devices, and the minors of all GPUs: the nodes that CUDA and NVML open. ERR_VALUE: a driver is not there; the note names it. */
ERR_MUST_USE enum err init_gpu_nodes_of(struct bytes devices, const unsigned *minors, size_t gpus,
                                        struct init_gpu_nodes *nodes, struct err_note *note);

/* root: what stands before /proc and /sys; "" but for tests. Waits until the driver has taken every GPU of the bus, wait_ms at most. *gpus: how many. ERR_SYSTEM: there is none, or
 * one was not taken; what the two above say. */
ERR_MUST_USE enum err init_gpus_find(const char *root, unsigned wait_ms, struct init_gpu_nodes *nodes,
                                     size_t *gpus, struct err_note *note);

/* Nodes for the program, which is root's, and for enclumed. Runs the program and waits for its word; it stays, *holder, because a GPU whose last user goes forgets that it may
 * work. ERR_SYSTEM: what the program says, or that it says nothing. */
ERR_MUST_USE enum err init_gpus_ready(const struct init_gpu_nodes *nodes, size_t gpus, const char *collateral,
                                      pid_t *holder, struct err_note *note);

#endif
