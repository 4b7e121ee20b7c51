/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/options.h"

enum { ROUNDS_DEFAULT = 41 };
static const double round_default = 0.01;

static struct run {
    bool json;
    bool help;
    uint32_t rounds;
    const char *only;
    const char *program;
    size_t printed;
} run = {.rounds = ROUNDS_DEFAULT};

_Noreturn void bench_fail(const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", run.program, what);
    exit(1);
}

void bench_must_be(bool condition, const char *what)
{
    if (!condition)
        bench_fail(what);
}

void bench_must(enum err e, const char *what)
{
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "%s: %s: %s\n", run.program, what, err_text(e));
    exit(1);
}

void bench_begin(const char *program, const char *about, int argc, char **argv)
{
    static const struct option table[] = {
        {"--json", OPTION_SWITCH, offsetof(struct run, json), 0, 0, NULL, "one JSON object instead of text"},
        {"--rounds", OPTION_NUMBER, offsetof(struct run, rounds), 3, 10000, "N",
         "rounds for each comparison. Default 41"},
        {"--only", OPTION_TEXT, offsetof(struct run, only), 0, 0, "NAME",
         "only what has a name that begins so"},
        {"--help", OPTION_SWITCH, offsetof(struct run, help), 0, 0, NULL, "this text"},
        {0},
    };
    struct option_list operands;
    struct err_note note = {{0}};
    run.program = program;
    enum err e = options_parse(table, argc - 1, argv + 1, &run, &operands, &note);
    if (e != ERR_OK || operands.count != 0) {
        (void)fprintf(stderr, "%s: %s\n", program, e != ERR_OK ? note.text : "no arguments but options");
        exit(2);
    }
    if (run.help) {
        (void)printf("Usage: %s [OPTION]...\n\n%s\n\n", program, about);
        options_help(table);
        exit(0);
    }
    if (run.json)
        (void)printf("{\"program\":\"%s\",\"results\":[", program);
    else
        (void)printf("## %s\n\n%s\n\n", program, about);
}

int bench_end(void)
{
    (void)puts(run.json ? "]}" : "");
    return fflush(stdout) == 0 ? 0 : 1;
}

unsigned bench_rounds(void)
{
    return run.rounds;
}

