/* SPDX-License-Identifier: Apache-2.0 */

/* What every conversation begins with is computed once and spares everybody the reading; and a free slot is always the same, whoever had it. */

#include "unit/test.h"

#include <stdatomic.h>
#include <stdio.h>

#include "engine/llama_internal.h"
#include "engine_fixture.h"

#define INSTRUCTIONS                                                                                         \
    "{{ 'You are a helpful blacksmith.\\n' if messages[0].role != 'system' }}{% for message in messages %}"  \
    "{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"

/* The linker puts this in the place of llama.cpp's (CMakeLists.txt). */
static atomic_int first_step; /* tokens of the first one since it was set to 0 */
int32_t __real_llama_decode(struct llama_context *context, struct llama_batch batch);
int32_t __wrap_llama_decode(struct llama_context *context, struct llama_batch batch);
int32_t __wrap_llama_decode(struct llama_context *context, struct llama_batch batch)
{
    int none = 0;
    (void)atomic_compare_exchange_strong(&first_step, &none, batch.n_tokens);
    return __real_llama_decode(context, batch);
}

static struct fixture *open_with(const char *chat_template)
{
    return fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL,
                                                       .threads = 1,
                                                       .slots = 2,
                                                       .context = 256,
                                                       .chat_template = chat_template});
}

static struct engine_llama *inside(const struct fixture *f)
{
    return (struct engine_llama *)f->engine;
}

static const struct fixture_answer *ask(struct fixture *f, enum api api, const char *body)
{
    atomic_store(&first_step, 0);
    const struct fixture_answer *a = fixture_ask_body(f, 0, api, body);
    assert_ok(a->result);
    return a;
}

static void instructions_are_read_once_for_all(void **state)
{
    (void)state;
    struct fixture *f = open_with(INSTRUCTIONS);
    const uint32_t opening = inside(f)->opening.count;
    assert_true(opening > 8); /* the words of the instructions and "user:" */
    const char *const bodies[] = {
        "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"7 anvils?\"}]}",
        "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"0\"}]}"};
    for (size_t i = 0; i < test_count(bodies); i++) {
        const struct fixture_answer *a = ask(f, API_CHAT, bodies[i]);
        assert_int_equal(atomic_load(&first_step), a->usage.prompt_tokens - opening);
        assert_int_equal(a->usage.cached_tokens, 0); /* nothing of the user's */
    }
    fixture_close(f);
}

/* Whoever begins otherwise is spared what is the same, and no more. */
static void another_beginning_is_read(void **state)
{
    (void)state;
    struct fixture *f = open_with(INSTRUCTIONS);
    const struct fixture_answer *a = ask(f, API_COMPLETIONS, "{\"max_tokens\":1,\"prompt\":[1,400,401]}");
    assert_int_equal(inside(f)->opening.tokens[0], 1);
    assert_int_equal(atomic_load(&first_step), a->usage.prompt_tokens - 1);
    a = ask(f, API_COMPLETIONS, "{\"max_tokens\":1,\"prompt\":[400,401,402]}");
    assert_int_equal(atomic_load(&first_step), a->usage.prompt_tokens);
    /* Of a prompt that is all opening the last token is read: an answer begins with what comes after it. */
    (void)ask(f, API_COMPLETIONS, "{\"max_tokens\":1,\"prompt\":[1]}");
    assert_int_equal(atomic_load(&first_step), 1);
    fixture_close(f);
}

static void a_free_slot_is_the_same_whoever_had_it(void **state)
{
    (void)state;
    struct fixture *f = open_with(INSTRUCTIONS);
    static const struct {
        enum api api;
        const char *body;
    } requests[] = {
        {API_CHAT, "{\"max_tokens\":20,\"messages\":[{\"role\":\"user\",\"content\":\"Lily\"}]}"},
        {API_CHAT, "{\"max_tokens\":3,\"messages\":[{\"role\":\"system\",\"content\":\"You are a hammer.\"},"
                   "{\"role\":\"user\",\"content\":\"Lily\"}]}"},
        {API_CHAT, "{\"max_tokens\":3,\"n\":2,\"messages\":[{\"role\":\"user\",\"content\":\"Lily\"}]}"},
        {API_COMPLETIONS, "{\"max_tokens\":1,\"prompt\":[400]}"},
        {API_COMPLETIONS, "{\"max_tokens\":200,\"prompt\":\"Once upon a time\"}"},
        {API_EMBEDDINGS, "{\"input\":[\"Once\",\"upon a time\"]}"},
    };
    for (uint32_t slot = 0; slot < 2; slot++)
        assert_true(fixture_slot_is_fresh(f, slot));
    for (size_t i = 0; i < test_count(requests); i++) {
        (void)ask(f, requests[i].api, requests[i].body);
        for (uint32_t slot = 0; slot < 2; slot++)
            if (!fixture_slot_is_fresh(f, slot))
                fail_msg("slot %u after %s", slot, requests[i].body);
    }
    fixture_close(f);
}

/* The same answers as by an engine that reads everything. */
static void answers_are_those_of_a_whole_reading(void **state)
{
    (void)state;
    static const char body[] =
        "{\"max_tokens\":60,\"temperature\":0,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"
        "\"Tell me of the little dog\"}]}";
    struct fixture *f = open_with(INSTRUCTIONS);
    struct fixture *g = open_with(INSTRUCTIONS);
    struct engine_llama *e = inside(g);
    llama_memory_clear(llama_get_memory(e->context), true);
    engine_opening_release(e);
    e->slots[0].rows = e->slots[1].rows = 0;
    const struct fixture_answer *with = ask(f, API_CHAT, body);
    int read = atomic_load(&first_step);
    const struct fixture_answer *without = ask(g, API_CHAT, body);
    assert_true(read < atomic_load(&first_step));
    assert_string_equal(with->text, without->text);
    fixture_close(f);
    fixture_close(g);
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_read_once_for_all),
        cmocka_unit_test(another_beginning_is_read),
        cmocka_unit_test(a_free_slot_is_the_same_whoever_had_it),
        cmocka_unit_test(answers_are_those_of_a_whole_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
