/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is kept of a conversation between its turns: it spares the same session reading, changes no answer, serves nobody else, and is gone when it has to be. That nothing
 * of it can be read in memory meanwhile is searched for in test_engine_wipe.c.
 */

#include "unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, STRANGER = 9, HOUR = 3600, WAIT_MS = 60000, BODY_MAX = 16 * 1024 };

/* ---- a memory that cannot be shortened ---- */

bool __real_llama_memory_seq_rm(llama_memory_t memory, llama_seq_id sequence, llama_pos from, llama_pos to);
bool __wrap_llama_memory_seq_rm(llama_memory_t memory, llama_seq_id sequence, llama_pos from, llama_pos to);

static bool stiff;

bool __wrap_llama_memory_seq_rm(llama_memory_t memory, llama_seq_id sequence, llama_pos from, llama_pos to)
{
    return !(stiff && from > 0) && __real_llama_memory_seq_rm(memory, sequence, from, to);
}

/* ---- engines and requests ---- */

static struct fixture *open_slots(uint32_t slots, uint32_t keep_seconds)
{
    struct fixture *f = fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL,
                                                                    .threads = 1,
                                                                    .slots = slots,
                                                                    .queue = 16,
                                                                    .keep_seconds = keep_seconds});
    assert_int_equal(((const struct engine_llama *)f->engine)->keeps, keep_seconds != 0);
    return f;
}

static void begin(struct fixture *f, uint64_t asker)
{
    f->engine->session_begin(f->engine, asker);
}

static void end(struct fixture *f, uint64_t asker)
{
    f->engine->session_end(f->engine, asker);
}

static const struct fixture_answer *ask_as(struct fixture *f, uint64_t asker, enum api api, const char *body)
{
    fixture_submit_body(f, 0, asker, api, body);
    const struct fixture_answer *a = fixture_wait(f, 0);
    assert_ok(a->result);
    return a;
}

/* So many tokens, the first of them 400 and each one more than the one before; `more`: further ones, with a comma before each. */
static const struct fixture_answer *ask_tokens(struct fixture *f, uint64_t asker, unsigned count,
                                               const char *more)
{
    char body[BODY_MAX];
    size_t len =
        (size_t)snprintf(body, sizeof body, "{\"temperature\":0,\"max_tokens\":1,\"prompt\":[%u", 400U);
    for (unsigned i = 1; i < count; i++)
        len += (size_t)snprintf(body + len, sizeof body - len, ",%u", 400 + i);
    (void)snprintf(body + len, sizeof body - len, "%s]}", more);
    return ask_as(f, asker, API_COMPLETIONS, body);
}

static const struct fixture_answer *ask_text(struct fixture *f, uint64_t asker, const char *prompt,
                                             uint32_t max_tokens)
{
    char *body = fixture_body(&(struct fixture_request){.prompt = prompt, .max_tokens = max_tokens});
    const struct fixture_answer *a = ask_as(f, asker, API_CHAT, body);
    secret_free(body);
    return a;
}

/* ---- looking into the engine ---- */

static const struct engine_llama *inside(const struct fixture *f)
{
    return (const struct engine_llama *)f->engine;
}

static uint32_t count_kept(const struct fixture *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < inside(f)->info.slots; i++)
        n += inside(f)->slots[i].state == ENGINE_SLOT_KEPT;
    return n;
}

/* The engine's thread does it when it comes to it. */
static void wait_for_kept(const struct fixture *f, uint32_t wanted)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    for (int i = 0; i < WAIT_MS && count_kept(f) != wanted; i++)
        (void)nanosleep(&ms, NULL);
    assert_int_equal(count_kept(f), wanted);
}

/* What was kept is wiped before the opening is put back, which may be under way when it is not counted any more. */
static bool all_are_fresh(const struct fixture *f)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    for (uint32_t i = 0; i < inside(f)->info.slots; i++)
        for (int k = 0; !fixture_slot_is_fresh(f, i); k++) {
            if (k == WAIT_MS)
                return false;
            (void)nanosleep(&ms, NULL);
        }
    return true;
}

