/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_REGISTER_H
#define LAUNCH_REGISTER_H

/* The registers that launches are measured in. */

#include "base/bytes.h"
#include "base/error.h"

enum {
    LAUNCH_REGISTER_SIZE = 48, /* SHA-384 */
    LAUNCH_REGISTERS_MAX = 5,
};

struct launch_register {
    const char *name; /* "measurement"; "mrtd", "rtmr0" to "rtmr3" */
    uint8_t value[LAUNCH_REGISTER_SIZE];
    const char *unknown; /* why the value is not known; NULL: it is */
};

/* All that a platform measures; of which platform it is, the names say. */
struct launch_registers {
    size_t count;
    struct launch_register at[LAUNCH_REGISTERS_MAX];
};

/* value := SHA-384(value || event): TDG.MR.RTMR.EXTEND (Intel TDX Module ABI Specification). */
ERR_MUST_USE enum err launch_register_extend(uint8_t value[static LAUNCH_REGISTER_SIZE],
                                             const uint8_t event[static LAUNCH_REGISTER_SIZE]);

#endif
