/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_CONFINE_H
#define ENCLAVE_INIT_CONFINE_H

#include "enclave/init/init_options.h"

/*
 * What enclumed is from its first instruction, in a child of init: not root, without capabilities and ways to get some; Landlock lets it execute its own file alone, bind
 * its one port and connect to none; a filter refuses sockets of other kinds, new processes, and what only an administrator asks for. What it then takes from itself
 * (enclave/sandbox.c) is more. ERR_SYSTEM.
 */
ERR_MUST_USE enum err init_confine(const struct init_options *o, struct err_note *note);

/* No core dumps; so many processes and threads; all the memory that it wants may be locked. ERR_SYSTEM. */
ERR_MUST_USE enum err init_limit(unsigned processes, struct err_note *note);
/* User and group, and no other group; no capabilities and no way to get some. ERR_SYSTEM. */
ERR_MUST_USE enum err init_become(unsigned user, struct err_note *note);

#endif
