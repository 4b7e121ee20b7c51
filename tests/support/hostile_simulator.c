/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulator that lies, for tests alone:
 *
 *     hostile_simulator LIE [the command line of enclume-simulator]
 *
 * where LIE is one of
 *     foreign-root   gives out another root than the one that its chain ends in
 *     debug          launches so that the host may debug
 *     stale          answers each question after the first with the report before
 *     report-data    signs other report data than it was asked for
 *     measurement:N  signs another value in the platform's Nth register (0 is the measurement, or MRTD) than that of what it launched
 *     truncated      answers with one byte too few
 *     other-platform answers as another platform than it said it was
 *     bit:N          turns over bit N of the answer's evidence (bit 0 is the lowest of the first byte)
 *     refuse         refuses every question
 *     gpu-nonce      has the GPUs sign another nonce than they were asked for
 *     gpu-bit:N      turns over bit N of the GPUs' reports, their sizes included
 *     gpu-refuse     refuses every question about GPUs
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "simulator/run.h"

typedef enum err gpus_answerer(void *self, const struct gpus *gpus, const struct platform *p,
                               const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                               struct platform_frame *frame);

struct lie {
    const char *name;
    enum err (*prepare)(void *self, struct platform *p, struct simulated_der *root);
    enum err (*answer)(void *self, const struct platform *p,
                       const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                       struct platform_frame *frame);
    gpus_answerer *answer_gpus;
};

struct hostile {
    size_t parameter;
    bool has_previous;
    uint8_t previous[SIMULATED_WIRE_DATA_SIZE];
};

static enum err answer_honestly(void *self, const struct platform *p,
                                const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                struct platform_frame *frame)
{
    (void)self;
    return platform_answer(p, report_data, frame);
}

static enum err prepare_foreign_root(void *self, struct platform *p, struct simulated_der *root)
{
    struct platform *foreign;
    (void)self;
    enum err e = platform_open(p->kind->name, NULL, (int64_t)time(NULL), &foreign, NULL);
    if (e == ERR_OK)
        *root = *foreign->kind->root(foreign);
    if (e == ERR_OK)
        platform_close(foreign);
    return e;
}

static enum err prepare_debug(void *self, struct platform *p, struct simulated_der *root)
{
    (void)self;
    (void)root;
    p->kind->allow_debug(p);
    return ERR_OK;
}

static enum err prepare_measurement(void *self, struct platform *p, struct simulated_der *root)
{
    const struct hostile *h = self;
    (void)root;
    p->launched.at[h->parameter % p->launched.count].value[0] ^= 1;
    return ERR_OK;
}

static enum err answer_stale(void *self, const struct platform *p,
                             const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                             struct platform_frame *frame)
{
    struct hostile *h = self;
    enum err e = platform_answer(p, h->has_previous ? h->previous : report_data, frame);
    memcpy(h->previous, report_data, sizeof h->previous);
    h->has_previous = true;
    return e;
}

static enum err answer_report_data(void *self, const struct platform *p,
                                   const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                   struct platform_frame *frame)
{
    uint8_t other[SIMULATED_WIRE_DATA_SIZE];
    (void)self;
    memcpy(other, report_data, sizeof other);
    other[SIMULATED_WIRE_DATA_SIZE - 1] ^= 1;
    return platform_answer(p, other, frame);
}

static enum err answer_truncated(void *self, const struct platform *p,
                                 const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                 struct platform_frame *frame)
{
    enum err e = answer_honestly(self, p, report_data, frame);
    frame->len--;
    return e;
}

static enum err turn_bit(size_t number, struct platform_frame *frame)
{
    struct simulated_answer answer;
    enum err e = simulated_answer_parse(bytes_of(frame->bytes, frame->len), &answer);
    if (e == ERR_OK && answer.evidence.len == 0)
        e = ERR_VALUE;
    if (e != ERR_OK)
        return e;
    size_t bit = number % (answer.evidence.len * 8);
    frame->bytes[SIMULATED_WIRE_HEADER_SIZE + bit / 8] ^= (uint8_t)(1U << bit % 8);
    return ERR_OK;
}

