/* SPDX-License-Identifier: Apache-2.0 */
/* Where the other server may be, and how connections to it are handed in. */
#include "engine/upstream_dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/test.h"

static void only_this_machine_can_be_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err result;
    } table[] = {
        {"unix:/run/vllm.sock", ERR_OK},
        {"tcp:127.0.0.1:8000", ERR_OK},
        {"tcp:127.0.0.1:1", ERR_OK},
        {"tcp:127.0.0.1:65535", ERR_OK},
        {"tcp:127.0.0.1:0", ERR_USAGE},
        {"tcp:127.0.0.1:65536", ERR_USAGE},
        {"tcp:127.0.0.1:99999999999", ERR_USAGE},
        {"tcp:127.0.0.1:080", ERR_USAGE},
        {"tcp:127.0.0.1:80x", ERR_USAGE},
        {"tcp:127.0.0.1:+80", ERR_USAGE},
        {"tcp:127.0.0.1:", ERR_USAGE},
        {"tcp:127.0.0.1", ERR_USAGE},
        {"tcp:127.0.0.2:80", ERR_USAGE},
        {"tcp:0.0.0.0:80", ERR_USAGE},
        {"tcp:10.0.0.1:80", ERR_USAGE},
        {"tcp:localhost:80", ERR_USAGE},
        {"tcp:[::1]:80", ERR_USAGE},
        {"tcp:127.0.0.1.example.org:80", ERR_USAGE},
        {"127.0.0.1:80", ERR_USAGE},
        {"vsock:2:80", ERR_USAGE},
        {"http://127.0.0.1:80", ERR_USAGE},
        {"unix:", ERR_USAGE},
        {"unix:relative", ERR_USAGE},
        {"unix:@abstract", ERR_USAGE},
        {"UNIX:/a", ERR_USAGE},
        {"", ERR_USAGE},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct upstream_address address;
        struct err_note note = {{0}};
        enum err e = upstream_address_parse(table[i].text, &address, &note);
        if (e != table[i].result || (e != ERR_OK) != (note.text[0] != '\0'))
            fail_msg("%s: %s (%s)", table[i].text, err_name(e), note.text);
    }
    char path[200] = "unix:/";
    struct upstream_address address;
    memset(path + 6, 'x', 106);
    assert_ok(upstream_address_parse(path, &address, NULL)); /* 107 and its NUL */
    path[112] = 'x';
    assert_err(upstream_address_parse(path, &address, NULL), ERR_USAGE);
}

struct dialer {
    struct upstream_address address;
    int ours;
    int theirs;
    pthread_t thread;
};

static void *serve(void *argument)
{
    struct dialer *d = argument;
    upstream_dial_serve(d->theirs, &d->address);
    (void)close(d->theirs);
    return NULL;
}

static void dialer_open(struct dialer *d)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    d->ours = pair[0];
    d->theirs = pair[1];
    assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
}

static void dialer_close(struct dialer *d)
{
    (void)close(d->ours);
    assert_int_equal(pthread_join(d->thread, NULL), 0); /* it ends by itself */
}

static int take(struct dialer *d, int *error)
{
    int fd = -1;
    struct pollfd polled = {.fd = d->ours, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 10000), 1);
    assert_int_equal(upstream_dial_take(d->ours, &fd, error), UPSTREAM_DIAL_ANSWERED);
    return fd;
}

static int listen_at(struct upstream_address *address)
{
    int fd = socket(address->to.any.sa_family, SOCK_STREAM, 0);
    socklen_t size = address->size;
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &address->to.any, address->size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, &address->to.any, &size), 0);
    return fd;
}

static void check_connections(struct dialer *d, int listener)
{
    enum { COUNT = 3 };
    for (int i = 0; i < COUNT; i++)
        assert_true(upstream_dial_ask(d->ours));
    for (int i = 0; i < COUNT; i++) {
        char said = 0;
        int error = -1;
        int fd = take(d, &error);
        int theirs = accept(listener, NULL, NULL);
        assert_true(fd >= 0 && theirs >= 0);
        assert_int_equal(error, 0);
        assert_int_equal(send(fd, "x", 1, 0), 1);
        assert_int_equal(recv(theirs, &said, 1, 0), 1);
        assert_int_equal(said, 'x');
        (void)close(fd);
        (void)close(theirs);
    }
}

static void connections_are_handed_in(void **state)
{
    (void)state;
    char dir[] = "/tmp/enclume-dial-XXXXXX";
    char text[64];
    struct dialer d = {.ours = -1};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(text, sizeof text, "unix:%s/s", dir);
    assert_ok(upstream_address_parse(text, &d.address, NULL));
    int listener = listen_at(&(struct upstream_address){.to = d.address.to, .size = d.address.size});
    dialer_open(&d);
    check_connections(&d, listener);
    int fd;
    int error;
    assert_int_equal(upstream_dial_take(d.ours, &fd, &error), UPSTREAM_DIAL_NOTHING_YET);
    dialer_close(&d);
    (void)close(listener);
    (void)unlink(text + 5);
    (void)rmdir(dir);

    struct upstream_address loopback = {
        .to.port = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .size = sizeof loopback.to.port};
    listener = listen_at(&loopback);
    d = (struct dialer){.address = loopback};
    dialer_open(&d);
    check_connections(&d, listener);
    dialer_close(&d);
    (void)close(listener);
}

static void why_there_is_none_is_said(void **state)
{
    (void)state;
    struct dialer d = {.ours = -1};
    int error = 0;
    assert_ok(upstream_address_parse("unix:/nowhere/at/all", &d.address, NULL));
    dialer_open(&d);
    for (int i = 0; i < 2; i++) {
        assert_true(upstream_dial_ask(d.ours));
        assert_int_equal(take(&d, &error), -1);
        assert_int_equal(error, ENOENT);
    }
    (void)shutdown(d.theirs, SHUT_RDWR);
    int fd;
    struct pollfd polled = {.fd = d.ours, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 10000), 1);
    assert_int_equal(upstream_dial_take(d.ours, &fd, &error), UPSTREAM_DIAL_GONE);
    assert_false(upstream_dial_ask(d.ours));
    dialer_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_this_machine_can_be_named),
        cmocka_unit_test(connections_are_handed_in),
        cmocka_unit_test(why_there_is_none_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
