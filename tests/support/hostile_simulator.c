/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulator that lies, for tests alone:
 *
 *     hostile_simulator LIE [the command line of enclume-simulator]
 *
 * where LIE is one of
 *     foreign-root   gives out another root than the one that its chain ends in
 *     debug          launches with a guest policy that allows debugging
 *     stale          answers each question after the first with the report before
 *     report-data    signs other report data than it was asked for
 *     measurement    signs another measurement than that of what it launched
 *     truncated      answers with one byte too few
 *     bit:N          turns over bit N of the answer's report (bit 0 is the lowest of the first byte)
 *     refuse         refuses every question
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "simulator/run.h"

enum { REPORT_AT = SIMULATED_WIRE_MAGIC_SIZE + 4 + 4 };

struct lie {
    const char *name;
    enum err (*prepare)(void *self, struct platform *p, struct simulated_der *root);
    enum err (*answer)(void *self, const struct platform *p,
                       const uint8_t report_data[static SNP_REPORT_DATA_SIZE], struct platform_frame *frame);
};

struct hostile {
    const char *parameter;
    bool has_previous;
    uint8_t previous[SNP_REPORT_DATA_SIZE];
};

static enum err answer_honestly(void *self, const struct platform *p,
                                const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                                struct platform_frame *frame)
{
    (void)self;
    return platform_answer(p, report_data, frame);
}

static enum err prepare_foreign_root(void *self, struct platform *p, struct simulated_der *root)
{
    struct simulated_chain *foreign;
    (void)self;
    enum err e = simulated_chain_new(p->chain->product, (int64_t)time(NULL), &foreign);
    if (e == ERR_OK)
        *root = foreign->ark_der;
    if (e == ERR_OK)
        simulated_chain_free(foreign);
    return e;
}

static enum err prepare_debug(void *self, struct platform *p, struct simulated_der *root)
{
    (void)self;
    (void)root;
    p->policy |= 1ULL << SNP_POLICY_DEBUG;
    return ERR_OK;
}

static enum err prepare_measurement(void *self, struct platform *p, struct simulated_der *root)
{
    (void)self;
    (void)root;
    p->measurement[0] ^= 1;
    return ERR_OK;
}

static enum err answer_stale(void *self, const struct platform *p,
                             const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                             struct platform_frame *frame)
{
    struct hostile *h = self;
    enum err e = platform_answer(p, h->has_previous ? h->previous : report_data, frame);
    memcpy(h->previous, report_data, sizeof h->previous);
    h->has_previous = true;
    return e;
}

static enum err answer_report_data(void *self, const struct platform *p,
                                   const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                                   struct platform_frame *frame)
{
    uint8_t other[SNP_REPORT_DATA_SIZE];
    (void)self;
    memcpy(other, report_data, sizeof other);
    other[SNP_REPORT_DATA_SIZE - 1] ^= 1;
    return platform_answer(p, other, frame);
}

static enum err answer_truncated(void *self, const struct platform *p,
                                 const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                                 struct platform_frame *frame)
{
    enum err e = answer_honestly(self, p, report_data, frame);
    frame->len--;
    return e;
}

static enum err answer_bit(void *self, const struct platform *p,
                           const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                           struct platform_frame *frame)
{
    const struct hostile *h = self;
    size_t bit = strtoul(h->parameter, NULL, 10) % (SNP_REPORT_SIZE * 8UL);
    enum err e = answer_honestly(self, p, report_data, frame);
    frame->bytes[REPORT_AT + bit / 8] ^= (uint8_t)(1U << bit % 8);
    return e;
}

static enum err answer_refuse(void *self, const struct platform *p,
                              const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                              struct platform_frame *frame)
{
    (void)self;
    (void)p;
    (void)report_data;
    (void)frame;
    return ERR_EVIDENCE;
}

static const struct lie lies[] = {
    {"foreign-root", prepare_foreign_root, answer_honestly},
    {"debug", prepare_debug, answer_honestly},
    {"stale", NULL, answer_stale},
    {"report-data", NULL, answer_report_data},
    {"measurement", prepare_measurement, answer_honestly},
    {"truncated", NULL, answer_truncated},
    {"bit", NULL, answer_bit},
    {"refuse", NULL, answer_refuse},
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
    struct hostile hostile = {.parameter = "0"};
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
        hostile.parameter = parameter + 1;
    const struct run_hooks hooks = {.prepare = lie->prepare, .answer = lie->answer, .self = &hostile};
    return run_simulator(&options, &hooks);
}
