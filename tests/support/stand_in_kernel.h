/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_STAND_IN_KERNEL_H
#define TESTS_SUPPORT_STAND_IN_KERNEL_H

/*
 * A stand-in for the kernel of a confidential VM, as far as it is asked for reports: configfs-tsm, /dev/sev-guest, /dev/tdx_guest, and a quote generation
 * service on the host's vsock. It behaves as Linux documents and does (drivers/virt/coco), and fails in the ways that a test asks of it, so often as the
 * test says and then no more; -1 is always.
 *
 *     struct stand_in_kernel k;
 *     stand_in_init(&k);
 *     k.provider = "sev_guest";
 *     k.report = my_report;
 *     e = evidence_kernel_open(&k.base, "tsm", NULL, &source, &note);
 *     ... stand_in_is_clean(&k) ...
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence/kernel.h"

enum {
    STAND_IN_FILES = 8,
    STAND_IN_ENTRIES = 4,
    STAND_IN_ROOM = 80 * 1024,
    STAND_IN_NAME = 64,
    STAND_IN_PAGE = 4096,
};

struct stand_in_entry {
    bool used;
    char name[STAND_IN_NAME];
    uint64_t write_generation;
    unsigned privlevel;
    size_t inblob_len;
    uint8_t inblob[64];
};

enum stand_in_file_kind { STAND_IN_ATTRIBUTE, STAND_IN_SEV, STAND_IN_TDX, STAND_IN_VSOCK };

struct stand_in_file {
    bool used;
    enum stand_in_file_kind kind;
    struct stand_in_entry *entry;
    char name[STAND_IN_NAME];
    bool writing;
    bool filled;
    size_t len;
    size_t at;
    uint8_t bytes[STAND_IN_ROOM];
};

struct stand_in_kernel {
    struct kernel base; /* first */

    /* What there is. */
    bool has_tsm;
    const char *provider; /* NULL: none */
    bool has_sev_guest;
    bool has_tdx_guest;
    unsigned privlevel_floor;
    bool no_privlevel; /* the attributes are not there, as for TDX */
    bool no_auxblob;
    /* What the chip answers; both into out, their sizes. table may be NULL: none. */
    size_t (*report)(void *owner, const uint8_t report_data[static 64], unsigned privlevel, uint8_t *out);
    size_t (*table)(void *owner, uint8_t *out);
    void *owner;

    /* Failures, how often. */
    int name_taken;     /* EEXIST of mkdir */
    int mkdir_failed;   /* an errno, always; 0: none */
    int inblob_lost;    /* the write at close fails, which nobody is told */
    int would_block;    /* EWOULDBLOCK of outblob */
    int busy;           /* EBUSY of outblob */
    int outblob_failed; /* an errno, always */
    int disturbed;      /* somebody writes another inblob before outblob is read */
    int disturbed_late; /* somebody writes between outblob and auxblob */
    int interrupted;    /* EINTR of any read */
    size_t piece;       /* the most that a read gives; 0: all */
    uint64_t first_generation;
    const char *odd_generation; /* text in place of the number */

    /* /dev/sev-guest */
    int ioctl_failed;  /* an errno, always */
    int ioctl_passing; /* how often; with */
    int passing;       /* this errno */
    int host_busy;
    uint32_t pages_wanted; /* INVALID_LEN until there are so many */
    uint32_t pages_said;   /* and so many are said to be; 0: the truth */
    uint32_t firmware_error;
    uint32_t response_status;
    uint32_t response_size; /* 0: the truth */
    bool response_reserved; /* a byte that is not zero */

    /* /dev/tdx_guest and the service */
    bool tdreport_other;
    int vsock_failed; /* an errno, always */
    uint32_t qgs_error;
    uint32_t qgs_type;
    size_t qgs_cut;      /* bytes that are missing at the end */
    long qgs_length_off; /* by how much the length in front is wrong */

    /* What happened. */
    int64_t now;
    unsigned slept_ms;
    unsigned mkdirs;
    unsigned rmdirs;
    unsigned ioctls;
    unsigned reports;
    uint32_t table_size; /* of the last extended request */
    uint32_t context;
    uint32_t port;

    struct stand_in_entry entries[STAND_IN_ENTRIES];
    struct stand_in_file files[STAND_IN_FILES];
};

void stand_in_init(struct stand_in_kernel *k);
/* No entry and no descriptor is left. */
bool stand_in_is_clean(const struct stand_in_kernel *k);

#endif
