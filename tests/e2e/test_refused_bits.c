/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bit of the evidence turned over, each in a handshake of its own between the real client and a responder whose evidence is right but for that
 * bit: refused, and not one byte leaves the client behind its first message. Of SEV-SNP each of the report's 9,472 bits in its turn; of TDX, for time, every
 * 101st of the quote's (attest/test_tdx_flips.c turns over all that are signed). Under AddressSanitizer fewer.
 */
#include "e2e/support/responder.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "e2e/support/process.h"
#include "unit/test.h"

enum {
    WORKERS = 2,
    CONTROL_EVERY = 256, /* so often an honest report comes between, and must be accepted */
};

static const struct plan {
    const char *platform;
    size_t stride;
    size_t
        ignored; /* octets at the end that say nothing: the NUL behind a quote's certificates could be a blank */
} plans[] = {
    {"snp", TEST_UNDER_ASAN ? 37 : 1, 0},
    {"tdx", TEST_UNDER_ASAN ? 1009 : 101, 1},
};

struct worker {
    pthread_t thread;
    const struct platform *platform;
    const struct attest_policy *policy;
    const char *dir;
    size_t number;
    size_t bits;
    size_t stride;
    /* what it found */
    size_t refused;
    size_t accepted;
    size_t talked;
    size_t controls;
    size_t controls_accepted;
    size_t first_wrong;
};

static enum err connect_once(struct worker *w, struct responder *r, struct client *c, enum responder_lie lie,
                             size_t bit, size_t *heard)
{
    struct err_note note = {{0}};
    (void)w;
    responder_serve(r, lie, bit);
    enum err e = client_connect(c, &note);
    if (e == ERR_OK) { /* so that the next call connects anew */
        *heard = 0;
        return e;
    }
    *heard = responder_heard(r);
    return e;
}

static void flip(struct worker *w, struct responder *r, const struct client_options *options, size_t bit)
{
    struct client *c = NULL;
    size_t heard = 0;
    struct err_note note = {{0}};
    bool control = bit / w->stride % CONTROL_EVERY == w->number;
    if (client_new(options, &c, &note) != ERR_OK)
        return;
    enum err e = connect_once(w, r, c, RESPONDER_BIT, bit, &heard);
    w->refused += e == ERR_REFUSED;
    w->accepted += e == ERR_OK;
    w->talked += heard != 0;
    if ((e != ERR_REFUSED || heard != 0) && w->first_wrong == SIZE_MAX)
        w->first_wrong = bit;
    if (control) {
        e = connect_once(w, r, c, RESPONDER_HONEST, 0, &heard);
        w->controls++;
        w->controls_accepted += e == ERR_OK;
    }
    client_free(c);
    if (control)
        (void)responder_heard(r);
}

static void *work(void *self)
{
    struct worker *w = self;
    char path[128];
    char address[160];
    (void)snprintf(path, sizeof path, "%s/%zu", w->dir, w->number);
    (void)snprintf(address, sizeof address, "unix:%s", path);
    struct responder *r = responder_start(path, w->platform);
    const struct client_options options = {.address = address, .policy = w->policy};
    for (size_t bit = w->number * w->stride; bit < w->bits; bit += WORKERS * w->stride)
        flip(w, r, &options, bit);
    responder_stop(r);
    (void)unlink(path);
    return NULL;
}

static void flip_all(const struct plan *plan)
{
    struct responder_registers registers;
    struct worker workers[WORKERS];
    char dir[] = "/tmp/enclume-e2e-XXXXXX";
    size_t refused = 0;
    assert_non_null(mkdtemp(dir));
    struct platform *platform = responder_platform(plan->platform);
    const struct attest_policy policy = responder_policy(platform, &registers);
    const size_t bits = (responder_evidence_size(platform) - plan->ignored) * 8;
    long begin = process_clock();
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.platform = platform,
                                     .policy = &policy,
                                     .dir = dir,
                                     .number = i,
                                     .bits = bits,
                                     .stride = plan->stride,
                                     .first_wrong = SIZE_MAX};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(workers[i].first_wrong, SIZE_MAX);
        assert_int_equal(workers[i].accepted, 0);
        assert_int_equal(workers[i].talked, 0);
        assert_true(workers[i].controls != 0);
        assert_int_equal(workers[i].controls_accepted, workers[i].controls);
        refused += workers[i].refused;
    }
    assert_int_equal(refused, (bits + plan->stride - 1) / plan->stride);
    (void)printf("%s: %zu of %zu bits turned over, every one refused, %ld ms%s\n", plan->platform, refused,
                 bits, process_clock() - begin, TEST_UNDER_ASAN ? " (fewer under AddressSanitizer)" : "");
    platform_close(platform);
    assert_int_equal(rmdir(dir), 0);
}

static void every_flipped_bit_is_refused_and_nothing_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(plans); i++)
        flip_all(&plans[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_is_refused_and_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
