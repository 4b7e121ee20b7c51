/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_SIMULATED_H
#define LAUNCH_SIMULATED_H

/*
 * What the launch of a program must be measured as on a simulated platform: a stand-in for the real measurements that covers the program and its
 * configuration. A client computes these reference values from the published program and configuration, and never asks the simulator for them.
 *
 * SEV-SNP has one measurement:
 *
 *   SHA-384("enclume simulated launch v1" || 0x00 || SHA-384(program file) || arguments)
 *   arguments = argc (4, big endian) || for each argument: length (4, big endian) || bytes
 *
 * TDX has registers: MRTD for the firmware, and the RTMRs, which begin as zeros and are extended as the TDX module does it, with SHA-384(old || event digest):
 *
 *   MRTD   SHA-384("enclume simulated firmware v1" || 0x00): there is none, so it is always the same
 *   RTMR0  extended with SHA-384("enclume simulated virtual platform v1" || 0x00)
 *   RTMR1  extended with SHA-384(program file): where a real TD has its kernel
 *   RTMR2  extended with SHA-384("enclume simulated command line v1" || 0x00 || arguments)
 *   RTMR3  zeros
 *
 * Arguments are those after the program's own name; the environment of a launched program is empty.
 */

#include "launch/register.h"

enum {
    LAUNCH_SIMULATED_ARGS_MAX = 64,
    LAUNCH_SIMULATED_ARG_SIZE_MAX = 4096,
};

/* program_digest: SHA-384 of the file. ERR_TOO_LARGE when there are too many arguments, or one is too long; the measurement is then zero. */
ERR_MUST_USE enum err launch_simulated_measure(const uint8_t program_digest[static 48],
                                               const char *const *args, size_t count,
                                               uint8_t measurement[static 48]);

/* One row a platform; errors as of launch_simulated_measure. */
struct launch_platform {
    const char *name; /* "snp", "tdx" */
    ERR_MUST_USE enum err (*measure)(const uint8_t program_digest[static 48], const char *const *args,
                                     size_t count, struct launch_registers *out);
};

/* NULL: there is none of that name. */
const struct launch_platform *launch_simulated_platform(const char *name);

#endif
