/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The process whose memory is searched: wipe_subject SCENARIO. It reads prompts (a 4-byte length, then the text) from standard input
 * into secret memory once it has written a line "ready", works on them as the scenario says, writes one line of results (counts and names of errors only) and stands still
 * until it is killed. Nothing of a prompt is in its arguments, its environment or its file.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "engine_fixture.h"

enum { PROMPTS_MAX = 4, CONTEXT = 256 };

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

static struct chat_message messages[PROMPTS_MAX];

static struct chat_request request(size_t i, uint32_t max_tokens)
{
    return fixture_request(prompts[i % prompt_count], max_tokens, &messages[i % prompt_count]);
}

static void nap(long milliseconds)
{
    struct timespec t = {.tv_nsec = milliseconds * 1000000};
    (void)nanosleep(&t, NULL);
}

static void run_finished(struct fixture *f)
{
    struct chat_request r = request(0, 40);
    (void)fixture_ask(f, 0, &r);
}

static void run_sampled(struct fixture *f)
{
    struct chat_request r = request(0, 40);
    r.sampling = (struct chat_sampling){.temperature = 0.7F,
                                        .top_k = 40,
                                        .top_p = 0.9F,
                                        .min_p = 0.05F,
                                        .repeat_penalty = 1.1F,
                                        .frequency_penalty = 0.2F,
                                        .has_seed = true,
                                        .seed = 5};
    (void)fixture_ask(f, 0, &r);
}

static void run_one_token(struct fixture *f)
{
    struct chat_request r = request(0, 1);
    (void)fixture_ask(f, 0, &r);
}

static void run_stop(struct fixture *f)
{
    struct chat_request r = request(0, 0);
    r.stops[r.stop_count++] = bytes_str(". ");
    (void)fixture_ask(f, 0, &r);
}

static void run_cancelled_in_prompt(struct fixture *f)
{
    struct chat_request r = request(0, 0);
    fixture_submit(f, 0, &r);
    nap(8);
    f->engine->cancel(f->engine, 0);
    (void)fixture_wait(f, 0);
}

static void run_cancelled_in_answer(struct fixture *f)
{
    struct chat_request r = request(0, 0);
    fixture_submit(f, 0, &r);
    fixture_wait_pieces(f, 0, 20);
    f->engine->cancel(f->engine, 0);
    (void)fixture_wait(f, 0);
}

static void run_several(struct fixture *f)
{
    for (size_t i = 0; i < 12; i++) {
        struct chat_request r = request(i, 10 + 7 * (uint32_t)i);
        fixture_submit(f, i, &r);
    }
    for (size_t i = 0; i < 12; i++)
        (void)fixture_wait(f, i);
}

/* The first prompt's request ends while the second's goes on: stopped in its middle, with the engine's thread held in a callback. */
static void run_beside(struct fixture *f)
{
    struct chat_request other = request(1, 0);
    fixture_submit(f, 1, &other);
    fixture_wait_pieces(f, 1, 3);
    struct chat_request r = request(0, 40);
    (void)fixture_ask(f, 0, &r);
    pthread_mutex_lock(&f->lock); /* the next callback waits here */
    nap(200);
}

static const struct scenario {
    const char *name;
    void (*run)(struct fixture *f);
    const char *chat_template;
} scenarios[] = {
    {.name = "finished", .run = run_finished},
    {.name = "sampled", .run = run_sampled},
    {.name = "one-token", .run = run_one_token},
    {.name = "stop", .run = run_stop},
    {.name = "cancelled-in-prompt", .run = run_cancelled_in_prompt},
    {.name = "cancelled-in-answer", .run = run_cancelled_in_answer},
    {.name = "context", .run = run_finished}, /* with a prompt that does not fit */
    {.name = "chat", .run = run_finished, .chat_template = "chatml"},
    {.name = "several", .run = run_several},
    {.name = "beside", .run = run_beside},
};

int main(int argc, char **argv)
{
    const struct scenario *s = scenarios;
    const struct scenario *end = scenarios + sizeof scenarios / sizeof scenarios[0];
    if (argc != 2)
        return 2;
    while (s < end && strcmp(s->name, argv[1]) != 0)
        s++;
    if (s == end)
        return 2;
    struct fixture *f = fixture_open(&(struct engine_llama_options){
        .model_path = FIXTURE_MODEL, .threads = 1, .chat_template = s->chat_template});
    f->discard = true;
    (void)puts("ready");
    (void)fflush(stdout);
    read_prompts();
    s->run(f);
    for (size_t i = 0; i < prompt_count; i++)
        secret_free(prompts[i]);
    secret_wipe_stack();
    (void)printf("%s %u %u %d\n", err_name(f->answers[0].result), f->answers[0].usage.prompt_tokens,
                 f->answers[0].usage.completion_tokens, f->answers[1].dones != 0);
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}
