/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Evidence that is made for each client, now, from a chip that takes 10 ms for a report and makes one at a time: 1,000 handshakes that begin at once,
 * against asking the chip for each of them.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/strict_json.h"
#include "bench.h"
#include "crypto/crypto.h"
#include "evidence/batch.h"

enum {
    HANDSHAKES = 1000,
    ONE_BY_ONE = 100, /* of the peer: it is slow, and a report takes as long each time */
    CHIP_NS = 10 * 1000 * 1000,
    CERTIFICATE_SIZE = 1400,
    LIST_SIZE = 800,
    REPORT_SIZE = 1184,
    ROUNDS_MAX = 15,
};

#define STATEMENT                                                                                            \
    "{\"gpu_evidence\":null,\"model\":\"sha256:"                                                             \
    "0000000000000000000000000000000000000000000000000000000000000000\","                                    \
    "\"model_name\":\"m\",\"noise_static\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"openpgp\":"     \
    "null,\"version\":1}"

/* ---- a chip ---- */

struct chip {
    struct evidence_source base;
    pthread_mutex_t busy; /* one report at a time, whoever asks */
    unsigned reports;
    uint8_t bytes[REPORT_SIZE + 3 * CERTIFICATE_SIZE +
                  LIST_SIZE]; /* a report and its endorsements: their size is what matters here */
};

static enum err chip_report(struct evidence_source *self, const uint8_t report_data[static 64],
                            struct evidence *out, struct err_note *note)
{
    struct chip *chip = (struct chip *)self;
    const struct timespec takes = {.tv_nsec = CHIP_NS};
    const uint8_t *at = chip->bytes + REPORT_SIZE;
    (void)note;
    (void)pthread_mutex_lock(&chip->busy);
    (void)nanosleep(&takes, NULL);
    chip->reports++;
    memcpy(chip->bytes + 0x50, report_data, 64);
    (void)pthread_mutex_unlock(&chip->busy);
    *out = (struct evidence){.report = {BUNDLE_SNP_REPORT, bytes_of(chip->bytes, REPORT_SIZE)},
                             .endorsement_count = 4};
    for (size_t i = 0; i < 3; i++, at += CERTIFICATE_SIZE)
        out->endorsements[i] = (struct bundle_item){BUNDLE_CERTIFICATE, bytes_of(at, CERTIFICATE_SIZE)};
    out->endorsements[3] = (struct bundle_item){BUNDLE_CRL, bytes_of(at, LIST_SIZE)};
    return ERR_OK;
}

static struct chip chip = {
    .base = {.platform = BUNDLE_PLATFORM_SNP, .report = chip_report},
    .busy = PTHREAD_MUTEX_INITIALIZER,
};

/* ---- who waits for it ---- */

struct crowd {
    pthread_mutex_t lock;
    pthread_cond_t all_there;
    size_t answered;
    double began[HANDSHAKES];
    double took[HANDSHAKES];
    size_t bundle_size;
};

static struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER, .all_there = PTHREAD_COND_INITIALIZER};

static void ready(void *owner, uint64_t ticket, enum err result, struct bytes bundle, size_t leaves)
{
    struct crowd *c = owner;
    (void)leaves;
    bench_must(result, "evidence");
    double now = bench_clock();
    (void)pthread_mutex_lock(&c->lock);
    c->took[ticket] = now - c->began[ticket];
    c->bundle_size = bundle.len;
    if (++c->answered == HANDSHAKES)
        (void)pthread_cond_signal(&c->all_there);
    (void)pthread_mutex_unlock(&c->lock);
}

/* Seconds until the last has its bundle. */
static double batched(struct evidence_batch *batch)
{
    uint8_t challenge[32] = {0};
    double start = bench_clock();
    crowd.answered = 0;
    for (size_t i = 0; i < HANDSHAKES; i++) {
        bench_must(crypto_random(challenge, sizeof challenge), "a challenge");
        crowd.began[i] = bench_clock();
        bench_must(evidence_batch_ask(batch, challenge, i), "asking");
    }
    (void)pthread_mutex_lock(&crowd.lock);
    while (crowd.answered < HANDSHAKES)
        (void)pthread_cond_wait(&crowd.all_there, &crowd.lock);
    (void)pthread_mutex_unlock(&crowd.lock);
    return bench_clock() - start;
}

/* Seconds for so many handshakes with a report each, bundles not even written. */
static double one_by_one(void)
{
    const uint8_t report_data[64] = {0};
    struct evidence evidence;
    double start = bench_clock();
    for (size_t i = 0; i < ONE_BY_ONE; i++)
        bench_must(chip_report(&chip.base, report_data, &evidence, NULL), "a report");
    return bench_clock() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void run(void)
{
    const struct bench_claim claim = {
        .name = "freshness.rate",
        .text = "1,000 handshakes at once, fresh evidence each, from a chip of 10 ms a report",
        .unit = "handshakes/s",
        .aim = 20,
        .ours = {.label = "batched"},
        .peer = {.label = "a report each"},
    };
    static double ours[ROUNDS_MAX];
    static double peer[ROUNDS_MAX];
    static double p50[ROUNDS_MAX];
    static double p99[ROUNDS_MAX];
    static double reports[ROUNDS_MAX];
    struct evidence_batch *batch;
    size_t rounds = bench_rounds() < ROUNDS_MAX ? bench_rounds() : ROUNDS_MAX;
    bench_must(evidence_batch_new(&chip.base, NULL, bytes_str(STATEMENT), ready, &crowd, &batch), "a batch");
    for (size_t i = 0; i < rounds; i++) {
        chip.reports = 0;
        ours[i] = HANDSHAKES / batched(batch);
        reports[i] = chip.reports;
        qsort(crowd.took, HANDSHAKES, sizeof crowd.took[0], by_size);
        p50[i] = crowd.took[HANDSHAKES / 2] * 1e3;
        p99[i] = crowd.took[HANDSHAKES * 99 / 100] * 1e3;
        peer[i] = ONE_BY_ONE / one_by_one();
    }
    evidence_batch_free(batch);
    bench_report(&claim, ours, peer, rounds);
    double made = bench_median(reports, rounds);
    bench_value("freshness.reports", "reports that the chip made for the 1,000", made, "reports", 10);
    bench_value("freshness.share", "of one report for each handshake", made / HANDSHAKES, "x", 0.01);
    bench_value("freshness.p50", "from challenge to bundle, median", bench_median(p50, rounds), "ms", 0);
    bench_value("freshness.p99", "from challenge to bundle, 99 of 100", bench_median(p99, rounds), "ms", 0);
    bench_value("freshness.bundle", "size of a bundle", (double)crowd.bundle_size, "bytes", 0);
}

int main(int argc, char **argv)
{
    bench_begin("bench_freshness",
                "Fresh evidence for 1,000 handshakes at once, from a chip that makes one report at a time",
                argc, argv);
    bench_must(crypto_init(), "crypto_init");
    strict_json_init();
    if (bench_wanted("freshness.rate"))
        run();
    return bench_end();
}
