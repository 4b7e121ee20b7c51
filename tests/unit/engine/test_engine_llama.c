/* SPDX-License-Identifier: Apache-2.0 */

/* The engine as the enclave uses it: answers, limits, several requests at once, and every way for a request to end. */

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"

enum { CONTEXT = 256, SLOTS = 4 };

static const char *const prompts[] = {
    "Once upon a time",
    "The little dog was sad because",
    "Tom and his mom went to the park. They saw",
    "One day a big bear found a red hat and",
};

static struct fixture *f; /* four slots, one thread */

static int open_shared(void **state)
{
    (void)state;
    f = fixture_open(&(struct engine_llama_options){
        .model_path = FIXTURE_MODEL, .threads = 1, .slots = SLOTS, .queue = 8});
    return 0;
}

static int close_shared(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
}

static struct fixture_answer *ask(const char *prompt, uint32_t max_tokens)
{
    return fixture_ask(f, 0, &(struct fixture_request){.prompt = prompt, .max_tokens = max_tokens});
}

static void the_model_is_described(void **state)
{
    (void)state;
    struct engine_info info;
    f->engine->info(f->engine, &info);
    assert_string_equal(info.name, "TinyStories 15M");
    assert_int_equal(info.context, CONTEXT);
    assert_int_equal(info.slots, SLOTS);
    assert_int_equal(info.queue, 8);
    assert_false(info.chat);

    static uint8_t file[64 * 1024];
    struct crypto_hash_stream *hash;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    FILE *model = fopen(FIXTURE_MODEL, "rb");
    assert_non_null(model);
    assert_ok(crypto_hash_open(CRYPTO_SHA256, &hash));
    for (size_t n; (n = fread(file, 1, sizeof file, model)) > 0;)
        assert_ok(crypto_hash_feed(hash, bytes_of(file, n)));
    (void)fclose(model);
    assert_ok(crypto_hash_close(hash, digest));
    assert_memory_equal(info.digest, digest, sizeof digest);
}

static void a_story_is_continued(void **state)
{
    (void)state;
    const struct fixture_answer *a = ask("Once upon a time", 40);
    assert_ok(a->result);
    assert_string_equal(a->finish, "length");
    assert_int_equal(a->usage.prompt_tokens, 5);
    assert_int_equal(a->usage.completion_tokens, 40);
    assert_int_equal(a->dones, 1);
    assert_true(a->pieces > 30);
    assert_false(a->ill_formed);
    assert_non_null(strstr(a->text, "there was a little girl named"));
}

static void an_answer_ends_where_the_context_does(void **state)
{
    (void)state;
    const struct fixture_answer *a = ask("Once upon a time", 0);
    assert_ok(a->result);
    assert_string_equal(a->finish, "length");
    assert_int_equal(a->usage.prompt_tokens + a->usage.completion_tokens, CONTEXT);
}

static void a_prompt_that_leaves_no_room_is_refused(void **state)
{
    (void)state;
    static char words[8192];
    for (size_t i = 0; i + 5 < sizeof words; i += 4)
        memcpy(words + i, " cat", 5);
    words[sizeof words - 1] = '\0';
    const struct fixture_answer *a = ask(words + 1, 10);
    assert_err(a->result, ERR_CONTEXT);
    assert_int_equal(a->pieces, 0);
    /* The longest that fits: one token of answer. A start token, and one for each "cat". */
    words[(size_t)(CONTEXT - 2) * 4] = '\0';
    a = ask(words + 1, 10);
    assert_ok(a->result);
    assert_int_equal(a->usage.prompt_tokens, CONTEXT - 1);
    assert_int_equal(a->usage.completion_tokens, 1);
    assert_string_equal(a->finish, "length");
}

static void an_empty_prompt_starts_a_story(void **state)
{
    (void)state;
    const struct fixture_answer *a = ask("", 10);
    assert_ok(a->result);
    assert_int_equal(a->usage.prompt_tokens, 1);
    assert_true(a->len > 0);
}

static void contents_are_joined_for_a_model_without_a_template(void **state)
{
    (void)state;
    char whole[FIXTURE_TEXT_MAX];
    const struct fixture_answer *a = ask(prompts[2], 20);
    (void)snprintf(whole, sizeof whole, "%s", a->text);
    a = fixture_ask_body(f, 0, API_CHAT,
                         "{\"stream\":true,\"temperature\":0,\"max_tokens\":20,\"messages\":["
                         "{\"role\":\"user\",\"content\":\"Tom and his mom\"},"
                         "{\"role\":\"assistant\",\"content\":\" went to the park.\"},"
                         "{\"role\":\"user\",\"content\":\"They saw\"}]}");
    assert_ok(a->result);
    assert_string_equal(a->text, whole);
}

