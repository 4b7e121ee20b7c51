/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chat.h"

#include <stdio.h>

#include "base/file.h"
#include "base/fold.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/words.h"

struct chat_options {
    struct asking_options asking;
    const char *history;
};

static const struct option table[] = {
    ASKING_OPTION_ROWS(struct chat_options, asking),
    {"--history", OPTION_TEXT, offsetof(struct chat_options, history), 0, 0, "FILE",
     "keep what you typed in this file, in the clear. Default: it is forgotten"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume chat [OPTION]... [PROMPT]\n"
        "\n"
        "With a PROMPT (\"-\": read it from standard input) asks once and prints the answer; without one "
        "starts a conversation. The enclave is verified first, and what was verified is said; if it is "
        "refused, nothing is sent. A conversation is kept in locked memory while it lasts, and nowhere "
        "else. Ctrl-C stops an answer.\n"
        "\n"
        "    enclume chat --connect vm.example:7878 --policy policy.json\n"
        "    enclume chat --policy policy.json \"What is an anvil?\"\n"
        "\n");
    options_help(table);
    fold_help(stdout,
              "\n"
              "Exit codes: 0 answered, 1 refused by verification, 2 wrong use, 3 network, 4 the enclave's "
              "error.");
}

/* ---- one question ---- */

static int ask_once(struct asking *a, const char *prompt)
{
    struct err_note note = {0};
    struct bytes text = bytes_str(prompt);
    struct bytes input = {0};
    enum err e = ERR_OK;
    if (strcmp(prompt, "-") == 0) {
        e = file_read("-", CHAT_REQUEST_MAX / 2, &input, &note);
        text = input;
    }
    if (e == ERR_OK)
        e = conversation_add(asking_conversation(a), CHAT_USER, text);
    secret_free(bytes_owned(input));
    asking_forget(prompt);
    return e == ERR_OK ? asking_once(a) : cli_fail(e, &note);
}

/* ---- a conversation ---- */

/* The question as it is sent: the files that were named before it, and what was typed. */
static enum err add_question(struct chat *c, struct bytes text)
{
    struct conversation *conversation = asking_conversation(c->asking);
    if (c->files.len == 0)
        return conversation_add(conversation, CHAT_USER, text);
    enum err e = secret_buffer_append(&c->files, text, CHAT_REQUEST_MAX);
    if (e == ERR_OK)
        e = conversation_add(conversation, CHAT_USER, secret_buffer_bytes(&c->files));
    secret_buffer_release(&c->files);
    return e;
}

static enum err ask(struct chat *c, struct bytes text, struct err_note *note)
{
    struct client_answer answer = {0};
    enum err e = add_question(c, text);
    if (e != ERR_OK)
        return e;
    e = asking_ask(c->asking, &answer, note);
    bool cut = e == ERR_OK && answer.finish == CHAT_FINISH_LENGTH && !c->options->quiet;
    (void)fputs(e == ERR_CANCELLED ? " [stopped]\n\n" : c->options->verbose || cut ? "\n" : "\n\n", stdout);
    (void)fflush(stdout);
    if (cut) {
        asking_say_cut(c->asking, &answer);
        (void)fputc('\n', stderr);
    }
    enum err kept = conversation_answer_done(asking_conversation(c->asking));
    return e == ERR_OK || e == ERR_CANCELLED ? kept : e;
}

/* The exit code when the conversation is over by this, or 0: a refusal ends it; anything else may be over by the next question. */
static int say(struct chat *c, struct bytes text)
{
    struct err_note note = {0};
    enum err e = ask(c, text, &note);
    if (e == ERR_REFUSED && client_verdict(asking_client(c->asking)) != NULL)
        words_refused(stderr, client_verdict(asking_client(c->asking)), c->options->connect);
    unsigned interrupts = asking_interrupts();
    c->interrupted = interrupts == 1;
    c->leaving = interrupts > 1;
    if (e == ERR_OK)
        return 0;
    return cli_fail(e, &note) == ERR_CLASS_REFUSED ? ERR_CLASS_REFUSED : 0;
}

static int take_line(struct chat *c, struct bytes line)
{
    enum err e = history_add(&c->history, line);
    if (e != ERR_OK)
        (void)cli_fail(e, NULL);
    if (line.len == 0 || chat_command(c, line))
        return 0;
    return say(c, line);
}

static int converse_on(struct chat *c)
{
    struct bytes line = {0};
    enum err failure = ERR_OK;
    int code = 0;
    (void)fputs("Ask something; /help shows what else there is.\n", stderr);
    while (code == 0 && !c->leaving) {
        switch (prompt_read(&c->prompt, "> ", &c->history, &line, &failure)) {
        case PROMPT_LINE:
            c->interrupted = false;
            code = take_line(c, line);
            break;
        case PROMPT_INTERRUPT: /* what was typed is gone; the second time with nothing on the line leaves */
            c->leaving = c->interrupted && line.len == 0;
            c->interrupted = true;
            if (!c->leaving)
                (void)fputs("(Ctrl-C again, or Ctrl-D, leaves)\n", stderr);
            break;
        case PROMPT_INCOMPLETE: /* part of a question could mean something else than the whole */
            (void)fprintf(stderr, "That was not sent: %s. A line has at most %d bytes; /file takes more.\n",
                          err_text(failure), LINE_SIZE_MAX);
            break;
        case PROMPT_END:
            c->leaving = true;
            break;
        case PROMPT_FAILED:
            code = cli_fail(failure != ERR_OK ? failure : ERR_FILE, NULL);
        }
    }
    return code;
}

static int converse(struct asking *a, const struct chat_options *o)
{
    struct err_note note = {0};
    struct chat *c = secret_alloc(sizeof *c);
    if (c == NULL)
        return cli_fail(ERR_MEMORY, NULL);
    c->options = &o->asking;
    c->asking = a;
    c->keeps_history = o->history != NULL;
    int code = 0;
    enum err e = o->history != NULL ? history_load(&c->history, o->history, &note) : ERR_OK;
    if (e == ERR_OK)
        e = asking_connect(a, &note);
    if (e == ERR_OK) {
        prompt_open(&c->prompt);
        code = converse_on(c);
        prompt_close(&c->prompt);
        if (o->history != NULL)
            e = history_save(&c->history, o->history, &note);
    }
    if (e != ERR_OK)
        code = cli_fail(e, &note);
    history_wipe(&c->history);
    secret_buffer_release(&c->files);
    secret_free(c);
    return code;
}

int cli_chat(int argc, char **argv)
{
    struct chat_options o = {.asking = ASKING_OPTIONS_DEFAULT};
    struct option_list operands;
    struct err_note note = {0};
    struct asking *a = NULL;

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.asking.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && operands.count > 1)
        e = err_noted(ERR_USAGE, &note, "wanted one prompt; put it in quotes");
    if (e == ERR_OK && o.asking.json && operands.count == 0)
        e = err_noted(ERR_USAGE, &note, "--json wants a prompt");
    if (e == ERR_OK)
        e = asking_open(&o.asking, &a, &note);
    if (e != ERR_OK)
        return cli_end("chat", e, &note);
    int code = operands.count == 1 ? ask_once(a, operands.items[0]) : converse(a, &o);
    asking_close(a);
    return code;
}
