/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxy in this process, with no enclave behind it: the link that opens the status page works once, the page says that nothing is sent, and so does the answer
 * to a program.
 */
#include "e2e/support/proxied.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/strict_json.h"
#include "proxy/proxy.h"
#include "unit/test.h"

#define TOKEN "enclume-0123456789abcdef"

enum { WAIT_MS = 60000, KEY_SIZE = 64 };

static sem_t ready;
static sem_t news;
static char key[KEY_SIZE];
static struct proxied proxy; /* only its address and token */
static pthread_t thread;
static enum err result;
static enum proxy_state last_state;

static void on_listening(void *owner, const char *address, uint16_t port, struct bytes open_key)
{
    (void)owner;
    assert_string_equal(address, "127.0.0.1");
    proxy.port = port;
    (void)snprintf(proxy.token, sizeof proxy.token, TOKEN);
    (void)snprintf(key, sizeof key, "%.*s", (int)open_key.len, (const char *)open_key.ptr);
    (void)sem_post(&ready);
}

static void on_changed(void *owner, const struct proxy_news *n)
{
    (void)owner;
    last_state = n->state;
    assert_non_null(strstr(n->why, "/nowhere/enclave"));
    (void)sem_post(&news);
}

static void *serve(void *unused)
{
    static struct attest_policy policy;
    struct err_note note = {{0}};
    const struct proxy_options options = {
        .endpoint_count = 1,
        .endpoints = {"unix:/nowhere/enclave"},
        .listen = "localhost:0",
        .policy = &policy,
        .wants_token = true,
        .token = bytes_str(TOKEN),
        .connections = 8,
        .request_seconds = 20,
        .listening = on_listening,
        .changed = on_changed,
    };
    attest_policy_default(&policy);
    result = proxy_run(&options, &note);
    return unused;
}

/* A GET without the token; what = the path, fields: more of the head. */
static void get(struct caller *c, const char *path, const char *fields)
{
    char text[512];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost:%u\r\n%s\r\n", path,
                     (unsigned)proxy.port, fields);
    assert_true(n > 0 && (size_t)n < sizeof text);
    caller_next(c);
    caller_send(c, text, (size_t)n);
    assert_true(caller_take(c, WAIT_MS));
}

static void the_link_opens_once(void **state)
{
    struct caller c;
    char path[160];
    char cookie[160];
    (void)state;
    caller_open(&c, &proxy);
    get(&c, "/enclume/open", "");
    assert_int_equal(c.status, 401);
    get(&c, "/enclume/open?key=", "");
    assert_int_equal(c.status, 401);
    (void)snprintf(path, sizeof path, "/enclume/open?key=%sx", key);
    get(&c, path, "");
    assert_int_equal(c.status, 401);
    (void)snprintf(path, sizeof path, "/enclume/open?yek=%s", key);
    get(&c, path, "");
    assert_int_equal(c.status, 401);
    (void)snprintf(path, sizeof path, "/enclume/open?key=%s", key);
    get(&c, path, "");
    assert_int_equal(c.status, 303);
    assert_true(bytes_is_str(caller_field(&c, "Location"), "/enclume/"));
    struct bytes set = caller_field(&c, "Set-Cookie");
    (void)snprintf(cookie, sizeof cookie, "Cookie: %.*s\r\n", (int)strcspn((const char *)set.ptr, ";"),
                   (const char *)set.ptr);
    assert_null(strstr(cookie, key)); /* the link's secret is spent, and is no other's */
    assert_null(strstr(cookie, TOKEN));
    get(&c, path, "");
    assert_int_equal(c.status, 401);
    assert_int_equal(caller_field(&c, "Set-Cookie").len, 0);
    get(&c, "/enclume/", cookie);
    assert_int_equal(c.status, 200);
    assert_non_null(strstr(c.body, "<h1>Unreachable: nothing is sent</h1>"));
    assert_non_null(strstr(c.body, "/nowhere/enclave"));
    assert_null(strstr(c.body, "class=\"passed\""));
    get(&c, "/enclume/evidence", cookie);
    assert_int_equal(c.status, 404);
    get(&c, "/", "");
    assert_int_equal(c.status, 303);
    caller_close(&c);
}

static void a_program_is_told_why(void **state)
{
    struct caller c;
    (void)state;
    assert_int_equal(last_state, PROXY_UNREACHABLE);
    caller_ask(&c, &proxy, "/v1/chat/completions", "{\"stream\":true}");
    assert_int_equal(c.status, 502);
    assert_true(c.whole && strstr(c.body, "/nowhere/enclave") != NULL);
    caller_close(&c);
}

/* Beyond the limit a connection is closed, and there is room again when others have gone. */
static void connections_have_a_limit(void **state)
{
    struct caller held[8];
    struct caller c;
    (void)state;
    for (size_t i = 0; i < test_count(held); i++) {
        caller_open(&held[i], &proxy);
        get(&held[i], "/", "");
        assert_int_equal(held[i].status, 303);
    }
    caller_open(&c, &proxy);
    assert_true(caller_take(&c, WAIT_MS));
    assert_true(c.closed && c.status == 0);
    caller_close(&c);
    for (size_t i = 0; i < test_count(held); i++)
        caller_close(&held[i]);
    int status = 0;
    for (long end = process_clock() + WAIT_MS; status != 502 && process_clock() < end; process_sleep(5)) {
        caller_open(&c, &proxy);
        caller_post(&c, &proxy, "/v1/models", NULL);
        assert_true(caller_take(&c, WAIT_MS));
        status = c.status;
        caller_close(&c);
    }
    assert_int_equal(status, 502);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    assert_ok(crypto_init());
    assert_int_equal(sem_init(&ready, 0, 0), 0);
    assert_int_equal(sem_init(&news, 0, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
    assert_int_equal(sem_wait(&ready), 0);
    assert_int_equal(sem_wait(&news), 0);
    return strlen(key) == 43 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ok(result);
    (void)sem_destroy(&ready);
    (void)sem_destroy(&news);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_link_opens_once),
        cmocka_unit_test(a_program_is_told_why),
        cmocka_unit_test(connections_have_a_limit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
