/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_SMBIOS_H
#define LAUNCH_SMBIOS_H

/*
 * What edk2 from 2025.05 on measures of SMBIOS (MdeModulePkg, Universal/SmbiosMeasurementDxe): all structures, as the operating system finds them (Linux:
 * /sys/firmware/dmi/tables/DMI), in which what differs from one machine to the next of its kind is blotted out first: serial numbers, the UUID, asset tags,
 * counts of cores, speed and voltage of the moment, and whole structures of which nothing counts.
 *
 * The table itself cannot be computed from files: QEMU makes it of its version, of memory and processor, and the firmware adds a structure about itself. It comes
 * from a machine of the same shape. On an emulated one all is the same but what the processor says of itself, which is given apart.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "launch/register.h"

enum { SMBIOS_TABLE_MAX = 1024 * 1024, SMBIOS_PROCESSOR_ID_SIZE = 8 };

/* processor_id: what stands in the place of each processor's own (SMBIOS, section 7.5.3: CPUID leaf 1, EAX and EDX); NULL: as it is. Behind the last structure
 * nothing but zeros may stand. ERR_TRUNCATED, ERR_VALUE, ERR_NOT_ZERO, ERR_TOO_LARGE: the note says what. ERR_VALUE too for a processor that has no TDX, of which an
 * emulated machine's table speaks. */
ERR_MUST_USE enum err smbios_digest(struct bytes table, const uint8_t *processor_id,
                                    uint8_t digest[static LAUNCH_REGISTER_SIZE], struct err_note *note);

#endif