/* ---- it spares reading ---- */

static void the_next_turn_reads_what_is_new(void **state)
{
    (void)state;
    struct fixture *f = open_slots(1, HOUR);
    begin(f, ALICE);
    assert_int_equal(ask_tokens(f, ALICE, 50, "")->usage.cached_tokens, 0);
    const struct fixture_answer *a = ask_tokens(f, ALICE, 50, ",700,701,702");
    assert_int_equal(a->usage.cached_tokens, 50);
    assert_int_equal(a->usage.prompt_tokens, 53);
    /* An answer begins after a token that was read for it. */
    assert_int_equal(ask_tokens(f, ALICE, 50, ",700,701,702")->usage.cached_tokens, 52);
    /* One that turns off earlier. */
    assert_int_equal(ask_tokens(f, ALICE, 50, ",700,800,801")->usage.cached_tokens, 51);
    /* Kept are the rows of those that were read, and none behind them. */
    assert_int_equal(count_kept(f), 1);
    assert_true(fixture_rows_are_zero(f, 0, 53));
    assert_false(fixture_rows_are_zero(f, 0, 52));
    fixture_close(f);
}

static void the_answer_is_spared_too(void **state)
{
    (void)state;
    char turn[FIXTURE_TEXT_MAX + 64];
    struct fixture *f = open_slots(1, HOUR);
    begin(f, ALICE);
    const struct fixture_answer *a = ask_text(f, ALICE, "Once upon a time", 40);
    uint32_t known = a->usage.prompt_tokens + a->usage.completion_tokens;
    (void)snprintf(turn, sizeof turn, "Once upon a time%s Then Tom said", a->text);
    a = ask_text(f, ALICE, turn, 10);
    /* The last one of an answer is never read; and how text falls into tokens may change where one text ends and another begins. */
    assert_in_range(a->usage.cached_tokens, known - 4, known - 1);
    fixture_close(f);
}

