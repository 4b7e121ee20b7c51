/* SPDX-License-Identifier: Apache-2.0 */
/* The public client against peers that are no enclave: what it refuses, what it reports, and that it can be cancelled. */
#include "enclume.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/test.h"

#define assert_error(expression, name) assert_string_equal(enclume_error_name(expression), name)

enum { ADDRESS_SIZE = 32, FILLERS = 4 };

static struct enclume_policy *policy;

static int listen_on_loopback(int backlog, char address[static ADDRESS_SIZE], struct sockaddr_in *where)
{
    socklen_t size = sizeof *where;
    *where = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)where, sizeof *where), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)where, &size), 0);
    (void)snprintf(address, ADDRESS_SIZE, "127.0.0.1:%u", (unsigned)ntohs(where->sin_port));
    return fd;
}

static struct enclume_client *client_for(const char *address)
{
    struct enclume_client *client = NULL;
    assert_int_equal(enclume_client_new(address, policy, &client, NULL), ENCLUME_OK);
    return client;
}

static void must_not_be_called(void *owner, const char *text, size_t size)
{
    (void)owner;
    (void)text;
    (void)size;
    fail_msg("text came from nowhere");
}

static const struct enclume_message hello[] = {{"user", "hello"}};

static int ask(struct enclume_client *client, const struct enclume_sampling *sampling, char *note)
{
    return enclume_client_chat(client, hello, 1, sampling, must_not_be_called, NULL, NULL, note);
}

static void null_is_answered_as_documented(void **state)
{
    (void)state;
    struct enclume_client *client = (struct enclume_client *)(uintptr_t)1;
    assert_error(enclume_client_new(NULL, policy, &client, NULL), "usage");
    assert_null(client);
    assert_error(enclume_client_new("host:1", NULL, &client, NULL), "usage");
    assert_error(enclume_client_new("host:1", policy, NULL, NULL), "usage");
    assert_error(enclume_client_connect(NULL, NULL), "usage");
    assert_null(enclume_client_verdict(NULL));
    assert_null(enclume_client_evidence(NULL));
    enclume_client_cancel(NULL);
    enclume_client_free(NULL);
    enclume_sampling_init(NULL);
    client = client_for("127.0.0.1:1");
    assert_error(enclume_client_chat(client, NULL, 1, NULL, must_not_be_called, NULL, NULL, NULL), "usage");
    assert_error(enclume_client_chat(client, hello, 1, NULL, NULL, NULL, NULL, NULL), "usage");
    assert_null(enclume_client_verdict(client));
    assert_null(enclume_client_evidence(client));
    enclume_client_free(client);
}

static void a_malformed_request_is_refused_before_connecting(void **state)
{
    (void)state;
    const struct enclume_message robot[] = {{"robot", "hello"}};
    const struct enclume_message nobody[] = {{NULL, "hello"}};
    const struct enclume_message latin1[] = {{"user", "\xe9"}};
    const char *const stops[] = {""};
    static char long_text[ENCLUME_REQUEST_SIZE_MAX + 1];
    memset(long_text, 'x', sizeof long_text - 1);
    const struct enclume_message too_long[] = {{"user", long_text}};
    const struct {
        const struct enclume_message *messages;
        size_t count;
        const char *error;
    } cases[] = {
        {hello, 0, "bad-request"},  {hello, ENCLUME_MESSAGES_MAX + 1, "bad-request"},
        {robot, 1, "bad-request"},  {nobody, 1, "usage"},
        {latin1, 1, "bad-request"}, {too_long, 1, "too-large"},
    };
    /* Nobody listens at port 1: "network" would say that a connection was tried. */
    struct enclume_client *client = client_for("127.0.0.1:1");
    char note[ENCLUME_NOTE_SIZE];
    for (size_t i = 0; i < test_count(cases); i++)
        assert_error(enclume_client_chat(client, cases[i].messages, cases[i].count, NULL, must_not_be_called,
                                         NULL, NULL, note),
                     cases[i].error);
    struct enclume_sampling s;
    enclume_sampling_init(&s);
    s.temperature = 2.5F;
    assert_error(ask(client, &s, note), "bad-request");
    assert_string_equal(note, "temperature: is outside 0 to 2");
    s.temperature = __builtin_nanf("");
    assert_error(ask(client, &s, note), "bad-request");
    enclume_sampling_init(&s);
    s.top_k = UINT32_MAX;
    assert_error(ask(client, &s, note), "bad-request");
    enclume_sampling_init(&s);
    s.stops = stops;
    s.stop_count = 1;
    assert_error(ask(client, &s, note), "bad-request");
    s.stops = NULL;
    assert_error(ask(client, &s, note), "usage");
    enclume_sampling_init(&s);
    s.repeat_penalty = 0.1F;
    assert_error(ask(client, &s, note), "network");
    enclume_client_free(client);
}