/* ---- sampling ---- */

static void sample(uint32_t seed, char *text, size_t size)
{
    struct fixture_request request = {.prompt = "Once upon a time", .max_tokens = 40};
    char more[256];
    (void)snprintf(more, sizeof more,
                   "\"temperature\":0.9,\"top_k\":50,\"top_p\":0.95,\"min_p\":0.01,\"presence_penalty\":0.1,"
                   "\"frequency_penalty\":0.1,\"repeat_penalty\":1.1,\"seed\":%u",
                   seed);
    request.more = more;
    const struct fixture_answer *a = fixture_ask(f, 0, &request);
    assert_ok(a->result);
    assert_true(a->len < size);
    memcpy(text, a->text, a->len + 1);
}

static void a_seed_gives_the_same_answer_each_time(void **state)
{
    (void)state;
    char first[FIXTURE_TEXT_MAX];
    char second[FIXTURE_TEXT_MAX];
    char other[FIXTURE_TEXT_MAX];
    const uint32_t seeds[] = {1, 0, UINT32_MAX};
    for (size_t i = 0; i < test_count(seeds); i++) {
        sample(seeds[i], first, sizeof first);
        sample(seeds[i], second, sizeof second);
        assert_string_equal(first, second);
    }
    sample(1, first, sizeof first);
    sample(2, other, sizeof other);
    assert_string_not_equal(first, other);
}

static void without_a_seed_answers_differ(void **state)
{
    (void)state;
    struct fixture_request request = {.prompt = "Once upon a time", .max_tokens = 60};
    request.more = "\"temperature\":1";
    const struct fixture_answer *a = fixture_ask(f, 0, &request);
    const struct fixture_answer *b = fixture_ask(f, 1, &request);
    assert_ok(a->result);
    assert_ok(b->result);
    assert_string_not_equal(a->text, b->text);
}

static void penalties_change_a_greedy_answer(void **state)
{
    (void)state;
    char plain[FIXTURE_TEXT_MAX];
    const struct fixture_answer *a = ask("Once upon a time", 0);
    (void)snprintf(plain, sizeof plain, "%s", a->text);
    struct fixture_request request = {.prompt = "Once upon a time", .max_tokens = 0};
    request.more = "\"temperature\":0,\"frequency_penalty\":1";
    a = fixture_ask(f, 0, &request);
    assert_ok(a->result);
    assert_string_not_equal(a->text, plain);
}

/* ---- stop sequences ---- */

static void a_stop_sequence_over_several_tokens_ends_the_answer_before_it(void **state)
{
    (void)state;
    const struct fixture_answer *a = ask("Once upon a time", 60);
    const char *stop = "outside in the sunshine";
    char *at = strstr(a->text, stop);
    assert_non_null(at);
    char before[FIXTURE_TEXT_MAX];
    (void)snprintf(before, sizeof before, "%.*s", (int)(at - a->text), a->text);

    struct fixture_request request = {.prompt = "Once upon a time", .max_tokens = 60};
    request.more = "\"temperature\":0,\"stop\":[\"outside in the sunshine\"]";
    a = fixture_ask(f, 0, &request);
    assert_ok(a->result);
    assert_string_equal(a->finish, "stop");
    assert_string_equal(a->text, before);
    assert_true(a->usage.completion_tokens < 60);
}

/* ---- several at once ---- */

static void four_at_once_answer_as_each_alone(void **state)
{
    (void)state;
    static char alone[SLOTS][FIXTURE_TEXT_MAX];
    for (size_t i = 0; i < SLOTS; i++) {
        const struct fixture_answer *a = ask(prompts[i], 120);
        assert_ok(a->result);
        memcpy(alone[i], a->text, a->len + 1);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        struct fixture_request request = {.prompt = prompts[i], .max_tokens = 120};
        fixture_submit(f, i, &request);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        const struct fixture_answer *a = fixture_wait(f, i);
        assert_ok(a->result);
        assert_string_equal(a->text, alone[i]);
    }
}

