/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attest/certificate_table.h"
#include "evidence/evidence.h"
#include "evidence/simulated_wire.h"

struct simulated_source {
    struct evidence_source base; /* first: the two share their address */
    int fd;
};

/* Evidence and reports are public: ordinary memory. One byte more than an answer, so that a longer one shows. */
enum { ANSWER_ROOM = SIMULATED_WIRE_ANSWER_SIZE + 1 };

static ssize_t question_send(int fd, const uint8_t question[static SIMULATED_WIRE_QUESTION_SIZE])
{
    ssize_t n;
    do
        n = send(fd, question, SIMULATED_WIRE_QUESTION_SIZE, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t answer_receive(int fd, uint8_t answer[static ANSWER_ROOM])
{
    ssize_t n;
    do
        n = recv(fd, answer, ANSWER_ROOM, 0);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Into the order in which a bundle wants the certificates. */
static enum err evidence_from(struct bytes frame, struct evidence *out, struct err_note *note)
{
    struct simulated_answer answer;
    struct certificate_table table;
    enum err e = simulated_answer_parse(frame, &answer);
    if (e != ERR_OK)
        return err_noted(ERR_EVIDENCE, note, "the simulator's answer: %s", err_text(e));
    if (answer.status != 0)
        return err_noted(ERR_EVIDENCE, note, "the simulator refused, status 0x%x", answer.status);
    e = certificate_table_parse(answer.table, &table);
    if (e != ERR_OK)
        return err_noted(ERR_EVIDENCE, note, "the simulator's certificates: %s", err_text(e));
    if (table.vcek.len == 0 || table.ask.len == 0 || table.ark.len == 0 || table.crl.len == 0)
        return err_noted(ERR_EVIDENCE, note, "the simulator's certificates are not complete");
    out->report = (struct bundle_item){BUNDLE_SNP_REPORT, answer.report};
    out->endorsement_count = 4;
    out->endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, table.vcek};
    out->endorsements[1] = (struct bundle_item){BUNDLE_CERTIFICATE, table.ask};
    out->endorsements[2] = (struct bundle_item){BUNDLE_CERTIFICATE, table.ark};
    out->endorsements[3] = (struct bundle_item){BUNDLE_CRL, table.crl};
    return ERR_OK;
}

static enum err simulated_report(struct evidence_source *self, const uint8_t report_data[static 64],
                                 struct evidence *out, struct err_note *note)
{
    const struct simulated_source *source = (const struct simulated_source *)self;
    uint8_t question[SIMULATED_WIRE_QUESTION_SIZE];
    memset(out, 0, sizeof *out);
    uint8_t *frame = malloc(ANSWER_ROOM);
    if (frame == NULL)
        return ERR_MEMORY;
    simulated_question_write(report_data, question);
    ssize_t n = question_send(source->fd, question);
    if (n == (ssize_t)sizeof question)
        n = answer_receive(source->fd, frame);
    enum err e = n < 0 ? err_noted(ERR_EVIDENCE, note, "the simulator: %s", strerror(errno))
                       : evidence_from(bytes_of(frame, (size_t)n), out, note);
    if (e == ERR_OK)
        out->storage = frame;
    else
        free(frame);
    return e;
}

static void simulated_close(struct evidence_source *self)
{
    struct simulated_source *source = (struct simulated_source *)self;
    (void)close(source->fd);
    free(source);
}

enum err evidence_simulated_open(int fd, struct evidence_source **out)
{
    int type = 0;
    socklen_t len = sizeof type;
    *out = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_SEQPACKET ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return ERR_EVIDENCE;
    struct simulated_source *source = malloc(sizeof *source);
    if (source == NULL)
        return ERR_MEMORY;
    *source = (struct simulated_source){
        .base = {.platform = BUNDLE_PLATFORM_SNP, .report = simulated_report, .close = simulated_close},
        .fd = fd,
    };
    *out = &source->base;
    return ERR_OK;
}
