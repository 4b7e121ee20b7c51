/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `enclume proxy` in front of an enclave of this test's own, whose evidence is sound and whose answers are canned: how the lines of each API are framed, and what
 * becomes of answers that end early, that are not answers, that are large, and that nobody waits for any more.
 */
#include "e2e/support/proxied.h"
#include "e2e/support/responder.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/policy_document.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "unit/test.h"

#define CHAT "/v1/chat/completions"

enum { WAIT_MS = 60000, LARGE = 900 * 1024 };

static struct world w;
static struct platform *platform;
static struct responder *responder;
static struct proxied proxy;

/* ---- the enclave's answers ---- */

enum how { ENDS, STAYS_OPEN, GIVES_UP, HANGS_UP };

static const struct canned {
    const char *name; /* the request says it, as its member "user" */
    uint16_t status;
    const char *lines;
    enum how how;
} canned[] = {
    {"chunks", 200, "{\"object\":\"chat.completion.chunk\",\"n\":1}\n{\"n\":2}\n", ENDS},
    {"typed", 200, "{\"type\":\"response.created\",\"n\":1}\n{\"n\":2,\"type\":\"response.completed\"}\n",
     ENDS},
    {"bad-type", 200, "{\"type\":\"a\\nb\"}\n", ENDS},
    {"no-type", 200, "{\"n\":1}\n", ENDS},
    {"late-error", 200, "{\"n\":1}\n{\"error\":{\"message\":\"late\"}}\n", ENDS},
    {"refused", 429, "{\"error\":{\"message\":\"busy\"}}\n", ENDS},
    {"half-line", 200, "{\"n\":1}\n{\"n\":", ENDS},
    {"nothing", 200, "", ENDS},
    {"empty-line", 200, "{\"n\":1}\n\n", ENDS},
    {"gives-up", 200, "{\"n\":1}\n", GIVES_UP},
    {"hangs-up", 200, "{\"n\":1}\n", HANGS_UP},
    {"never-ends", 200, "{\"n\":1}\n", STAYS_OPEN},
    {"whole", 200, "{\"object\":\"list\"}\n", ENDS},
    {"not-yet", 100, "{\"n\":1}\n", ENDS},
    {"no-content", 204, "HTTP/1.1 200 OK\n", ENDS},
    {"as-before", 304, "HTTP/1.1 200 OK\n", ENDS},
    {"early-done", 200, "{\"n\":1}\n[DONE]\n", STAYS_OPEN},
};

static char *large; /* a document of LARGE bytes, with its newline */
static atomic_size_t hung_up;

static bool answer(struct channel *ch, uint32_t stream, const char *path, struct bytes body)
{
    json_t *doc = NULL;
    struct bytes name = {0};
    (void)path;
    if (body.len == 0)
        name = bytes_str("whole");
    else if (strict_json_parse(body, 1 << 20, &doc, NULL) != ERR_OK ||
             strict_json_string(doc, "user", &name, NULL) != ERR_OK)
        return true;
    bool cut = false;
    if (bytes_is_str(name, "large") || bytes_is_str(name, "large-stream")) {
        assert_ok(channel_stream_reply(ch, stream, 200));
        assert_ok(channel_stream_write(ch, stream, bytes_of(large, LARGE), true));
    }
    /* Once, and then as if nothing had been: a request that was not answered may be asked again. */
    if (bytes_is_str(name, "first-hangs-up"))
        cut = hung_up++ == 0;
    for (size_t i = 0; i < test_count(canned); i++) {
        const struct canned *c = &canned[i];
        if (!bytes_is_str(name, c->name) &&
            !(bytes_is_str(name, "first-hangs-up") && !cut && strcmp(c->name, "chunks") == 0))
            continue;
        assert_ok(channel_stream_reply(ch, stream, c->status));
        assert_ok(channel_stream_write(ch, stream, bytes_str(c->lines), c->how == ENDS));
        if (c->how == GIVES_UP) {
            assert_ok(channel_flush(ch));
            channel_stream_cancel(ch, stream, ERR_ENGINE);
        }
        cut = c->how == HANGS_UP;
    }
    json_decref(doc);
    return cut;
}

/* ---- asking ---- */

static void post(struct caller *c, const char *path, const char *name, bool stream)
{
    char body[128];
    (void)snprintf(body, sizeof body, "{\"user\":\"%s\",\"stream\":%s}", name, stream ? "true" : "false");
    caller_post(c, &proxy, path, body);
}

struct expected {
    const char *path;
    const char *name;
    bool stream;
    int status;
    const char *body; /* all of it; with a star at its end: how it begins */
    bool whole;
};