static void usage_says_it_in_every_api(void **state)
{
    (void)state;
    static const struct {
        enum api api;
        const char *body;
        const char *wanted;
    } rows[] = {
        {API_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"Tom saw a dog\"}],\"max_tokens\":1}",
         "\"prompt_tokens_details\":{\"cached_tokens\":4}"},
        {API_MESSAGES, "{\"messages\":[{\"role\":\"user\",\"content\":\"Tom saw a dog\"}],\"max_tokens\":1}",
         "\"input_tokens\":1,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":4"},
        {API_MESSAGES,
         "{\"messages\":[{\"role\":\"user\",\"content\":\"Tom saw a "
         "dog\"}],\"max_tokens\":1,\"stream\":true}",
         "\"input_tokens\":1,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":4"},
        {API_RESPONSES, "{\"input\":\"Tom saw a dog\",\"max_output_tokens\":1}",
         "\"input_tokens_details\":{\"cached_tokens\":4}"},
        {API_COMPLETIONS, "{\"prompt\":\"Tom saw a dog\",\"max_tokens\":1}",
         "\"prompt_tokens_details\":{\"cached_tokens\":4}"},
    };
    struct fixture *f = open_slots(1, HOUR);
    begin(f, ALICE);
    (void)ask_as(f, ALICE, rows[0].api, rows[0].body);
    for (size_t i = 0; i < test_count(rows); i++) {
        const struct fixture_answer *a = ask_as(f, ALICE, rows[i].api, rows[i].body);
        if (memmem(a->lines.ptr, a->lines.len, rows[i].wanted, strlen(rows[i].wanted)) == NULL)
            fail_msg("%zu: %.*s", i, (int)a->lines.len, (const char *)a->lines.ptr);
    }
    fixture_close(f);
}

/* Five turns of a conversation, each of which ends with the answer to it; and each of them alone, in an engine that keeps nothing. */
static void greedy_answers_are_the_same_as_without(void **state)
{
    (void)state;
    static const char *const said[] = {"Once upon a time there was a cat.", " The cat saw a dog and",
                                       " Then mom said:", " The cat was sad because", " In the end"};
    char turn[FIXTURE_TEXT_MAX] = "";
    size_t len = 0;
    struct fixture *keeps = open_slots(2, HOUR);
    struct fixture *forgets = open_slots(2, 0);
    begin(keeps, ALICE);
    begin(forgets, ALICE);
    for (size_t i = 0; i < test_count(said); i++) {
        len += (size_t)snprintf(turn + len, sizeof turn - len, "%s", said[i]);
        const struct fixture_answer *a = ask_text(keeps, ALICE, turn, 24);
        const struct fixture_answer *b = ask_text(forgets, ALICE, turn, 24);
        assert_string_equal(a->text, b->text);
        assert_string_equal(a->finish, b->finish);
        assert_int_equal(a->usage.prompt_tokens, b->usage.prompt_tokens);
        assert_int_equal(b->usage.cached_tokens, 0);
        assert_true(i == 0 || a->usage.cached_tokens > a->usage.prompt_tokens / 2);
        len += (size_t)snprintf(turn + len, sizeof turn - len, "%s", a->text);
    }
    assert_int_equal(count_kept(forgets), 0);
    fixture_close(forgets);
    fixture_close(keeps);
}

enum { TOP = 5 };

/* Of the first token of an answer. */
static void likelihoods(struct fixture *f, const char *prompt, double top[static TOP])
{
    char body[BODY_MAX];
    (void)snprintf(
        body, sizeof body,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":0,\"max_tokens\":1,"
        "\"logprobs\":true,\"top_logprobs\":5}",
        prompt);
    json_t *document = fixture_line(ask_as(f, ALICE, API_CHAT, body), 0);
    const json_t *choice = json_array_get(json_object_get(document, "choices"), 0);
    const json_t *token = json_array_get(json_object_get(json_object_get(choice, "logprobs"), "content"), 0);
    const json_t *list = json_object_get(token, "top_logprobs");
    assert_int_equal(json_array_size(list), TOP);
    for (size_t i = 0; i < TOP; i++)
        top[i] = json_number_value(json_object_get(json_array_get(list, i), "logprob"));
    json_decref(document);
}

/* Of an answer that was written token by token, as of a prompt that was read at once: no row is of another token, or at another place. Of short ones, because llama.cpp rounds
 * otherwise when it reads some 64 tokens and more at once. */
static void likelihoods_are_the_same_as_without(void **state)
{
    (void)state;
    char turn[FIXTURE_TEXT_MAX + 64];
    double kept[TOP];
    double read[TOP];
    struct fixture *keeps = open_slots(2, HOUR);
    struct fixture *forgets = open_slots(2, 0);
    begin(keeps, ALICE);
    const struct fixture_answer *a = ask_text(keeps, ALICE, "Tom had a red ball and a dog.", 30);
    size_t len = (size_t)snprintf(turn, sizeof turn, "Tom had a red ball and a dog.%s", a->text);
    for (size_t i = 0; i < len; i++) /* no escapes in JSON */
        if (turn[i] == '"' || turn[i] == '\n')
            turn[i] = ' ';
    (void)ask_text(keeps, ALICE, turn, 1);
    (void)snprintf(turn + len, sizeof turn - len, " But then the dog");
    likelihoods(keeps, turn, kept);
    assert_true(keeps->answers[0]->usage.cached_tokens > 30);
    likelihoods(forgets, turn, read);
    for (size_t i = 0; i < TOP; i++)
        if (fabs(kept[i] - read[i]) > 1e-4)
            fail_msg("%zu: %f with what was kept, %f without", i, kept[i], read[i]);
    fixture_close(forgets);
    fixture_close(keeps);
}

/* Two that begin alike, as with the same instructions: the second does not take the first one's place while there is another. */
static void conversations_of_a_session_stand_side_by_side(void **state)
{
    (void)state;
    struct fixture *f = open_slots(3, HOUR);
    begin(f, ALICE);
    (void)ask_tokens(f, ALICE, 100, "");
    const char *other = ",900,901,902,903,904,905,906,907,908,909,910,911,912,913,914,915,916,917,918";
    assert_int_equal(ask_tokens(f, ALICE, 4, other)->usage.cached_tokens, 0);
    assert_int_equal(count_kept(f), 2);
    assert_int_equal(ask_tokens(f, ALICE, 100, ",700")->usage.cached_tokens, 100);
    assert_int_equal(ask_tokens(f, ALICE, 4, other)->usage.cached_tokens, 22);
    fixture_close(f);
}

/* ---- it serves nobody else ---- */

static void two_sessions_never_share(void **state)
{
    (void)state;
    struct fixture *f = open_slots(3, HOUR);
    begin(f, ALICE);
    begin(f, BOB);
    (void)ask_tokens(f, ALICE, 60, "");
    assert_int_equal(ask_tokens(f, BOB, 60, ",700")->usage.cached_tokens, 0);
    assert_int_equal(ask_tokens(f, STRANGER, 60, ",700")->usage.cached_tokens, 0);
    assert_int_equal(ask_tokens(f, ALICE, 60, ",700")->usage.cached_tokens, 60);
    assert_int_equal(ask_tokens(f, BOB, 60, ",700,701")->usage.cached_tokens, 61);
    fixture_close(f);
}

/* The same tokens have other digests in another session, and in another start. */
static void digests_of_two_sessions_are_never_alike(void **state)
{
    (void)state;
    uint8_t seen[4][ENGINE_DIGEST_SIZE];
    size_t count = 0;
    for (int start = 0; start < 2; start++) {
        struct fixture *f = open_slots(3, HOUR);
        begin(f, ALICE);
        begin(f, BOB);
        (void)ask_tokens(f, ALICE, 20, "");
        (void)ask_tokens(f, BOB, 20, "");
        assert_int_equal(count_kept(f), 2);
        for (uint32_t i = 0; i < 3; i++) {
            const struct engine_kept *k = &inside(f)->slots[i].kept;
            if (inside(f)->slots[i].state != ENGINE_SLOT_KEPT)
                continue;
            assert_int_equal(k->digests.len, 20 * ENGINE_DIGEST_SIZE);
            memcpy(seen[count++], k->digests.ptr, ENGINE_DIGEST_SIZE);
        }
        fixture_close(f);
    }
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seen[i], seen[k], ENGINE_DIGEST_SIZE);
}

/* One slot: who comes next finds none of what was there, and leaves nothing, since it is of no session. */
static void who_needs_the_slot_finds_it_wiped(void **state)
{
    (void)state;
    struct fixture *f = open_slots(1, HOUR);
    begin(f, ALICE);
    (void)ask_tokens(f, ALICE, 200, "");
    assert_false(fixture_slot_is_fresh(f, 0));
    assert_int_equal(ask_tokens(f, STRANGER, 3, "")->usage.cached_tokens, 0);
    assert_int_equal(count_kept(f), 0);
    assert_true(all_are_fresh(f));
    assert_int_equal(ask_tokens(f, ALICE, 200, "")->usage.cached_tokens, 0);
    fixture_close(f);
}

static void the_one_that_was_kept_longest_goes_first(void **state)
{
    (void)state;
    struct fixture *f = open_slots(3, HOUR);
    for (uint64_t asker = ALICE; asker <= CAROL; asker++) {
        begin(f, asker);
        (void)ask_tokens(f, asker, 30, "");
    }
    /* With nothing else to do, one slot of several is kept free. */
    wait_for_kept(f, 2);
    assert_int_equal(ask_tokens(f, CAROL, 30, ",700")->usage.cached_tokens, 30);
    assert_int_equal(ask_tokens(f, BOB, 30, ",700")->usage.cached_tokens, 30);
    assert_int_equal(ask_tokens(f, ALICE, 30, ",700")->usage.cached_tokens, 0);
    fixture_close(f);
}

/* ---- it is gone when it has to be ---- */

static void the_end_of_a_session_is_its_end(void **state)
{
    (void)state;
    struct fixture *f = open_slots(4, HOUR);
    begin(f, ALICE);
    begin(f, BOB);
    (void)ask_tokens(f, ALICE, 100, "");
    (void)ask_tokens(f, ALICE, 3, ",900,901,902,903,904,905,906,907");
    (void)ask_tokens(f, BOB, 100, "");
    assert_int_equal(count_kept(f), 3);
    end(f, ALICE);
    wait_for_kept(f, 1);
    assert_int_equal(ask_tokens(f, BOB, 100, ",700")->usage.cached_tokens, 100);
    end(f, BOB);
    wait_for_kept(f, 0);
    assert_true(all_are_fresh(f));
    end(f, BOB); /* harmless */
    fixture_close(f);
}

static void an_answer_that_outlives_its_session_leaves_nothing(void **state)
{
    (void)state;
    struct fixture *f = open_slots(2, HOUR);
    struct fixture_request request = {.prompt = "Once upon a time"};
    char *body = fixture_body(&request);
    begin(f, ALICE);
    fixture_submit_body(f, 0, ALICE, API_CHAT, body);
    fixture_wait_pieces(f, 0, 5);
    f->engine->cancel(f->engine, 0);
    end(f, ALICE);
    (void)fixture_wait(f, 0);
    wait_for_kept(f, 0);
    assert_true(all_are_fresh(f));
    secret_free(body);
    fixture_close(f);
}

static void what_is_too_old_is_wiped(void **state)
{
    (void)state;
    struct fixture *f = open_slots(2, 1);
    begin(f, ALICE);
    (void)ask_tokens(f, ALICE, 100, "");
    wait_for_kept(f, 0);
    assert_true(all_are_fresh(f));
    assert_int_equal(ask_tokens(f, ALICE, 100, ",700")->usage.cached_tokens, 0);
    fixture_close(f);
}

static void without_a_session_or_the_option_nothing_is_kept(void **state)
{
    (void)state;
    struct fixture *f = open_slots(2, HOUR);
    (void)ask_tokens(f, STRANGER, 100, "");
    assert_int_equal(count_kept(f), 0);
    assert_true(all_are_fresh(f));
    fixture_close(f);
    f = open_slots(2, 0);
    begin(f, ALICE);
    (void)ask_tokens(f, ALICE, 100, "");
    assert_int_equal(ask_tokens(f, ALICE, 100, ",700")->usage.cached_tokens, 0);
    assert_int_equal(count_kept(f), 0);
    assert_true(all_are_fresh(f));
    fixture_close(f);
}

/* Several answers to one prompt, and vectors, have no part in it. */
static void other_requests_read_all_and_leave_nothing(void **state)
{
    (void)state;
    struct fixture *f = open_slots(4, HOUR);
    begin(f, ALICE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            ask_as(f, ALICE, API_COMPLETIONS, "{\"prompt\":\"Tom saw a big dog\",\"n\":2,\"max_tokens\":3}")
                ->usage.cached_tokens,
            0);
        (void)ask_as(f, ALICE, API_EMBEDDINGS, "{\"input\":\"Tom saw a big dog\"}");
        assert_int_equal(count_kept(f), 0);
        assert_true(all_are_fresh(f));
    }
    fixture_close(f);
}

