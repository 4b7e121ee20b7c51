/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A canary goes through an enclumed that hands it to llama-server, and afterwards all memory of enclumed, and of its dialer, is searched. What llama-server
 * keeps is its own. The same enclumed with its wiping switched off must be caught.
 */
#include "e2e/support/asker.h"
#include "e2e/support/llama_server.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "e2e/memscan.h"
#include "unit/test.h"

enum { QUIET_MS = 300, ANSWER_TOKENS = 60, CANCEL_AT = 8, LONG_REPEATS = 40 };

static const char canary[] =
    "The lighthouse keeper Octavia hid \"seventeen copper buttons\" under the violet staircase,\n"
    "and her caf\xc3\xa9 smelled of turpentine; then she said to Wilhelmina";

static struct llama_server server;

static void add_content(struct memscan *m, const char *name, const char *text)
{
    json_t *string = json_string(text);
    static const size_t forms[] = {0, JSON_ENSURE_ASCII};
    memscan_add_text(m, name, text, strlen(text));
    for (size_t i = 0; i < test_count(forms); i++) {
        char *quoted = json_dumps(string, JSON_ENCODE_ANY | forms[i]);
        assert_non_null(quoted);
        memscan_add_text(m, name, quoted + 1, strlen(quoted) - 2);
        secret_free(quoted);
    }
    json_decref(string);
}

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

static pid_t dialer_of(pid_t enclave)
{
    char path[64];
    size_t len = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)enclave, (int)enclave);
    char *text = process_read_file(path, &len);
    pid_t dialer = (pid_t)strtol(text, NULL, 10);
    free(text);
    return dialer;
}

static size_t hits_after(const struct scenario *s, const char *program, FILE *report)
{
    struct world w;
    struct asker a;
    struct memscan *m = memscan_new();
    char *prompt = calloc(sizeof canary, s->repeats);
    assert_non_null(prompt);
    for (unsigned i = 0; i < s->repeats; i++)
        (void)strcat(prompt, canary); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    llama_server_start(&server);
    world_start(&w, &(struct world_options){.program = program, .enclave = {"--engine", server.engine}});
    add_content(m, "the prompt", canary);
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
    add_content(m, "the answer", a.text);
    process_sleep(QUIET_MS);
    size_t hits = memscan_process(m, w.enclave, report);
    size_t dialer = memscan_process(m, dialer_of(w.enclave), report);
    asker_close(&a);
    world_stop(&w);
    llama_server_stop(&server);
    memscan_free(m);
    free(prompt);
    assert_int_not_equal(hits, SIZE_MAX);
    assert_int_equal(dialer, 0); /* it never had any, wiped or not */
    return hits;
}

static void nothing_is_left_in_the_enclave(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(scenarios); i++) {
        size_t hits = hits_after(&scenarios[i], NULL, stderr);
        if (hits != 0)
            fail_msg("%s: %zu places", scenarios[i].name, hits);
    }
}

static void without_wiping_it_is_found(void **state)
{
    (void)state;
    size_t hits = hits_after(&scenarios[0], E2E_ENCLUMED_NOWIPE, NULL);
    (void)printf("%s: %zu places without wiping\n", scenarios[0].name, hits);
    assert_int_not_equal(hits, 0);
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
    return cmocka_run_group_tests(tests, setup, NULL);
}