static void a_long_prompt_is_read_in_pieces_while_another_answers(void **state)
{
    (void)state;
    enum { STEP = 100 };
    char text[CONTEXT * 4];
    char alone[2][FIXTURE_TEXT_MAX];
    size_t len = 0;
    while (len + 60 < sizeof text - 100)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s the cat and the dog. ", prompts[len % SLOTS]);
    const struct fixture_answer *a = ask(prompts[0], 120);
    memcpy(alone[0], a->text, a->len + 1);
    a = ask(text, 20);
    assert_ok(a->result);
    struct engine_llama *e = (struct engine_llama *)f->engine;
    e->step_tokens_shared = STEP; /* this model's context is no longer than a step is */
    assert_true(a->usage.prompt_tokens > STEP);
    memcpy(alone[1], a->text, a->len + 1);

    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 120};
    fixture_submit(f, 0, &request);
    fixture_wait_pieces(f, 0, 2);
    request = (struct fixture_request){.prompt = text, .max_tokens = 20};
    a = fixture_ask(f, 1, &request);
    assert_ok(a->result);
    assert_int_equal(f->answers[0]->dones, 0);
    assert_string_equal(a->text, alone[1]);
    assert_string_equal(fixture_wait(f, 0)->text, alone[0]);
    e->step_tokens_shared = ENGINE_STEP_TOKENS_SHARED;
}

/* Wherever the tensor lies: in a GPU's memory, in a build for those where there is one. */
static bool is_zero(const struct ggml_tensor *t, size_t offset, size_t size)
{
    bool zero = true;
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    ggml_backend_tensor_get(t, copy, offset, size);
    for (size_t k = 0; k < size; k++)
        zero = zero && copy[k] == 0;
    free(copy);
    return zero;
}

/* Each buffer as one tensor of bytes. */
static bool intermediate_results_are_zero(const struct engine_llama *e)
{
    bool zero = true;
    assert_true(e->traces.buffer_count > 0);
    for (size_t i = 0; i < e->traces.buffer_count; i++) {
        struct ggml_backend_buffer *buffer = e->traces.buffers[i];
        size_t size = ggml_backend_buffer_get_size(buffer);
        const struct ggml_init_params params = {.mem_size = 2 * ggml_tensor_overhead(), .no_alloc = true};
        struct ggml_context *ctx = ggml_init(params);
        assert_non_null(ctx);
        struct ggml_tensor *t = ggml_new_tensor_1d(ctx, GGML_TYPE_I8, (int64_t)size);
        assert_int_equal(ggml_backend_tensor_alloc(buffer, t, ggml_backend_buffer_get_base(buffer)),
                         GGML_STATUS_SUCCESS);
        zero = is_zero(t, 0, size) && zero;
        ggml_free(ctx);
    }
    return zero;
}

static void the_cache_of_an_ended_request_is_zero_and_its_neighbour_goes_on(void **state)
{
    (void)state;
    const struct engine_llama *e = (const struct engine_llama *)f->engine;
    char alone[FIXTURE_TEXT_MAX];
    const struct fixture_answer *a = ask(prompts[0], 200);
    memcpy(alone, a->text, a->len + 1);
    assert_true(e->traces.streams);
    assert_true(e->traces.rows);
    assert_int_equal(e->traces.cache_count, 12); /* K and V of six layers */
    assert_true(fixture_slot_is_fresh(f, 0));
    assert_true(intermediate_results_are_zero(e));

    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 200};
    fixture_submit(f, 0, &request);
    fixture_wait_pieces(f, 0, 1);
    request = (struct fixture_request){.prompt = prompts[1], .max_tokens = 10};
    a = fixture_ask(f, 1, &request);
    assert_ok(a->result);
    assert_true(fixture_slot_is_fresh(f, 1));
    assert_false(fixture_rows_are_zero(f, 0, e->opening.count));
    a = fixture_wait(f, 0);
    assert_string_equal(a->text, alone);
    assert_true(fixture_slot_is_fresh(f, 0));
    assert_true(intermediate_results_are_zero(e));
}

/* A GPU is used where this build knows them and one is there, and whoever insists on one is told when there is none. */
static void a_gpu_is_used_or_refused(void **state)
{
    (void)state;
    bool gpu = true;
    struct err_note note = {{0}};
    assert_ok(engine_llama_find_gpu(ENGINE_DEVICE_CPU, &gpu, &note));
    assert_false(gpu);
    assert_ok(engine_llama_find_gpu(ENGINE_DEVICE_ANY, &gpu, &note));
    assert_int_equal(((const struct engine_llama *)f->engine)->gpu, gpu);
    const struct ggml_tensor *cache = ((const struct engine_llama *)f->engine)->traces.caches[0];
    assert_int_equal(ggml_backend_buffer_is_host(cache->buffer), !gpu);
    if (gpu) {
        print_message("on a GPU\n");
        return;
    }
    struct engine *engine = NULL;
    const struct engine_callbacks callbacks = {0};
    assert_err(engine_llama_open(
                   &(struct engine_llama_options){.model_path = FIXTURE_MODEL, .device = ENGINE_DEVICE_GPU},
                   &callbacks, NULL, &engine, &note),
               ERR_MODEL);
    assert_null(engine);
    assert_non_null(strstr(note.text, engine_llama_knows_gpus() ? "no GPU answers" : "ENCLUME_CUDA"));
}

