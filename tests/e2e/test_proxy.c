/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs at `enclume proxy`, with plain sockets: whole and streamed answers, many at once over a few channels, going away in the middle, and all that a
 * program may send wrong or slowly, while others are answered.
 */
#include "e2e/support/proxied.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strict_json.h"
#include "unit/test.h"

#define CHAT "/v1/chat/completions"
#define SHORT                                                                                                \
    "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a "                                           \
    "time\"}],\"max_tokens\":6,\"temperature\":0}"
#define STREAM                                                                                               \
    "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a "                                           \
    "time\"}],\"max_tokens\":6,\"temperature\":0,\"stream\":true}"
#define ENDLESS "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"stream\":true}"

enum { CALLERS = 64, WAIT_MS = 60000 };

static struct world w;
static struct proxied proxy;

static const char *status_member(json_t *status, const char *name)
{
    const char *text =
        json_string_value(json_object_get(json_array_get(json_object_get(status, "endpoints"), 0), name));
    return text == NULL ? "" : text;
}

static json_int_t status_number(const char *name)
{
    struct caller c;
    json_t *status = NULL;
    caller_ask(&c, &proxy, "/enclume/status", NULL);
    assert_int_equal(c.status, 200);
    assert_ok(strict_json_parse(bytes_of(c.body, c.len), 1 << 20, &status, NULL));
    json_int_t n =
        json_integer_value(json_object_get(json_array_get(json_object_get(status, "endpoints"), 0), name));
    json_decref(status);
    caller_close(&c);
    return n;
}

static void whole_and_streamed_answers_come_as_an_sdk_expects_them(void **state)
{
    struct caller c;
    (void)state;
    caller_ask(&c, &proxy, CHAT, SHORT);
    assert_int_equal(c.status, 200);
    assert_true(bytes_is_str(caller_field(&c, "Content-Type"), "application/json"));
    assert_non_null(strstr(c.body, "\"content\":"));
    /* the same connection again */
    caller_next(&c);
    caller_post(&c, &proxy, CHAT, STREAM);
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 200);
    assert_true(bytes_is_str(caller_field(&c, "Content-Type"), "text/event-stream; charset=utf-8"));
    assert_true(c.whole && strncmp(c.body, "data: {", 7) == 0);
    assert_non_null(strstr(c.body, "\"finish_reason\":\"length\""));
    assert_string_equal(c.body + c.len - strlen("}\n\ndata: [DONE]\n\n"), "}\n\ndata: [DONE]\n\n");
    /* errors of the enclave are its own */
    caller_next(&c);
    caller_post(&c, &proxy, CHAT, "{\"frobnicate\":1}");
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 400);
    assert_non_null(strstr(c.body, "frobnicate"));
    caller_next(&c);
    caller_post(&c, &proxy, "/v1/models", NULL);
    assert_true(caller_take(&c, WAIT_MS));
    assert_true(c.status == 200 && strstr(c.body, "\"object\":\"list\"") != NULL);
    caller_close(&c);
}

static void requests_in_one_go_are_answered_in_their_order(void **state)
{
    struct caller c;
    (void)state;
    caller_open(&c, &proxy);
    caller_post(&c, &proxy, CHAT, STREAM);
    caller_post(&c, &proxy, "/v1/models", NULL);
    caller_post(&c, &proxy, "/enclume/status", NULL);
    assert_true(caller_take(&c, WAIT_MS));
    assert_non_null(strstr(c.body, "[DONE]"));
    caller_next(&c);
    assert_true(caller_take(&c, WAIT_MS));
    assert_non_null(strstr(c.body, "\"object\":\"list\""));
    caller_next(&c);
    assert_true(caller_take(&c, WAIT_MS));
    assert_non_null(strstr(c.body, "\"state\":\"verified\""));
    caller_close(&c);
}

