/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `enclume proxy` sends a prompt to an enclave that it has verified, or nowhere: when no policy matches, when the enclave changes, when it dies. A relay in
 * between keeps every byte.
 */
#include "e2e/support/proxied.h"
#include "e2e/support/relay.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strict_json.h"
#include "unit/test.h"

#define CHAT "/v1/chat/completions"
#define SHORT                                                                                                \
    "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a "                                           \
    "time\"}],\"max_tokens\":6,\"temperature\":0}"
#define STREAM "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"stream\":true}"

enum { WAIT_MS = 60000, KIND_XX = 0x01, KIND_IK = 0x02, STREAMS = 16, BEGUN = 3 };

/* All that left the proxy on connections from `first` on: in each, the first message of a handshake, whole or not, and nothing behind it. */
static void assert_only_handshakes(struct relay *relay, size_t first, uint8_t kind)
{
    size_t connections = relay_connections(relay);
    assert_true(connections > first);
    for (size_t i = first; i < connections; i++) {
        struct relay_record record = {0};
        size_t rest = 0;
        struct relay_tape tape = relay_tape(relay, i, RELAY_FROM_CLIENT);
        size_t count = relay_records(&tape, &record, 1, &rest);
        assert_true(count <= 1 && rest == 0);
        if (count == 1)
            assert_int_equal(record.first, kind);
        free(tape.bytes);
    }
}

static void assert_refused(const struct proxied *p, const char *path, const char *body, const char *check)
{
    struct caller c;
    caller_ask(&c, p, path, body);
    assert_int_equal(c.status, 502);
    if (strstr(c.body, check) == NULL || strstr(c.body, "Nothing was sent") == NULL)
        fail_msg("wanted a refusal by %s: %s", check, c.body);
    assert_true(bytes_is_str(caller_field(&c, "x-should-retry"), "false"));
    caller_close(&c);
}

static int ask(const struct proxied *p)
{
    struct caller c;
    caller_ask(&c, p, CHAT, SHORT);
    int status = c.status;
    caller_close(&c);
    return status;
}

static void a_policy_that_does_not_match_keeps_every_prompt_back(void **state)
{
    static const char *const paths[] = {CHAT, "/v1/completions", "/v1/embeddings", "/v1/responses",
                                        "/v1/messages"};
    struct world w;
    struct world other;
    struct proxied p;
    (void)state;
    world_start(&w, &(struct world_options){.platform = "snp"});
    world_open(&other, &(struct world_options){.enclave = {"--slots", "3"}});
    struct relay *relay = relay_start(w.relay, w.socket);
    proxied_start(&p, &w, w.relay_address, other.policy, (const char *const[]){NULL});
    assert_true(proxied_says(&p, "REFUSED", 1, WAIT_MS));
    for (size_t i = 0; i < test_count(paths); i++)
        assert_refused(&p, paths[i], STREAM, "snp.measurement");
    assert_refused(&p, "/v1/models", NULL, "snp.measurement");
    struct caller c;
    caller_ask(&c, &p, "/enclume/status", NULL);
    assert_non_null(strstr(c.body, "\"state\":\"refused\""));
    caller_close(&c);
    proxied_stop(&p);
    assert_only_handshakes(relay, 0, KIND_XX);
    relay_stop(relay);
    world_remove(&other);
    world_stop(&w);
}