static void more_requests_than_places_are_refused_as_busy(void **state)
{
    (void)state;
    struct fixture *small = fixture_open(
        &(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1, .queue = 2});
    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 100};
    for (uint64_t id = 0; id < 3; id++)
        fixture_submit(small, id, &request);
    char *body = fixture_body(&request);
    assert_err(small->engine->submit(small->engine, 3, 0, API_CHAT, bytes_str(body), NULL), ERR_BUSY);
    secret_free(body);
    assert_ok(fixture_wait(small, 0)->result);
    assert_int_equal(small->answers[2]->dones, 0); /* the order of arrival */
    fixture_submit(small, 4, &request);
    for (uint64_t id = 1; id < 3; id++)
        assert_ok(fixture_wait(small, id)->result);
    assert_ok(fixture_wait(small, 4)->result);
    assert_null(small->answers[3]);
    assert_string_equal(small->answers[4]->text, small->answers[0]->text);
    fixture_close(small);
}

/* One asker has many requests waiting; another, who comes later, is served after the one that is being worked on. */
static void who_asks_much_does_not_keep_others_waiting(void **state)
{
    (void)state;
    enum { MANY = 6, LATER = MANY };
    struct fixture *small = fixture_open(
        &(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1, .queue = 8});
    char *body = fixture_body(&(struct fixture_request){.prompt = prompts[0], .max_tokens = 60});
    for (uint64_t id = 0; id < MANY; id++)
        fixture_submit_body(small, id, 1, API_CHAT, body);
    fixture_submit_body(small, LATER, 2, API_CHAT, body);
    assert_ok(fixture_wait(small, LATER)->result);
    assert_int_equal(small->answers[2]->dones, 0);
    assert_int_equal(small->answers[MANY - 1]->dones, 0);
    for (uint64_t id = 0; id < MANY; id++)
        assert_ok(fixture_wait(small, id)->result);
    secret_free(body);
    fixture_close(small);
}

/* ---- cancelling and closing ---- */

static void a_cancelled_request_ends_at_once_and_the_others_go_on(void **state)
{
    (void)state;
    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 0};
    fixture_submit(f, 0, &request);
    request = (struct fixture_request){.prompt = prompts[1], .max_tokens = 100};
    fixture_submit(f, 1, &request);
    fixture_wait_pieces(f, 0, 5);
    f->engine->cancel(f->engine, 0);
    const struct fixture_answer *a = fixture_wait(f, 0);
    assert_err(a->result, ERR_CANCELLED);
    assert_true(a->usage.completion_tokens < 100);
    assert_ok(fixture_wait(f, 1)->result);
    assert_int_equal(a->dones, 1);
    assert_false(a->lines_after_done);
    f->engine->cancel(f->engine, 0); /* nothing to cancel */
    assert_ok(ask(prompts[2], 5)->result);
    assert_int_equal(f->answers[1]->dones, 1);
}

static void a_waiting_request_can_be_cancelled(void **state)
{
    (void)state;
    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 200};
    for (uint64_t id = 0; id < SLOTS + 2; id++)
        fixture_submit(f, id, &request);
    f->engine->cancel(f->engine, SLOTS);
    const struct fixture_answer *a = fixture_wait(f, SLOTS);
    assert_err(a->result, ERR_CANCELLED);
    assert_int_equal(f->answers[0]->dones, 0);
    for (uint64_t id = 0; id < SLOTS + 2; id++)
        if (id != SLOTS)
            assert_ok(fixture_wait(f, id)->result);
    assert_int_equal(a->pieces, 0);
}

static void closing_cancels_what_runs_and_what_waits(void **state)
{
    (void)state;
    struct fixture *small = fixture_open(
        &(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 2, .slots = 2, .queue = 8});
    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 0};
    for (uint64_t id = 0; id < 6; id++)
        fixture_submit(small, id, &request);
    fixture_wait_pieces(small, 0, 3);
    small->engine->close(small->engine);
    small->engine = NULL;
    for (uint64_t id = 0; id < 6; id++) {
        assert_int_equal(small->answers[id]->dones, 1);
        assert_err(small->answers[id]->result, ERR_CANCELLED);
        assert_false(small->answers[id]->lines_after_done);
    }
    fixture_close(small);
}