static void a_client_that_asks_first_is_told_to_go_on(void **state)
{
    struct caller c;
    char head[512];
    struct bytes body = bytes_str(SHORT);
    (void)state;
    caller_open(&c, &proxy);
    int n =
        snprintf(head, sizeof head,
                 "POST " CHAT " HTTP/1.1\r\nHost: localhost:%u\r\nx-api-key: %s\r\nExpect: 100-continue\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 (unsigned)proxy.port, proxy.token, body.len);
    caller_send(&c, head, (size_t)n);
    char answer[32] = {0};
    assert_int_equal(read(c.fd, answer, 25), 25);
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    caller_send(&c, SHORT, body.len);
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 200);
    caller_close(&c);
}

static void *one_of_many(void *number)
{
    struct caller c;
    size_t *good = number;
    caller_open(&c, &proxy);
    for (int i = 0; i < 2; i++) {
        caller_next(&c);
        caller_post(&c, &proxy, CHAT, STREAM);
        if (caller_take(&c, WAIT_MS) && c.whole && c.status == 200 && strstr(c.body, "data: [DONE]") != NULL)
            ++*good;
    }
    caller_close(&c);
    return NULL;
}

static void many_are_served_over_a_few_channels(void **state)
{
    pthread_t threads[CALLERS];
    size_t good[CALLERS] = {0};
    size_t all = 0;
    (void)state;
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_many, &good[i]), 0);
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        all += good[i];
    }
    assert_int_equal(all, 2 * CALLERS);
    json_int_t channels = status_number("channels");
    assert_true(channels >= 1 && channels <= 8);
}

/* The enclave is freed of the work, too: its slots are few, and the streams are gone long before the answers would have ended by themselves. */
static void a_client_that_goes_stops_its_answer(void **state)
{
    struct caller gone[8];
    struct caller c;
    (void)state;
    for (size_t i = 0; i < test_count(gone); i++) {
        caller_open(&gone[i], &proxy);
        caller_post(&gone[i], &proxy, CHAT, ENDLESS);
    }
    assert_true(caller_hears(&gone[0], "data: ", WAIT_MS));
    for (size_t i = 0; i < test_count(gone); i++)
        caller_close(&gone[i]);
    caller_ask(&c, &proxy, CHAT, SHORT);
    assert_int_equal(c.status, 200);
    caller_close(&c);
    for (long end = process_clock() + WAIT_MS; status_number("streams") != 0; process_sleep(10))
        assert_true(process_clock() < end);
}

/* ---- what a program may do wrong ---- */

static int status_of(const char *head, const char *rest)
{
    struct caller c;
    caller_open(&c, &proxy);
    caller_send(&c, head, strlen(head));
    caller_send(&c, rest, strlen(rest));
    assert_true(caller_take(&c, WAIT_MS));
    int status = c.status;
    caller_close(&c);
    return status;
}