/* Bar 4 of the plan: the launch measurement is another one after a restart. */
static void an_enclave_that_comes_back_as_another_is_refused_at_once(void **state)
{
    struct world w;
    struct proxied p;
    (void)state;
    world_start(&w, &(struct world_options){.platform = "snp"});
    struct relay *relay = relay_start(w.relay, w.socket);
    proxied_start(&p, &w, w.relay_address, NULL, (const char *const[]){NULL});
    assert_int_equal(ask(&p), 200);
    assert_int_equal(world_end(&w), 0);
    size_t before = relay_connections(relay);
    w.options.enclave[0] = "--slots";
    w.options.enclave[1] = "3";
    assert_true(world_run(&w));
    assert_refused(&p, CHAT, SHORT, "snp.measurement");
    assert_refused(&p, CHAT, STREAM, "snp.measurement");
    /* and when the right one is there again, it is served again */
    assert_only_handshakes(relay, before, KIND_IK);
    w.options.enclave[0] = NULL;
    assert_int_equal(world_end(&w), 0);
    assert_true(world_run(&w));
    int status = 502;
    for (long end = process_clock() + WAIT_MS; status != 200 && process_clock() < end; process_sleep(20))
        status = ask(&p);
    assert_int_equal(status, 200);
    proxied_stop(&p);
    relay_stop(relay);
    world_stop(&w);
}

/* The same enclave with another key, since it was started anew: by the fallback, and appraised. */
static void an_enclave_with_another_key_is_appraised_anew(void **state)
{
    struct world w;
    struct proxied p;
    (void)state;
    world_start(&w, &(struct world_options){.platform = "tdx"});
    proxied_start(&p, &w, NULL, NULL, (const char *const[]){NULL});
    assert_int_equal(ask(&p), 200);
    assert_int_equal(world_end(&w), 0);
    assert_true(world_run(&w));
    assert_int_equal(ask(&p), 200);
    assert_true(proxied_says(&p, "just now: the chip signed", 2, WAIT_MS));
    proxied_stop(&p);
    world_stop(&w);
}

/* The connection breaks, the enclave stays: resumed by its key, without asking the chip again. */
static void a_connection_that_breaks_is_resumed(void **state)
{
    struct world w;
    struct proxied p;
    struct caller c;
    struct relay_record record = {0};
    size_t rest = 0;
    (void)state;
    world_start(&w, &(struct world_options){.platform = "snp"});
    struct relay *relay = relay_start(w.relay, w.socket);
    proxied_start(&p, &w, w.relay_address, NULL, (const char *const[]){NULL});
    assert_int_equal(ask(&p), 200);
    relay_stop(relay);
    relay = relay_start(w.relay, w.socket);
    assert_int_equal(ask(&p), 200);
    caller_ask(&c, &p, "/enclume/status", NULL);
    assert_non_null(strstr(c.body, "\"resumed\":true"));
    caller_close(&c);
    assert_true(proxied_says(&p, "resumed: the same enclave key", 1, WAIT_MS));
    struct relay_tape tape = relay_tape(relay, 0, RELAY_FROM_CLIENT);
    assert_true(relay_records(&tape, &record, 1, &rest) > 1);
    assert_int_equal(record.first, KIND_IK);
    free(tape.bytes);
    proxied_stop(&p);
    relay_stop(relay);
    world_stop(&w);
}

static json_int_t verified_at(const struct proxied *p)
{
    struct caller c;
    json_t *status = NULL;
    caller_ask(&c, p, "/enclume/status", NULL);
    assert_ok(strict_json_parse(bytes_of(c.body, c.len), 1 << 20, &status, NULL));
    const json_t *endpoint = json_array_get(json_object_get(status, "endpoints"), 0);
    json_int_t at = json_integer_value(json_object_get(endpoint, "verified_at"));
    json_decref(status);
    caller_close(&c);
    return at;
}

/* In place: on the connection as it is. */
static void evidence_past_its_age_is_renewed(void **state)
{
    struct world w;
    struct proxied p;
    (void)state;
    world_start(&w, &(struct world_options){.platform = "snp"});
    struct relay *relay = relay_start(w.relay, w.socket);
    proxied_start(&p, &w, w.relay_address, NULL, (const char *const[]){"--max-age", "1", NULL});
    assert_int_equal(ask(&p), 200);
    json_int_t first = verified_at(&p);
    for (long end = process_clock() + WAIT_MS; verified_at(&p) < first + 3; process_sleep(50))
        assert_true(process_clock() < end);
    assert_int_equal(ask(&p), 200);
    assert_int_equal(relay_connections(relay), 1);
    proxied_stop(&p);
    relay_stop(relay);
    world_stop(&w);
}

