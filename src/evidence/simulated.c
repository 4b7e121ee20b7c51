/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attest/certificate_table.h"
#include "evidence/simulated.h"

struct simulated_source {
    struct evidence_source base; /* first: the two share their address */
    int fd;
};

/* Evidence and reports are public: ordinary memory. One byte more than an answer, so that a longer one shows. */
enum { ANSWER_ROOM = SIMULATED_WIRE_ANSWER_MAX + 1 };

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

/* ---- the platforms ---- */

/* Into the order in which a bundle wants the certificates. */
static enum err snp_take(const struct simulated_answer *answer, struct evidence *out, struct err_note *note)
{
    struct certificate_table table;
    enum err e = certificate_table_parse(answer->endorsements, &table);
    if (e != ERR_OK)
        return err_noted(ERR_EVIDENCE, note, "the simulator's certificates: %s", err_text(e));
    if (table.vcek.len == 0 || table.ask.len == 0 || table.ark.len == 0 || table.crl.len == 0)
        return err_noted(ERR_EVIDENCE, note, "the simulator's certificates are not complete");
    out->report = (struct bundle_item){BUNDLE_SNP_REPORT, answer->evidence};
    out->endorsement_count = 4;
    out->endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, table.vcek};
    out->endorsements[1] = (struct bundle_item){BUNDLE_CERTIFICATE, table.ask};
    out->endorsements[2] = (struct bundle_item){BUNDLE_CERTIFICATE, table.ark};
    out->endorsements[3] = (struct bundle_item){BUNDLE_CRL, table.crl};
    return ERR_OK;
}

/* The verifier takes them apart. */
static enum err tdx_take(const struct simulated_answer *answer, struct evidence *out, struct err_note *note)
{
    (void)note;
    out->report = (struct bundle_item){BUNDLE_TDX_QUOTE, answer->evidence};
    out->endorsement_count = 1;
    out->endorsements[0] = (struct bundle_item){BUNDLE_TDX_COLLATERAL, answer->endorsements};
    return ERR_OK;
}

static const struct form {
    enum simulated_platform wire;
    const char *platform;
    enum err (*take)(const struct simulated_answer *answer, struct evidence *out, struct err_note *note);
} forms[] = {
    {SIMULATED_PLATFORM_SNP, BUNDLE_PLATFORM_SNP, snp_take},
    {SIMULATED_PLATFORM_TDX, BUNDLE_PLATFORM_TDX, tdx_take},
};

/* An answer to this question; NULL when it is none, and the note says why. */
static const struct form *answer_read(struct bytes frame, enum simulated_what what,
                                      struct simulated_answer *answer, struct err_note *note)
{
    enum err e = simulated_answer_parse(frame, answer);
    if (e != ERR_OK)
        e = err_noted(e, note, "the simulator's answer: %s", err_text(e));
    else if (answer->what != what)
        e = err_noted(ERR_EVIDENCE, note, "the simulator answers another question");
    else if (answer->status != 0)
        e = err_noted(ERR_EVIDENCE, note, "the simulator refused, status 0x%x", answer->status);
    for (size_t i = 0; e == ERR_OK && i < sizeof forms / sizeof *forms; i++)
        if (forms[i].wire == answer->platform)
            return &forms[i];
    return NULL; /* each platform that the wire knows is in the table */
}

enum err evidence_simulated_parse(struct bytes frame, struct evidence *out, const char **platform,
                                  struct err_note *note)
{
    struct simulated_answer answer;
    memset(out, 0, sizeof *out);
    const struct form *form = answer_read(frame, SIMULATED_ASKS_REPORT, &answer, note);
    if (form == NULL)
        return ERR_EVIDENCE;
    enum err e = form->take(&answer, out, note);
    if (e == ERR_OK)
        *platform = form->platform;
    return e;
}

/* ---- GPUs ---- */

static const char *const part_types[SIMULATED_PART_END] = {
    [SIMULATED_PART_REPORT] = BUNDLE_GPU_REPORT,
    [SIMULATED_PART_CHAIN] = BUNDLE_GPU_CHAIN,
    [SIMULATED_PART_RIM] = BUNDLE_GPU_RIM,
    [SIMULATED_PART_OCSP] = BUNDLE_OCSP,
};

/* Reports are evidence, everything else endorses. */
static enum err parts_read(struct bytes from, bool reports, struct bundle_item *items, size_t max,
                           size_t *count)
{
    struct reader r = reader_over(from);
    enum err e = ERR_OK;
    *count = 0;
    while (e == ERR_OK && r.left > 0) {
        enum simulated_part kind;
        struct bytes part;
        e = *count < max ? simulated_part_read(&r, &kind, &part) : ERR_TOO_LARGE;
        if (e == ERR_OK && (kind == SIMULATED_PART_REPORT) != reports)
            e = ERR_VALUE;
        if (e == ERR_OK)
            items[(*count)++] = (struct bundle_item){part_types[kind], part};
    }
    return e;
}