/* ---- one request at a time, for models whose caches cannot be wiped apart ---- */

static void a_cache_that_is_not_understood_is_cleared_as_a_whole(void **state)
{
    (void)state;
    struct fixture *one =
        fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1});
    struct engine_llama *e = (struct engine_llama *)one->engine;
    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 30};
    const struct fixture_answer *a = fixture_ask(one, 0, &request);
    e->traces.streams = false;
    const struct fixture_answer *b = fixture_ask(one, 1, &request);
    assert_true(fixture_slot_is_fresh(one, 0));
    assert_string_equal(a->text, b->text);
    fixture_close(one);
}

/* ---- what cannot be opened ---- */

static void open_fails(const struct engine_llama_options *options, const char *words)
{
    struct engine *engine = NULL;
    struct engine_callbacks callbacks = {0};
    struct err_note note = {{0}};
    assert_err(engine_llama_open(options, &callbacks, NULL, &engine, &note), ERR_MODEL);
    assert_null(engine);
    if (strstr(note.text, words) == NULL)
        fail_msg("note: %s", note.text);
}

static void a_file_that_is_no_model_is_refused(void **state)
{
    (void)state;
    open_fails(&(struct engine_llama_options){.model_path = NULL}, "no model file");
    open_fails(&(struct engine_llama_options){.model_path = "/nonexistent/model.gguf"}, "cannot be opened");
    open_fails(&(struct engine_llama_options){.model_path = "/"}, "cannot be read");
    open_fails(&(struct engine_llama_options){.model_path = "/proc/self/exe"}, "cannot load");
    open_fails(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .model_size = 7},
               "cannot be read");
    open_fails(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .slots = 65}, "slots");
    open_fails(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .queue = 1 << 20}, "waiting");
    open_fails(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .context = 1U << 31}, "context");
    open_fails(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1000}, "threads");
    open_fails(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .chat_template = "no such"},
               "--chat-template");
}

static float last_progress;
static bool progress_fell;

static void note_progress(void *owner, float fraction)
{
    (void)owner;
    progress_fell = progress_fell || fraction < last_progress;
    last_progress = fraction;
}

static void a_smaller_context_can_be_asked_for_and_progress_is_told(void **state)
{
    (void)state;
    struct fixture *small = fixture_open(&(struct engine_llama_options){
        .model_path = FIXTURE_MODEL, .threads = 1, .slots = 1, .context = 40, .progress = note_progress});
    struct fixture_request request = {.prompt = prompts[0], .max_tokens = 0};
    const struct fixture_answer *a = fixture_ask(small, 0, &request);
    assert_int_equal(a->usage.prompt_tokens + a->usage.completion_tokens, 40);
    assert_string_equal(a->finish, "length");
    assert_true(last_progress >= 1 && !progress_fell);
    fixture_close(small);
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_is_described),
        cmocka_unit_test(a_story_is_continued),
        cmocka_unit_test(an_answer_ends_where_the_context_does),
        cmocka_unit_test(a_prompt_that_leaves_no_room_is_refused),
        cmocka_unit_test(an_empty_prompt_starts_a_story),
        cmocka_unit_test(contents_are_joined_for_a_model_without_a_template),
        cmocka_unit_test(a_seed_gives_the_same_answer_each_time),
        cmocka_unit_test(without_a_seed_answers_differ),
        cmocka_unit_test(penalties_change_a_greedy_answer),
        cmocka_unit_test(a_stop_sequence_over_several_tokens_ends_the_answer_before_it),
        cmocka_unit_test(four_at_once_answer_as_each_alone),
        cmocka_unit_test(a_long_prompt_is_read_in_pieces_while_another_answers),
        cmocka_unit_test(a_gpu_is_used_or_refused),
        cmocka_unit_test(the_cache_of_an_ended_request_is_zero_and_its_neighbour_goes_on),
        cmocka_unit_test(more_requests_than_places_are_refused_as_busy),
        cmocka_unit_test(who_asks_much_does_not_keep_others_waiting),
        cmocka_unit_test(a_cancelled_request_ends_at_once_and_the_others_go_on),
        cmocka_unit_test(a_waiting_request_can_be_cancelled),
        cmocka_unit_test(closing_cancels_what_runs_and_what_waits),
        cmocka_unit_test(a_cache_that_is_not_understood_is_cleared_as_a_whole),
        cmocka_unit_test(a_file_that_is_no_model_is_refused),
        cmocka_unit_test(a_smaller_context_can_be_asked_for_and_progress_is_told),
    };
    return cmocka_run_group_tests(tests, open_shared, close_shared);
}