/* ---- cancelling ---- */

static void a_cancelled_answer_leaves_a_right_state(void **state)
{
    (void)state;
    enum { TRIALS = 12 };
    char alone[FIXTURE_TEXT_MAX];
    const char *prompt =
        "One day Tom and his mom went to the park. They saw a big bear with a red hat. The bear said";
    struct fixture *f = open_slots(2, HOUR);
    (void)snprintf(alone, sizeof alone, "%s", ask_text(f, STRANGER, prompt, 40)->text);
    char *body = fixture_body(&(struct fixture_request){.prompt = prompt});
    for (int i = 0; i < TRIALS; i++) {
        const struct timespec nap = {.tv_nsec = i * 1000000L};
        uint64_t asker = 100 + (uint64_t)i;
        begin(f, asker);
        fixture_submit_body(f, 0, asker, API_CHAT, body);
        if (i % 2 == 0)
            (void)nanosleep(&nap, NULL); /* in the prompt, or wherever it is by then */
        else
            fixture_wait_pieces(f, 0, (uint32_t)i);
        f->engine->cancel(f->engine, 0);
        (void)fixture_wait(f, 0);
        const struct fixture_answer *a = ask_text(f, asker, prompt, 40);
        assert_string_equal(a->text, alone);
        if (i % 2 == 1)
            assert_int_equal(a->usage.cached_tokens, a->usage.prompt_tokens - 1);
        end(f, asker);
    }
    wait_for_kept(f, 0);
    assert_true(all_are_fresh(f));
    secret_free(body);
    fixture_close(f);
}

