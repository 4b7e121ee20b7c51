/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_LISTS_H
#define ENCLAVE_INIT_LISTS_H

/*
 * The two lists in the initrd, which is measured. Pure parsers; a line that is not of these forms is an error. "#" begins a line of comment.
 *
 *   /modules    WHEN NAME [PARAMETER]...   the modules that are loaded, in this order: /lib/NAME, with these parameters
 *   /devices    pci VVVV:DDDD WHEN         PCI functions that may be there, any number
 *               virtio N WHEN              virtio devices that may be there, one of each (Virtual I/O Device, version 1.2, section 5: 1 network, 2 block, 3 console, 19 vsock)
 *
 *   WHEN        always
 *               optional              (modules) always, and that the processor has no use for it is no error
 *               vsock, network        where the command line asks for that device
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    INIT_LIST_SIZE_MAX = 4096,
    INIT_MODULES_MAX = 32,
    INIT_DEVICES_MAX = 32,
    INIT_MODULE_NAME_MAX = 64,
    INIT_PARAMETERS_MAX = 256
};

enum init_when { INIT_ALWAYS, INIT_OPTIONAL, INIT_VSOCK, INIT_NETWORK, INIT_WHEN_COUNT };

struct init_module {
    enum init_when when;
    char name[INIT_MODULE_NAME_MAX];
    char parameters[INIT_PARAMETERS_MAX]; /* as the kernel takes them; empty: none */
};

struct init_modules {
    struct init_module at[INIT_MODULES_MAX];
    size_t count;
};

struct init_device {
    bool virtio;
    uint16_t vendor; /* of PCI */
    uint16_t device; /* of PCI, or the number of virtio */
    enum init_when when;
};

struct init_devices {
    struct init_device at[INIT_DEVICES_MAX];
    size_t count;
};

/* Each line but empty ones and comments is handed to take. ERR_TOO_LARGE; ERR_VALUE: take did not want it; the note says which line. */
ERR_MUST_USE enum err init_lines_parse(struct bytes text, bool (*take)(void *into, struct bytes line),
                                       void *into, struct err_note *note);

/* ERR_TOO_LARGE, ERR_VALUE; the note says which line. */
ERR_MUST_USE enum err init_modules_parse(struct bytes text, struct init_modules *list, struct err_note *note);
ERR_MUST_USE enum err init_devices_parse(struct bytes text, struct init_devices *list, struct err_note *note);

/* Is it asked for? */
bool init_is_wanted(enum init_when when, bool vsock, bool network);

/* The row of that device, or NULL: it is not allowed. */
const struct init_device *init_device_find(const struct init_devices *list, bool virtio, uint16_t vendor,
                                           uint16_t device, bool vsock, bool network);

#endif
