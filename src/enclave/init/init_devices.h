/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_DEVICES_H
#define ENCLAVE_INIT_DEVICES_H

#include "enclave/init/init_lists.h"

/*
 * The devices that the host has put into the machine are those of the list, and no others; of virtio there is one of each at most, and a block device
 * for the model. Before the modules are loaded that would drive them. ERR_SYSTEM: the note names the device.
 */
ERR_MUST_USE enum err init_devices_check(const struct init_devices *list, bool vsock, bool network,
                                         struct err_note *note);

#endif