/* ---- two enclaves ---- */

/* Bar 3 of the plan, without HAProxy. */
static void when_an_enclave_dies_under_load_the_other_serves(void **state)
{
    struct world one;
    struct world two;
    struct proxied p;
    struct caller callers[STREAMS];
    char addresses[2 * WORLD_PATH + 2];
    size_t whole = 0;
    size_t cut = 0;
    (void)state;
    world_start(&one, &(struct world_options){.enclave = {"--slots", "4", "--queue", "64"}});
    world_start(&two, &(struct world_options){.enclave = {"--slots", "4", "--queue", "64"}});
    (void)snprintf(addresses, sizeof addresses, "%s,%s", one.address, two.address);
    proxied_start(&p, &one, addresses, NULL, (const char *const[]){"--measurement", two.measurement, NULL});
    assert_true(proxied_says(&p, "checks passed", 2, WAIT_MS));
    for (size_t i = 0; i < STREAMS; i++) {
        caller_open(&callers[i], &p);
        caller_post(&callers[i], &p, CHAT, STREAM);
    }
    for (size_t i = 0; i < BEGUN; i++)
        assert_true(caller_hears(&callers[i], "data: ", WAIT_MS));
    assert_int_equal(kill(one.enclave, SIGKILL), 0);
    long killed = process_clock();
    struct caller next;
    caller_ask(&next, &p, "/v1/models", NULL);
    assert_int_equal(next.status, 200);
    (void)printf("the next request was answered by the other %ld ms after the kill\n",
                 process_clock() - killed);
    caller_close(&next);
    assert_int_equal(ask(&p), 200);
    for (size_t i = 0; i < STREAMS; i++) {
        struct caller *c = &callers[i];
        assert_true(caller_take(c, WAIT_MS));
        bool done = c->status == 200 && c->whole && strstr(c->body, "data: [DONE]\n\n") != NULL;
        bool said = strstr(c->body, "{\"error\":{") != NULL &&
                    strstr(c->body, "broke before the answer was whole") != NULL;
        if (done == said || (said && c->status == 200 && c->whole))
            fail_msg("stream %zu: status %d, %s: ...%s", i, c->status, c->whole ? "whole" : "cut",
                     c->len > 200 ? c->body + c->len - 200 : c->body);
        whole += done;
        cut += said;
        caller_close(c);
    }
    (void)printf("%zu answers were whole, %zu ended with an error\n", whole, cut);
    assert_true(cut > 0); /* else the enclave was killed too late to show anything */
    proxied_stop(&p);
    (void)world_end(&one);
    world_remove(&one);
    world_stop(&two);
}

static void with_no_enclave_at_all_the_reason_is_said(void **state)
{
    struct world w;
    struct proxied p;
    struct caller c;
    (void)state;
    world_start(&w, &(struct world_options){.platform = "snp"});
    assert_int_equal(world_end(&w), 0);
    proxied_start(&p, &w, NULL, NULL, (const char *const[]){NULL});
    caller_ask(&c, &p, CHAT, SHORT);
    assert_int_equal(c.status, 502);
    assert_non_null(strstr(c.body, "no enclave could be reached"));
    assert_non_null(strstr(c.body, w.socket));
    caller_close(&c);
    proxied_stop(&p);
    world_remove(&w);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_that_does_not_match_keeps_every_prompt_back),
        cmocka_unit_test(an_enclave_that_comes_back_as_another_is_refused_at_once),
        cmocka_unit_test(an_enclave_with_another_key_is_appraised_anew),
        cmocka_unit_test(a_connection_that_breaks_is_resumed),
        cmocka_unit_test(evidence_past_its_age_is_renewed),
        cmocka_unit_test(when_an_enclave_dies_under_load_the_other_serves),
        cmocka_unit_test(with_no_enclave_at_all_the_reason_is_said),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, setup, NULL);
}
