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

/* What an evidence source needs beyond that. */
enum sandbox_need {
    SANDBOX_CONFIGFS =
        1U
        << 0, /* to open files and make directories; call sandbox_files before, so that it is configfs alone */
    SANDBOX_GUEST_DEVICE = 1U << 1, /* requests to a device that is open already */
};

/* For this thread and those that it starts, so at the very beginning: of the file system, the model can be read, what the kernel says of the machine, and
 * /sys/kernel/config/tsm can be written (Landlock, kernel 5.13). ERR_SYSTEM. */
ERR_MUST_USE enum err sandbox_files(const char *model, struct err_note *note);

/* From now on, for all threads, for ever. ERR_SYSTEM: this kernel cannot; the note says what. */
ERR_MUST_USE enum err sandbox_enter(unsigned needs, struct err_note *note);

#endif
