/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_ACPI_H
#define LAUNCH_ACPI_H

/*
 * QEMU hands its ACPI tables to the firmware in three files, each of which is measured: the tables, the pointer to their root, and a script that says
 * where in them addresses and checksums are to be filled in (QEMU, hw/acpi/bios-linker-loader.c). The last two follow from the first.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { ACPI_RSDP_SIZE = 20, ACPI_LOADER_SIZE = 4096, ACPI_TABLES_MAX = 2 * 1024 * 1024 };

/* ERR_TRUNCATED, ERR_VALUE; ERR_UNKNOWN for tables whose part in the script is not known: then its file must be had. */
ERR_MUST_USE enum err acpi_rsdp(struct bytes tables, uint8_t out[static ACPI_RSDP_SIZE],
                                struct err_note *note);
ERR_MUST_USE enum err acpi_loader(struct bytes tables, uint8_t out[static ACPI_LOADER_SIZE],
                                  struct err_note *note);

/* How many processors the tables speak of (MADT). */
ERR_MUST_USE enum err acpi_processors(struct bytes tables, uint32_t *count, struct err_note *note);

#endif
