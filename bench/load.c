/* SPDX-License-Identifier: Apache-2.0 */

/* bench_load: so many clients ask for streamed answers, and what they saw is printed as one JSON object. bench/serve runs it against each way of serving. */

#include "load.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/options.h"
#include "base/strict_json.h"

#define AT(field) offsetof(struct load_options, field)

static const struct option table[] = {
    {"--http", OPTION_TEXT, AT(http), 0, 0, "ADDRESS",
     "an OpenAI-style server: unix:PATH or tcp:HOST:PORT (numeric)"},
    {"--tls", OPTION_SWITCH, AT(tls), 0, 0, NULL, "with TLS 1.3 (the certificate is not looked at)"},
    {"--token", OPTION_TEXT, AT(token), 0, 0, "TOKEN", "bearer token"},
    {"--enclave", OPTION_TEXT, AT(enclave), 0, 0, "ADDRESS", "an enclave, asked through libenclume"},
    {"--policy", OPTION_TEXT, AT(policy), 0, 0, "FILE", "what is acceptable there"},
    {"--trust-simulated", OPTION_TEXT, AT(root), 0, 0, "FILE", "root of the simulated platform"},
    {"--path", OPTION_TEXT, AT(path), 0, 0, "PATH", "/v1/chat/completions (default) or /v1/completions"},
    {"--prompt", OPTION_TEXT, AT(prompt), 0, 0, "TEXT", "what is asked"},
    {"--clients", OPTION_NUMBER, AT(clients), 1, 256, "N", "clients at once. Default 1"},
    {"--requests", OPTION_NUMBER, AT(requests), 1, 100000, "N",
     "requests of each, one after the other. Default 1"},
    {"--max-tokens", OPTION_NUMBER, AT(max_tokens), 1, 4096, "N", "tokens of each answer. Default 48"},
    {"--same", OPTION_SWITCH, AT(same), 0, 0, NULL,
     "ask the same each time; else each prompt begins with another number"},
    {"--text", OPTION_SWITCH, AT(text), 0, 0, NULL, "also print the first answer"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static struct load_options options = {.path = "/v1/chat/completions",
                                      .prompt = "Once upon a time",
                                      .clients = 1,
                                      .requests = 1,
                                      .max_tokens = 48};

double load_clock(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void load_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("bench_load: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(1); // NOLINT(concurrency-mt-unsafe)
}

void load_piece(struct load_answer *a, const char *text, size_t len)
{
    double now = load_clock();
    if (a->pieces++ == 0)
        a->first = now;
    else if (a->gap_count < options.max_tokens)
        a->gaps[a->gap_count++] = now - a->last;
    a->last = now;
    size_t room = sizeof a->text - 1 - a->text_len;
    size_t n = len < room ? len : room;
    memcpy(a->text + a->text_len, text, n);
    a->text_len += n;
}

void load_prompt(const struct load_options *o, char out[static LOAD_PROMPT_MAX])
{
    static atomic_uint count;
    uint32_t n = atomic_fetch_add(&count, 1);
    /* Different from its first digit on where prompts follow each other. Digits, and always as many: each is a token in the vocabulary of the
     * load model, so that no way of serving gets longer prompts than another. */
    uint32_t number = (n + (uint32_t)getpid() * 1000) * 2654435761U % 10000000;
    if (o->same)
        (void)snprintf(out, LOAD_PROMPT_MAX, "%s", o->prompt);
    else
        (void)snprintf(out, LOAD_PROMPT_MAX, "%u%07u: %s", (n + (uint32_t)getpid()) % 10, number, o->prompt);
}

/* ---- the clients ---- */

struct client {
    pthread_t thread;
    const struct load_way *way;
    void *state;
    struct load_answer *answers;
};

static pthread_barrier_t all_are_connected;

static void *run(void *argument)
{
    struct client *c = argument;
    c->state = c->way->open(&options);
    (void)pthread_barrier_wait(&all_are_connected);
    for (uint32_t i = 0; i < options.requests; i++) {
        c->answers[i].asked = load_clock();
        c->way->ask(c->state, &c->answers[i]);
        if (c->answers[i].pieces == 0 || c->answers[i].tokens == 0)
            load_fail("an answer without text");
    }
    c->way->close(c->state);
    return NULL;
}

static void start(struct client *c, const struct load_way *way)
{
    c->way = way;
    c->answers = calloc(options.requests, sizeof *c->answers);
    for (uint32_t i = 0; c->answers != NULL && i < options.requests; i++) {
        c->answers[i].gaps = calloc(options.max_tokens, sizeof *c->answers[i].gaps);
        if (c->answers[i].gaps == NULL)
            load_fail("no memory");
    }
    if (c->answers == NULL || pthread_create(&c->thread, NULL, run, c) != 0)
        load_fail("a client cannot be started");
}

/* ---- the result ---- */

static void print_milliseconds(const char *name, json_t *list)
{
    char *text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (text == NULL)
        load_fail("no memory");
    (void)printf(",\"%s\":%s", name, text);
    json_decref(list);
}

static void print_text(const struct load_answer *a)
{
    json_t *text = json_stringn(a->text, a->text_len);
    char *quoted = text == NULL ? NULL : json_dumps(text, JSON_ENCODE_ANY);
    (void)printf(",\"text\":%s", quoted == NULL ? "null" : quoted);
    json_decref(text);
}

static void print(const struct client *clients, double seconds)
{
    uint64_t tokens = 0;
    json_t *first = json_array();
    json_t *gaps = json_array();
    for (uint32_t c = 0; c < options.clients; c++)
        for (uint32_t i = 0; i < options.requests; i++) {
            const struct load_answer *a = &clients[c].answers[i];
            tokens += a->tokens;
            (void)json_array_append_new(first, json_real((a->first - a->asked) * 1e3));
            for (size_t g = 0; g < a->gap_count; g++)
                (void)json_array_append_new(gaps, json_real(a->gaps[g] * 1e3));
        }
    (void)printf("{\"seconds\":%.6f,\"tokens\":%llu", seconds, (unsigned long long)tokens);
    print_milliseconds("first_ms", first);
    print_milliseconds("gaps_ms", gaps);
    if (options.text)
        print_text(&clients[0].answers[0]);
    (void)puts("}");
}

int main(int argc, char **argv)
{
    struct option_list operands;
    struct err_note note = {{0}};
    if (options_parse(table, argc - 1, argv + 1, &options, &operands, &note) != ERR_OK || operands.count != 0)
        load_fail("%s", operands.count != 0 ? "takes options only" : note.text);
    if (options.help) {
        (void)puts("Usage: bench_load --http ADDRESS | --enclave ADDRESS [OPTION VALUE]...\n");
        options_help(table);
        return 0;
    }
    if ((options.http == NULL) == (options.enclave == NULL))
        load_fail("wanted --http or --enclave");
    (void)signal(SIGPIPE, SIG_IGN);
    strict_json_init();
    const struct load_way *way = options.http != NULL ? &load_http : &load_enclave;
    struct client *clients = calloc(options.clients, sizeof *clients);
    if (clients == NULL || pthread_barrier_init(&all_are_connected, NULL, options.clients + 1) != 0)
        load_fail("no memory");
    for (uint32_t i = 0; i < options.clients; i++)
        start(&clients[i], way);
    (void)pthread_barrier_wait(&all_are_connected);
    double began = load_clock();
    for (uint32_t i = 0; i < options.clients; i++)
        (void)pthread_join(clients[i].thread, NULL);
    print(clients, load_clock() - began);
    for (uint32_t i = 0; i < options.clients; i++) {
        for (uint32_t k = 0; k < options.requests; k++)
            free(clients[i].answers[k].gaps);
        free(clients[i].answers);
    }
    free(clients);
    return 0;
}
