/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_REPORT_DEVICE_H
#define EVIDENCE_REPORT_DEVICE_H

/*
 * The ways in which Linux lets a confidential VM ask its chip for a report (siblings: tsm.c, sev_guest.c, tdx_guest.c), and what comes of asking: bytes,
 * in which nothing has been looked at. kernel_source.c makes evidence of them. For these files and their tests alone.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "evidence/kernel.h"

enum {
    /* A TD quote is about 5 KiB, its largest form 16 KiB; the kernel gives out at most this. */
    REPORT_ROOM = 32 * 1024,
    /* As much as Linux takes from the host for an extended SNP report (SEV_FW_BLOB_MAX_SIZE), and again for what configfs may add. */
    REPORT_TABLE_ROOM = 32 * 1024,
    REPORT_DATA_SIZE = 64,
};

/* Where configfs-tsm makes entries; and one that the guest image's init has made, and given to a user who may not make any. */
#define REPORT_TSM_DIRECTORY "/sys/kernel/config/tsm/report"
#define REPORT_TSM_ENTRY     REPORT_TSM_DIRECTORY "/enclume"

enum report_kind { REPORT_SNP, REPORT_TDX };

struct report_answer {
    enum report_kind kind;
    size_t report_len;
    size_t table_len;
    uint8_t report[REPORT_ROOM]; /* ATTESTATION_REPORT or TD quote */
    uint8_t table
        [REPORT_TABLE_ROOM]; /* SNP: the certificate table that the host offers; may be empty, or anything */
};

struct report_device {
    const char *name; /* "tsm" */
    /* Blocks for as long as the chip and the host take; one call at a time. ERR_EVIDENCE. */
    ERR_MUST_USE enum err (*ask)(struct report_device *self,
                                 const uint8_t report_data[static REPORT_DATA_SIZE],
                                 struct report_answer *answer, struct err_note *note);
    void (*close)(struct report_device *self); /* releases self */
};

/* What they open: ERR_FILE when it is not there at all, ERR_EVIDENCE when it is and cannot be used; the note says what it takes. */

/* configfs-tsm, Linux 6.7 and later: both platforms. */
ERR_MUST_USE enum err report_tsm_open(const struct kernel *kernel, struct report_device **device,
                                      struct err_note *note);
/* /dev/sev-guest, Linux 5.19 and later. */
ERR_MUST_USE enum err report_sev_guest_open(const struct kernel *kernel, struct report_device **device,
                                            struct err_note *note);
/* /dev/tdx_guest, Linux 6.2 and later; the quote comes from the host's quote generation service over vsock. */
ERR_MUST_USE enum err report_tdx_guest_open(const struct kernel *kernel, struct report_device **device,
                                            struct err_note *note);

#endif
