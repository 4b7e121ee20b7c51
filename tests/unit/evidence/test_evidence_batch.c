/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "attest/statement.h"
#include "crypto/crypto.h"
#include "evidence/batch.h"

/* A chip in software: its report is the report data itself. It can be slow, can fail, and can be held at a gate. */
struct chip {
    struct evidence_source base;
    long delay_ms;
    size_t fails_from; /* the number of the report that fails, and all after it; 0: none */
    bool held;
    size_t entered; /* reports begun */
    size_t at_once; /* calls at the same time */
    size_t at_once_max;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static enum err chip_report(struct evidence_source *self, const uint8_t report_data[static 64],
                            struct evidence *out, struct err_note *note)
{
    struct chip *c = (struct chip *)self;
    (void)pthread_mutex_lock(&c->lock);
    size_t number = ++c->entered;
    if (++c->at_once > c->at_once_max)
        c->at_once_max = c->at_once;
    (void)pthread_cond_broadcast(&c->changed);
    while (c->held)
        (void)pthread_cond_wait(&c->changed, &c->lock);
    (void)pthread_mutex_unlock(&c->lock);

    const struct timespec delay = {.tv_nsec = c->delay_ms * 1000000};
    (void)nanosleep(&delay, NULL);
    (void)pthread_mutex_lock(&c->lock);
    c->at_once--;
    (void)pthread_mutex_unlock(&c->lock);

    memset(out, 0, sizeof *out);
    if (c->fails_from != 0 && number >= c->fails_from)
        return err_noted(ERR_EVIDENCE, note, "told to fail");
    out->storage = malloc(64);
    memcpy(out->storage, report_data, 64);
    out->report = (struct bundle_item){BUNDLE_SNP_REPORT, bytes_of(out->storage, 64)};
    out->endorsement_count = 1;
    out->endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, bytes_str("certificate")};
    return ERR_OK;
}

static void chip_close(struct evidence_source *self)
{
    (void)self;
}

static void chip_init(struct chip *c, long delay_ms)
{
    *c = (struct chip){.base = {.platform = BUNDLE_PLATFORM_SNP, .report = chip_report, .close = chip_close},
                       .delay_ms = delay_ms};
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->changed, NULL);
}

static void chip_wait_entered(struct chip *c, size_t n)
{
    (void)pthread_mutex_lock(&c->lock);
    while (c->entered < n)
        (void)pthread_cond_wait(&c->changed, &c->lock);
    (void)pthread_mutex_unlock(&c->lock);
}

static void chip_hold(struct chip *c, bool held)
{
    (void)pthread_mutex_lock(&c->lock);
    c->held = held;
    (void)pthread_cond_broadcast(&c->changed);
    (void)pthread_mutex_unlock(&c->lock);
}

/* What came back. */
enum { ANSWERS_MAX = EVIDENCE_BATCH_MAX + 2 };
struct answers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count;
    bool keep; /* the texts */
    struct answer {
        size_t times;
        enum err result;
        size_t leaves;
        char *text;
        size_t len;
    } of[ANSWERS_MAX]; /* by ticket */
};

static void on_ready(void *owner, uint64_t ticket, enum err result, struct bytes bundle, size_t leaves)
{
    struct answers *a = owner;
    (void)pthread_mutex_lock(&a->lock);
    struct answer *one = &a->of[ticket];
    one->times++;
    one->result = result;
    one->leaves = leaves;
    one->len = bundle.len;
    if (a->keep && bundle.len != 0) {
        one->text = malloc(bundle.len);
        memcpy(one->text, bundle.ptr, bundle.len);
    }
    a->count++;
    (void)pthread_cond_broadcast(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
}

static struct answers *answers_new(bool keep)
{
    struct answers *a = calloc(1, sizeof *a);
    a->keep = keep;
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->changed, NULL);
    return a;
}

static void answers_wait(struct answers *a, size_t n)
{
    (void)pthread_mutex_lock(&a->lock);
    while (a->count < n)
        (void)pthread_cond_wait(&a->changed, &a->lock);
    (void)pthread_mutex_unlock(&a->lock);
}