static enum err answer_bit(void *self, const struct platform *p,
                           const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                           struct platform_frame *frame)
{
    const struct hostile *h = self;
    enum err e = answer_honestly(self, p, report_data, frame);
    return e == ERR_OK ? turn_bit(h->parameter, frame) : e;
}

/* The form of the other is kept, too. */
static enum err answer_other_platform(void *self, const struct platform *p,
                                      const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                      struct platform_frame *frame)
{
    struct platform *other;
    const char *name = strcmp(p->kind->name, "snp") == 0 ? "tdx" : "snp";
    (void)self;
    enum err e = platform_open(name, NULL, (int64_t)time(NULL), &other, NULL);
    if (e == ERR_OK)
        e = platform_answer(other, report_data, frame);
    platform_close(other);
    return e;
}

static enum err answer_refuse(void *self, const struct platform *p,
                              const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                              struct platform_frame *frame)
{
    (void)self;
    (void)p;
    (void)report_data;
    (void)frame;
    return ERR_EVIDENCE;
}

/* ---- GPUs ---- */

static enum err gpus_honestly(void *self, const struct gpus *gpus, const struct platform *p,
                              const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                              struct platform_frame *frame)
{
    (void)self;
    return gpus_answer(gpus, p, nonce, frame);
}

static enum err gpus_nonce(void *self, const struct gpus *gpus, const struct platform *p,
                           const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                           struct platform_frame *frame)
{
    uint8_t other[SIMULATED_WIRE_NONCE_SIZE];
    (void)self;
    memcpy(other, nonce, sizeof other);
    other[0] ^= 1;
    return gpus_answer(gpus, p, other, frame);
}

static enum err gpus_bit(void *self, const struct gpus *gpus, const struct platform *p,
                         const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE], struct platform_frame *frame)
{
    const struct hostile *h = self;
    enum err e = gpus_answer(gpus, p, nonce, frame);
    return e == ERR_OK ? turn_bit(h->parameter, frame) : e;
}

static enum err gpus_refuse(void *self, const struct gpus *gpus, const struct platform *p,
                            const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                            struct platform_frame *frame)
{
    (void)self;
    (void)gpus;
    (void)p;
    (void)nonce;
    (void)frame;
    return ERR_EVIDENCE;
}

static const struct lie lies[] = {
    {"foreign-root", prepare_foreign_root, answer_honestly, gpus_honestly},
    {"debug", prepare_debug, answer_honestly, gpus_honestly},
    {"stale", NULL, answer_stale, gpus_honestly},
    {"report-data", NULL, answer_report_data, gpus_honestly},
    {"measurement", prepare_measurement, answer_honestly, gpus_honestly},
    {"truncated", NULL, answer_truncated, gpus_honestly},
    {"other-platform", NULL, answer_other_platform, gpus_honestly},
    {"bit", NULL, answer_bit, gpus_honestly},
    {"refuse", NULL, answer_refuse, gpus_refuse},
    {"gpu-nonce", NULL, answer_honestly, gpus_nonce},
    {"gpu-bit", NULL, answer_honestly, gpus_bit},
    {"gpu-refuse", NULL, answer_honestly, gpus_refuse},
};

static const struct lie *lie_named(const char *text)
{
    size_t len = strcspn(text, ":");
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        if (strlen(lies[i].name) == len && strncmp(lies[i].name, text, len) == 0)
            return &lies[i];
    return NULL;
}

int main(int argc, char **argv)
{
    struct hostile hostile = {.parameter = 0};
    struct options options;
    struct err_note note = {{0}};
    const struct lie *lie = argc > 1 ? lie_named(argv[1]) : NULL;
    if (lie == NULL || simulator_options_parse(argc - 1, argv + 1, &options, &note) != ERR_OK ||
        options.help || options.version) {
        (void)fprintf(stderr, "hostile_simulator: LIE, then the command line of enclume-simulator\n%s\n",
                      note.text);
        return ERR_CLASS_USAGE;
    }
    const char *parameter = strchr(argv[1], ':');
    if (parameter != NULL)
        hostile.parameter = strtoul(parameter + 1, NULL, 10);
    const struct run_hooks hooks = {
        .prepare = lie->prepare, .answer = lie->answer, .answer_gpus = lie->answer_gpus, .self = &hostile};
    return run_simulator(&options, &hooks);
}
