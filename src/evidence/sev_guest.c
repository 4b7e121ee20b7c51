/* SPDX-License-Identifier: Apache-2.0 */

/*
 * /dev/sev-guest (Linux, Documentation/virt/coco/sev-guest.rst). The structures are our own, because the headers of older systems lack half of them;
 * their layout is the kernel's ABI (include/uapi/linux/sev-guest.h).
 *
 * Two parties answer: the firmware (error in the low half of exitinfo2) and, for the certificates, the host (error in the high half; SEV-ES
 * Guest-Hypervisor Communication Block Standardization, section "SNP Extended Guest Request"). Of the host's errors two are no failure: the table does
 * not fit, and then the kernel says how many bytes it takes; and the host is busy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "attest/snp_report.h"
#include "base/reader.h"
#include "evidence/report_device.h"

#define SEV_GUEST_PATH "/dev/sev-guest"

enum {
    SEV_GUEST_RESPONSE_SIZE = 4000,
    SEV_GUEST_PAGE = 4096,
    SEV_GUEST_TABLE_MAX = 4 * SEV_GUEST_PAGE, /* the driver refuses more (SEV_FW_BLOB_MAX_SIZE) */
    SEV_GUEST_MESSAGE_VERSION = 1,
    SEV_GUEST_TRIES = 10,
    SEV_GUEST_FIRST_WAIT_MS =
        20, /* and doubled up to a second: 6 seconds in all; the driver itself waits for a minute */
    SEV_GUEST_WAIT_MAX_MS = 1000,
    SEV_GUEST_GROWTHS = 4, /* each is at least a page */
};

struct sev_guest_report_request {
    uint8_t report_data[REPORT_DATA_SIZE];
    uint32_t vmpl;
    uint8_t reserved[28];
};

struct sev_guest_extended_request {
    struct sev_guest_report_request report;
    uint64_t certificates_address;
    uint32_t certificates_len;
};

struct sev_guest_ioctl {
    uint8_t message_version;
    uint64_t request_address;
    uint64_t response_address;
    uint64_t exitinfo2; /* firmware's error in bits 31:0, host's in bits 63:32 */
};

_Static_assert(sizeof(struct sev_guest_report_request) == 96, "the kernel's struct snp_report_req");
_Static_assert(sizeof(struct sev_guest_extended_request) == 112, "the kernel's struct snp_ext_report_req");
_Static_assert(sizeof(struct sev_guest_ioctl) == 32, "the kernel's struct snp_guest_request_ioctl");

#define SEV_GUEST_GET_REPORT          _IOWR('S', 0x0, struct sev_guest_ioctl)
#define SEV_GUEST_GET_EXTENDED_REPORT _IOWR('S', 0x2, struct sev_guest_ioctl)

enum sev_guest_host_error { SEV_GUEST_INVALID_LEN = 1, SEV_GUEST_BUSY = 2 };

struct sev_guest {
    struct report_device base; /* first: the two share their address */
    const struct kernel *kernel;
    int fd;
    struct sev_guest_extended_request request;
    struct sev_guest_ioctl call;
    uint8_t response[SEV_GUEST_RESPONSE_SIZE];
};

