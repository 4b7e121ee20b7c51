/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second turn of a long conversation, by the time to its first text: with an enclave that keeps what it computed of the first one (--reuse-timeout), against one that keeps
 * nothing. Through client, socket and channel. Each round has a conversation of its own, which begins unlike the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "bench.h"
#include "client/client.h"
#include "guest.h"
#include "openai/chat.h"

enum { ROUNDS_MAX = 15, TEXT_MAX = 32 * 1024, ANSWER_TOKENS = 24, WORDS_DEMO = 120, WORDS = 1000 };

static const char *const words[] = {" the", " cat",  " and",  " dog", " went",
                                    " to",  " park", " with", " red", " ball"};

struct side {
    struct guest guest;
    struct client *client;
    double began;
    double first;
    char answer[TEXT_MAX];
    size_t len;
};

static void on_text(void *owner, struct bytes text)
{
    struct side *s = owner;
    if (s->first == 0)
        s->first = bench_clock();
    bench_must_be(s->len + text.len < sizeof s->answer, "an answer is too long");
    memcpy(s->answer + s->len, text.ptr, text.len);
    s->len += text.len;
}

/* Milliseconds to the first text. */
static double ask(struct side *s, struct chat_message *messages, size_t count)
{
    struct client_answer answer;
    struct err_note note = {{0}};
    const struct chat_request request = {.message_count = count,
                                         .messages = messages,
                                         .sampling = {.temperature = 0, .top_p = 1, .repeat_penalty = 1},
                                         .max_tokens = ANSWER_TOKENS,
                                         .stream = true};
    s->first = 0;
    s->len = 0;
    s->began = bench_clock();
    bench_must(client_ask(s->client, &request, on_text, s, &answer, &note), "client_ask");
    return (s->first - s->began) * 1e3;
}

static void start(struct side *s, const char *model, const char *seconds)
{
    struct err_note note = {{0}};
    guest_start(&s->guest, (const char *const[]){"--model", model, "--threads", "1", "--slots", "2",
                                                 "--reuse-timeout", seconds, NULL});
    const struct client_options options = {.address = s->guest.address, .policy = &s->guest.policy};
    bench_must(client_new(&options, &s->client, &note), "client_new");
    bench_must(client_connect(s->client, &note), "client_connect");
}

static void write_text(char *text, size_t round, size_t count)
{
    size_t len = (size_t)snprintf(text, TEXT_MAX, "%zu times", round * 7 + 11);
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s",
                                words[(i * 7 + i / 10 + round) % (sizeof words / sizeof words[0])]);
}

int main(int argc, char **argv)
{
    static struct side keeps;
    static struct side forgets;
    static char text[TEXT_MAX];
    static char said[TEXT_MAX];
    double with[ROUNDS_MAX];
    double without[ROUNDS_MAX];
    double whole[ROUNDS_MAX];
    bench_begin("bench_turns",
                "The time to the first text of a conversation's second turn, when what was computed of the "
                "first is kept for the same session, and when it is not.",
                argc, argv);
    strict_json_init();
    bench_must(crypto_init(), "libcrypto");
    const char *large = getenv("ENCLUME_BENCH_MODEL"); // NOLINT(concurrency-mt-unsafe): there is one thread
    const char *model = large != NULL ? large : ENCLUME_DEMO_MODEL;
    const size_t count = large != NULL ? WORDS : WORDS_DEMO;
    start(&keeps, model, "300");
    start(&forgets, model, "0");
    size_t same = 0;
    size_t rounds = bench_rounds() < ROUNDS_MAX ? bench_rounds() : ROUNDS_MAX;
    for (size_t i = 0; i < rounds; i++) {
        struct chat_message turns[3] = {{.role = CHAT_USER}, {.role = CHAT_ASSISTANT}, {.role = CHAT_USER}};
        write_text(text, i, count);
        turns[0].content = bytes_str(text);
        whole[i] = ask(&keeps, turns, 1);
        memcpy(said, keeps.answer, keeps.len);
        turns[1].content = bytes_of(said, keeps.len);
        turns[2].content = bytes_str(" Then the big bear said");
        with[i] = ask(&keeps, turns, 3);
        without[i] = ask(&forgets, turns, 3);
        same += keeps.len == forgets.len && memcmp(keeps.answer, forgets.answer, keeps.len) == 0;
    }
    bench_report(&(struct bench_claim){.name = "turns.first",
                                       .text = "first text of the second turn",
                                       .unit = "ms",
                                       .is_time = true,
                                       .ours = {.label = "with what was kept"},
                                       .peer = {.label = "read again"}},
                 with, without, rounds);
    bench_value("turns.first.begin", "first text of the first turn", bench_median(whole, rounds), "ms", 0);
    /* llama.cpp rounds otherwise when it reads much at once than when it wrote it. */
    bench_value("turns.same", "rounds in which both gave the same text", (double)same / (double)rounds,
                "of 1", 0);
    client_free(keeps.client);
    client_free(forgets.client);
    guest_stop(&keeps.guest);
    guest_stop(&forgets.guest);
    return bench_end();
}
