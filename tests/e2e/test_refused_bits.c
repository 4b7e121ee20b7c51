/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bit of the report turned over, each of the 9,472 in its turn, each in a handshake of its own between the real client and a responder whose report
 * is right but for that bit: refused, and not one byte leaves the client behind its first message. Under AddressSanitizer every 37th bit, for time.
 */
#include "e2e/support/responder.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/strict_json.h"
#include "e2e/support/process.h"
#include "unit/test.h"

enum {
    BITS = SNP_REPORT_SIZE * 8,
    STRIDE = TEST_UNDER_ASAN ? 37 : 1,
    WORKERS = 2,
    CONTROL_EVERY = 256, /* so often an honest report comes between, and must be accepted */
};

struct worker {
    pthread_t thread;
    const struct platform *platform;
    const struct attest_policy *policy;
    const char *dir;
    size_t number;
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
    bool control = bit / STRIDE % CONTROL_EVERY == w->number;
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
    for (size_t bit = w->number * STRIDE; bit < BITS; bit += (size_t)WORKERS * STRIDE)
        flip(w, r, &options, bit);
    responder_stop(r);
    (void)unlink(path);
    return NULL;
}

static void every_flipped_bit_is_refused_and_nothing_is_said(void **state)
{
    (void)state;
    struct platform platform;
    struct err_note note = {{0}};
    uint8_t measurement[1][ATTEST_MEASUREMENT_SIZE];
    struct worker workers[WORKERS];
    char dir[] = "/tmp/enclume-e2e-XXXXXX";
    size_t refused = 0;
    assert_non_null(mkdtemp(dir));
    (void)mkdir(E2E_CHAIN, 0700);
    assert_ok(platform_open(&platform, E2E_CHAIN, (int64_t)time(NULL), &note));
    memset(platform.measurement, 0x5a, sizeof platform.measurement);
    memcpy(measurement[0], platform.measurement, sizeof measurement[0]);
    const struct attest_policy policy =
        responder_policy(&platform, (const uint8_t(*)[ATTEST_MEASUREMENT_SIZE])measurement);
    long begin = process_clock();
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){
            .platform = &platform, .policy = &policy, .dir = dir, .number = i, .first_wrong = SIZE_MAX};
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
    assert_int_equal(refused, (BITS + STRIDE - 1) / STRIDE);
    (void)printf("%zu of %d bits turned over, every one refused, %ld ms%s\n", refused, BITS,
                 process_clock() - begin,
                 STRIDE == 1 ? "" : " (under AddressSanitizer, for time, every 37th)");
    platform_close(&platform);
    assert_int_equal(rmdir(dir), 0);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_is_refused_and_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