static void an_address_that_is_none_is_said_to_be(void **state)
{
    (void)state;
    static const char *const addresses[] = {"",       "host",   "tcp::1",    "host:99999", "host:0",
                                            "[]:1",   "unix:",  "vsock:x:1", "vsock:1",    "vsock::1",
                                            "tcp:1:", "host:x", "vsock:1:x"};
    for (size_t i = 0; i < test_count(addresses); i++) {
        struct enclume_client *client = (struct enclume_client *)(uintptr_t)1;
        char note[ENCLUME_NOTE_SIZE];
        assert_error(enclume_client_new(addresses[i], policy, &client, note), "usage");
        assert_null(client);
        assert_non_null(strstr(note, "wanted"));
    }
}

static void *hang_up(void *arg)
{
    const int *listener = arg;
    int fd = accept(*listener, NULL, NULL);
    (void)close(fd);
    return NULL;
}

static void a_peer_that_hangs_up_is_a_network_error(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct sockaddr_in where;
    pthread_t thread;
    int listener = listen_on_loopback(8, address, &where);
    struct enclume_client *client = client_for(address);
    assert_int_equal(pthread_create(&thread, NULL, hang_up, &listener), 0);
    int e = enclume_client_connect(client, NULL);
    assert_int_equal(enclume_error_class(e), ENCLUME_CLASS_NETWORK);
    assert_null(enclume_client_verdict(client));
    assert_int_equal(pthread_join(thread, NULL), 0);
    enclume_client_free(client);
    (void)close(listener);
}

struct canceller {
    struct enclume_client *client;
    atomic_bool ended; /* the call that waits */
};

/* Again and again: a cancel that comes before the call has begun does nothing. */
static void *cancel_soon(void *arg)
{
    struct canceller *c = arg;
    while (!c->ended) {
        (void)usleep(100 * 1000);
        enclume_client_cancel(c->client);
    }
    return NULL;
}

static void expect_cancelled(struct enclume_client *client)
{
    struct canceller c = {.client = client};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &c), 0);
    int e = ask(client, NULL, NULL);
    c.ended = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_error(e, "cancelled");
}

static void what_waits_for_a_silent_peer_can_be_cancelled(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct sockaddr_in where;
    int listener = listen_on_loopback(8, address, &where);
    struct enclume_client *client = client_for(address);
    expect_cancelled(client);
    expect_cancelled(client);
    enclume_client_free(client);
    (void)close(listener);
}

/* A listener whose queue is full leaves connections unanswered. The cancel that ends one attempt must not end the next as well. */
static void what_waits_for_a_connection_can_be_cancelled_and_tried_again(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct sockaddr_in where;
    int fillers[FILLERS];
    int listener = listen_on_loopback(0, address, &where);
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fillers[i], (const struct sockaddr *)&where, sizeof where);
    }
    (void)usleep(50 * 1000);
    struct enclume_client *client = client_for(address);
    expect_cancelled(client);
    for (int i = 0; i < FILLERS; i++)
        (void)close(fillers[i]);
    (void)close(listener);
    assert_error(ask(client, NULL, NULL), "network");
    enclume_client_free(client);
}

static void a_cancel_without_anything_under_way_does_nothing(void **state)
{
    (void)state;
    struct enclume_client *client = client_for("127.0.0.1:1");
    enclume_client_cancel(client);
    assert_error(enclume_client_connect(client, NULL), "network");
    enclume_client_cancel(client);
    assert_error(ask(client, NULL, NULL), "network");
    enclume_client_free(client);
}

static int make(void **state)
{
    (void)state;
    return enclume_policy_new(&policy);
}

static int drop(void **state)
{
    (void)state;
    enclume_policy_free(policy);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_answered_as_documented),
        cmocka_unit_test(a_malformed_request_is_refused_before_connecting),
        cmocka_unit_test(an_address_that_is_none_is_said_to_be),
        cmocka_unit_test(a_peer_that_hangs_up_is_a_network_error),
        cmocka_unit_test(what_waits_for_a_silent_peer_can_be_cancelled),
        cmocka_unit_test(what_waits_for_a_connection_can_be_cancelled_and_tried_again),
        cmocka_unit_test(a_cancel_without_anything_under_way_does_nothing),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
