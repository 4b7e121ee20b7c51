/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The process whose memory is searched: wipe_subject SCENARIO PROJECTOR. It reads prompts (a 4-byte length, then the text) from standard input
 * into secret memory once it has written a line "ready", works on them as the scenario says, writes one line of results (counts and names of errors only) and stands still
 * until it is killed. Nothing of a prompt is in its arguments, its environment or its file.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "templates.h"
#include "wipe_requests.h"

enum { PROMPTS_MAX = 4, HOUR = 3600 };

static char *prompts[PROMPTS_MAX];
static size_t prompt_count;

static bool read_all(void *to, size_t size)
{
    uint8_t *at = to;
    while (size > 0) {
        ssize_t n = read(STDIN_FILENO, at, size);
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static void read_prompts(void)
{
    uint32_t len = 0;
    while (prompt_count < PROMPTS_MAX && read_all(&len, sizeof len)) {
        prompts[prompt_count] = secret_alloc((size_t)len + 1);
        if (prompts[prompt_count] == NULL || !read_all(prompts[prompt_count], len))
            abort();
        prompt_count++;
    }
}

static char *bodies[PROMPTS_MAX * 8];
static size_t body_count;

/* Kept until the engine is done with it, and then wiped like the prompts. */
static const char *body(size_t i, uint32_t max_tokens, const char *more)
{
    const struct fixture_request request = {
        .prompt = prompts[i % prompt_count], .max_tokens = max_tokens, .more = more};
    return bodies[body_count++] = fixture_body(&request);
}

static void ask(struct fixture *f, uint32_t max_tokens, const char *more)
{
    (void)fixture_ask_body(f, 0, API_CHAT, body(0, max_tokens, more));
}

/* {"name":"the prompt", ...}: of the other interfaces, whose prompts have no quotes to escape. */
static void ask_as(struct fixture *f, enum api api, const char *name, const char *more)
{
    size_t size = strlen(prompts[0]) + 256;
    char *text = secret_alloc(size);
    if (text == NULL)
        abort();
    (void)snprintf(text, size, "{\"%s\":\"%s\"%s}", name, prompts[0], more);
    bodies[body_count++] = text;
    (void)fixture_ask_body(f, 0, api, text);
}

static void nap(long milliseconds)
{
    struct timespec t = {.tv_nsec = milliseconds * 1000000};
    (void)nanosleep(&t, NULL);
}

static void run_finished(struct fixture *f)
{
    ask(f, 40, NULL);
}

static void run_sampled(struct fixture *f)
{
    ask(f, 40, WIPE_SAMPLING);
}

static void run_one_token(struct fixture *f)
{
    ask(f, 1, NULL);
}

static void run_stop(struct fixture *f)
{
    ask(f, 0, "\"temperature\":0,\"stop\":\". \"");
}

static void run_choices(struct fixture *f)
{
    ask(f, 40, "\"temperature\":0,\"n\":6");
}

static void run_logprobs(struct fixture *f)
{
    ask(f, 40, "\"temperature\":0,\"logprobs\":true,\"top_logprobs\":5,\"logit_bias\":{\"7\":-1}");
}

static void run_schema(struct fixture *f)
{
    ask(f, 60, WIPE_SCHEMA);
}

static void run_tools(struct fixture *f)
{
    ask(f, 100, WIPE_TOOLS);
}

static void run_thinking(struct fixture *f)
{
    ask(f, 40, NULL);
}

/* A schema that is refused, after it was looked at. */
static void run_refused(struct fixture *f)
{
    ask(f, 10,
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":"
        "{\"type\":\"nonsense\"}}}");
}

static void run_vector(struct fixture *f)
{
    ask_as(f, API_EMBEDDINGS, "input", "");
}

static void run_completion(struct fixture *f)
{
    ask_as(f, API_COMPLETIONS, "prompt", ",\"temperature\":0,\"max_tokens\":40,\"echo\":true,\"n\":2");
}

static void run_messages(struct fixture *f)
{
    ask_as(f, API_RESPONSES, "input", ",\"temperature\":0,\"max_output_tokens\":40");
}

static void run_image(struct fixture *f)
{
    size_t size = strlen(prompts[0]) + strlen(prompts[1]) + sizeof WIPE_IMAGE_BODY;
    char *text = secret_alloc(size);
    if (text == NULL)
        abort();
    (void)snprintf(text, size, WIPE_IMAGE_BODY, prompts[0], prompts[1]);
    bodies[body_count++] = text;
    (void)fixture_ask_body(f, 0, API_CHAT, text);
}

static void run_cancelled_in_prompt(struct fixture *f)
{
    fixture_submit_body(f, 0, 0, API_CHAT, body(0, 0, NULL));
    nap(8);
    f->engine->cancel(f->engine, 0);
    (void)fixture_wait(f, 0);
}

static void cancel_in_answer(struct fixture *f, const char *more)
{
    fixture_submit_body(f, 0, 0, API_CHAT, body(0, 0, more));
    fixture_wait_pieces(f, 0, 20);
    f->engine->cancel(f->engine, 0);
    (void)fixture_wait(f, 0);
}

static void run_cancelled_in_answer(struct fixture *f)
{
    cancel_in_answer(f, NULL);
}

static void run_cancelled_in_choices(struct fixture *f)
{
    cancel_in_answer(f, "\"temperature\":0,\"n\":6");
}

static void run_several(struct fixture *f)
{
    for (size_t i = 0; i < 12; i++)
        fixture_submit_body(f, i, 0, API_CHAT, body(i, 10 + 7 * (uint32_t)i, NULL));
    for (size_t i = 0; i < 12; i++)
        (void)fixture_wait(f, i);
}

/* The first prompt's request ends while the second's goes on: stopped in its middle, with the engine's thread held in a callback. */
static void run_beside(struct fixture *f)
{
    fixture_submit_body(f, 1, 0, API_CHAT, body(1, 0, NULL));
    fixture_wait_pieces(f, 1, 3);
    ask(f, 40, NULL);
    pthread_mutex_lock(&f->lock); /* the next callback waits here */
    nap(200);
}

/* ---- conversations that are kept: of the asker 0, which is a session then ---- */

static void run_kept(struct fixture *f)
{
    f->engine->session_begin(f->engine, 0);
    ask(f, 40, NULL);
}

static void wait_until_none_is_kept(struct fixture *f)
{
    const struct engine_llama *e = (const struct engine_llama *)f->engine;
    for (uint32_t i = 0; i < e->info.slots; i++)
        while (e->slots[i].state != ENGINE_SLOT_FREE)
            nap(1);
}

static void run_kept_ended(struct fixture *f)
{
    run_kept(f);
    f->engine->session_end(f->engine, 0);
    wait_until_none_is_kept(f);
}

static void run_kept_too_long(struct fixture *f)
{
    run_kept(f);
    wait_until_none_is_kept(f);
}

static void run_kept_closed(struct fixture *f)
{
    run_kept(f);
    f->engine->close(f->engine);
    f->engine = NULL;
}

/* Somebody else comes, and is kept. */
static void run_kept_displaced(struct fixture *f)
{
    run_kept(f);
    f->engine->session_begin(f->engine, 1);
    fixture_submit_body(f, 1, 1, API_CHAT, body(1, 1, NULL));
    (void)fixture_wait(f, 1);
}

static void run_kept_cancelled(struct fixture *f)
{
    f->engine->session_begin(f->engine, 0);
    cancel_in_answer(f, NULL);
}

/* The next turn, which takes the first one's place; then the end. */
static void run_kept_turns(struct fixture *f)
{
    run_kept(f);
    ask(f, 100, NULL);
    f->engine->session_end(f->engine, 0);
    wait_until_none_is_kept(f);
}

static const struct scenario {
    const char *name;
    void (*run)(struct fixture *f);
    const char *chat_template;
    bool images;
    uint32_t slots;
    uint32_t keep_seconds;
} scenarios[] = {
    {.name = "finished", .run = run_finished},
    {.name = "sampled", .run = run_sampled},
    {.name = "one-token", .run = run_one_token},
    {.name = "stop", .run = run_stop},
    {.name = "cancelled-in-prompt", .run = run_cancelled_in_prompt},
    {.name = "cancelled-in-answer", .run = run_cancelled_in_answer},
    {.name = "context", .run = run_finished}, /* with a prompt that does not fit */
    {.name = "chat", .run = run_finished, .chat_template = "chatml"},
    {.name = "jinja", .run = run_finished, .chat_template = TEMPLATE_CHATML},
    {.name = "choices", .run = run_choices},
    {.name = "logprobs", .run = run_logprobs},
    {.name = "schema", .run = run_schema},
    {.name = "tools", .run = run_tools, .chat_template = TEMPLATE_TOOLS},
    {.name = "thinking", .run = run_thinking, .chat_template = TEMPLATE_THINK},
    {.name = "refused", .run = run_refused},
    {.name = "vector", .run = run_vector},
    {.name = "image", .run = run_image, .chat_template = TEMPLATE_CHATML, .images = true},
    {.name = "completion", .run = run_completion},
    {.name = "responses", .run = run_messages},
    {.name = "cancelled-in-choices", .run = run_cancelled_in_choices},
    {.name = "several", .run = run_several},
    {.name = "beside", .run = run_beside},
    {.name = "kept", .run = run_kept, .keep_seconds = HOUR},
    {.name = "kept-ended", .run = run_kept_ended, .keep_seconds = HOUR},
    {.name = "kept-too-long", .run = run_kept_too_long, .keep_seconds = 1},
    {.name = "kept-closed", .run = run_kept_closed, .keep_seconds = HOUR},
    {.name = "kept-displaced", .run = run_kept_displaced, .slots = 1, .keep_seconds = HOUR},
    {.name = "kept-cancelled", .run = run_kept_cancelled, .keep_seconds = HOUR},
    {.name = "kept-turns", .run = run_kept_turns, .keep_seconds = HOUR},
};

int main(int argc, char **argv)
{
    const struct scenario *s = scenarios;
    const struct scenario *end = scenarios + sizeof scenarios / sizeof scenarios[0];
    if (argc != 3)
        return 2;
    while (s < end && strcmp(s->name, argv[1]) != 0)
        s++;
    if (s == end)
        return 2;
    struct fixture *f =
        fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL,
                                                    .threads = 1,
                                                    .slots = s->slots,
                                                    .keep_seconds = s->keep_seconds,
                                                    .chat_template = s->chat_template,
                                                    .projector_path = s->images ? argv[2] : NULL});
    f->discard = true;
    (void)puts("ready");
    (void)fflush(stdout);
    read_prompts();
    s->run(f);
    for (size_t i = 0; i < prompt_count; i++)
        secret_free(prompts[i]);
    for (size_t i = 0; i < body_count; i++)
        secret_free(bodies[i]);
    secret_wipe_stack();
    (void)printf("%s %d\n", err_name(f->answers[0]->result),
                 f->answers[1] != NULL && f->answers[1]->dones != 0);
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}