/* An answer up to the end of the context: the last row stays free. */
static void a_full_context_is_kept_but_for_a_row(void **state)
{
    (void)state;
    struct fixture *f = open_slots(1, HOUR);
    begin(f, ALICE);
    const uint32_t context = inside(f)->info.context;
    assert_int_equal(ask_tokens(f, ALICE, context - 1, "")->usage.prompt_tokens, context - 1);
    assert_int_equal(count_kept(f), 1);
    assert_true(fixture_rows_are_zero(f, 0, context - 1));
    assert_int_equal(ask_tokens(f, ALICE, context - 1, "")->usage.cached_tokens, context - 2);
    char more[BODY_MAX] = "";
    const struct fixture_answer *a = ask_text(f, ALICE, "Once upon a time", 0);
    assert_int_equal(a->usage.prompt_tokens + a->usage.completion_tokens, context);
    (void)snprintf(more, sizeof more, "Once upon a time%.200s", a->text);
    assert_true(ask_text(f, ALICE, more, 5)->usage.cached_tokens > 20);
    fixture_close(f);
}

/* ---- memories of other kinds ---- */

static void a_memory_that_cannot_be_shortened_is_read_again(void **state)
{
    (void)state;
    char alone[FIXTURE_TEXT_MAX];
    struct fixture *f = open_slots(1, HOUR);
    begin(f, ALICE);
    const char *turn = "Once upon a time there was a cat. The cat saw";
    (void)snprintf(alone, sizeof alone, "%s", ask_text(f, STRANGER, turn, 20)->text);
    (void)ask_text(f, ALICE, "Once upon a time there was a cat.", 1);
    assert_int_equal(count_kept(f), 1);
    stiff = true; /* what is there is taken over, or not, */
    const struct fixture_answer *a = ask_text(f, ALICE, turn, 20);
    assert_int_equal(a->usage.cached_tokens, 0);
    assert_string_equal(a->text, alone);
    assert_int_equal(count_kept(f), 0); /* and nothing is kept that would have to be cut */
    assert_true(all_are_fresh(f));
    stiff = false;
    fixture_close(f);
}

