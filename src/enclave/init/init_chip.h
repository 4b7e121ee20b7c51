/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_OPTIONAL_H
#define ENCLAVE_INIT_OPTIONAL_H

#include "enclave/init/init_options.h"

/*
 * Lets enclumed, which is not root, ask the chip and nothing else: with configfs-tsm an entry that is made here and belongs to it (evidence/tsm.c takes it when it is
 * there), and the chip's own device. ERR_SYSTEM: the source that the command line names is not there; the note says so.
 */
ERR_MUST_USE enum err init_chip_open(const struct init_options *o, struct err_note *note);

#endif