static const struct expected rows[] = {
    {CHAT, "chunks", true, 200,
     "data: {\"object\":\"chat.completion.chunk\",\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n", true},
    {"/v1/completions", "chunks", true, 200,
     "data: {\"object\":\"chat.completion.chunk\",\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n", true},
    {"/v1/responses", "typed", true, 200,
     "event: response.created\ndata: {\"type\":\"response.created\",\"n\":1}\n\n"
     "event: response.completed\ndata: {\"n\":2,\"type\":\"response.completed\"}\n\n",
     true},
    {"/v1/messages?beta=true", "typed", true, 200,
     "event: response.created\ndata: {\"type\":\"response.created\",\"n\":1}\n\n"
     "event: response.completed\ndata: {\"n\":2,\"type\":\"response.completed\"}\n\n",
     true},
    {CHAT, "late-error", true, 200,
     "data: {\"n\":1}\n\ndata: {\"error\":{\"message\":\"late\"}}\n\ndata: [DONE]\n\n", true},
    {CHAT, "refused", true, 429, "{\"error\":{\"message\":\"busy\"}}", true},
    {CHAT, "refused", false, 429, "{\"error\":{\"message\":\"busy\"}}", true},
    {"/v1/embeddings", "whole", true, 200, "{\"object\":\"list\"}", true},
    {"/v1/models", NULL, false, 200, "{\"object\":\"list\"}", true},
    {"/v1/models/a/b", NULL, false, 200, "{\"object\":\"list\"}", true},
    {CHAT, "bad-type", true, 200, "data: *", true},
    {"/v1/responses", "bad-type", true, 502, "{\"error\":{\"code\":\"frame-malformed\"*", true},
    {"/v1/responses", "no-type", true, 502, "{\"error\":{\"code\":\"frame-malformed\"*", true},
    {"/v1/messages", "no-type", true, 502, "{\"error\":{\"message\":*", true},
    {CHAT, "nothing", true, 502, "{\"error\":{\"code\":\"frame-malformed\"*", true},
    {CHAT, "half-line", true, 200, "data: {\"n\":1}\n\ndata: {\"error\":{\"code\":\"frame-malformed\"*",
     false},
    {CHAT, "empty-line", true, 200, "data: {\"n\":1}\n\ndata: {\"error\":{\"code\":\"frame-malformed\"*",
     false},
    {CHAT, "gives-up", true, 200, "data: {\"n\":1}\n\ndata: {\"error\":{\"code\":\"engine\"*", false},
    {CHAT, "gives-up", false, 502, "{\"error\":{\"code\":\"engine\"*", true},
    {"/v1/messages", "half-line", true, 502, "*", true},
    {CHAT, "hangs-up", true, 200, "data: {\"n\":1}\n\ndata: {\"error\":{\"code\":\"channel-cut\"*", false},
    {CHAT, "hangs-up", false, 502, "{\"error\":{\"code\":\"channel-cut\"*", true},
    {CHAT, "not-yet", false, 502, "{\"error\":{\"code\":\"frame-malformed\"*", true},
    {CHAT, "no-content", false, 502, "{\"error\":{\"code\":\"frame-malformed\"*", true},
    {CHAT, "as-before", true, 502, "{\"error\":{\"code\":\"frame-malformed\"*", true},
    {CHAT, "early-done", true, 200, "data: {\"n\":1}\n\ndata: {\"error\":{\"code\":\"frame-malformed\"*",
     false},
    {CHAT, "first-hangs-up", true, 200,
     "data: {\"object\":\"chat.completion.chunk\",\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n", true},
};

static bool fits(const char *body, const char *wanted)
{
    size_t n = strlen(wanted);
    bool begins = n != 0 && wanted[n - 1] == '*';
    return begins ? strncmp(body, wanted, n - 1) == 0 : strcmp(body, wanted) == 0;
}

static void answers_are_framed_and_a_cut_one_never_looks_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        const struct expected *e = &rows[i];
        struct caller c;
        caller_open(&c, &proxy);
        if (e->name == NULL)
            caller_post(&c, &proxy, e->path, NULL);
        else
            post(&c, e->path, e->name, e->stream);
        assert_true(caller_take(&c, WAIT_MS));
        if (c.status != e->status || c.whole != e->whole || !fits(c.body, e->body))
            fail_msg("%s, %s: status %d, %s: %s", e->path, e->name, c.status, c.whole ? "whole" : "cut",
                     c.body);
        caller_close(&c);
    }
}

