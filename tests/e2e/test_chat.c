/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enclume chat and ask against an enclave that answers what the test wants: keys, commands, what is sent, what reaches the terminal and what never does, what is left
 * in memory and in files; and pipes.
 */
#include "e2e/support/asker.h"
#include "e2e/support/canary.h"
#include "e2e/support/pty.h"
#include "e2e/support/responder.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "unit/test.h"

static const char *const fine[] = {"All is ", "well.", NULL};

/* What is answered, a piece a line; NULL: nothing. And what was asked last. Between the responder's thread and this one. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *const *pieces;
static const char *refusal; /* is answered instead, as the message of an error */
static char *asked_last;

static void send_line(struct channel *channel, uint32_t stream, json_t *choices, const char *name,
                      json_t *value, bool end)
{
    json_t *chunk = json_pack("{s:s, s:s, s:i, s:s, s:o}", "id", "chatcmpl-1", "object",
                              "chat.completion.chunk", "created", 1, "model", "test", "choices", choices);
    assert_non_null(chunk);
    if (name != NULL)
        assert_int_equal(json_object_set_new(chunk, name, value), 0);
    char *line = json_dumps(chunk, JSON_COMPACT);
    assert_non_null(line);
    assert_ok(channel_stream_send(channel, stream, bytes_str(line), false));
    assert_ok(channel_stream_send(channel, stream, bytes_str("\n"), end));
    secret_free(line);
    json_decref(chunk);
}

static json_t *choice(json_t *delta, const char *reason)
{
    return json_pack("[{s:i, s:o, s:s?}]", "index", 0, "delta", delta, "finish_reason", reason);
}

static void answer_all(struct channel *channel, uint32_t stream)
{
    assert_ok(channel_stream_reply(channel, stream, 200));
    for (const char *const *piece = pieces; *piece != NULL; piece++)
        send_line(channel, stream, choice(json_pack("{s:s}", "content", *piece), NULL), NULL, NULL, false);
    send_line(channel, stream, choice(json_object(), "stop"), NULL, NULL, false);
    send_line(channel, stream, json_array(), "usage",
              json_pack("{s:i, s:i, s:i}", "prompt_tokens", 1, "completion_tokens", 1, "total_tokens", 2),
              true);
}

static bool answer(struct channel *channel, uint32_t stream, const char *path, struct bytes body)
{
    assert_string_equal(path, "/v1/chat/completions");
    (void)pthread_mutex_lock(&mutex);
    free(asked_last);
    asked_last = strndup((const char *)body.ptr, body.len);
    if (refusal != NULL) {
        json_t *error = json_pack("{s:{s:s, s:s}}", "error", "code", "bad-request", "message", refusal);
        char *line = json_dumps(error, JSON_COMPACT);
        assert_non_null(line);
        assert_ok(channel_stream_reply(channel, stream, 400));
        assert_ok(channel_stream_send(channel, stream, bytes_str(line), false));
        assert_ok(channel_stream_send(channel, stream, bytes_str("\n"), true));
        secret_free(line);
        json_decref(error);
    } else if (pieces != NULL) {
        answer_all(channel, stream);
    } else { /* it is still reading */
        assert_ok(channel_stream_reply(channel, stream, 200));
        send_line(channel, stream, json_array(), "prompt_progress",
                  json_pack("{s:i, s:i}", "total", 5000, "processed", 1234), false);
    }
    (void)pthread_mutex_unlock(&mutex);
    return false;
}

static void answer_with(const char *const *these)
{
    (void)pthread_mutex_lock(&mutex);
    pieces = these;
    (void)pthread_mutex_unlock(&mutex);
}

static char *asked(void)
{
    (void)pthread_mutex_lock(&mutex);
    char *copy = strdup(asked_last != NULL ? asked_last : "");
    (void)pthread_mutex_unlock(&mutex);
    assert_non_null(copy);
    return copy;
}

struct stage {
    struct world world;
    struct platform *platform;
    struct responder *responder;
    struct pty pty;
};

static void stage_open(struct stage *s)
{
    world_open(&s->world, &(struct world_options){.lie = NULL});
    s->platform = responder_platform("snp");
    responder_accept(&s->world, s->platform);
    s->responder = responder_start(s->world.socket, s->platform);
    responder_serve(s->responder, RESPONDER_HONEST, 0);
    responder_answers(s->responder, answer);
    answer_with(fine);
}