static void answers_free(struct answers *a)
{
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        free(a->of[i].text);
    free(a);
}

static void challenge_of(uint64_t ticket, uint8_t challenge[static 32])
{
    memset(challenge, 0xc5, 32);
    memcpy(challenge, &ticket, sizeof ticket);
}

static void ask(struct evidence_batch *b, uint64_t ticket)
{
    uint8_t challenge[32];
    challenge_of(ticket, challenge);
    assert_ok(evidence_batch_ask(b, challenge, ticket));
}

static const char statement[] = "{\"a\":1}";

static void new_batch(struct chip *c, struct answers *a, struct evidence_batch **b)
{
    assert_ok(evidence_batch_new(&c->base, NULL, bytes_str(statement), on_ready, a, b));
}

/* The bundle's report covers this ticket's own challenge, through its own path. */
static void assert_covers(const struct answer *a, uint64_t ticket)
{
    struct bundle bundle;
    struct err_note note = {{0}};
    uint8_t challenge[32];
    uint8_t root[32];
    uint8_t wanted[64];
    assert_err(a->result, ERR_OK);
    assert_int_equal(a->times, 1);
    assert_ok(bundle_parse(bytes_of(a->text, a->len), &bundle, &note));
    assert_string_equal(bundle.platform, BUNDLE_PLATFORM_SNP);
    assert_true(bytes_is_str(bundle.statement, statement));
    assert_int_equal(bundle.freshness.size, a->leaves);
    assert_int_equal(bundle.endorsement_count, 1);
    challenge_of(ticket, challenge);
    assert_ok(merkle_root_from_path(challenge, &bundle.freshness, root));
    assert_ok(statement_report_data(bytes_str(statement), root, wanted));
    assert_int_equal(bundle.evidence_count, 1);
    assert_int_equal(bundle.evidence[0].value.len, sizeof wanted);
    assert_memory_equal(bundle.evidence[0].value.ptr, wanted, sizeof wanted);
    /* and no other challenge */
    challenge[31] ^= 1;
    assert_ok(merkle_root_from_path(challenge, &bundle.freshness, root));
    assert_ok(statement_report_data(bytes_str(statement), root, wanted));
    assert_memory_not_equal(bundle.evidence[0].value.ptr, wanted, sizeof wanted);
    bundle_release(&bundle);
}

static void a_thousand_challenges_need_few_reports(void **state)
{
    (void)state;
    enum { COUNT = 1000, FEW = COUNT / 10 };
    struct chip chip;
    struct evidence_batch *b;
    struct answers *answers = answers_new(true);
    chip_init(&chip, 10);
    new_batch(&chip, answers, &b);
    for (uint64_t i = 0; i < COUNT; i++)
        ask(b, i);
    answers_wait(answers, COUNT);
    evidence_batch_free(b);
    for (uint64_t i = 0; i < COUNT; i++)
        assert_covers(&answers->of[i], i);
    assert_int_equal(answers->count, COUNT);
    assert_in_range(chip.entered, 1, FEW);
    assert_int_equal(chip.at_once_max, 1);
    answers_free(answers);
}

static void what_arrives_while_the_chip_is_busy_shares_the_next_report(void **state)
{
    (void)state;
    struct chip chip;
    struct evidence_batch *b;
    struct answers *answers = answers_new(true);
    chip_init(&chip, 0);
    chip_hold(&chip, true);
    new_batch(&chip, answers, &b);
    ask(b, 0);
    chip_wait_entered(&chip, 1);
    for (uint64_t i = 1; i <= 5; i++)
        ask(b, i);
    chip_hold(&chip, false);
    answers_wait(answers, 6);
    evidence_batch_free(b);
    assert_int_equal(chip.entered, 2);
    assert_int_equal(answers->of[0].leaves, 1);
    for (uint64_t i = 0; i <= 5; i++) {
        assert_covers(&answers->of[i], i);
        assert_int_equal(answers->of[i].leaves, i == 0 ? 1 : 5);
    }
    answers_free(answers);
}

