/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MEASURE_TDX_H
#define CLI_MEASURE_TDX_H

/* `enclume measure tdx`: the files and words of the command line, and the registers that come of them (launch/tdx_digest.h). */

#include "launch/tdx_digest.h"

struct measure_tdx {
    const char *firmware;
    const char *firmware_version; /* NULL: 2025.02 */
    const char *kernel;           /* NULL: not known, and RTMR1 and RTMR2 neither */
    const char *initrd;           /* NULL: none */
    const char *cmdline;          /* a file; NULL: an empty line */
    const char *cmdline_text;     /* in its place; NULL: the file */
    const char *memory;           /* "4G"; NULL: MRTD alone */
    const char *qemu;             /* a version; NULL: 11.0 */
    const char *acpi_tables;      /* NULL: not known, and RTMR0 neither */
    const char *rsdp;             /* NULL: as QEMU makes it */
    const char *table_loader;     /* likewise */
    const char *smbios;           /* hexadecimal; NULL: not known */
    const char *smbios_tables;    /* in its place, what it is computed from; NULL: not known */
    const char *processor_id;     /* hexadecimal; NULL: as the tables have it */
    const char *secure_boot;      /* NULL: absent */
    uint32_t vcpus;
};

/* mrtd, rtmr0 to rtmr3, and the events that rtmr0 to rtmr2 are made of. ERR_USAGE, ERR_FILE, and what launch/tdx_digest.h refuses. */
ERR_MUST_USE enum err measure_tdx_compute(const struct measure_tdx *m, struct launch_registers *launch,
                                          struct tdx_events *events, struct err_note *note);

#endif