static void only_those_who_may_ask_are_heard(void **state)
{
    char text[1024];
    char good[128];
    const struct {
        const char *fields;
        int status;
    } rows[] = {
        {"Host: 127.0.0.1:PORT\r\n", 401},
        {"Host: 127.0.0.1:PORT\r\nAuthorization: Bearer enclume-wrong\r\n", 401},
        {"Host: 127.0.0.1:PORT\r\nAuthorization: TOKEN\r\n", 401},
        {"Host: 127.0.0.1:PORT\r\nAuthorization: Basic TOKEN\r\n", 401},
        {"Host: 127.0.0.1:PORT\r\nAuthorization: Bearer TOKENx\r\n", 401},
        {"Host: 127.0.0.1:PORT\r\nAuthorization: Bearer TOKEN\r\n", 200},
        {"Host: LOCALHOST:PORT\r\nauthorization: bearer TOKEN\r\n", 200},
        {"Host: [::1]:PORT\r\nX-Api-Key: TOKEN\r\n", 200},
        {"Host: 127.0.0.1\r\nX-Api-Key: TOKEN\r\n", 421},
        {"Host: 127.0.0.1:1\r\nX-Api-Key: TOKEN\r\n", 421},
        {"Host: rebound.example:PORT\r\nX-Api-Key: TOKEN\r\n", 421},
        {"Host: localhost.evil.example:PORT\r\nX-Api-Key: TOKEN\r\n", 421},
        {"Host: 127.0.0.1:PORT\r\nOrigin: http://127.0.0.1:PORT\r\nX-Api-Key: TOKEN\r\n", 200},
        {"Host: 127.0.0.1:PORT\r\nOrigin: http://evil.example\r\nX-Api-Key: TOKEN\r\n", 403},
        {"Host: 127.0.0.1:PORT\r\nOrigin: http://127.0.0.1:1\r\nX-Api-Key: TOKEN\r\n", 403},
        {"Host: 127.0.0.1:PORT\r\nOrigin: https://127.0.0.1:PORT\r\nX-Api-Key: TOKEN\r\n", 403},
        {"Host: 127.0.0.1:PORT\r\nOrigin: null\r\nX-Api-Key: TOKEN\r\n", 403},
        {"Host: 127.0.0.1:PORT\r\nOrigin: https://app.example\r\nX-Api-Key: TOKEN\r\n", 200},
        {"Host: 127.0.0.1:PORT\r\nOrigin: https://app.example\r\n", 401},
        {"Host: 127.0.0.1:PORT\r\nCookie: enclume-status=TOKEN\r\n", 401},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        size_t n = (size_t)snprintf(text, sizeof text, "GET /v1/models HTTP/1.1\r\n");
        for (const char *at = rows[i].fields; *at != '\0';) {
            bool port = strncmp(at, "PORT", 4) == 0;
            bool token = strncmp(at, "TOKEN", 5) == 0;
            (void)snprintf(good, sizeof good, "%u", (unsigned)proxy.port);
            const char *what = port ? good : proxy.token;
            n += (size_t)snprintf(text + n, sizeof text - n, "%.*s", port || token ? (int)strlen(what) : 1,
                                  port || token ? what : at);
            at += port ? 4 : token ? 5 : 1;
        }
        (void)snprintf(text + n, sizeof text - n, "\r\n");
        int status = status_of(text, "");
        if (status != rows[i].status)
            fail_msg("%s: %d, wanted %d", rows[i].fields, status, rows[i].status);
    }
}

static void what_is_not_http_is_refused(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n", 400}, /* somebody speaks TLS */
        {"GET / HTTP/1.1\n\n", 400},
        {"GET / HTTP/3.0\r\n\r\n", 505},
        {"POST " CHAT " HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST " CHAT " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"POST " CHAT " HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413},
        {"POST " CHAT " HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417},
        {"\r\n\r\n", 400},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        int status = status_of(rows[i].text, "");
        if (status != rows[i].status)
            fail_msg("%s: %d", rows[i].text, status);
    }
}

static void the_wrong_path_or_method_is_said(void **state)
{
    static const struct {
        const char *path;
        const char *hint;
    } mistaken[] = {
        {"/chat/completions", "Add /v1 to the end of the base_url"},
        {"/messages", "Add /v1 to the end of the base_url"},
        {"/v1/v1/messages", "has /v1 twice"},
        {"/v1//chat/completions", "two slashes in a row"},
        {"//v1/messages", "two slashes in a row"},
        {"/v2/chat/completions", "There is no such path here\""},
        {"/v1", "There is no such path here\""},
    };
    struct caller c;
    (void)state;
    caller_ask(&c, &proxy, "/v1/frobnicate", "{}");
    assert_int_equal(c.status, 404);
    caller_close(&c);
    caller_ask(&c, &proxy, CHAT, NULL);
    assert_int_equal(c.status, 405);
    assert_true(bytes_is_str(caller_field(&c, "Allow"), "POST"));
    caller_close(&c);
    /* What a wrong base_url leads to is said with what to do about it. */
    for (size_t i = 0; i < test_count(mistaken); i++) {
        caller_ask(&c, &proxy, mistaken[i].path, "{}");
        assert_int_equal(c.status, 404);
        if (strstr(c.body, mistaken[i].hint) == NULL)
            fail_msg("%s: %s", mistaken[i].path, c.body);
        caller_close(&c);
    }
    caller_ask(&c, &proxy, "/enclume/frobnicate", NULL);
    assert_int_equal(c.status, 404);
    caller_close(&c);
}