double bench_clock(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_processor_time(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* ---- reporting ---- */

static void next_result(void)
{
    if (run.json)
        (void)printf("%s\n", run.printed == 0 ? "" : ",");
    run.printed++;
}

void bench_report(const struct bench_claim *claim, const double *ours, const double *peer, size_t count)
{
    double *ratio = calloc(3 * count, sizeof *ratio);
    bench_must_be(ratio != NULL, "no memory");
    double *a = ratio + count;
    double *b = a + count;
    memcpy(a, ours, count * sizeof *a);
    memcpy(b, peer, count * sizeof *b);
    for (size_t i = 0; i < count; i++)
        ratio[i] = claim->is_time ? b[i] / a[i] : a[i] / b[i];
    double middle = bench_median(ratio, count);
    double ours_middle = bench_median(a, count);
    double peer_middle = bench_median(b, count);
    const char *aim = claim->aim == 0 ? "" : middle >= claim->aim ? ", met" : ", NOT met";
    next_result();
    if (run.json) {
        (void)printf(
            "{\"name\":\"%s\",\"text\":\"%s\",\"unit\":\"%s\",\"ours\":{\"label\":\"%s\",\"median\":%.6g},"
            "\"peer\":{\"label\":\"%s\",\"median\":%.6g},\"ratio\":{\"median\":%.4f,\"min\":%.4f,\"max\":%."
            "4f},"
            "\"rounds\":%zu",
            claim->name, claim->text, claim->unit, claim->ours.label, ours_middle, claim->peer.label,
            peer_middle, middle, ratio[0], ratio[count - 1], count);
        if (claim->aim != 0)
            (void)printf(",\"aim\":%.4g,\"met\":%s", claim->aim, middle >= claim->aim ? "true" : "false");
        (void)printf("}");
    } else {
        (void)printf("- %s: **%.3f** of %s (%.3f to %.3f in %zu rounds): %.4g against %.4g %s", claim->text,
                     middle, claim->peer.label, ratio[0], ratio[count - 1], count, ours_middle, peer_middle,
                     claim->unit);
        if (claim->aim != 0)
            (void)printf("; aim %.4g%s", claim->aim, aim);
        (void)printf("\n");
    }
    (void)fflush(stdout);
    free(ratio);
}

void bench_value(const char *name, const char *text, double value, const char *unit, double aim_below)
{
    bool met = value < aim_below;
    next_result();
    if (run.json) {
        (void)printf("{\"name\":\"%s\",\"text\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"", name, text, value,
                     unit);
        if (aim_below != 0)
            (void)printf(",\"aim_below\":%.4g,\"met\":%s", aim_below, met ? "true" : "false");
        (void)printf("}");
    } else {
        (void)printf("- %s: %.5g %s", text, value, unit);
        if (aim_below != 0)
            (void)printf("; aim: below %.4g, %s", aim_below, met ? "met" : "NOT met");
        (void)printf("\n");
    }
    (void)fflush(stdout);
}

void bench_left_out(const char *name, const char *why)
{
    next_result();
    if (run.json)
        (void)printf("{\"name\":\"%s\",\"left_out\":\"%s\"}", name, why);
    else
        (void)printf("- %s: left out, %s\n", name, why);
}

/* ---- comparing ---- */

/* How many operations fill a round. Also warms up. */
static uint64_t calibrate(const struct bench_side *side, double wanted)
{
    uint64_t count = 1;
    for (;;) {
        double took = side->run(side->self, count);
        if (took >= wanted || count > UINT32_MAX)
            return count;
        double more = took <= wanted / 8 ? 4 : ceil(wanted / took);
        count = (uint64_t)((double)count * more);
    }
}

static double measure(const struct bench_claim *claim, const struct bench_side *side, uint64_t count)
{
    double each = side->run(side->self, count) / (double)count;
    return claim->is_time ? each * claim->scale : claim->scale / each;
}

bool bench_wanted(const char *name)
{
    return run.only == NULL || strncmp(name, run.only, strlen(run.only)) == 0;
}

void bench_compare(const struct bench_claim *claim)
{
    if (!bench_wanted(claim->name))
        return;
    size_t rounds = run.rounds;
    if (claim->rounds_max != 0 && rounds > claim->rounds_max)
        rounds = claim->rounds_max;
    double wanted = claim->round == 0 ? round_default : claim->round;
    double *ours = calloc(2 * rounds, sizeof *ours);
    bench_must_be(ours != NULL, "no memory");
    double *peer = ours + rounds;
    uint64_t ours_count = calibrate(&claim->ours, wanted);
    uint64_t peer_count = calibrate(&claim->peer, wanted);
    for (size_t i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            ours[i] = measure(claim, &claim->ours, ours_count);
        peer[i] = measure(claim, &claim->peer, peer_count);
        if (i % 2 == 1)
            ours[i] = measure(claim, &claim->ours, ours_count);
    }
    bench_report(claim, ours, peer, rounds);
    free(ours);
}

/* ---- stopwatch ---- */

void bench_lap(struct bench_laps *l, double seconds)
{
    if (l->count == l->room) {
        l->room = l->room == 0 ? 1024 : 2 * l->room;
        l->laps = realloc(l->laps, l->room * sizeof *l->laps);
        bench_must_be(l->laps != NULL, "no memory");
    }
    l->laps[l->count++] = seconds;
}

double bench_laps_sum(struct bench_laps *l)
{
    size_t count = l->count;
    size_t kept = count - count / 10;
    double sum = 0;
    qsort(l->laps, count, sizeof *l->laps, by_size);
    for (size_t i = 0; i < kept; i++)
        sum += l->laps[i];
    l->count = 0;
    return kept == 0 ? 0 : sum * (double)count / (double)kept;
}