static void stage_close(struct stage *s)
{
    responder_stop(s->responder);
    platform_close(s->platform);
    world_remove(&s->world);
    free(asked_last);
    asked_last = NULL;
}

static void chat_start(struct stage *s, const char *const *more)
{
    const char *argv[PROCESS_ARGS_MAX] = {E2E_ENCLUME,         "chat",        "--connect", s->world.address,
                                          "--trust-simulated", s->world.root, "--policy",  s->world.policy};
    size_t n = 8;
    for (; *more != NULL; more++)
        argv[n++] = *more;
    pty_start(&s->pty, argv);
}

/* A conversation with options more, up to its first prompt. */
static void chat(struct stage *s, const char *const *more)
{
    chat_start(s, more);
    pty_expect(&s->pty, "Ask something");
    pty_expect(&s->pty, "\r\n> ");
}

static const char *const none[] = {NULL};

/* Types, and waits for the answer and the next prompt. */
static void question(struct stage *s, const char *keys)
{
    pty_type(&s->pty, keys);
    pty_expect(&s->pty, "\r\n\r\n> ");
}

static void leave(struct stage *s)
{
    pty_type(&s->pty, "\x04");
    assert_int_equal(pty_end(&s->pty), 0);
}

static void assert_sent(const char *text)
{
    char *was = asked();
    if (strstr(was, text) == NULL)
        fail_msg("\"%s\" is not in what was sent: %s", text, was);
    free(was);
}

static void assert_not_sent(const char *text)
{
    char *was = asked();
    assert_null(strstr(was, text));
    free(was);
}

static void a_line_can_be_edited_and_found_again(void **state)
{
    static struct stage s;
    (void)state;
    stage_open(&s);
    chat(&s, none);
    /* Left, right, ends, words, deletions, characters of several bytes. */
    question(&s, "worl\xc3\xa9\x7f"
                 "d\x01"
                 "hello \x05!\x1b[D\x1b[D\x1b[3~d\r");
    assert_sent("\"hello world!\"");
    question(&s, "one two three\x17\x17"
                 "2\x1b[1;5D\x15"
                 "zero \x05\x1b\rthree\r");
    assert_sent("\"zero 2\\nthree\"");
    /* What is pasted is text, its line breaks as well, and its commands are none. */
    question(&s, "\x1b[200~first\r\n/quit\rlast\x03\x1b[A\x1b[201~\r");
    assert_sent("first\\n\\n/quit\\nlast\"");
    /* Up, up, and down again. */
    question(&s, "draft\x1b[A\x1b[A\x1b[A\x1b[B\x1b[B\x1b[B again\r");
    assert_sent("\"draft again\"");
    question(&s, "\x1b[A\x1b[A\x1b[A\x1b[A\r");
    assert_sent("\"hello world!\"}]");
    leave(&s);
    stage_close(&s);
}

static void ctrl_c_twice_leaves_and_the_terminal_is_as_before(void **state)
{
    static struct stage s;
    struct termios modes;
    (void)state;
    stage_open(&s);
    chat(&s, none);
    pty_type(&s.pty, "half a line\x03");
    pty_expect(&s.pty, "(Ctrl-C again, or Ctrl-D, leaves)");
    pty_expect(&s.pty, "> ");
    question(&s, "whole\r"); /* something else between them */
    assert_sent("\"whole\"");
    pty_type(&s.pty, "\x03");
    pty_expect(&s.pty, "(Ctrl-C again");
    pty_expect(&s.pty, "> ");
    pty_type(&s.pty, "\x03");
    while (pty_look(&s.pty, PTY_WAIT_MS))
        ;
    assert_int_equal(tcgetattr(s.pty.fd, &modes), 0);
    assert_true((modes.c_lflag & ECHO) != 0 && (modes.c_lflag & ICANON) != 0 && (modes.c_lflag & ISIG) != 0);
    assert_int_equal(pty_end(&s.pty), 0);
    /* Also when it is ended by somebody else. */
    chat(&s, none);
    assert_int_equal(kill(s.pty.pid, SIGHUP), 0);
    while (pty_look(&s.pty, PTY_WAIT_MS))
        ;
    assert_int_equal(tcgetattr(s.pty.fd, &modes), 0);
    assert_true((modes.c_lflag & ECHO) != 0 && (modes.c_lflag & ICANON) != 0);
    (void)pty_end_by_signal(&s.pty);
    stage_close(&s);
}

