/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_TDX_DIGEST_H
#define LAUNCH_TDX_DIGEST_H

/*
 * What a TD's registers must hold when QEMU starts it with this firmware and boots a kernel directly:
 *
 *   MRTD   the firmware's code, as the TDX module measures the pages that are added before the TD runs (Intel TDX Module Base Architecture
 *          Specification, "TD measurement": TDH.MEM.PAGE.ADD and TDH.MR.EXTEND)
 *   RTMR0  what the firmware measures of the virtual machine: memory, variables, ACPI tables, boot options
 *   RTMR1  the kernel, as a PE image, and the firmware's way to it
 *   RTMR2  what the kernel's EFI stub measures: command line and initial file system
 *
 * An RTMR is extended with one digest an event; the events are computed one by one, so that a person can hold them against the log of a real machine.
 * Pure functions; the CLI reads the files.
 *
 *     struct tdx_machine launch = {.firmware = image, .memory = 4ULL << 30, .kernel = kernel, ...};
 *     e = tdx_machine_events(&launch, &events, &note);
 *     e = tdx_event_fold(&events, 1, rtmr1);
 *
 * What cannot be computed from files: the tables that QEMU generates for its virtual hardware (ACPI, SMBIOS). They are an input; without them
 * events.unknown[0] says why RTMR0 is not known.
 */

#include "launch/register.h"
#include "launch/tdvf.h"

enum {
    TDX_DIGEST_SIZE = LAUNCH_REGISTER_SIZE,
    TDX_EVENTS_MAX = 32,
    TDX_RTMRS = 3,
    TDX_CMDLINE_MAX = 64 * 1024
};

/* In which order the hypervisor adds the pages of a measured section and extends MRTD with their contents. */
enum tdx_page_order {
    TDX_PAGE_BY_PAGE,       /* Linux from 6.16 on, and most trees before */
    TDX_SECTION_BY_SECTION, /* QEMU 8 of Intel's trees */
};

/* What changed in the firmware's measurements over time. */
enum tdx_firmware {
    TDX_FIRMWARE_202402, /* the separator before the boot option goes to RTMR0 */
    TDX_FIRMWARE_202502, /* it goes to RTMR1 */
    TDX_FIRMWARE_202505, /* fw_cfg items and SMBIOS are measured, and there are two boot options */
    TDX_FIRMWARE_202508, /* "initrd=initrd" stands before the kernel's command line, not behind it */
};

/* What the firmware says of Secure Boot. One that was built without it has no such variable. */
enum tdx_secure_boot {
    TDX_SECURE_BOOT_ABSENT,
    TDX_SECURE_BOOT_OFF,
    TDX_SECURE_BOOT_ON, /* also whenever the firmware holds a platform key, and has it not switched off */
};

/* What QEMU gives the firmware of its virtual hardware, as it gives it (fw_cfg files, before the firmware has patched them). */
struct tdx_tables {
    struct bytes acpi;     /* etc/acpi/tables */
    struct bytes rsdp;     /* etc/acpi/rsdp; empty: as QEMU makes it for these tables (acpi_rsdp) */
    struct bytes loader;   /* etc/table-loader; empty: as QEMU makes it for these tables (acpi_loader) */
    const uint8_t *smbios; /* digest of what is measured of SMBIOS (smbios_digest); NULL: not known */
};

struct tdx_machine {
    struct bytes firmware;
    enum tdx_firmware firmware_kind;
    enum tdx_page_order page_order;
    enum tdx_secure_boot secure_boot;
    uint64_t memory;                 /* bytes */
    const struct tdx_tables *tables; /* NULL: not known */
    struct bytes kernel;             /* bzImage; empty: not known, and RTMR1 and RTMR2 neither */
    bool kernel_is_patched;          /* QEMU fills in the kernel's setup header (QEMU before 10.1) */
    bool has_initrd;
    uint8_t initrd[TDX_DIGEST_SIZE]; /* SHA-384 */
    uint32_t initrd_size;
    const char *cmdline; /* as it is given to QEMU; ASCII */
};

struct tdx_event {
    unsigned rtmr;
    const char *name; /* a constant */
    uint8_t digest[TDX_DIGEST_SIZE];
};

struct tdx_events {
    size_t count;
    struct tdx_event at[TDX_EVENTS_MAX];
    /* Of each register, why it cannot be computed, and some of its events are not there; NULL: it can. */
    const char *unknown[TDX_RTMRS];
};

/* ERR_VALUE, ERR_UNKNOWN, ERR_TRUNCATED, ERR_TOO_LARGE: the note says what. */
ERR_MUST_USE enum err tdx_mrtd(struct bytes firmware, enum tdx_page_order order,
                               uint8_t mrtd[static TDX_DIGEST_SIZE], struct err_note *note);
ERR_MUST_USE enum err tdx_machine_events(const struct tdx_machine *launch, struct tdx_events *events,
                                         struct err_note *note);

/* The register after all of its events. ERR_VALUE when it is unknown. */
ERR_MUST_USE enum err tdx_event_fold(const struct tdx_events *events, unsigned rtmr,
                                     uint8_t value[static TDX_DIGEST_SIZE]);

/* ---- parts, for tests and for people ---- */

/* The list that QEMU writes into the TD's memory about its memory (hw/i386/tdvf-hob.c), without its end marker, as the firmware measures it. *size: of
 * out's used part. */
enum { TDX_HOB_MAX = 4096 };
ERR_MUST_USE enum err tdx_hob(const struct tdvf *f, uint64_t memory, uint8_t out[static TDX_HOB_MAX],
                              size_t *size, struct err_note *note);

#endif
