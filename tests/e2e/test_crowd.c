/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many at once, and some of them badly behaved: clients that read nothing, say nothing, go away, send garbage or too much, and stop in the middle of a
 * handshake. All the while a well-behaved client is answered. Afterwards the enclave is as it was.
 */
#include "e2e/support/asker.h"
#include "e2e/support/raw.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/test.h"

#define PROMPT "Once upon a time"

static const char long_request[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"stream\":true}";

enum {
    CLIENTS = 64,
    QUESTIONS = 2,
    SLOW_READERS = 2,
    SLOW_STREAMS = 6, /* questions that each has open: more than a socket takes */
    SLOW_MS = 3000,
    HELD = 24,     /* half-open and stalled connections, of each */
    ABORTED = 100, /* of each kind */
    GARBAGE = 60,
    WAIT_MS = 60000,
    GROWTH_KIB = 48 * 1024, /* resident memory: pools of secret memory keep what they had at the height */
};

static struct world w;
static atomic_bool over;
static atomic_size_t failures;

static void check(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "crowd: %s\n", what);
        failures++;
    }
}

/* ---- the good ---- */

static void *one_of_many(void *number)
{
    struct asker a;
    asker_open(&a, &w, NULL, NULL);
    a.max_tokens = 8;
    for (size_t i = 0; i < QUESTIONS; i++) {
        enum err e = asker_ask(&a, PROMPT);
        if (e != ERR_OK)
            (void)fprintf(stderr, "crowd: client %zu: %s: %s\n", (size_t)(uintptr_t)number, err_name(e),
                          a.note.text);
        check(e == ERR_OK && a.len > 0 && a.answer.usage.completion_tokens == 8,
              "a client of the 64 was not answered");
    }
    asker_close(&a);
    return NULL;
}

struct served {
    size_t answers;
    long slowest_ms;
};

/* Is answered from the beginning to the end of it all, on one connection and on new ones. */
static void *well_behaved(void *result)
{
    struct served *s = result;
    while (!over) {
        struct asker a;
        asker_open(&a, &w, NULL, NULL);
        a.max_tokens = 4;
        for (size_t i = 0; i < QUESTIONS; i++) {
            long begin = process_clock();
            check(asker_ask(&a, PROMPT) == ERR_OK, "the well-behaved client was not answered");
            long took = process_clock() - begin;
            s->slowest_ms = took > s->slowest_ms ? took : s->slowest_ms;
            s->answers++;
        }
        asker_close(&a);
    }
    return NULL;
}

/* ---- the bad ---- */

/* Asks for much and reads nothing for seconds; then reads it all, or goes. */
static void *slow_reader(void *number)
{
    struct raw r;
    bool stays = (uintptr_t)number % 2 == 0;
    raw_open(&r, w.socket);
    check(raw_finish(&r, WAIT_MS), "the slow reader's handshake");
    for (size_t i = 0; i < SLOW_STREAMS; i++)
        raw_ask(&r, long_request);
    process_sleep(SLOW_MS);
    while (stays && r.ended + r.cancelled < r.asked && raw_take(&r, WAIT_MS))
        ;
    check(!stays || r.ended == r.asked, "the slow reader got its answers in the end");
    raw_close(&r);
    return NULL;
}

/* How many bytes come before the other side ends the connection; -1: it does not, in a minute. */
static ssize_t heard_until_closed(int fd)
{
    uint8_t bytes[64];
    ssize_t heard = 0;
    ssize_t n;
    struct timeval patience = {.tv_sec = WAIT_MS / 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        heard += n;
    return n == 0 || errno == ECONNRESET ? heard : -1;
}

/* Connections that say nothing at all, and others that stop after the enclave's first message. */
static void *stallers(void *unused)
{
    static struct raw stalled[HELD];
    int silent[HELD];
    (void)unused;
    for (size_t i = 0; i < HELD; i++) {
        silent[i] = raw_connect(w.socket);
        raw_open(&stalled[i], w.socket);
    }
    for (size_t i = 0; i < HELD; i++) {
        check(heard_until_closed(silent[i]) == 0, "a silent connection was dropped without a word");
        (void)close(silent[i]);
        check(heard_until_closed(stalled[i].fd) >= 0, "a stalled handshake was dropped");
        raw_close(&stalled[i]);
    }
    return NULL;
}

static void abort_within_first_message(void)
{
    uint8_t half[RAW_FIRST_SIZE / 2] = {RAW_FIRST_SIZE >> 8, (RAW_FIRST_SIZE - 2) & 0xff, 0x01};
    int fd = raw_connect(w.socket);
    (void)send(fd, half, sizeof half, MSG_NOSIGNAL);
    (void)close(fd);
}

/* Gone while the chip is asked for its evidence. */
static void abort_after_first_message(void)
{
    struct raw r;
    raw_open(&r, w.socket);
    raw_close(&r);
}

static void abort_after_question(void)
{
    struct raw r;
    raw_open(&r, w.socket);
    if (raw_finish(&r, WAIT_MS)) {
        raw_ask(&r, long_request);
        (void)raw_take(&r, 50);
    }
    raw_close(&r);
}

static void *aborters(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < ABORTED; i++) {
        abort_within_first_message();
        abort_after_first_message();
        if (i % 4 == 0)
            abort_after_question();
    }
    return NULL;
}

