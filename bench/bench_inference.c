/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer through everything (client, socket, enclumed, engine) against the same engine called directly in this process: the demo model, greedy, one
 * thread, a warm session. Wall clock, since the first takes two processes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "bench.h"
#include "client/client.h"
#include "engine/engine.h"
#include "guest.h"
#include "openai/chat.h"

enum { TOKENS = 200, ROUNDS_MAX = 41 };

static char prompt[] = "Once upon a time, a blacksmith had a little anvil";

/* What one answer took. */
struct answer {
    double began;
    double first;
    double ended;
    double processor; /* of both processes together */
    uint32_t tokens;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
};

static void on_text(struct answer *a)
{
    if (a->first == 0)
        a->first = bench_clock();
}

/* ---- directly ---- */

static void direct_lines(void *owner, uint64_t id, uint16_t status, struct bytes lines)
{
    static const char member[] = "\"completion_tokens\":";
    struct answer *a = owner;
    (void)id;
    (void)status;
    on_text(a);
    const char *at = memmem(lines.ptr, lines.len, member, sizeof member - 1);
    if (at != NULL)
        a->tokens = (uint32_t)strtoul(at + sizeof member - 1, NULL, 10);
}

static void direct_done(void *owner, uint64_t id, enum err result, const struct err_note *note)
{
    struct answer *a = owner;
    (void)id;
    (void)note;
    bench_must(result, "the engine");
    (void)pthread_mutex_lock(&a->lock);
    a->ended = bench_clock();
    a->done = true;
    (void)pthread_cond_signal(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
}

static void answer_begin(struct answer *a)
{
    a->done = false;
    a->first = 0;
    a->began = bench_clock();
}

static void ask_directly(struct engine *engine, struct answer *a, const struct chat_request *request)
{
    static uint64_t id;
    struct err_note note = {{0}};
    answer_begin(a);
    char *body = chat_request_write(request);
    if (body == NULL)
        bench_fail("no memory");
    bench_must(engine->submit(engine, ++id, 0, API_CHAT, bytes_str(body), &note), "the engine");
    secret_free(body);
    (void)pthread_mutex_lock(&a->lock);
    while (!a->done)
        (void)pthread_cond_wait(&a->changed, &a->lock);
    (void)pthread_mutex_unlock(&a->lock);
}

/* ---- through everything ---- */

static void client_text(void *owner, struct bytes text)
{
    (void)text;
    on_text(owner);
}

static void ask_client(struct client *client, struct answer *a, const struct chat_request *request)
{
    struct client_answer answer;
    struct err_note note = {{0}};
    answer_begin(a);
    bench_must(client_ask(client, request, client_text, a, &answer, &note), "client_ask");
    a->ended = bench_clock();
    a->tokens = answer.usage.completion_tokens;
}

/* ---- claims ---- */

static double processor_time(clockid_t enclave)
{
    struct timespec t;
    bench_must_be(clock_gettime(enclave, &t) == 0, "enclumed has ended");
    return bench_processor_time() + (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double lowest(const double *values, size_t count)
{
    double low = values[0];
    for (size_t i = 1; i < count; i++)
        low = values[i] < low ? values[i] : low;
    return low;
}

struct rounds {
    double rate[2][ROUNDS_MAX];  /* tokens a second */
    double work[2][ROUNDS_MAX];  /* microseconds of processor time a token */
    double first[2][ROUNDS_MAX]; /* milliseconds to the first text */
    double added[ROUNDS_MAX];
};

static void keep(struct rounds *r, size_t i, int which, const struct answer *a)
{
    r->rate[which][i] = a->tokens / (a->ended - a->began);
    r->work[which][i] = a->processor / a->tokens * 1e6;
    r->first[which][i] = (a->first - a->began) * 1e3;
}

static void report(struct rounds *r, size_t count)
{
    const struct bench_side ours = {.label = "through the channel"};
    const struct bench_side peer = {.label = "the engine called directly"};
    bench_report(&(struct bench_claim){.name = "inference.rate",
                                       .text = "answer of 200 tokens",
                                       .unit = "tokens/s",
                                       .aim = 0.99,
                                       .ours = ours,
                                       .peer = peer},
                 r->rate[0], r->rate[1], count);
    bench_report(&(struct bench_claim){.name = "inference.work",
                                       .text = "processor time a token, of all processes",
                                       .unit = "us",
                                       .is_time = true,
                                       .aim = 0.99,
                                       .ours = ours,
                                       .peer = peer},
                 r->work[0], r->work[1], count);
    bench_report(&(struct bench_claim){.name = "inference.first",
                                       .text = "time to the first token",
                                       .unit = "ms",
                                       .is_time = true,
                                       .ours = ours,
                                       .peer = peer},
                 r->first[0], r->first[1], count);
    bench_value("inference.first.added.quiet", "added time to the first token, the best round of each",
                lowest(r->first[0], count) - lowest(r->first[1], count), "ms", 2);
    bench_value("inference.first.added", "added time to the first token (median of the rounds)",
                bench_median(r->added, count), "ms", 2);
}

int main(int argc, char **argv)
{
    static struct guest guest;
    static struct answer answer = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    static struct rounds rounds;
    struct err_note note = {{0}};
    bench_begin(
        "bench_inference",
        "An answer of the demo model through client, socket, enclumed and engine, against the same engine "
        "called directly: greedy, one thread, warm session.",
        argc, argv);
    strict_json_init();
    bench_must(crypto_init(), "libcrypto");
    guest_start(&guest,
                (const char *const[]){"--model", ENCLUME_DEMO_MODEL, "--threads", "1", "--slots", "1",
                                      "--reuse-timeout", "0", NULL}); /* it is asked the same each time */

    struct client *client;
    const struct client_options options = {.address = guest.address, .policy = &guest.policy};
    bench_must(client_new(&options, &client, &note), "client_new");
    bench_must(client_connect(client, &note), "client_connect");

    static const struct engine_callbacks callbacks = {.lines = direct_lines, .done = direct_done};
    const struct engine_llama_options engine_options = {
        .model_path = ENCLUME_DEMO_MODEL, .threads = 1, .slots = 1};
    struct engine *engine;
    bench_must(engine_llama_open(&engine_options, &callbacks, &answer, &engine, &note), "engine_llama_open");

    struct chat_message message = {.role = CHAT_USER, .content = bytes_str(prompt)};
    const struct chat_request request = {.message_count = 1,
                                         .messages = &message,
                                         .sampling = {.temperature = 0, .top_p = 1, .repeat_penalty = 1},
                                         .max_tokens = TOKENS,
                                         .stream = true};
    clockid_t enclave;
    bench_must_be(clock_getcpuclockid(guest.enclave, &enclave) == 0, "no processor time of enclumed");
    ask_client(client, &answer, &request);
    uint32_t tokens = answer.tokens;
    ask_directly(engine, &answer, &request);
    bench_must_be(tokens == answer.tokens && tokens > 1, "the two gave answers of different length");
    size_t count = bench_rounds() < ROUNDS_MAX ? bench_rounds() : ROUNDS_MAX;
    for (size_t i = 0; i < count; i++) {
        for (int turn = 0; turn < 2; turn++) {
            int which = (int)((i + (size_t)turn) % 2);
            double before = processor_time(enclave);
            if (which == 0)
                ask_client(client, &answer, &request);
            else
                ask_directly(engine, &answer, &request);
            answer.processor = processor_time(enclave) - before;
            keep(&rounds, i, which, &answer);
        }
        rounds.added[i] = rounds.first[0][i] - rounds.first[1][i];
    }
    report(&rounds, count);
    engine->close(engine);
    client_free(client);
    guest_stop(&guest);
    return bench_end();
}