static void too_much_is_refused(void **state)
{
    enum { HUGE = 48 * 1024, MANY = 40 };
    struct caller c;
    static char chunk[1024 * 1024 + 16];
    char head[256];
    (void)state;
    /* a head */
    caller_open(&c, &proxy);
    memset(chunk, 'a', sizeof chunk);
    caller_send(&c, "GET / HTTP/1.1\r\nX: ", 19);
    caller_send(&c, chunk, HUGE);
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 431);
    caller_close(&c);
    /* a body of chunks that has no end */
    caller_open(&c, &proxy);
    (void)snprintf(head, sizeof head,
                   "POST " CHAT
                   " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nx-api-key: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
                   (unsigned)proxy.port, proxy.token);
    caller_send(&c, head, strlen(head));
    memcpy(chunk, "100000\r\n", 8);
    memcpy(chunk + 8 + 1024 * 1024, "\r\n", 2);
    for (int i = 0; i < MANY; i++)
        caller_send(&c, chunk, 8 + 1024 * 1024 + 2);
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 413);
    caller_close(&c);
    /* more than the enclave takes: it says so itself */
    char *body = malloc(6 * 1024 * 1024);
    assert_non_null(body);
    memset(body, 'a', 6 * 1024 * 1024 - 1);
    body[6 * 1024 * 1024 - 1] = '\0';
    memcpy(body, "{\"messages\":\"", 13);
    memcpy(body + 6 * 1024 * 1024 - 3, "\"}", 2);
    caller_ask(&c, &proxy, CHAT, body);
    assert_int_equal(c.status, 413);
    caller_close(&c);
    free(body);
}

/* It once ended the enclave, by the second time: freeing so much let the C library open a file, which the sandbox does not forgive. */
static void a_prompt_far_longer_than_the_context_is_refused_as_often_as_it_comes(void **state)
{
    enum { TIMES = 6, LONG = 60000 };
    struct caller c;
    char *body = malloc(LONG + 128);
    (void)state;
    assert_non_null(body);
    int n = sprintf(body, "{\"messages\":[{\"role\":\"user\",\"content\":\"");
    for (int i = 0; i < LONG / 5; i++)
        n += sprintf(body + n, "tale ");
    (void)sprintf(body + n, "\"}]}");
    for (int i = 0; i < TIMES; i++) {
        caller_ask(&c, &proxy, CHAT, body);
        assert_int_equal(c.status, 400);
        assert_non_null(strstr(c.body, "context_length_exceeded"));
        caller_close(&c);
    }
    caller_ask(&c, &proxy, CHAT, SHORT);
    assert_int_equal(c.status, 200);
    caller_close(&c);
    free(body);
}

/* Those who send a byte now and then are given up, and nobody else notices. */
static void the_slow_are_given_up(void **state)
{
    enum { SLOW = 40 };
    struct caller slow[SLOW];
    struct caller c;
    char head[256];
    (void)state;
    int n = snprintf(head, sizeof head,
                     "POST " CHAT
                     " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nx-api-key: %s\r\nContent-Length: 4000\r\n\r\n",
                     (unsigned)proxy.port, proxy.token);
    for (size_t i = 0; i < SLOW; i++) {
        caller_open(&slow[i], &proxy);
        caller_send(&slow[i], head, i % 2 == 0 ? (size_t)n : 20);
    }
    for (int i = 0; i < 5; i++) {
        caller_ask(&c, &proxy, CHAT, SHORT);
        assert_int_equal(c.status, 200);
        caller_close(&c);
        for (size_t k = 0; k < SLOW; k++)
            caller_send(&slow[k], "a", 1);
        process_sleep(100);
    }
    for (size_t i = 0; i < SLOW; i++) {
        assert_true(caller_take(&slow[i], WAIT_MS));
        assert_int_equal(slow[i].status, 408);
        caller_close(&slow[i]);
    }
}

