/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_PROFILE_H
#define ENCLAVE_INIT_PROFILE_H

/*
 * What an image does beside starting enclumed. Two siblings, one of which is linked: init_profile_none.c into the /init of the release image, in which there is
 * nothing of all this; and init_profile_server.c into that of images with another server (image/README.md, "With another server"). At each of these points init runs the
 * profile's step, which stops the machine under its name when it fails.
 */

#include <sys/types.h>

#include "enclave/init/init_options.h"

enum init_profile_point {
    INIT_PROFILE_READ,    /* the image's files can be read; nothing else is there */
    INIT_PROFILE_DEVICES, /* modules are loaded, and the chip can be asked; no model yet */
    INIT_PROFILE_PREPARE, /* the kernel still makes namespaces, and devices can still be opened */
    INIT_PROFILE_START,   /* the kernel is closed, and no file can be written; enclumed comes next */
    INIT_PROFILE_POINTS
};

struct init_profile_step {
    const char *name;
    enum err (*run)(struct init_options *o, struct err_note *note); /* NULL: there is nothing to do */
};
extern const struct init_profile_step init_profile_steps[INIT_PROFILE_POINTS];

/* The name of the process of the profile's that this is, which must not end; NULL: it is none. */
const char *init_profile_child(pid_t pid);

#endif