/* Bytes without sense, records larger than allowed, and both behind a good handshake. */
static void *garbage(void *unused)
{
    static uint8_t bytes[70000];
    (void)unused;
    for (size_t i = 0; i < GARBAGE; i++) {
        struct raw r;
        bool verified = i % 2 == 0;
        check(crypto_random(bytes, sizeof bytes) == ERR_OK, "random bytes");
        if (i % 3 == 0)
            bytes[0] = bytes[1] = 0xff; /* the longest record there can be */
        if (i % 3 == 1)
            bytes[0] = bytes[1] = 0; /* one of no length */
        raw_open(&r, w.socket);
        if (verified)
            check(raw_finish(&r, WAIT_MS), "the handshake before the garbage");
        (void)send(r.fd, bytes, sizeof bytes, MSG_NOSIGNAL);
        check(heard_until_closed(r.fd) >= 0, "garbage ends the connection");
        raw_close(&r);
    }
    return NULL;
}

/* ---- */

/* What the enclave has of the machine. */
struct holdings {
    size_t files; /* 0: they cannot be seen by this user */
    size_t resident_kib;
};

static struct holdings holdings(void)
{
    return (struct holdings){.files = world_visible(&w) ? world_open_files(&w) : 0,
                             .resident_kib = world_resident_kib(&w)};
}

static struct holdings holdings_when_down_to(size_t files)
{
    struct holdings now = holdings();
    for (long end = process_clock() + WAIT_MS; now.files > files && process_clock() < end; now = holdings())
        process_sleep(20);
    return now;
}

static void a_crowd_leaves_the_enclave_as_it_was(void **state)
{
    static void *(*const bad[])(void *) = {stallers, aborters, garbage};
    pthread_t many[CLIENTS];
    pthread_t slow[SLOW_READERS];
    pthread_t others[test_count(bad)];
    pthread_t good;
    struct served served = {0};
    struct asker a;
    (void)state;
    world_start(&w, &(struct world_options){.enclave = {"--handshake-timeout", "5", "--queue", "512"}});
    asker_open(&a, &w, NULL, NULL); /* the first one makes what is made once */
    assert_ok(asker_ask(&a, PROMPT));
    size_t connected = holdings().files;
    asker_close(&a);
    struct holdings before = holdings_when_down_to(connected - 1);
    if (before.files == 0)
        (void)puts("the open files of the enclave are not counted: root alone can see them");

    assert_int_equal(pthread_create(&good, NULL, well_behaved, &served), 0);
    for (size_t i = 0; i < test_count(bad); i++)
        assert_int_equal(pthread_create(&others[i], NULL, bad[i], NULL), 0);
    for (size_t i = 0; i < SLOW_READERS; i++)
        assert_int_equal(pthread_create(&slow[i], NULL, slow_reader, (void *)(uintptr_t)i), 0);
    for (size_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&many[i], NULL, one_of_many, (void *)(uintptr_t)i), 0);
    for (size_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_join(many[i], NULL), 0);
    for (size_t i = 0; i < SLOW_READERS; i++)
        assert_int_equal(pthread_join(slow[i], NULL), 0);
    for (size_t i = 0; i < test_count(bad); i++)
        assert_int_equal(pthread_join(others[i], NULL), 0);
    over = true;
    assert_int_equal(pthread_join(good, NULL), 0);
    assert_int_equal(failures, 0);
    assert_true(served.answers >= QUESTIONS);

    struct holdings after = holdings_when_down_to(before.files);
    assert_true(world_alive(&w));
    assert_int_equal(after.files, before.files);
    (void)printf(
        "the well-behaved client: %zu answers, the slowest after %ld ms; resident memory %zu KiB before, %zu "
        "after\n",
        served.answers, served.slowest_ms, before.resident_kib, after.resident_kib);
    if (!TEST_UNDER_ASAN) /* which keeps released memory for a while */
        assert_true(after.resident_kib < before.resident_kib + GROWTH_KIB);
    /* The exit code tells of AddressSanitizer's findings too, leaks included. */
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_leaves_the_enclave_as_it_was),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