static void the_chips_error_reaches_everyone_and_passes(void **state)
{
    (void)state;
    struct chip chip;
    struct evidence_batch *b;
    struct answers *answers = answers_new(true);
    chip_init(&chip, 0);
    chip.fails_from = 1;
    new_batch(&chip, answers, &b);
    ask(b, 0);
    answers_wait(answers, 1);
    assert_err(answers->of[0].result, ERR_EVIDENCE);
    assert_int_equal(answers->of[0].len, 0);
    chip.fails_from = 0;
    ask(b, 1);
    answers_wait(answers, 2);
    assert_covers(&answers->of[1], 1);
    evidence_batch_free(b);
    answers_free(answers);
}

/* When the other thread is in evidence_batch_free: it says nothing that could be waited for. */
static void *release_soon(void *argument)
{
    const struct timespec soon = {.tv_nsec = 300 * 1000000};
    (void)nanosleep(&soon, NULL);
    chip_hold(argument, false);
    return NULL;
}

static void free_waits_for_the_report_under_way_and_cancels_the_rest(void **state)
{
    (void)state;
    struct chip chip;
    struct evidence_batch *b;
    pthread_t releaser;
    struct answers *answers = answers_new(true);
    chip_init(&chip, 0);
    chip_hold(&chip, true);
    new_batch(&chip, answers, &b);
    ask(b, 0);
    chip_wait_entered(&chip, 1);
    for (uint64_t i = 1; i <= 5; i++)
        ask(b, i);
    assert_int_equal(pthread_create(&releaser, NULL, release_soon, &chip), 0);
    evidence_batch_free(b);
    assert_int_equal(answers->count, 6);
    assert_covers(&answers->of[0], 0);
    for (size_t i = 1; i <= 5; i++)
        assert_err(answers->of[i].result, ERR_CANCELLED);
    assert_int_equal(chip.entered, 1);
    assert_int_equal(pthread_join(releaser, NULL), 0);
    answers_free(answers);
}

static void more_than_the_limit_is_busy(void **state)
{
    (void)state;
    struct chip chip;
    struct evidence_batch *b;
    uint8_t challenge[32];
    struct answers *answers = answers_new(false);
    chip_init(&chip, 0);
    chip.fails_from = 2; /* the great batch is not worth its bundles here */
    chip_hold(&chip, true);
    new_batch(&chip, answers, &b);
    ask(b, EVIDENCE_BATCH_MAX);
    chip_wait_entered(&chip, 1);
    for (uint64_t i = 0; i < EVIDENCE_BATCH_MAX; i++)
        ask(b, i);
    challenge_of(EVIDENCE_BATCH_MAX + 1, challenge);
    assert_err(evidence_batch_ask(b, challenge, EVIDENCE_BATCH_MAX + 1), ERR_BUSY);
    chip_hold(&chip, false);
    answers_wait(answers, EVIDENCE_BATCH_MAX + 1);
    assert_err(answers->of[EVIDENCE_BATCH_MAX].result, ERR_OK);
    for (size_t i = 0; i < EVIDENCE_BATCH_MAX; i++) {
        assert_err(answers->of[i].result, ERR_EVIDENCE);
        assert_int_equal(answers->of[i].leaves, EVIDENCE_BATCH_MAX);
    }
    assert_int_equal(answers->of[EVIDENCE_BATCH_MAX + 1].times, 0);
    evidence_batch_free(b);
    answers_free(answers);
}

static void what_a_bundle_cannot_hold_is_refused_at_once(void **state)
{
    (void)state;
    static const uint8_t large[STATEMENT_MAX + 1];
    struct chip chip;
    struct evidence_batch *b;
    chip_init(&chip, 0);
    assert_err(evidence_batch_new(&chip.base, NULL, bytes_of(large, sizeof large), on_ready, NULL, &b),
               ERR_TOO_LARGE);
    assert_null(b);
    chip.base.platform = "a platform with a long name";
    assert_err(evidence_batch_new(&chip.base, NULL, bytes_str(statement), on_ready, NULL, &b), ERR_VALUE);
    assert_null(b);
}