static void a_cache_without_rows_is_not_kept(void **state)
{
    (void)state;
    struct fixture *f = open_slots(1, HOUR);
    struct engine_llama *e = (struct engine_llama *)f->engine;
    begin(f, ALICE);
    e->traces.rows = false; /* as where V lies transposed: engine_llama_open looks at that */
    e->keeps = e->traces.streams && e->traces.rows;
    (void)ask_tokens(f, ALICE, 30, "");
    assert_int_equal(ask_tokens(f, ALICE, 30, ",700")->usage.cached_tokens, 0);
    assert_int_equal(count_kept(f), 0);
    assert_true(all_are_fresh(f));
    fixture_close(f);
}

/* ---- many ---- */

static void sessions_come_and_go(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct fixture *f = open_slots(2, HOUR);
    for (uint64_t asker = 1; asker <= MANY; asker++) {
        begin(f, asker);
        begin(f, asker); /* harmless */
    }
    assert_int_equal(inside(f)->session_count, MANY);
    (void)ask_tokens(f, MANY / 2, 30, "");
    for (uint64_t asker = 1; asker <= MANY; asker++)
        if (asker != MANY / 2)
            end(f, asker);
    assert_int_equal(inside(f)->session_count, 1);
    assert_int_equal(ask_tokens(f, MANY / 2, 30, ",700")->usage.cached_tokens, 30);
    end(f, MANY / 2);
    wait_for_kept(f, 0);
    fixture_close(f);
}

