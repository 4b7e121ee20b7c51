/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A canary goes through the whole enclumed, from the socket to the model and back, and afterwards all memory of the process is searched: neither 16
 * bytes of prompt or answer in a row, plain or as JSON, nor 6 of their token ids. The same enclumed with its wiping switched off must be caught.
 * What was computed of the canary (rows of the KV cache) is there as long as its session is, and no longer.
 */
#include "e2e/support/asker.h"
#include "e2e/support/canary.h"

#include <stdio.h>
#include <stdlib.h>

#include <llama.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "unit/test.h"

enum {
    TOKENS_MAX = 8192,
    ANSWER_TOKENS = 60,
    QUIET_MS = 150,
    CANCEL_AT = 8,
    LONG_REPEATS = 40,
    /* Of a saved state: beyond its head and within the rows of the first layer. */
    ROWS_FROM = 2048,
    ROWS_SIZE = 4096,
};

static const struct llama_vocab *vocab;

/* ---- what to look for ---- */

static void add_tokens(struct memscan *m, const char *name, const char *text)
{
    static int32_t tokens[TOKENS_MAX];
    int32_t n = llama_tokenize(vocab, text, (int32_t)strlen(text), tokens, TOKENS_MAX, false, false);
    assert_in_range(n, MEMSCAN_TOKEN_WINDOW, TOKENS_MAX);
    memscan_add_tokens(m, name, tokens, (size_t)n);
}

static void add_content(struct memscan *m, const char *name, const char *text)
{
    canary_look_for(m, name, text);
    add_tokens(m, name, text);
}

/* The greedy answer, from an enclave that is not searched. */
static char *known_answer;

/* ---- what is done ---- */

static void cancel_after_some(void *owner, struct bytes piece)
{
    struct asker *a = owner;
    (void)piece;
    if (a->pieces == CANCEL_AT)
        client_cancel(a->client);
}

static void open_asker(struct asker *a, const struct world *w)
{
    asker_open(a, w, NULL, NULL);
    a->sampling.temperature = 0;
    a->max_tokens = ANSWER_TOKENS;
}

static void ask_and_close(const struct world *w, const char *prompt, struct asker *a)
{
    open_asker(a, w);
    assert_ok(asker_ask(a, prompt));
    client_free(a->client);
    a->client = NULL;
}

static void ask_and_stay(const struct world *w, const char *prompt, struct asker *a)
{
    open_asker(a, w);
    assert_ok(asker_ask(a, prompt));
}

static void ask_and_cancel(const struct world *w, const char *prompt, struct asker *a)
{
    open_asker(a, w);
    a->max_tokens = 0;
    a->on_piece = cancel_after_some;
    a->owner = a;
    assert_err(asker_ask(a, prompt), ERR_CANCELLED);
}

static void ask_too_much(const struct world *w, const char *prompt, struct asker *a)
{
    open_asker(a, w);
    assert_err(asker_ask(a, prompt), ERR_CONTEXT);
}

/* A client that is gone in the middle of the answer, without a word. */
static void ask_and_vanish(const struct world *w, const char *prompt, struct asker *a)
{
    enum { BEGINNING = 8 };
    struct process p;
    char *beginning = strndup(known_answer, BEGINNING);
    assert_non_null(beginning);
    asker_open(a, w, NULL, NULL);
    world_chat_start(w, NULL, &p, (const char *const[]){"--temperature", "0", "--quiet", prompt, NULL});
    assert_true(process_says(
        &p, beginning, CANARY_PATIENCE_MS)); /* not what is said of the platform, before the prompt leaves */
    free(beginning);
    process_release(&p);
}

static const struct scenario {
    const char *name;
    void (*run)(const struct world *w, const char *prompt, struct asker *a);
    unsigned repeats; /* of the canary */
} scenarios[] = {
    {"finished, connection closed", ask_and_close, 1},
    {"finished, connection open", ask_and_stay, 1},
    {"cancelled in the answer", ask_and_cancel, 1},
    {"longer than the context", ask_too_much, LONG_REPEATS},
    {"client gone in the answer", ask_and_vanish, 1},
};

static char *repeated(const char *text, unsigned times)
{
    char *all = calloc(strlen(text) + 1, times);
    assert_non_null(all);
    for (unsigned i = 0; i < times; i++)
        (void)strcat(all, text); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    return all;
}

static size_t hits_after(const struct scenario *s, bool wipes)
{
    struct world w;
    struct asker a;
    struct memscan *m = memscan_new();
    char *prompt = repeated(canary, s->repeats);
    add_content(m, "the prompt", canary);
    add_content(m, "the answer", known_answer);
    world_start(&w, &(struct world_options){.program = wipes ? NULL : E2E_ENCLUMED_NOWIPE});
    assert_true(memscan_learn(m, w.enclave));
    s->run(&w, prompt, &a);
    size_t hits = canary_hits(m, w.enclave, wipes);
    asker_close(&a);
    world_stop(&w);
    memscan_free(m);
    free(prompt);
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
    for (size_t i = 0; i < test_count(scenarios); i++) {
        size_t hits = hits_after(&scenarios[i], false);
        (void)printf("%s: %zu places without wiping\n", scenarios[i].name, hits);
        assert_int_not_equal(hits, 0);
    }
}