static void waiting_is_shown_and_can_be_ended(void **state)
{
    static struct stage s;
    (void)state;
    stage_open(&s);
    answer_with(NULL);
    chat(&s, none);
    pty_type(&s.pty, "Hello\r");
    pty_expect(&s.pty, "the enclave reads your prompt, 1234 of 5000 tokens, ");
    pty_expect(&s.pty, " s \x1b[K");
    pty_type(&s.pty, "\x03");
    pty_expect(&s.pty, "\r\x1b[K"); /* and it is gone */
    pty_expect(&s.pty, "[stopped]");
    pty_expect(&s.pty, "> ");
    answer_with(fine);
    question(&s, "And now\r"); /* what was not answered is no part of the conversation */
    assert_sent("[{\"role\":\"user\",\"content\":\"And now\"}]");
    answer_with(NULL);
    pty_type(&s.pty, "Hello\r");
    pty_expect(&s.pty, "the enclave reads your prompt, ");
    pty_type(&s.pty, "\x03");
    pty_expect(&s.pty, "[stopped]");
    pty_expect(&s.pty, "> ");
    pty_type(&s.pty, "\x03");
    assert_int_equal(pty_end(&s.pty), 0);
    stage_close(&s);
}

static void commands_do_what_they_say(void **state)
{
    static struct stage s;
    struct stat about;
    char keys[2 * WORLD_PATH];
    size_t len = 0;
    (void)state;
    stage_open(&s);
    char *document = world_path(&s.world, "document");
    char *saved = world_path(&s.world, "saved.md");
    assert_ok(file_write(document, bytes_str("The anvil weighs 90 kg.\n"), NULL));
    chat(&s, none);
    (void)snprintf(keys, sizeof keys, "/file %s\r", document);
    pty_type(&s.pty, keys);
    pty_expect(&s.pty, "24 bytes will go with your next question");
    pty_expect(&s.pty, "> ");
    question(&s, "How heavy?\r");
    assert_sent("The anvil weighs 90 kg.\\n\\n\\nHow heavy?");
    question(&s, "And now?\r");
    assert_sent("All is well."); /* the answer before, as context */
    assert_sent("{\"role\":\"user\",\"content\":\"And now?\"}");
    (void)snprintf(keys, sizeof keys, "/save %s\r", saved);
    pty_type(&s.pty, keys);
    pty_expect(&s.pty, "Saved");
    pty_expect(&s.pty, "> ");
    char *text = process_read_file(saved, &len);
    assert_non_null(strstr(text, "## Question\n\nFile "));
    assert_non_null(strstr(text, "## Answer\n\nAll is well.\n\n## Question\n\nAnd now?\n"));
    free(text);
    assert_int_equal(stat(saved, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    pty_type(&s.pty, keys);        /* not over what is there */
    pty_expect(&s.pty, "already"); /* the line is broken somewhere before it */
    pty_type(&s.pty, "/file /nonexistent/file\r");
    pty_expect(&s.pty, "enclume: ");
    pty_type(&s.pty, "/file\r");
    pty_expect(&s.pty, "wants the name of a file");
    pty_type(&s.pty, "/model\r");
    pty_expect(&s.pty, "SHA-256");
    pty_type(&s.pty, "/verify\r");
    pty_expect(&s.pty, "Verified on a SIMULATED platform");
    pty_expect(&s.pty, "snp.measurement");
    pty_expect(&s.pty, "ACCEPTED");
    pty_type(&s.pty, "/help\r");
    pty_expect(&s.pty, "/save   FILE");
    /* A slip is not sent; behind a blank it is a question. */
    pty_type(&s.pty, "/fiel secret.txt\r");
    pty_expect(&s.pty, "Nothing was sent");
    assert_not_sent("secret.txt");
    pty_type(&s.pty, "/clear\r");
    pty_expect(&s.pty, "forgotten");
    pty_expect(&s.pty, "> ");
    question(&s, " /etc is a directory\r");
    assert_sent("[{\"role\":\"user\",\"content\":\" /etc is a directory\"}]");
    pty_type(&s.pty, "/quit\r");
    assert_int_equal(pty_end(&s.pty), 0);
    free(document);
    free(saved);
    stage_close(&s);
}

static void assert_harmless(const char *shown)
{
    static const char *const never[] = {
        "\x1b]",   "\x07", "\x1b[31", "\x1b[2J", "\x1b[H", "\x1bP", "\x1b\\",       "\xc2\x9b",    "\xc2\x9d",
        "\x1b[5n", "\x05", "\x08",    "\x0e",    "\x0f",   "\x7f",  "\xe2\x80\xae", "\xe2\x81\xa6"};
    for (size_t k = 0; k < test_count(never); k++)
        if (strstr(shown, never[k]) != NULL)
            fail_msg("sequence %zu came through: %s", k, shown);
    /* Of escape sequences only our own: SGR, and "erase the line" of the progress. */
    for (const char *at = shown; (at = strchr(at, '\x1b')) != NULL; at++)
        assert_true(at[1] == '[' && strchr("mK", at[2 + strspn(at + 2, "0123456789;")]) != NULL);
}

static void a_model_cannot_drive_the_terminal(void **state)
{
    /* Title, clipboard, colours, cursor, C1 in UTF-8, device control, answerback, bell, direction marks; in one piece and cut. */
    static const char *const hostile[] = {
        "a\x1b]0;owned\x07z ",
        "b\x1b]52;c;ZWNobyBvd25lZA==\x1b\\ ",
        "c\x1b[31;1mred\x1b[2J\x1b[H ",
        "d\302\2332J \302\2350;owned\302\234 ",
        "e\x1bP+q544e\x1b\\ \x05\x08\x0e\x0f\x7f",
        "f\342\200\256live\342\200\254 \342\201\246x\342\201\251",
        "\x1b",
        "[5n",
        "`\x1b[31m` **\x1b[31m**\n| \x1b[31m | \xc2\x9b |\n",
        "```\n\x1b]0;owned\x07\n```\n",
        "END",
        NULL,
    };
    static const char *const modes[][2] = {{NULL}, {"--plain", NULL}};
    (void)state;
    for (size_t i = 0; i < test_count(modes); i++) {
        static struct stage s;
        stage_open(&s);
        answer_with(hostile);
        chat(&s, modes[i]);
        pty_type(&s.pty, "Hello\r");
        pty_expect(&s.pty, "\x1b[?2004l"); /* our own, when the line was left */
        const size_t begin = s.pty.from;
        pty_expect(&s.pty, "END");
        char *shown = s.pty.screen + begin;
        s.pty.screen[s.pty.from] = '\0';
        assert_harmless(shown);
        assert_non_null(strstr(shown, "]0;owned"));
        assert_int_equal(kill(s.pty.pid, SIGKILL), 0);
        (void)pty_end_by_signal(&s.pty);
        stage_close(&s);
    }
}

/* An error's message is as foreign as an answer; and so is an answer that is shown as JSON. */
static void neither_can_what_else_it_says(void **state)
{
    static const char hostile[] =
        "a\x1b]0;owned\x07z b\x1b]52;c;ZWNobyBvd25lZA==\x1b\\ \302\2332J \x1b[2J\x1b[H "
        "\342\200\256live\342\200\254 \x05\x08\x0e\x0f\x7f END";
    static const char *const answered[] = {"x\302\2332J \302\2350;owned\302\234 \342\200\256live \x7f END",
                                           NULL};
    static const char *const json[] = {"--json", "Hello", NULL};
    static struct stage s;
    (void)state;
    stage_open(&s);
    chat(&s, none);
    (void)pthread_mutex_lock(&mutex);
    refusal = hostile;
    (void)pthread_mutex_unlock(&mutex);
    pty_type(&s.pty, "Hello\r");
    pty_expect(&s.pty, "\x1b[?2004l");
    const size_t begin = s.pty.from;
    pty_expect(&s.pty, "END");
    s.pty.screen[s.pty.from] = '\0';
    assert_harmless(s.pty.screen + begin);
    assert_non_null(strstr(s.pty.screen + begin, "]0;owned"));
    assert_int_equal(kill(s.pty.pid, SIGKILL), 0);
    (void)pty_end_by_signal(&s.pty);
    (void)pthread_mutex_lock(&mutex);
    refusal = NULL;
    (void)pthread_mutex_unlock(&mutex);
    answer_with(answered);
    chat_start(&s, json);
    assert_int_equal(pty_end(&s.pty), 0);
    assert_harmless(s.pty.screen);
    assert_non_null(strstr(s.pty.screen, "\"content\":\"x2J 0;owned live  END\""));
    stage_close(&s);
}

static void markdown_is_shown_on_a_terminal_and_not_elsewhere(void **state)
{
    static const char *const markdown[] = {"# Tit",      "le\n\nSome *", "*bold** and `co",
                                           "de`.\n\n- ", "item\n",       NULL};
    static struct stage s;
    struct process p;
    (void)state;
    stage_open(&s);
    answer_with(markdown);
    chat(&s, none);
    pty_type(&s.pty, "Hello\r");
    pty_expect(&s.pty, "\x1b[1;4mTitle\x1b[0m\r\n\r\nSome \x1b[1mbold\x1b[0m and "
                       "\x1b[36mcode\x1b[0m.\r\n\r\n\xe2\x80\xa2 item");
    pty_expect(&s.pty, "> ");
    leave(&s);
    chat(&s, (const char *const[]){"--plain", NULL});
    pty_type(&s.pty, "Hello\r");
    pty_expect(&s.pty, "# Title\r\n\r\nSome **bold** and `code`.\r\n\r\n- item");
    pty_expect(&s.pty, "> ");
    leave(&s);
    assert_int_equal(world_chat(&s.world, NULL, &p, (const char *const[]){"--quiet", "Hello", NULL}), 0);
    assert_string_equal(p.out.bytes, "# Title\n\nSome **bold** and `code`.\n\n- item\n\n");
    process_release(&p);
    stage_close(&s);
}

static void what_is_forgotten_is_in_memory_no_more(void **state)
{
    static const char typed[] = "The canary Quetzalcoatl is never sent to anybody at all";
    static const char asked[] = "A second canary, Cuauhtemoc, is asked about by name and number";
    static const char *const song[] = {
        "The third **canary** of them all answers: ", "Xochiquetzal sang forty-two vermilion songs.\n", NULL};
    static struct stage s;
    char keys[256];
    (void)state;
    if (TEST_UNDER_ASAN)
        skip(); /* its shadow of the memory is too large to search, and keeps what was freed */
    stage_open(&s);
    answer_with(song);
    chat(&s, none);
    struct memscan *m = memscan_new();
    memscan_add_text(m, "typed and erased", typed, sizeof typed - 1);
    memscan_add_text(m, "asked", asked, sizeof asked - 1);
    memscan_add_text(m, "answered", song[1], strlen(song[1]));
    if (!memscan_learn(m, s.pty.pid)) {
        (void)printf("skipped: the memory of a child cannot be read here\n");
        (void)kill(s.pty.pid, SIGKILL);
        (void)pty_end_by_signal(&s.pty);
        memscan_free(m);
        stage_close(&s);
        skip();
    }
    pty_type(&s.pty, typed);
    pty_expect(&s.pty, "at all");
    assert_int_not_equal(memscan_process(m, s.pty.pid, NULL), 0); /* the search finds what is there */
    (void)snprintf(keys, sizeof keys, "\x15%s\r", asked);
    question(&s, keys);
    assert_sent(asked);
    pty_type(&s.pty, "/clear\r");
    pty_expect(&s.pty, "forgotten");
    pty_expect(&s.pty, "> ");
    assert_int_equal(canary_hits(m, s.pty.pid, true), 0);
    leave(&s);
    memscan_free(m);
    stage_close(&s);
}

static void a_history_is_kept_only_where_it_is_asked_for(void **state)
{
    static struct stage s;
    struct stat about;
    size_t len = 0;
    (void)state;
    stage_open(&s);
    char *path = world_path(&s.world, "history");
    chat(&s, none);
    question(&s, "first\r");
    leave(&s);
    assert_int_not_equal(stat(path, &about), 0);
    const char *const kept[] = {"--history", path, NULL};
    chat(&s, kept);
    question(&s, "second \\ line\x1b\rthird\r");
    leave(&s);
    char *text = process_read_file(path, &len);
    assert_string_equal(text, "second \\\\ line\\nthird\n");
    free(text);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    chat(&s, kept);
    question(&s, "\x1b[A!\r");
    assert_sent("\"second \\\\ line\\nthird!\"");
    leave(&s);
    free(path);
    stage_close(&s);
}

static void verbose_says_how_fast(void **state)
{
    static struct stage s;
    (void)state;
    stage_open(&s);
    chat(&s, (const char *const[]){"--verbose", NULL});
    pty_type(&s.pty, "Hello\r");
    pty_expect(&s.pty, "All is well.");
    pty_expect(&s.pty, "[1 tokens of prompt, the first word after ");
    pty_expect(&s.pty, " a second]\r\n");
    pty_expect(&s.pty, "> ");
    leave(&s);
    stage_close(&s);
}

/* ---- pipes ---- */

/* enclume ask with this on its standard input. */
static int ask(const struct stage *s, struct process *p, const char *const *more, const char *input)
{
    const char *argv[PROCESS_ARGS_MAX] = {E2E_ENCLUME,         "ask",         "--connect", s->world.address,
                                          "--trust-simulated", s->world.root, "--policy",  s->world.policy};
    size_t n = 8;
    for (; *more != NULL; more++)
        argv[n++] = *more;
    process_start(p, argv, NULL);
    assert_int_equal(write(p->in, input, strlen(input)), strlen(input));
    return process_finish(p, PTY_WAIT_MS);
}

static void ask_answers_about_a_document_and_prints_nothing_else(void **state)
{
    static struct stage s;
    struct process p;
    (void)state;
    stage_open(&s);
    assert_int_equal(
        ask(&s, &p, (const char *const[]){"What is this?", NULL}, "A document.\nOf two lines.\n"), 0);
    assert_string_equal(p.out.bytes, "All is well.\n");
    assert_non_null(strstr(p.err.bytes, "Verified on a SIMULATED platform"));
    assert_sent("[{\"role\":\"user\",\"content\":\"A document.\\nOf two lines.\\n\\n\\nWhat is this?\"}]");
    process_release(&p);
    assert_int_equal(ask(&s, &p, (const char *const[]){"--system", "Be brief.", "Alone?", NULL}, ""), 0);
    assert_string_equal(p.out.bytes, "All is well.\n");
    assert_sent(
        "[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Alone?\"}]");
    process_release(&p);
    assert_int_equal(ask(&s, &p, (const char *const[]){"--json", "Alone?", NULL}, ""), 0);
    assert_memory_equal(p.out.bytes, "{\"answer\":{", 11);
    process_release(&p);
    stage_close(&s);
}

static void ask_says_by_its_exit_code_what_went_wrong(void **state)
{
    static struct stage s;
    struct process p;
    (void)state;
    stage_open(&s);
    assert_int_equal(ask(&s, &p, none, ""), 2);
    process_release(&p);
    assert_int_equal(ask(&s, &p, (const char *const[]){"two", "questions", NULL}, ""), 2);
    process_release(&p);
    assert_int_equal(ask(&s, &p, (const char *const[]){"What?", NULL}, "\xff\xfe"), 2);
    assert_non_null(strstr(p.err.bytes, "UTF-8"));
    process_release(&p);
    responder_serve(s.responder, RESPONDER_OTHER_KEY, 0);
    assert_int_equal(ask(&s, &p, (const char *const[]){"What?", NULL}, "secret document"), 1);
    assert_string_equal(p.out.bytes, "");
    assert_non_null(strstr(p.err.bytes, "Nothing was sent."));
    process_release(&p);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_can_be_edited_and_found_again),
        cmocka_unit_test(ctrl_c_twice_leaves_and_the_terminal_is_as_before),
        cmocka_unit_test(waiting_is_shown_and_can_be_ended),
        cmocka_unit_test(commands_do_what_they_say),
        cmocka_unit_test(a_model_cannot_drive_the_terminal),
        cmocka_unit_test(neither_can_what_else_it_says),
        cmocka_unit_test(markdown_is_shown_on_a_terminal_and_not_elsewhere),
        cmocka_unit_test(what_is_forgotten_is_in_memory_no_more),
        cmocka_unit_test(a_history_is_kept_only_where_it_is_asked_for),
        cmocka_unit_test(verbose_says_how_fast),
        cmocka_unit_test(ask_answers_about_a_document_and_prints_nothing_else),
        cmocka_unit_test(ask_says_by_its_exit_code_what_went_wrong),
    };
    if (!pty_available())
        return 77;
    world_require_model(); /* a world is measured with one */
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
