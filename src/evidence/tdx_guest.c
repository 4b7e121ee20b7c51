/* SPDX-License-Identifier: Apache-2.0 */

/*
 * /dev/tdx_guest (Linux, Documentation/virt/coco/tdx-guest.rst) gives a TDREPORT, which only the same machine can check. What others can check, the quote,
 * the host's quote generation service makes of it. From Linux 6.7 on the kernel asks for that itself (tsm.c); here it is asked over vsock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include "evidence/qgs_wire.h"
#include "evidence/report_device.h"

#define TDX_GUEST_PATH "/dev/tdx_guest"

/* REPORTMACSTRUCT of the Intel TDX Module ABI Specification, REPORTDATA. */
enum { TDREPORT_REPORT_DATA_OFFSET = 128 };

/* The kernel's struct tdx_report_req. */
struct tdx_guest_request {
    uint8_t report_data[REPORT_DATA_SIZE];
    uint8_t report[QGS_TDREPORT_SIZE];
};

_Static_assert(sizeof(struct tdx_guest_request) == 1088, "the kernel's struct tdx_report_req");

#define TDX_GUEST_GET_REPORT0 _IOWR('T', 1, struct tdx_guest_request)

struct tdx_guest {
    struct report_device base; /* first: the two share their address */
    const struct kernel *kernel;
    int fd;
    uint8_t frame[QGS_ANSWER_MAX];
};

static enum err report_get(const struct tdx_guest *g, struct tdx_guest_request *request,
                           struct err_note *note)
{
    int failed = g->kernel->ioctl(g->kernel, g->fd, TDX_GUEST_GET_REPORT0, request);
    if (failed != 0)
        return err_noted(ERR_EVIDENCE, note, TDX_GUEST_PATH ": %s", strerror(-failed));
    if (memcmp(request->report + TDREPORT_REPORT_DATA_OFFSET, request->report_data, REPORT_DATA_SIZE) != 0)
        return err_noted(ERR_EVIDENCE, note,
                         TDX_GUEST_PATH ": the TDREPORT covers other data than it was asked to");
    return ERR_OK;
}

static enum err io_failed(int failed, struct err_note *note)
{
    return err_noted(ERR_EVIDENCE, note, "the host's quote generation service, vsock port %d: %s", QGS_PORT,
                     failed == -EPIPE ? "it ended the connection" : strerror(-failed));
}

static enum err answer_receive(struct tdx_guest *g, int fd, struct bytes *quote, struct err_note *note)
{
    uint8_t head[QGS_LENGTH_SIZE];
    size_t len;
    int failed = kernel_read_all(g->kernel, fd, head, sizeof head);
    if (failed != 0)
        return io_failed(failed, note);
    enum err e = qgs_length_parse(head, &len);
    if (e != ERR_OK)
        return err_noted(ERR_EVIDENCE, note, "the quote generation service's answer of %zu bytes: %s", len,
                         err_text(e));
    failed = kernel_read_all(g->kernel, fd, g->frame, len);
    if (failed != 0)
        return io_failed(failed, note);
    return qgs_answer_parse(bytes_of(g->frame, len), quote, note) == ERR_OK ? ERR_OK : ERR_EVIDENCE;
}

static enum err quote_get(struct tdx_guest *g, const struct tdx_guest_request *request, struct bytes *quote,
                          struct err_note *note)
{
    uint8_t question[QGS_QUESTION_SIZE];
    qgs_question_write(request->report, question);
    int fd = g->kernel->connect_vsock(g->kernel, VMADDR_CID_HOST, QGS_PORT);
    if (fd < 0)
        return err_noted(
            ERR_EVIDENCE, note,
            "no quote generation service on the host's vsock port %d: %s; start it there, or use a "
            "kernel from Linux 6.7 on, which asks for quotes itself (--evidence tsm)",
            QGS_PORT, strerror(-fd));
    int failed = kernel_write_all(g->kernel, fd, question, sizeof question);
    enum err e = failed == 0 ? answer_receive(g, fd, quote, note) : io_failed(failed, note);
    (void)g->kernel->close(g->kernel, fd);
    return e;
}

static enum err tdx_guest_ask(struct report_device *self, const uint8_t report_data[static REPORT_DATA_SIZE],
                              struct report_answer *answer, struct err_note *note)
{
    struct tdx_guest *g = (struct tdx_guest *)self;
    struct tdx_guest_request request = {{0}, {0}};
    struct bytes quote = {0};
    memset(answer, 0, sizeof *answer);
    memcpy(request.report_data, report_data, REPORT_DATA_SIZE);
    enum err e = report_get(g, &request, note);
    if (e == ERR_OK)
        e = quote_get(g, &request, &quote, note);
    if (e != ERR_OK)
        return e;
    if (quote.ptr == NULL || quote.len > sizeof answer->report)
        return err_noted(ERR_EVIDENCE, note, "a quote of %zu bytes, at most %d are taken", quote.len,
                         REPORT_ROOM);
    answer->kind = REPORT_TDX;
    answer->report_len = quote.len;
    memcpy(answer->report, quote.ptr, quote.len);
    return ERR_OK;
}

static void tdx_guest_close(struct report_device *self)
{
    struct tdx_guest *g = (struct tdx_guest *)self;
    (void)g->kernel->close(g->kernel, g->fd);
    free(g);
}

enum err report_tdx_guest_open(const struct kernel *kernel, struct report_device **device,
                               struct err_note *note)
{
    *device = NULL;
    int fd = kernel->open(kernel, TDX_GUEST_PATH, O_RDWR);
    if (fd < 0)
        return err_noted(fd == -ENOENT ? ERR_FILE : ERR_EVIDENCE, note, TDX_GUEST_PATH ": %s%s",
                         strerror(-fd),
                         fd == -ENOENT ? "; it takes a TDX machine, Linux 6.2 and the module tdx-guest" : "");
    struct tdx_guest *g = calloc(1, sizeof *g);
    if (g == NULL) {
        (void)kernel->close(kernel, fd);
        return ERR_MEMORY;
    }
    g->base = (struct report_device){.name = "tdx-guest", .ask = tdx_guest_ask, .close = tdx_guest_close};
    g->kernel = kernel;
    g->fd = fd;
    *device = &g->base;
    return ERR_OK;
}
