/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_OPTIONS_H
#define SIMULATOR_OPTIONS_H

#include "base/bytes.h"
#include "base/error.h"

struct options {
    const char *platform;   /* which one to play */
    const char *root_out;   /* file for the root certificate, or NULL */
    const char *chain;      /* directory that keeps the chain, or NULL */
    uint32_t gpus;          /* how many to play */
    uint32_t delay_ms;      /* that a report takes */
    const char *vcpu_model; /* of a virtual machine, as QEMU names it */
    bool vm;                /* the program is QEMU, and its machine is measured */
    bool policy_debug;
    bool json;
    bool help;
    bool version;
    const char *program;
    const char *const *args; /* of the program, after its name */
    size_t arg_count;
};

/* The note names the argument that was wrong. ERR_USAGE. */
ERR_MUST_USE enum err simulator_options_parse(int argc, char **argv, struct options *o,
                                              struct err_note *note);
void simulator_options_help(void);

#endif
