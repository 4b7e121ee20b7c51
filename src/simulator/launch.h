/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_LAUNCH_H
#define SIMULATOR_LAUNCH_H

/*
 * Measuring a program and launching exactly what was measured, as a hypervisor and the chip do with a guest.
 *
 * The program is copied into memory that the kernel seals against every change, and both the hash and the launch are of that copy: replacing the
 * file meanwhile changes nothing. It gets its arguments, which are measured, a fixed argv[0], and an EMPTY environment, so that no LD_PRELOAD and no
 * variable of any library decides anything; descriptors 0 to 2 are inherited, 3 is the way to the chip, all others are closed; no signal is ignored
 * or blocked. It must be an ELF file: a script's interpreter would not be measured.
 *
 * What it does not do: the loader and the libraries of a program that is linked dynamically are the host's and not measured (enclumed is static), nor
 * are the working directory, resource limits and files that a program opens. This is a simulation, not a boundary.
 */

#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"
#include "launch/simulated.h"

enum { LAUNCH_PROGRAM_MAX = 1 << 30 };

struct launched {
    pid_t pid;
    int wire; /* our end of the socket */
    bool
        is_stream; /* the other end is a machine's serial port: no bounds between messages, and it does not block */
};

/* A sealed copy of the file, and its SHA-384. The caller closes *fd. ERR_FILE, ERR_TOO_LARGE, ERR_VALUE (not ELF), ERR_SYSTEM. */
ERR_MUST_USE enum err launch_copy(const char *path, int *fd, uint8_t digest[static 48],
                                  struct err_note *note);

/* Starts the program in fd with these arguments; it is killed when the calling thread ends. ERR_SYSTEM. */
ERR_MUST_USE enum err launch_start(int fd, const char *const *args, size_t count, struct launched *l,
                                   struct err_note *note);

#endif