/* Others run while conversations are kept, taken over and wiped around them. */
static void neighbours_go_on_undisturbed(void **state)
{
    (void)state;
    enum { ROUNDS = 6, LONG = 1 };
    char alone[FIXTURE_TEXT_MAX];
    struct fixture *f = open_slots(3, HOUR);
    (void)snprintf(alone, sizeof alone, "%s", ask_text(f, STRANGER, "Once upon a time", 0)->text);
    char *body = fixture_body(&(struct fixture_request){.prompt = "Once upon a time"});
    fixture_submit_body(f, LONG, STRANGER, API_CHAT, body);
    fixture_wait_pieces(f, LONG, 1);
    for (uint64_t asker = ALICE; asker < ALICE + ROUNDS; asker++) {
        begin(f, asker);
        (void)ask_tokens(f, asker, 30, "");
        assert_int_equal(ask_tokens(f, asker, 30, ",700")->usage.cached_tokens, 30);
        if (asker % 2 == 0)
            end(f, asker);
    }
    const struct fixture_answer *a = fixture_wait(f, LONG);
    assert_ok(a->result);
    assert_string_equal(a->text, alone);
    secret_free(body);
    fixture_close(f);
}

static void closing_with_something_kept_leaks_nothing(void **state)
{
    (void)state;
    size_t live = secret_stats().live;
    struct fixture *f = open_slots(3, HOUR);
    begin(f, ALICE);
    (void)ask_tokens(f, ALICE, 60, "");
    (void)ask_tokens(f, ALICE, 3, ",900,901,902,903,904,905,906,907");
    assert_int_equal(count_kept(f), 2);
    fixture_close(f);
    /* A thread's contexts of hashing stay until it ends; the engine's have. */
    assert_int_equal(secret_stats().live, live);
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_turn_reads_what_is_new),
        cmocka_unit_test(the_answer_is_spared_too),
        cmocka_unit_test(usage_says_it_in_every_api),
        cmocka_unit_test(greedy_answers_are_the_same_as_without),
        cmocka_unit_test(likelihoods_are_the_same_as_without),
        cmocka_unit_test(conversations_of_a_session_stand_side_by_side),
        cmocka_unit_test(two_sessions_never_share),
        cmocka_unit_test(digests_of_two_sessions_are_never_alike),
        cmocka_unit_test(who_needs_the_slot_finds_it_wiped),
        cmocka_unit_test(the_one_that_was_kept_longest_goes_first),
        cmocka_unit_test(the_end_of_a_session_is_its_end),
        cmocka_unit_test(an_answer_that_outlives_its_session_leaves_nothing),
        cmocka_unit_test(what_is_too_old_is_wiped),
        cmocka_unit_test(without_a_session_or_the_option_nothing_is_kept),
        cmocka_unit_test(other_requests_read_all_and_leave_nothing),
        cmocka_unit_test(a_cancelled_answer_leaves_a_right_state),
        cmocka_unit_test(a_full_context_is_kept_but_for_a_row),
        cmocka_unit_test(a_memory_that_cannot_be_shortened_is_read_again),
        cmocka_unit_test(a_cache_without_rows_is_not_kept),
        cmocka_unit_test(sessions_come_and_go),
        cmocka_unit_test(neighbours_go_on_undisturbed),
        cmocka_unit_test(closing_with_something_kept_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