/* HTTP/1.0 knows no chunks: the connection's end is the answer's. */
static void an_old_client_gets_the_plain_stream(void **state)
{
    struct caller c;
    char text[512];
    static const char body[] = "{\"user\":\"chunks\",\"stream\":true}";
    (void)state;
    caller_open(&c, &proxy);
    int n = snprintf(text, sizeof text,
                     "POST " CHAT
                     " HTTP/1.0\r\nHost: localhost:%u\r\nx-api-key: %s\r\nContent-Length: %zu\r\n\r\n%s",
                     (unsigned)proxy.port, proxy.token, sizeof body - 1, body);
    caller_send(&c, text, (size_t)n);
    assert_true(caller_take(&c, WAIT_MS));
    assert_true(c.closed && http_head(c.reader)->body == HTTP_BODY_TO_EOF);
    assert_string_equal(
        c.body,
        "data: {\"object\":\"chat.completion.chunk\",\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n");
    caller_close(&c);
}

static void large_answers_arrive_whole(void **state)
{
    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        struct caller c;
        caller_open(&c, &proxy);
        post(&c, CHAT, stream ? "large-stream" : "large", stream == 1);
        assert_true(caller_take(&c, WAIT_MS));
        assert_true(c.whole && c.status == 200);
        const char *document = stream ? c.body + strlen("data: ") : c.body;
        assert_int_equal(memcmp(document, large, LARGE - 1), 0);
        caller_close(&c);
    }
}

/* A program that does not read holds up its own answers, and nobody else's; when it reads on, all is there. It asks for more than the kernel keeps for it. */
static void a_slow_reader_stalls_nobody_else(void **state)
{
    enum { SLOW = 3, REPEATS = 8 };
    struct caller slow[SLOW];
    struct caller c;
    (void)state;
    for (size_t i = 0; i < SLOW; i++) {
        caller_open(&slow[i], &proxy);
        for (int k = 0; k < REPEATS; k++)
            post(&slow[i], CHAT, "large-stream", true);
    }
    for (int i = 0; i < 3; i++) {
        caller_open(&c, &proxy);
        post(&c, CHAT, "chunks", true);
        assert_true(caller_take(&c, WAIT_MS));
        assert_non_null(strstr(c.body, "[DONE]"));
        caller_close(&c);
    }
    for (size_t i = 0; i < SLOW; i++) {
        for (int k = 0; k < REPEATS; k++) {
            assert_true(caller_take(&slow[i], WAIT_MS));
            assert_true(slow[i].whole && memcmp(slow[i].body + strlen("data: "), large, LARGE - 1) == 0);
            caller_next(&slow[i]);
        }
        caller_close(&slow[i]);
    }
}

static void the_enclave_hears_that_nobody_waits_any_more(void **state)
{
    struct caller c;
    size_t before = responder_cancelled(responder);
    (void)state;
    caller_open(&c, &proxy);
    post(&c, CHAT, "never-ends", true);
    assert_true(caller_hears(&c, "data: {\"n\":1}\n\n", WAIT_MS));
    assert_int_equal(responder_cancelled(responder), before);
    caller_close(&c);
    for (long end = process_clock() + WAIT_MS; responder_cancelled(responder) != before + 1; process_sleep(5))
        assert_true(process_clock() < end);
}

/* ---- */

static void write_acceptance(void)
{
    const struct simulated_der *root = platform->kind->root(platform);
    struct responder_registers registers;
    const struct attest_policy policy = responder_policy(platform, &registers);
    struct err_note note = {{0}};
    char *text;
    assert_ok(policy_document_write(&policy, 0, POLICY_CANONICAL, &text, &note));
    assert_ok(file_write(w.policy, bytes_str(text), &note));
    assert_ok(file_write(w.root, bytes_of(root->der, root->len), &note));
    secret_free(text);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    assert_ok(crypto_init());
    large = malloc(LARGE + 1);
    assert_non_null(large);
    memset(large, 'x', LARGE);
    memcpy(large, "{\"a\":\"", 6);
    memcpy(large + LARGE - 3, "\"}\n", 4);
    world_open(&w, &(struct world_options){.platform = "snp"});
    platform = responder_platform("snp");
    write_acceptance();
    responder = responder_start(w.socket, platform);
    responder_answers(responder, answer);
    proxied_start(&proxy, &w, NULL, NULL, (const char *const[]){NULL});
    assert_true(proxied_says(&proxy, "checks passed", 1, WAIT_MS));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    proxied_stop(&proxy);
    responder_stop(responder);
    platform_close(platform);
    world_remove(&w);
    free(large);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_framed_and_a_cut_one_never_looks_whole),
        cmocka_unit_test(an_old_client_gets_the_plain_stream),
        cmocka_unit_test(large_answers_arrive_whole),
        cmocka_unit_test(a_slow_reader_stalls_nobody_else),
        cmocka_unit_test(the_enclave_hears_that_nobody_waits_any_more),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
