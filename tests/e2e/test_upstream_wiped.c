/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A canary goes through an enclumed that hands it to llama-server, and afterwards all memory of enclumed, and of its dialer, is searched. What llama-server
 * keeps is its own. The same enclumed with its wiping switched off must be caught.
 */
#include "e2e/support/asker.h"
#include "e2e/support/canary.h"
#include "e2e/support/llama_server.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test.h"

enum { ANSWER_TOKENS = 60, CANCEL_AT = 8, LONG_REPEATS = 40 };

static struct llama_server server;

static void cancel_after_some(void *owner, struct bytes piece)
{
    struct asker *a = owner;
    (void)piece;
    if (a->pieces == CANCEL_AT)
        client_cancel(a->client);
}

static void kill_after_some(void *owner, struct bytes piece)
{
    const struct asker *a = owner;
    (void)piece;
    if (a->pieces == CANCEL_AT)
        llama_server_kill(&server);
}

static const struct scenario {
    const char *name;
    void (*on_piece)(void *owner, struct bytes piece);
    unsigned repeats; /* of the canary */
    enum err result;
} scenarios[] = {
    {"finished", NULL, 1, ERR_OK},
    {"cancelled in the answer", cancel_after_some, 1, ERR_CANCELLED},
    {"longer than the context", NULL, LONG_REPEATS, ERR_ENGINE},
    {"server gone in the answer", kill_after_some, 1, ERR_ENGINE},
};

static size_t hits_after(const struct scenario *s, bool wipes)
{
    struct world w;
    struct asker a;
    struct memscan *m = memscan_new();
    char *prompt = calloc(strlen(canary) + 1, s->repeats);
    assert_non_null(prompt);
    for (unsigned i = 0; i < s->repeats; i++)
        (void)strcat(prompt, canary); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    llama_server_start(&server);
    world_start(&w, &(struct world_options){.program = wipes ? NULL : E2E_ENCLUMED_NOWIPE,
                                            .enclave = {"--engine", server.engine}});
    canary_look_for(m, "the prompt", canary);
    assert_true(memscan_learn(m, w.enclave));
    asker_open(&a, &w, NULL, NULL);
    a.sampling.temperature = 0;
    a.max_tokens = s->on_piece == NULL ? ANSWER_TOKENS : 0;
    a.on_piece = s->on_piece;
    a.owner = &a;
    enum err e = asker_ask(&a, prompt);
    if (s->result == ERR_OK || s->result == ERR_CANCELLED)
        assert_err(e, s->result);
    else
        assert_int_not_equal(e, ERR_OK);
    canary_look_for(m, "the answer", a.text);
    size_t hits = canary_hits(m, w.enclave, wipes);
    size_t dialer = memscan_process(m, process_child_of(w.enclave), stderr);
    asker_close(&a);
    world_stop(&w);
    llama_server_stop(&server);
    memscan_free(m);
    free(prompt);
    assert_int_equal(dialer, 0); /* it never had any, wiped or not */
    return hits;
}

static void nothing_is_left_in_the_enclave(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(scenarios); i++) {
        size_t hits = hits_after(&scenarios[i], true);
        if (hits != 0)
            fail_msg("%s: %zu places", scenarios[i].name, hits);
    }
}

static void without_wiping_it_is_found(void **state)
{
    (void)state;
    size_t hits = hits_after(&scenarios[0], false);
    (void)printf("%s: %zu places without wiping\n", scenarios[0].name, hits);
    assert_int_not_equal(hits, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_in_the_enclave),
        cmocka_unit_test(without_wiping_it_is_found),
    };
    if (TEST_UNDER_ASAN) {
        (void)puts("skipped: AddressSanitizer keeps released memory, on purpose");
        return 77;
    }
    world_require_model();
    llama_server_require();
    world_require_sight();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
