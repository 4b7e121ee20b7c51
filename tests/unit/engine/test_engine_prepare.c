/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A request that is long in the preparing keeps nobody else waiting. The tokenizer is held up here (the linker's --wrap) at the texts that say so, for as long as a test
 * wants: nothing depends on how fast anything is.
 */

#include "unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llama.h>

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"

enum { ANN = 1, BEN = 2, CAT = 3, SEEN_MAX = 16 };

/* The texts that the tokenizer was given: "held 1", "quick 2"; those that say "held" stay in it until they are let go. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool holding;
    int inside;
    char seen[SEEN_MAX][16]; /* in the order in which it began with them */
    size_t count;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int32_t __real_llama_tokenize(const struct llama_vocab *vocab, const char *text, int32_t len,
                              llama_token *tokens, int32_t room, bool add_special, bool parse_special);
int32_t __wrap_llama_tokenize(const struct llama_vocab *vocab, const char *text, int32_t len,
                              llama_token *tokens, int32_t room, bool add_special, bool parse_special);

static bool begins_with(const char *text, int32_t len, const char *word)
{
    return (size_t)len >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

int32_t __wrap_llama_tokenize(const struct llama_vocab *vocab, const char *text, int32_t len,
                              llama_token *tokens, int32_t room, bool add_special, bool parse_special)
{
    const bool held = begins_with(text, len, "held ");
    pthread_mutex_lock(&gate.lock);
    if ((held || begins_with(text, len, "quick ")) && gate.count < SEEN_MAX)
        (void)snprintf(gate.seen[gate.count++], sizeof gate.seen[0], "%.*s", (int)len, text);
    gate.inside += held;
    pthread_cond_broadcast(&gate.changed);
    while (held && gate.holding)
        pthread_cond_wait(&gate.changed, &gate.lock);
    gate.inside -= held;
    pthread_mutex_unlock(&gate.lock);
    return __real_llama_tokenize(vocab, text, len, tokens, room, add_special, parse_special);
}

static void hold(bool on)
{
    pthread_mutex_lock(&gate.lock);
    gate.holding = on;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static void wait_inside(void)
{
    pthread_mutex_lock(&gate.lock);
    while (gate.inside == 0)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static void assert_seen(size_t at, const char *text)
{
    pthread_mutex_lock(&gate.lock);
    assert_true(at < gate.count);
    assert_string_equal(gate.seen[at], text);
    pthread_mutex_unlock(&gate.lock);
}

static size_t seen(void)
{
    pthread_mutex_lock(&gate.lock);
    size_t n = gate.count;
    pthread_mutex_unlock(&gate.lock);
    return n;
}

/* ---- requests: short prompts all of them, some in a long body ---- */

static void submit(struct fixture *f, uint64_t id, uint64_t asker, const char *prompt, bool lengthy)
{
    const size_t padding = lengthy ? ENGINE_SHORT_BODY_MAX : 0;
    char *body = secret_alloc(padding + 256);
    assert_non_null(body);
    memset(body, ' ', padding);
    (void)snprintf(body + padding, 256, "{\"prompt\":\"%s\",\"max_tokens\":2,\"temperature\":0}", prompt);
    fixture_submit_body(f, id, asker, API_COMPLETIONS, body);
    secret_free(body);
}

static void assert_answered(struct fixture *f, uint64_t id)
{
    const struct fixture_answer *a = fixture_wait(f, id);
    assert_int_equal(a->result, ERR_OK);
    assert_true(a->lines.len != 0);
}

static bool is_done(struct fixture *f, uint64_t id)
{
    pthread_mutex_lock(&f->lock);
    bool done = f->answers[id]->dones != 0;
    pthread_mutex_unlock(&f->lock);
    return done;
}

static struct fixture *open_held(void)
{
    struct engine_llama_options options = {.model_path = FIXTURE_MODEL, .slots = 2, .threads = 1};
    struct fixture *f = fixture_open(&options);
    pthread_mutex_lock(&gate.lock);
    gate.count = 0;
    pthread_mutex_unlock(&gate.lock);
    hold(true);
    return f;
}

static void a_short_prompt_is_not_held_up_by_anothers_long_one(void **state)
{
    (void)state;
    struct fixture *f = open_held();
    submit(f, 1, ANN, "held 1", true);
    wait_inside();
    submit(f, 2, BEN, "quick 2", false);
    submit(f, 3, CAT, "quick 3", false);
    assert_answered(f, 2);
    assert_answered(f, 3);
    assert_false(is_done(f, 1));
    hold(false);
    assert_answered(f, 1);
    fixture_close(f);
}

static void long_ones_are_prepared_one_by_one(void **state)
{
    (void)state;
    struct fixture *f = open_held();
    submit(f, 1, ANN, "held 1", true);
    wait_inside();
    submit(f, 2, BEN, "held 2", true);
    submit(f, 3, CAT, "quick 3", false);
    assert_answered(f, 3);
    assert_int_equal(seen(), 2);
    assert_seen(0, "held 1");
    assert_seen(1, "quick 3");
    hold(false);
    assert_answered(f, 1);
    assert_answered(f, 2);
    fixture_close(f);
}

/* A grammar takes longer to make of a schema than tokens of a text of its length. */
static void a_large_schema_is_as_long_as_a_long_prompt(void **state)
{
    enum { PROPERTIES = 5, DESCRIPTION = 1000 };
    (void)state;
    struct fixture *f = open_held();
    char *body = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&body, &size);
    assert_non_null(out);
    (void)fputs("{\"messages\":[{\"role\":\"user\",\"content\":\"quick 2\"}],\"max_tokens\":2,"
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":"
                "{\"type\":\"object\",\"properties\":{",
                out);
    for (int i = 0; i < PROPERTIES; i++)
        (void)fprintf(out, "%s\"p%d\":{\"type\":\"string\",\"description\":\"%0*d\"}", i == 0 ? "" : ",", i,
                      (int)DESCRIPTION, 0);
    (void)fputs("}}}}}", out);
    assert_int_equal(fclose(out), 0);
    submit(f, 1, ANN, "held 1", true);
    wait_inside();
    fixture_submit_body(f, 2, BEN, API_CHAT, body);
    submit(f, 3, CAT, "quick 3", false);
    assert_answered(f, 3);
    assert_int_equal(seen(), 2);
    assert_seen(1, "quick 3");
    hold(false);
    assert_answered(f, 2);
    free(body);
    fixture_close(f);
}

/* Whatever their lengths; and others pass by all of them. */
static void one_askers_requests_keep_their_order(void **state)
{
    (void)state;
    struct fixture *f = open_held();
    submit(f, 1, ANN, "held 1", true);
    wait_inside();
    submit(f, 2, ANN, "quick 2", false);
    submit(f, 3, ANN, "quick 3", true);
    submit(f, 4, BEN, "quick 4", false);
    assert_answered(f, 4);
    assert_int_equal(seen(), 2);
    hold(false);
    for (uint64_t id = 1; id <= 3; id++)
        assert_answered(f, id);
    assert_seen(0, "held 1");
    assert_seen(1, "quick 4");
    assert_seen(2, "quick 2");
    assert_seen(3, "quick 3");
    fixture_close(f);
}

static void who_waits_for_an_own_long_one_goes_on_when_that_is_cancelled(void **state)
{
    (void)state;
    struct fixture *f = open_held();
    submit(f, 1, ANN, "held 1", true);
    wait_inside();
    submit(f, 2, BEN, "held 2", true);
    submit(f, 3, BEN, "quick 3", false);
    submit(f, 4, CAT, "quick 4", false);
    assert_answered(f, 4);
    assert_false(is_done(f, 3));
    f->engine->cancel(f->engine, 2);
    assert_int_equal(fixture_wait(f, 2)->result, ERR_CANCELLED);
    assert_answered(f, 3);
    assert_false(is_done(f, 1));
    hold(false);
    assert_answered(f, 1);
    fixture_close(f);
}

/* A short one that takes long holds up its like, as they are prepared in turns; a lengthy one of somebody else's need not wait for it. */
static void a_long_prompt_is_not_held_up_by_short_ones(void **state)
{
    (void)state;
    struct fixture *f = open_held();
    submit(f, 1, ANN, "held 1", false);
    wait_inside();
    submit(f, 2, BEN, "quick 2", true);
    assert_answered(f, 2);
    assert_false(is_done(f, 1));
    hold(false);
    assert_answered(f, 1);
    fixture_close(f);
}

static void closing_ends_what_both_threads_have(void **state)
{
    (void)state;
    struct fixture *f = open_held();
    submit(f, 1, ANN, "held 1", true);
    submit(f, 2, BEN, "held 2", false);
    pthread_mutex_lock(&gate.lock);
    while (gate.inside != 2)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    submit(f, 3, ANN, "quick 3", false);
    hold(false);
    f->engine->close(f->engine);
    f->engine = NULL;
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal(f->answers[id]->dones, 1);
    fixture_close(f);
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_prompt_is_not_held_up_by_anothers_long_one),
        cmocka_unit_test(long_ones_are_prepared_one_by_one),
        cmocka_unit_test(a_large_schema_is_as_long_as_a_long_prompt),
        cmocka_unit_test(one_askers_requests_keep_their_order),
        cmocka_unit_test(who_waits_for_an_own_long_one_goes_on_when_that_is_cancelled),
        cmocka_unit_test(a_long_prompt_is_not_held_up_by_short_ones),
        cmocka_unit_test(closing_ends_what_both_threads_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