/* Behind the processor's, in every bundle; and the processor's own are as without. */
static void what_the_gpus_say_is_in_each_bundle(void **state)
{
    (void)state;
    struct evidence_gpus gpus = {
        .report_count = 2,
        .reports = {{BUNDLE_GPU_REPORT, bytes_str("one")}, {BUNDLE_GPU_REPORT, bytes_str("two")}},
        .endorsement_count = 3,
        .endorsements = {{BUNDLE_GPU_CHAIN, bytes_str("c1")},
                         {BUNDLE_GPU_CHAIN, bytes_str("c2")},
                         {BUNDLE_OCSP, bytes_str("good")}}};
    struct chip chip;
    struct evidence_batch *b;
    struct answers *answers = answers_new(true);
    chip_init(&chip, 1);
    assert_ok(evidence_batch_new(&chip.base, &gpus, bytes_str(statement), on_ready, answers, &b));
    for (uint64_t i = 0; i < 3; i++)
        ask(b, i);
    answers_wait(answers, 3);
    evidence_batch_free(b);
    for (size_t i = 0; i < 3; i++) {
        struct bundle bundle;
        assert_err(answers->of[i].result, ERR_OK);
        assert_ok(bundle_parse(bytes_of(answers->of[i].text, answers->of[i].len), &bundle, NULL));
        assert_int_equal(bundle.evidence_count, 3);
        assert_string_equal(bundle.evidence[0].media_type, BUNDLE_SNP_REPORT);
        assert_string_equal(bundle.evidence[2].media_type, BUNDLE_GPU_REPORT);
        assert_true(bytes_is_str(bundle.evidence[1].value, "one"));
        assert_true(bytes_is_str(bundle.evidence[2].value, "two"));
        assert_int_equal(bundle.endorsement_count, 4);
        assert_true(bytes_is_str(bundle.endorsements[0].value, "certificate"));
        assert_true(bytes_is_str(bundle.endorsements[2].value, "c2"));
        assert_string_equal(bundle.endorsements[3].media_type, BUNDLE_OCSP);
        bundle_release(&bundle);
    }
    answers_free(answers);
}

static void more_endorsements_than_a_bundle_takes_are_an_error(void **state)
{
    (void)state;
    struct evidence_gpus gpus = {.endorsement_count = BUNDLE_ENDORSEMENTS_MAX};
    struct chip chip;
    struct evidence_batch *b;
    struct answers *answers = answers_new(false);
    for (size_t i = 0; i < BUNDLE_ENDORSEMENTS_MAX; i++)
        gpus.endorsements[i] = (struct bundle_item){BUNDLE_OCSP, bytes_str("x")};
    chip_init(&chip, 1); /* it has one of its own */
    assert_ok(evidence_batch_new(&chip.base, &gpus, bytes_str(statement), on_ready, answers, &b));
    ask(b, 0);
    answers_wait(answers, 1);
    evidence_batch_free(b);
    assert_err(answers->of[0].result, ERR_NO_SPACE);
    assert_int_equal(answers->of[0].times, 1);
    answers_free(answers);
}

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_challenges_need_few_reports),
        cmocka_unit_test(what_arrives_while_the_chip_is_busy_shares_the_next_report),
        cmocka_unit_test(the_chips_error_reaches_everyone_and_passes),
        cmocka_unit_test(free_waits_for_the_report_under_way_and_cancels_the_rest),
        cmocka_unit_test(more_than_the_limit_is_busy),
        cmocka_unit_test(what_a_bundle_cannot_hold_is_refused_at_once),
        cmocka_unit_test(what_the_gpus_say_is_in_each_bundle),
        cmocka_unit_test(more_endorsements_than_a_bundle_takes_are_an_error),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
