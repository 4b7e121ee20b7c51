/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enclume chat on a terminal: what was verified stands before the first prompt, Ctrl-C stops the answer and not the program, Ctrl-D leaves.
 */
#include "e2e/support/world.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "unit/test.h"

enum { WAIT_MS = 30000, SCREEN_MAX = 65536, SETTLE_MS = 300 };

struct terminal {
    pid_t pid;
    int fd;
    char screen[SCREEN_MAX]; /* all that was shown, NUL-terminated */
    size_t len;
    size_t from; /* where the next search begins */
};

static void terminal_start(struct terminal *t, const char *const *argv)
{
    *t = (struct terminal){.len = 0};
    (void)fflush(NULL);
    t->pid = forkpty(&t->fd, NULL, NULL, NULL);
    assert_true(t->pid >= 0);
    if (t->pid == 0) {
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
    }
}

/* False when nothing more was shown in that time, or the other side is gone. */
static bool look(struct terminal *t, long ms)
{
    struct pollfd polled = {.fd = t->fd, .events = POLLIN};
    if (ms <= 0 || poll(&polled, 1, (int)ms) <= 0)
        return false;
    assert_true(t->len < SCREEN_MAX - 1);
    ssize_t n = read(t->fd, t->screen + t->len, SCREEN_MAX - 1 - t->len);
    if (n <= 0)
        return false;
    t->len += (size_t)n;
    t->screen[t->len] = '\0';
    return true;
}

/* Waits until text is shown behind what was found last; moves behind it. */
static void expect(struct terminal *t, const char *text)
{
    long end = process_clock() + WAIT_MS;
    const char *found = NULL;
    while ((found = strstr(t->screen + t->from, text)) == NULL)
        if (!look(t, end - process_clock()))
            fail_msg("\"%s\" did not come; the screen:\n%s", text, t->screen);
    t->from = (size_t)(found - t->screen) + strlen(text);
}

static void type(struct terminal *t, const char *keys)
{
    assert_int_equal(write(t->fd, keys, strlen(keys)), strlen(keys));
}

static int terminal_end(struct terminal *t)
{
    int status = 0;
    long end = process_clock() + WAIT_MS;
    while (look(t, end - process_clock()))
        ;
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    (void)close(t->fd);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void start_chat(struct terminal *t, const struct world *w)
{
    const char *const argv[] = {E2E_ENCLUME, "chat",          "--connect",    w->address, "--trust-simulated",
                                w->root,     "--measurement", w->measurement, NULL};
    terminal_start(t, argv);
}

static void a_conversation_on_a_terminal(void **state)
{
    struct world w;
    static struct terminal t;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    start_chat(&t, &w);
    expect(&t, "Verified on a SIMULATED platform");
    expect(&t, "SIMULATED: the chip is a program");
    expect(&t, "Ask something");
    expect(&t, "> ");

    /* The enclave is held in the middle of its answer, so that Ctrl-C meets one that is not over. */
    type(&t, "Once upon a time there was a castle\n");
    expect(&t, "castle\r\n");
    while (t.len < t.from + 10)
        assert_true(look(&t, WAIT_MS));
    assert_int_equal(kill(w.enclave, SIGSTOP), 0);
    while (look(&t, SETTLE_MS))
        ;
    type(&t, "\x03");
    expect(&t, "[stopped]");
    assert_int_equal(kill(w.enclave, SIGCONT), 0);
    expect(&t, "> ");

    /* The next question is answered. */
    type(&t, "And then\n");
    expect(&t, "And then\r\n");
    size_t begin = t.from;
    expect(&t, "\r\n\r\n> ");
    assert_true(t.from - begin > 20);
    assert_null(strstr(t.screen + begin, "enclume: "));

    type(&t, "/verify\n");
    expect(&t, "snp.measurement");
    expect(&t, "ACCEPTED");
    expect(&t, "> ");
    type(&t, "/new\n");
    expect(&t, "forgotten");
    expect(&t, "> ");

    type(&t, "half a line\x03");
    expect(&t, "(Ctrl-D leaves)");
    expect(&t, "> ");
    type(&t, "\x04");
    assert_int_equal(terminal_end(&t), 0);
    world_stop(&w);
}

/* The enclave dies between two questions: said, and the conversation goes on when another one is there. */
static void a_conversation_outlives_its_enclave(void **state)
{
    struct world w;
    static struct terminal t;
    (void)state;
    world_start(&w, &(struct world_options){.enclave = {"--slots", "2"}});
    start_chat(&t, &w);
    expect(&t, "Ask something");
    expect(&t, "> ");
    assert_int_equal(world_end(&w), 0);
    type(&t, "Are you there\n");
    expect(&t, "enclume: ");
    expect(&t, "> ");
    assert_true(world_run(&w));
    type(&t, "Once more\n");
    expect(&t, "Once more\r\n");
    size_t begin = t.from;
    expect(&t, "\r\n\r\n> ");
    assert_true(t.from - begin > 20);
    assert_null(strstr(t.screen + begin, "enclume: "));
    type(&t, "/quit\n");
    assert_int_equal(terminal_end(&t), 0);
    world_stop(&w);
}

/* Nothing is asked for before the verdict, and a refusal ends it. */
static void a_refusal_comes_before_the_prompt(void **state)
{
    struct world w;
    static struct terminal t;
    (void)state;
    world_start(&w, &(struct world_options){.lie = "debug"});
    start_chat(&t, &w);
    assert_int_equal(terminal_end(&t), 1);
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
    int master = -1;
    int slave = -1;
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0) {
        print_message("skipped: this machine has no pseudo-terminals (/dev/pts is not mounted)\n");
        return 77;
    }
    (void)close(master);
    (void)close(slave);
    world_require_model();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