static void pages_of_an_allowed_origin_may_ask(void **state)
{
    struct caller c;
    char text[512];
    (void)state;
    caller_open(&c, &proxy);
    int n = snprintf(text, sizeof text,
                     "OPTIONS " CHAT " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: https://app.example\r\n"
                     "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
                     "authorization,content-type\r\n\r\n",
                     (unsigned)proxy.port);
    caller_send(&c, text, (size_t)n);
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 204);
    assert_true(bytes_is_str(caller_field(&c, "Access-Control-Allow-Origin"), "https://app.example"));
    assert_true(bytes_is_str(caller_field(&c, "Access-Control-Allow-Headers"), "authorization,content-type"));
    caller_close(&c);
    caller_open(&c, &proxy);
    n = snprintf(text, sizeof text,
                 "OPTIONS " CHAT " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: https://other.example\r\n\r\n",
                 (unsigned)proxy.port);
    caller_send(&c, text, (size_t)n);
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 403);
    assert_int_equal(caller_field(&c, "Access-Control-Allow-Origin").len, 0);
    caller_close(&c);
}

/* What is not read must not pass for the next request. */
static void the_body_of_what_was_refused_is_no_request(void **state)
{
    static const char *const asked[] = {"OPTIONS " CHAT, "POST " CHAT, "POST /v1/nothing"};
    char hidden[256];
    (void)state;
    (void)snprintf(hidden, sizeof hidden,
                   "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nx-api-key: %s\r\n\r\n",
                   (unsigned)proxy.port, proxy.token);
    for (size_t i = 0; i < test_count(asked); i++) {
        struct caller c;
        char text[512];
        caller_open(&c, &proxy);
        int n = snprintf(
            text, sizeof text,
            "%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: https://app.example\r\nContent-Length: %zu\r\n\r\n",
            asked[i], (unsigned)proxy.port, strlen(hidden));
        caller_send(&c, text, (size_t)n);
        caller_send(&c, hidden, strlen(hidden));
        assert_true(caller_take(&c, WAIT_MS));
        assert_int_not_equal(c.status, 200);
        caller_next(&c);
        assert_true(caller_take(&c, WAIT_MS));
        assert_true(c.closed && c.status == 0);
        caller_close(&c);
    }
}

/* ---- what the user sees ---- */

static void the_status_says_what_is_verified(void **state)
{
    struct caller c;
    json_t *status = NULL;
    (void)state;
    caller_ask(&c, &proxy, "/enclume/status", NULL);
    assert_int_equal(c.status, 200);
    assert_ok(strict_json_parse(bytes_of(c.body, c.len), 1 << 20, &status, NULL));
    assert_string_equal(json_string_value(json_object_get(status, "state")), "verified");
    assert_string_equal(status_member(status, "state"), "verified");
    assert_string_equal(status_member(status, "measurement"), w.measurement);
    assert_string_equal(status_member(status, "platform"), "AMD SEV-SNP");
    assert_non_null(strstr(status_member(status, "simulated"), "SIMULATED"));
    json_decref(status);
    caller_close(&c);
    /* the evidence is what `enclume verify` accepts */
    caller_ask(&c, &proxy, "/enclume/evidence", NULL);
    assert_int_equal(c.status, 200);
    char *path = world_path(&w, "saved.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(c.body, 1, c.len, file), c.len);
    assert_int_equal(fclose(file), 0);
    struct process p;
    assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "verify", path, "--policy", w.policy,
                                                           "--trust-simulated", w.root, NULL}),
                     0);
    process_release(&p);
    free(path);
    caller_close(&c);
}