/* ---- what is kept for the next turn ---- */

static uint8_t rows[ROWS_SIZE];

static size_t rows_in(const struct world *w, const struct memscan *m)
{
    size_t hits = memscan_process(m, w->enclave, NULL);
    assert_int_not_equal(hits, SIZE_MAX);
    return hits;
}

static void rows_are_there_as_long_as_their_session(void **state)
{
    struct world w;
    struct asker a;
    struct asker other;
    (void)state;
    struct memscan *m = memscan_new();
    memscan_add_text(m, "the rows", rows, sizeof rows);
    world_start(&w, &(struct world_options){.program = NULL});
    assert_true(memscan_learn(m, w.enclave));
    assert_int_equal(rows_in(&w, m), 0);
    ask_and_stay(&w, canary, &a);
    assert_int_not_equal(canary_hits(m, w.enclave, false), 0);
    /* Somebody else's session ends: it was not that one's. */
    ask_and_close(&w, "Once upon a time", &other);
    asker_close(&other);
    process_sleep(QUIET_MS);
    assert_int_not_equal(rows_in(&w, m), 0);
    client_free(a.client);
    a.client = NULL;
    assert_int_equal(canary_hits(m, w.enclave, true), 0);
    asker_close(&a);
    world_stop(&w);
    memscan_free(m);
}

static void rows_are_not_kept_longer_than_was_said(void **state)
{
    struct world w;
    struct asker a;
    (void)state;
    struct memscan *m = memscan_new();
    memscan_add_text(m, "the rows", rows, sizeof rows);
    world_start(&w, &(struct world_options){.enclave = {"--reuse-timeout", "1"}});
    assert_true(memscan_learn(m, w.enclave));
    ask_and_stay(&w, canary, &a);
    assert_int_equal(canary_hits(m, w.enclave, true), 0);
    asker_close(&a);
    world_stop(&w);
    world_start(&w, &(struct world_options){.enclave = {"--reuse-timeout", "0"}});
    ask_and_stay(&w, canary, &a);
    assert_int_equal(canary_hits(m, w.enclave, true), 0);
    asker_close(&a);
    world_stop(&w);
    memscan_free(m);
}

/* ---- */

static struct llama_model *model;

/* The same that an enclave computes of the canary: llama.cpp's own way to save a sequence. */
static void compute_rows(void)
{
    static llama_token tokens[TOKENS_MAX];
    struct llama_model_params params = llama_model_default_params();
    struct llama_model *whole = llama_model_load_from_file(ENCLUME_DEMO_MODEL, params);
    assert_non_null(whole);
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = 256;
    p.n_threads = p.n_threads_batch = 1;
    p.kv_unified = false;
    struct llama_context *context = llama_init_from_model(whole, p);
    assert_non_null(context);
    int32_t n = llama_tokenize(vocab, canary, (int32_t)strlen(canary), tokens, TOKENS_MAX, true, false);
    assert_true(n > 0);
    assert_int_equal(llama_decode(context, llama_batch_get_one(tokens, n)), 0);
    size_t size = llama_state_seq_get_size(context, 0);
    assert_true(size / 4 > ROWS_FROM + ROWS_SIZE);
    uint8_t *saved = malloc(size);
    assert_non_null(saved);
    assert_int_equal(llama_state_seq_get_data(context, saved, size, 0), size);
    memcpy(rows, saved + ROWS_FROM, sizeof rows);
    free(saved);
    llama_free(context);
    llama_model_free(whole);
}

static void no_log(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

static int setup(void **state)
{
    struct world w;
    struct asker a;
    struct llama_model_params params = llama_model_default_params();
    (void)state;
    strict_json_init();
    assert_ok(crypto_init());
    llama_log_set(no_log, NULL);
    params.vocab_only = true;
    model = llama_model_load_from_file(ENCLUME_DEMO_MODEL, params);
    assert_non_null(model);
    vocab = llama_model_get_vocab(model);
    compute_rows();
    world_start(&w, &(struct world_options){.program = NULL});
    open_asker(&a, &w);
    assert_ok(asker_ask(&a, canary));
    known_answer = strdup(a.text);
    asker_close(&a);
    world_stop(&w);
    return known_answer != NULL && strlen(known_answer) > MEMSCAN_TEXT_WINDOW ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(known_answer);
    llama_model_free(model);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_in_the_enclave),
        cmocka_unit_test(without_wiping_it_is_found),
        cmocka_unit_test(rows_are_there_as_long_as_their_session),
        cmocka_unit_test(rows_are_not_kept_longer_than_was_said),
    };
    if (TEST_UNDER_ASAN) {
        (void)puts("skipped: AddressSanitizer keeps released memory, on purpose");
        return 77;
    }
    world_require_model();
    world_require_sight();
    return cmocka_run_group_tests(tests, setup, teardown);
}
