/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_SANDBOX_H
#define ENCLAVE_SANDBOX_H

/*
 * What the enclave may still ask of the kernel when it serves: the rows of one table (sandbox.c), and nothing else. Whoever finds a hole in the parser of a
 * request or in the inference engine finds no connect, no new process, no file to open and no memory to make executable. A call that is not in the table ends the
 * process at once.
 */

#include <stdbool.h>

#include "base/error.h"

/* What a real chip needs beyond that; the simulated one needs nothing. */
enum sandbox_need {
    SANDBOX_CHIP =
        1U
        << 0, /* to open what sandbox_files leaves, requests to the chip's device, and sockets to the host (AF_VSOCK) */
    SANDBOX_UNIX = 1U << 1, /* sockets of the machine's own, for endorsements that come that way */
    SANDBOX_GPU =
        1U
        << 2, /* requests to NVIDIA's driver on nodes that are open, by which it gives and takes a GPU's memory */
};

/* Whether files are to be confined so that GPUs can still be opened. */
enum sandbox_gpus {
    SANDBOX_GPUS_NONE,
    SANDBOX_GPUS_ASKED,   /* their nodes */
    SANDBOX_GPUS_STARTED, /* and names for the threads that the driver starts, which are written to files below /proc/self/task: for as long as it starts them (a later call takes that away) */
};

/*
 * For this thread and those that it starts, so at the very beginning and before a chip is asked: of the file system the model can be read, and its projector (NULL:
 * none), what the kernel says of the machine, and `directory` (of endorsements; NULL: none); configfs-tsm and the chip's devices can be written. No TCP connection outwards, where the kernel can
 * forbid it (Landlock: kernel 5.13, for TCP 6.7). ERR_SYSTEM.
 */
ERR_MUST_USE enum err sandbox_files(const char *model, const char *projector, const char *directory,
                                    enum sandbox_gpus gpus, struct err_note *note);

/* From now on, for all threads, for ever. ERR_SYSTEM: this kernel cannot; the note says what. */
ERR_MUST_USE enum err sandbox_enter(unsigned needs, struct err_note *note);

/* The same for the process that makes connections for the enclave (dialer.h): sockets of this one family, AF_UNIX or AF_INET, connected and handed over. */
ERR_MUST_USE enum err sandbox_enter_dialer(int family, struct err_note *note);

#endif