/* The door: the form with the token gives a cookie, and the cookie opens the pages and nothing else. */
static void a_browser_is_let_in_by_the_token(void **state)
{
    struct caller c;
    char text[512];
    char cookie[128];
    (void)state;
    caller_open(&c, &proxy);
    int n = snprintf(text, sizeof text, "GET /enclume/ HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
                     (unsigned)proxy.port);
    caller_send(&c, text, (size_t)n);
    assert_true(caller_take(&c, WAIT_MS));
    assert_int_equal(c.status, 401);
    assert_non_null(strstr(c.body, "type=\"password\""));
    assert_null(strstr(c.body, w.address));
    for (int origin = 0; origin < 2;
         origin++) { /* without the Origin that browsers send, the form is not the door's */
        char body[128];
        caller_next(&c);
        int len = snprintf(body, sizeof body, "token=%s", proxy.token);
        char sent_from[64] = "";
        if (origin == 1)
            (void)snprintf(sent_from, sizeof sent_from, "Origin: http://127.0.0.1:%u\r\n",
                           (unsigned)proxy.port);
        n = snprintf(text, sizeof text,
                     "POST /enclume/enter HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%sContent-Length: %d\r\n\r\n%s",
                     (unsigned)proxy.port, sent_from, len, body);
        caller_send(&c, text, (size_t)n);
        assert_true(caller_take(&c, WAIT_MS));
        assert_int_equal(c.status, origin ? 303 : 401);
    }
    struct bytes field = caller_field(&c, "Set-Cookie");
    assert_true(field.len < sizeof text);
    (void)snprintf(text, sizeof text, "%.*s", (int)field.len, (const char *)field.ptr);
    assert_non_null(strstr(text, "; HttpOnly; SameSite=Strict"));
    assert_null(strstr(text, proxy.token));
    (void)snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(text, ";"), text);
    for (int path = 0; path < 2; path++) {
        caller_next(&c);
        n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nCookie: a=b; %s\r\n\r\n",
                     path == 0 ? "/enclume/" : "/v1/models", (unsigned)proxy.port, cookie);
        caller_send(&c, text, (size_t)n);
        assert_true(caller_take(&c, WAIT_MS));
        assert_int_equal(c.status, path == 0 ? 200 : 401);
    }
    caller_close(&c);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    world_start(&w, &(struct world_options){.enclave = {"--slots", "4", "--queue", "200"}});
    proxied_start(
        &proxy, &w, NULL, NULL,
        (const char *const[]){"--request-timeout", "2", "--allow-origin", "https://app.example", NULL});
    assert_true(proxied_says(&proxy, "checks passed", 1, WAIT_MS));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    proxied_stop(&proxy);
    world_stop(&w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_streamed_answers_come_as_an_sdk_expects_them),
        cmocka_unit_test(requests_in_one_go_are_answered_in_their_order),
        cmocka_unit_test(a_client_that_asks_first_is_told_to_go_on),
        cmocka_unit_test(many_are_served_over_a_few_channels),
        cmocka_unit_test(a_client_that_goes_stops_its_answer),
        cmocka_unit_test(only_those_who_may_ask_are_heard),
        cmocka_unit_test(what_is_not_http_is_refused),
        cmocka_unit_test(the_wrong_path_or_method_is_said),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(a_prompt_far_longer_than_the_context_is_refused_as_often_as_it_comes),
        cmocka_unit_test(the_slow_are_given_up),
        cmocka_unit_test(pages_of_an_allowed_origin_may_ask),
        cmocka_unit_test(the_body_of_what_was_refused_is_no_request),
        cmocka_unit_test(the_status_says_what_is_verified),
        cmocka_unit_test(a_browser_is_let_in_by_the_token),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, setup, teardown);
}
