/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_SIMULATED_H
#define LAUNCH_SIMULATED_H

/*
 * What the launch measurement of the simulated platform must be: a stand-in for the SNP launch digest that covers the program and its configuration.
 *
 *   SHA-384("enclume simulated launch v1" || 0x00 || SHA-384(program file) || argc (4, big endian) || for each argument: length (4, big endian) || bytes)
 *
 * Arguments are those after the program's own name; the environment of a launched program is empty. A client computes the reference value from the
 * published program and configuration, and never asks the simulator for it.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { LAUNCH_SIMULATED_ARGS_MAX = 64, LAUNCH_SIMULATED_ARG_SIZE_MAX = 4096 };

/* program_digest: SHA-384 of the file. ERR_TOO_LARGE when there are too many arguments, or one is too long; the measurement is then zero. */
ERR_MUST_USE enum err launch_simulated_measure(const uint8_t program_digest[static 48],
                                               const char *const *args, size_t count,
                                               uint8_t measurement[static 48]);

#endif
