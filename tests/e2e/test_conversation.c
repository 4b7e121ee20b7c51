/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enclume chat on a terminal: what was verified stands before the first prompt, Ctrl-C stops the answer and not the program, Ctrl-D leaves.
 */
#include "e2e/support/pty.h"
#include "e2e/support/world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/test.h"

enum { SETTLE_MS = 300 };

static void start_chat(struct pty *t, const struct world *w)
{
    const char *const argv[] = {E2E_ENCLUME, "chat",          "--connect",    w->address, "--trust-simulated",
                                w->root,     "--measurement", w->measurement, NULL};
    pty_start(t, argv);
}

static void a_conversation_on_a_terminal(void **state)
{
    struct world w;
    static struct pty t;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    start_chat(&t, &w);
    pty_expect(&t, "Verified on a SIMULATED platform");
    pty_expect(&t, "SIMULATED: the chip is a program");
    pty_expect(&t, "Ask something");
    pty_expect(&t, "> ");

    /* The enclave is held in the middle of its answer, so that Ctrl-C meets one that is not over. */
    pty_type(&t, "Once upon a time there was a castle\n");
    pty_expect(&t, "castle\r\n");
    while (t.len < t.from + 10)
        assert_true(pty_look(&t, PTY_WAIT_MS));
    assert_int_equal(kill(w.enclave, SIGSTOP), 0);
    while (pty_look(&t, SETTLE_MS))
        ;
    pty_type(&t, "\x03");
    pty_expect(&t, "[stopped]");
    assert_int_equal(kill(w.enclave, SIGCONT), 0);
    pty_expect(&t, "> ");

    /* The next question is answered. */
    pty_type(&t, "And then\n");
    pty_expect(&t, "And then\r\n");
    size_t begin = t.from;
    pty_expect(&t, "\r\n\r\n> ");
    assert_true(t.from - begin > 20);
    assert_null(strstr(t.screen + begin, "enclume: "));

    pty_type(&t, "/verify\n");
    pty_expect(&t, "snp.measurement");
    pty_expect(&t, "ACCEPTED");
    pty_expect(&t, "> ");
    pty_type(&t, "/new\n");
    pty_expect(&t, "forgotten");
    pty_expect(&t, "> ");

    pty_type(&t, "half a line\x03");
    pty_expect(&t, "(Ctrl-C again, or Ctrl-D, leaves)");
    pty_expect(&t, "> ");
    pty_type(&t, "\x04");
    assert_int_equal(pty_end(&t), 0);
    world_stop(&w);
}

/* The enclave dies between two questions: said, and the conversation goes on when another one is there. */
static void a_conversation_outlives_its_enclave(void **state)
{
    struct world w;
    static struct pty t;
    (void)state;
    world_start(&w, &(struct world_options){.enclave = {"--slots", "2"}});
    start_chat(&t, &w);
    pty_expect(&t, "Ask something");
    pty_expect(&t, "> ");
    assert_int_equal(world_end(&w), 0);
    pty_type(&t, "Are you there\n");
    pty_expect(&t, "enclume: ");
    pty_expect(&t, "> ");
    assert_true(world_run(&w));
    pty_type(&t, "Once more\n");
    pty_expect(&t, "Once more\r\n");
    size_t begin = t.from;
    pty_expect(&t, "\r\n\r\n> ");
    assert_true(t.from - begin > 20);
    assert_null(strstr(t.screen + begin, "enclume: "));
    pty_type(&t, "/quit\n");
    assert_int_equal(pty_end(&t), 0);
    world_stop(&w);
}

/* Nothing is asked for before the verdict, and a refusal ends it. */
static void a_refusal_comes_before_the_prompt(void **state)
{
    struct world w;
    static struct pty t;
    (void)state;
    world_start(&w, &(struct world_options){.lie = "debug"});
    start_chat(&t, &w);
    assert_int_equal(pty_end(&t), 1);
    assert_non_null(strstr(t.screen, "REFUSED"));
    assert_non_null(strstr(t.screen, "snp.policy.debug"));
    assert_null(strstr(t.screen, "\n> "));
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conversation_on_a_terminal),
        cmocka_unit_test(a_conversation_outlives_its_enclave),
        cmocka_unit_test(a_refusal_comes_before_the_prompt),
    };
    if (!pty_available())
        return 77;
    world_require_model();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