enum err evidence_simulated_parse_gpus(struct bytes frame, struct evidence_gpus *out, const char **platform,
                                       struct err_note *note)
{
    struct simulated_answer answer;
    memset(out, 0, sizeof *out);
    const struct form *form = answer_read(frame, SIMULATED_ASKS_GPUS, &answer, note);
    if (form == NULL)
        return ERR_EVIDENCE;
    enum err e = parts_read(answer.evidence, true, out->reports, BUNDLE_GPUS_MAX, &out->report_count);
    if (e == ERR_OK)
        e = parts_read(answer.endorsements, false, out->endorsements, BUNDLE_ENDORSEMENTS_MAX,
                       &out->endorsement_count);
    if (e != ERR_OK) {
        memset(out, 0, sizeof *out);
        return err_noted(ERR_EVIDENCE, note, "the simulator's GPUs: %s", err_text(e));
    }
    *platform = form->platform;
    return ERR_OK;
}

/* ---- the source ---- */

/* Room for one answer and what came, in *frame: release with free. */
static enum err ask(int fd, const struct simulated_question *question, uint8_t **room, struct bytes *frame,
                    struct err_note *note)
{
    uint8_t bytes[SIMULATED_WIRE_QUESTION_SIZE];
    *frame = (struct bytes){0};
    *room = malloc(ANSWER_ROOM);
    if (*room == NULL)
        return ERR_MEMORY;
    simulated_question_write(question, bytes);
    ssize_t n = question_send(fd, bytes);
    if (n >= 0) /* whole: it is one message */
        n = answer_receive(fd, *room);
    if (n < 0)
        return err_noted(ERR_EVIDENCE, note, "the simulator: %s", strerror(errno));
    *frame = bytes_of(*room, (size_t)n);
    return ERR_OK;
}

static enum err platform_check(const struct evidence_source *self, const char *platform,
                               struct err_note *note)
{
    return strcmp(platform, self->platform) == 0
               ? ERR_OK
               : err_noted(ERR_EVIDENCE, note, "the simulator plays another platform than it said");
}

static enum err simulated_report(struct evidence_source *self, const uint8_t report_data[static 64],
                                 struct evidence *out, struct err_note *note)
{
    const struct simulated_source *source = (const struct simulated_source *)self;
    struct simulated_question question = {.what = SIMULATED_ASKS_REPORT};
    const char *platform = "";
    uint8_t *room;
    struct bytes frame;
    memset(out, 0, sizeof *out);
    memcpy(question.data, report_data, sizeof question.data);
    enum err e = ask(source->fd, &question, &room, &frame, note);
    if (e == ERR_OK)
        e = evidence_simulated_parse(frame, out, &platform, note);
    if (e == ERR_OK)
        e = platform_check(self, platform, note);
    out->storage = room;
    if (e != ERR_OK)
        evidence_release(out);
    return e;
}

static enum err simulated_gpu_reports(struct evidence_source *self,
                                      const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                                      struct evidence_gpus *out, struct err_note *note)
{
    const struct simulated_source *source = (const struct simulated_source *)self;
    struct simulated_question question = {.what = SIMULATED_ASKS_GPUS};
    const char *platform = "";
    uint8_t *room;
    struct bytes frame;
    memset(out, 0, sizeof *out);
    memcpy(question.data, nonce, SIMULATED_WIRE_NONCE_SIZE);
    enum err e = ask(source->fd, &question, &room, &frame, note);
    if (e == ERR_OK)
        e = evidence_simulated_parse_gpus(frame, out, &platform, note);
    if (e == ERR_OK)
        e = platform_check(self, platform, note);
    out->storage = room;
    if (e != ERR_OK)
        evidence_gpus_release(out);
    return e;
}

static enum err platform_ask(int fd, const char **platform)
{
    const struct simulated_question question = {.what = SIMULATED_ASKS_PLATFORM};
    struct simulated_answer answer;
    uint8_t *room;
    struct bytes frame;
    enum err e = ask(fd, &question, &room, &frame, NULL);
    const struct form *form = e == ERR_OK ? answer_read(frame, SIMULATED_ASKS_PLATFORM, &answer, NULL) : NULL;
    if (form != NULL)
        *platform = form->platform;
    else if (e == ERR_OK)
        e = ERR_EVIDENCE;
    free(room);
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
    const char *platform = NULL;
    *out = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_SEQPACKET ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return ERR_EVIDENCE;
    enum err e = platform_ask(fd, &platform);
    if (e != ERR_OK)
        return e;
    struct simulated_source *source = malloc(sizeof *source);
    if (source == NULL)
        return ERR_MEMORY;
    *source = (struct simulated_source){
        .base = {.platform = platform,
                 .report = simulated_report,
                 .gpu_reports = simulated_gpu_reports,
                 .close = simulated_close},
        .fd = fd,
    };
    *out = &source->base;
    return ERR_OK;
}
