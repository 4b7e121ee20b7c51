/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A canary goes through `enclume proxy`, there and back, and afterwards all memory of the process is searched: no 16 bytes of prompt or answer in a row. The same
 * program with its wiping switched off must be caught.
 */
#include "e2e/support/canary.h"
#include "e2e/support/proxied.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "unit/test.h"

#define CANARY                                                                                               \
    "The lighthouse keeper Octavia hid seventeen copper buttons under the violet staircase, then she said "  \
    "to Wilhelmina"
#define CHAT "/v1/chat/completions"

enum { WAIT_MS = 60000, QUIET_MS = 300, LONG_REPEATS = 400 };

static struct world w;
static char *known_answer; /* the greedy one */
static char *long_body;

static const char whole[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":\"" CANARY "\"}],\"max_tokens\":60,\"temperature\":0}";
static const char stream[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"" CANARY
                             "\"}],\"max_tokens\":60,\"temperature\":0,\"stream\":true}";

static void ask(const struct proxied *p, const char *path, const char *body, int status)
{
    struct caller c;
    caller_ask(&c, p, path, body);
    assert_int_equal(c.status, status);
    caller_close(&c);
}

static void ask_whole(const struct proxied *p)
{
    ask(p, CHAT, whole, 200);
}

static void ask_streamed(const struct proxied *p)
{
    ask(p, CHAT, stream, 200);
}

static void ask_too_much(const struct proxied *p)
{
    ask(p, CHAT, long_body, 400);
}

static void ask_where_there_is_nothing(const struct proxied *p)
{
    ask(p, "/v1/frobnicate", whole, 404);
}

static void ask_without_the_token(const struct proxied *p)
{
    struct proxied other = *p;
    other.token[9] ^= 1;
    ask(&other, CHAT, whole, 401);
}

static void ask_and_vanish(const struct proxied *p)
{
    struct caller c;
    caller_open(&c, p);
    caller_post(&c, p, CHAT, stream);
    assert_true(caller_hears(&c, "data: ", WAIT_MS));
    caller_close(&c);
}

/* The prompt has come, but not all of it. */
static void vanish_in_the_question(const struct proxied *p)
{
    struct caller c;
    char head[256];
    caller_open(&c, p);
    int n = snprintf(head, sizeof head,
                     "POST " CHAT
                     " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nx-api-key: %s\r\nContent-Length: 4000\r\n\r\n",
                     (unsigned)p->port, p->token);
    caller_send(&c, head, (size_t)n);
    caller_send(&c, whole, sizeof whole - 1);
    process_sleep(QUIET_MS);
    caller_close(&c);
}

static const struct scenario {
    const char *name;
    void (*run)(const struct proxied *p);
} scenarios[] = {
    {"answered whole", ask_whole},
    {"streamed", ask_streamed},
    {"longer than the context", ask_too_much},
    {"a path that is not there", ask_where_there_is_nothing},
    {"without the token", ask_without_the_token},
    {"gone in the answer", ask_and_vanish},
    {"gone in the question", vanish_in_the_question},
};

static size_t hits_after(const struct scenario *s, bool wipes)
{
    struct proxied p;
    struct memscan *m = memscan_new();
    memscan_add_text(m, "the prompt", CANARY, strlen(CANARY));
    memscan_add_text(m, "the answer", known_answer, strlen(known_answer));
    proxied_start_as(&p, wipes ? E2E_ENCLUME : E2E_ENCLUME_NOWIPE, &w, NULL, NULL,
                     (const char *const[]){NULL});
    assert_true(proxied_says(&p, "checks passed", 1, WAIT_MS));
    assert_true(memscan_learn(m, p.process.pid));
    s->run(&p);
    size_t hits = canary_hits(m, p.process.pid, wipes);
    proxied_stop(&p);
    memscan_free(m);
    return hits;
}

static void nothing_is_left_in_the_proxy(void **state)
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

/* The answer's text, as the model will give it again. */
static void learn_answer(void)
{
    struct proxied p;
    struct caller c;
    json_t *doc = NULL;
    proxied_start(&p, &w, NULL, NULL, (const char *const[]){NULL});
    caller_ask(&c, &p, CHAT, whole);
    assert_int_equal(c.status, 200);
    assert_ok(strict_json_parse(bytes_of(c.body, c.len), 1 << 20, &doc, NULL));
    const json_t *choice = json_array_get(json_object_get(doc, "choices"), 0);
    known_answer = strdup(json_string_value(json_object_get(json_object_get(choice, "message"), "content")));
    assert_true(strlen(known_answer) > MEMSCAN_TEXT_WINDOW);
    json_decref(doc);
    caller_close(&c);
    proxied_stop(&p);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    assert_ok(crypto_init());
    long_body = calloc(LONG_REPEATS + 2, sizeof CANARY);
    assert_non_null(long_body);
    size_t n = (size_t)sprintf(long_body, "{\"messages\":[{\"role\":\"user\",\"content\":\"");
    for (int i = 0; i < LONG_REPEATS; i++)
        n += (size_t)sprintf(long_body + n, CANARY);
    (void)sprintf(long_body + n, "\"}]}");
    world_start(&w, &(struct world_options){.program = NULL});
    learn_answer();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop(&w);
    free(known_answer);
    free(long_body);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_in_the_proxy),
        cmocka_unit_test(without_wiping_it_is_found),
    };
    if (TEST_UNDER_ASAN) {
        (void)puts("skipped: AddressSanitizer keeps released memory, on purpose");
        return 77;
    }
    world_require_model();
    world_require_sight();
    return cmocka_run_group_tests(tests, setup, teardown);
}
