/* SPDX-License-Identifier: Apache-2.0 */
/* What one peer could hold out of what all have: bodies that never end, answers that it never takes, connections. Each has an end, and others are answered. */
#include "e2e/support/asker.h"
#include "e2e/support/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/test.h"

#define PROMPT "Once upon a time"

enum {
    WAIT_MS = 60000,
    PART = 100 * 1000, /* of a body: more than the first window */
    INPUTS = 600,      /* an answer longer than what a stream queues */
    FILES = 256,       /* that the enclave may have open */
    CROWDS = 3,
    CROWD = 100,
};

static void a_well_behaved_client_is_answered(const struct world *w)
{
    struct asker a;
    asker_open(&a, w, NULL, NULL);
    a.max_tokens = 4;
    assert_ok(asker_ask(&a, PROMPT));
    asker_close(&a);
}

/* Takes what comes until there is an answer, or one was given up; false after a while. */
static bool hears_an_end(struct raw *r)
{
    for (long end = process_clock() + WAIT_MS; r->ended + r->cancelled == 0 && process_clock() < end;)
        if (!raw_take(r, WAIT_MS))
            break;
    return r->ended + r->cancelled != 0;
}

static void a_body_that_does_not_end_is_given_up(void **state)
{
    (void)state;
    static char part[PART];
    static const char body[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"";
    struct world w;
    struct raw r;
    uint32_t stream;
    memset(part, ' ', sizeof part);
    memcpy(part, body, sizeof body - 1);
    world_start(&w, &(struct world_options){.enclave = {"--request-timeout", "1"}});
    raw_open(&r, w.socket);
    assert_true(raw_finish(&r, WAIT_MS));
    assert_ok(channel_stream_open(r.channel, bytes_str("/v1/chat/completions"), &stream));
    assert_ok(channel_stream_write(r.channel, stream, bytes_of(part, sizeof part), false));
    r.keeps = true;
    raw_send(&r);
    assert_true(hears_an_end(&r));
    assert_int_equal(r.status, 408);
    assert_non_null(strstr(r.text, "\"timeout\""));
    a_well_behaved_client_is_answered(&w);
    raw_close(&r);
    world_stop(&w);
}

static void an_answer_that_nobody_takes_is_given_up(void **state)
{
    (void)state;
    static char body[INPUTS * 4 + 64];
    struct world w;
    struct raw r;
    uint32_t stream;
    size_t n = (size_t)snprintf(body, sizeof body, "{\"input\":[\"a\"");
    for (size_t i = 1; i < INPUTS; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, ",\"a\"");
    n += (size_t)snprintf(body + n, sizeof body - n, "]}");
    world_start(&w, &(struct world_options){.enclave = {"--idle-timeout", "1"}});
    raw_open(&r, w.socket);
    r.hoards = true;
    assert_true(raw_finish(&r, WAIT_MS));
    assert_ok(channel_stream_open(r.channel, bytes_str("/v1/embeddings"), &stream));
    assert_ok(channel_stream_write(r.channel, stream, bytes_of(body, n), true));
    raw_send(&r);
    assert_true(hears_an_end(&r));
    assert_int_equal(r.cancelled, 1);
    assert_int_equal(r.status, 200);
    a_well_behaved_client_is_answered(&w);
    raw_close(&r);
    world_stop(&w);
}

/* Connections that say nothing, from a process of its own, since each may have as few files as the enclave; until the pipe ends. */
static pid_t crowd(const struct world *w, const int until[2])
{
    pid_t child = fork();
    char byte;
    if (child != 0)
        return child;
    (void)close(until[1]);
    for (int i = 0; i < CROWD; i++)
        (void)raw_connect(w->socket);
    _exit(read(until[0], &byte, 1) == 0 ? 0 : 1);
}

static void more_connections_than_files_are_survived(void **state)
{
    (void)state;
    const struct rlimit few = {.rlim_cur = FILES, .rlim_max = FILES};
    pid_t crowds[CROWDS];
    int until[2];
    struct world w;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    world_start(&w, &(struct world_options){.enclave = {"--handshake-timeout", "2"}});
    assert_int_equal(pipe(until), 0);
    for (size_t i = 0; i < CROWDS; i++)
        crowds[i] = crowd(&w, until);
    (void)close(until[0]);
    process_sleep(1000);
    assert_true(world_alive(&w));
    (void)close(until[1]);
    for (size_t i = 0; i < CROWDS; i++) {
        int status = 1;
        assert_int_equal(waitpid(crowds[i], &status, 0), crowds[i]);
        assert_int_equal(status, 0);
    }
    a_well_behaved_client_is_answered(&w);
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_that_does_not_end_is_given_up),
        cmocka_unit_test(an_answer_that_nobody_takes_is_given_up),
        cmocka_unit_test(more_connections_than_files_are_survived), /* last: for good */
    };
    world_require_model();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
