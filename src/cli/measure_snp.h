/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MEASURE_SNP_H
#define CLI_MEASURE_SNP_H

/* `enclume measure snp`: the files and words of the command line, and the launch digest that comes of them (launch/snp_digest.h). */

#include "launch/simulated.h"
#include "launch/snp_digest.h"

struct measure_snp {
    const char *ovmf;
    const char *kernel; /* NULL: none */
    const char *initrd;
    const char *cmdline;      /* a file */
    const char *cmdline_text; /* in its place; NULL: the file */
    const char *vcpu_model;
    const char *features; /* hexadecimal; NULL: SNP alone */
    const char *vmm;      /* NULL: qemu */
    uint32_t vcpus;
};

/* Is any of it given? */
bool measure_snp_is_given(const struct measure_snp *m);
/* One register, "measurement". ERR_USAGE, ERR_FILE, and what snp_launch_digest refuses. */
ERR_MUST_USE enum err measure_snp_compute(const struct measure_snp *m, struct launch_registers *launch,
                                          struct err_note *note);

#endif
