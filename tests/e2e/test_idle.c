/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Five thousand clients that have verified the enclave and say nothing: held, at a price that is printed, while another one is answered; and given back when
 * they go.
 */
#include "e2e/support/asker.h"
#include "e2e/support/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit/test.h"

enum {
    IDLE = 5000,
    AT_ONCE = 50,
    SPARE_FILES = 256,
    WAIT_MS = 60000,
    KIB_EACH_MAX = 16, /* the aim is far less: this is where something is wrong */
};

static void five_thousand_idle_connections_are_held(void **state)
{
    static struct raw some[AT_ONCE];
    static int idle[IDLE];
    struct world w;
    struct asker a;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    asker_open(&a, &w, NULL, NULL);
    a.max_tokens = 4;
    assert_ok(asker_ask(&a, "Once upon a time"));
    process_sleep(200);
    size_t files = world_open_files(&w);
    size_t before = world_resident_kib(&w);
    long begin = process_clock();
    for (size_t i = 0; i < IDLE; i += AT_ONCE) {
        for (size_t k = 0; k < AT_ONCE; k++)
            raw_open(&some[k], w.socket);
        for (size_t k = 0; k < AT_ONCE; k++) {
            assert_true(raw_finish(&some[k], WAIT_MS));
            idle[i + k] = dup(some[k].fd); /* the connection stays, our side of it need not */
            assert_true(idle[i + k] >= 0);
            raw_close(&some[k]);
        }
    }
    long took = process_clock() - begin;
    assert_ok(asker_ask(&a, "Once upon a time"));
    size_t after = world_resident_kib(&w);
    assert_int_equal(world_open_files(&w), files + IDLE);
    (void)printf("%d idle verified connections: %.2f KiB resident each; connected in %ld ms\n", IDLE,
                 (double)(after - before) / IDLE, took);
    assert_true((after - before) / IDLE < KIB_EACH_MAX);
    for (size_t i = 0; i < IDLE; i++)
        (void)close(idle[i]);
    for (long end = process_clock() + WAIT_MS; process_clock() < end && world_open_files(&w) > files;)
        process_sleep(20);
    assert_int_equal(world_open_files(&w), files);
    assert_ok(asker_ask(&a, "Once upon a time"));
    asker_close(&a);
    world_stop(&w);
}

int main(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < IDLE + SPARE_FILES) {
        (void)printf("skipped: %d connections need as many open files, and no more than %llu are allowed\n",
                     IDLE, (unsigned long long)limit.rlim_max);
        return 77;
    }
    world_require_model();
    world_require_sight();
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_thousand_idle_connections_are_held),
    };
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