static uint64_t address_of(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static uint32_t firmware_error(const struct sev_guest *g)
{
    return (uint32_t)g->call.exitinfo2;
}

static uint32_t host_error(const struct sev_guest *g)
{
    return (uint32_t)(g->call.exitinfo2 >> 32);
}

/* Asks once. Without room for a table it is the plain request, in which the host has no say. */
static int call_once(struct sev_guest *g, const uint8_t report_data[static REPORT_DATA_SIZE],
                     struct report_answer *a, uint32_t table_size)
{
    memset(a, 0, sizeof *a);
    memset(&g->request, 0, sizeof g->request);
    memset(g->response, 0, sizeof g->response);
    memcpy(g->request.report.report_data, report_data, REPORT_DATA_SIZE);
    g->request.certificates_address = address_of(a->table);
    g->request.certificates_len = table_size;
    g->call = (struct sev_guest_ioctl){.message_version = SEV_GUEST_MESSAGE_VERSION,
                                       .request_address = address_of(&g->request),
                                       .response_address = address_of(g->response)};
    return g->kernel->ioctl(g->kernel, g->fd,
                            table_size == 0 ? SEV_GUEST_GET_REPORT : SEV_GUEST_GET_EXTENDED_REPORT, &g->call);
}

static bool is_busy(const struct sev_guest *g, int failed)
{
    return failed == -EAGAIN || failed == -EBUSY || failed == -EINTR || host_error(g) == SEV_GUEST_BUSY;
}

static int call_patiently(struct sev_guest *g, const uint8_t report_data[static REPORT_DATA_SIZE],
                          struct report_answer *a, uint32_t table_size)
{
    unsigned wait = SEV_GUEST_FIRST_WAIT_MS;
    int failed = call_once(g, report_data, a, table_size);
    for (int i = 1; is_busy(g, failed) && i < SEV_GUEST_TRIES; i++) {
        g->kernel->sleep_ms(g->kernel, wait);
        wait = wait * 2 < SEV_GUEST_WAIT_MAX_MS ? wait * 2 : SEV_GUEST_WAIT_MAX_MS;
        failed = call_once(g, report_data, a, table_size);
    }
    return failed;
}

static enum err explain(const struct sev_guest *g, int failed, struct err_note *note)
{
    if (is_busy(g, failed))
        return err_noted(ERR_EVIDENCE, note, SEV_GUEST_PATH ": the host stays busy");
    if (failed == -ENOTTY)
        return err_noted(ERR_EVIDENCE, note,
                         SEV_GUEST_PATH
                         ": the driver has given up its key for messages to the firmware after an "
                         "answer that it could not use; only a new start of the machine helps");
    return err_noted(ERR_EVIDENCE, note, SEV_GUEST_PATH ": %s (firmware 0x%x, host 0x%x)",
                     failed == 0 ? "an answer that says it is none" : strerror(-failed), firmware_error(g),
                     host_error(g));
}

/* Table "MSG_REPORT_RSP" of document 56860: status, size of the report, 24 bytes of zeros, the report. */
static enum err response_parse(const struct sev_guest *g, struct report_answer *a, struct err_note *note)
{
    struct reader r = reader_over(bytes_of(g->response, sizeof g->response));
    uint32_t status = reader_u32le(&r);
    uint32_t size = reader_u32le(&r);
    reader_zeros(&r, 24);
    reader_copy(&r, a->report, SNP_REPORT_SIZE);
    if (status != 0)
        return err_noted(ERR_EVIDENCE, note, SEV_GUEST_PATH ": the firmware refused the request, status 0x%x",
                         status);
    if (size != SNP_REPORT_SIZE)
        return err_noted(ERR_EVIDENCE, note, SEV_GUEST_PATH ": a report of %u bytes, wanted %d", size,
                         SNP_REPORT_SIZE);
    if (reader_status(&r) != ERR_OK)
        return err_noted(ERR_EVIDENCE, note,
                         SEV_GUEST_PATH ": the header of the answer is not zero where it must be");
    a->report_len = SNP_REPORT_SIZE;
    return ERR_OK;
}

/* What the kernel said of the table's size. False: nothing that can be followed. */
static bool grow(const struct sev_guest *g, uint32_t *table_size)
{
    uint32_t wanted = g->request.certificates_len;
    if (wanted <= *table_size || wanted % SEV_GUEST_PAGE != 0 || wanted > SEV_GUEST_TABLE_MAX)
        return false;
    *table_size = wanted;
    return true;
}

static enum err sev_guest_ask(struct report_device *self, const uint8_t report_data[static REPORT_DATA_SIZE],
                              struct report_answer *answer, struct err_note *note)
{
    struct sev_guest *g = (struct sev_guest *)self;
    uint32_t table_size = SEV_GUEST_PAGE;
    int failed = call_patiently(g, report_data, answer, table_size);
    for (int i = 0; i < SEV_GUEST_GROWTHS && host_error(g) == SEV_GUEST_INVALID_LEN; i++) {
        /* A host that asks for more than can be, or for less than it was given, offers no certificates: they come from elsewhere. */
        if (!grow(g, &table_size))
            table_size = 0;
        failed = call_patiently(g, report_data, answer, table_size);
    }
    if (failed != 0 || g->call.exitinfo2 != 0)
        return explain(g, failed, note);
    answer->kind = REPORT_SNP;
    answer->table_len = table_size;
    return response_parse(g, answer, note);
}

static void sev_guest_close(struct report_device *self)
{
    struct sev_guest *g = (struct sev_guest *)self;
    (void)g->kernel->close(g->kernel, g->fd);
    free(g);
}

enum err report_sev_guest_open(const struct kernel *kernel, struct report_device **device,
                               struct err_note *note)
{
    *device = NULL;
    int fd = kernel->open(kernel, SEV_GUEST_PATH, O_RDWR);
    if (fd < 0)
        return err_noted(
            fd == -ENOENT ? ERR_FILE : ERR_EVIDENCE, note, SEV_GUEST_PATH ": %s%s", strerror(-fd),
            fd == -ENOENT ? "; it takes an SEV-SNP machine, Linux 5.19 and the module sev-guest" : "");
    struct sev_guest *g = calloc(1, sizeof *g);
    if (g == NULL) {
        (void)kernel->close(kernel, fd);
        return ERR_MEMORY;
    }
    g->base = (struct report_device){.name = "sev-guest", .ask = sev_guest_ask, .close = sev_guest_close};
    g->kernel = kernel;
    g->fd = fd;
    *device = &g->base;
    return ERR_OK;
}
