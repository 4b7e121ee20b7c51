/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/conversation.h"
#include "cli/policy_options.h"
#include "cli/terminal.h"
#include "cli/words.h"
#include "client/client.h"

struct chat_options {
    struct policy_options policy;
    const char *connect;
    const char *remember;
    const char *save_evidence;
    const char *system;
    uint32_t max_age;
    uint32_t max_tokens;
    uint32_t seed;
    float temperature;
    float top_p;
    struct option_list stops;
    bool quiet;
    bool json;
    bool help;
};

enum { NO_SEED = UINT32_MAX };

#define AT(field) offsetof(struct chat_options, field)

static const struct option table[] = {
    {"--connect", OPTION_TEXT, AT(connect), 0, 0, "ADDRESS",
     "HOST:PORT, unix:PATH or vsock:CID:PORT. Default 127.0.0.1:7878"},
    POLICY_OPTION_ROWS(struct chat_options, policy),
    {"--max-age", OPTION_NUMBER, AT(max_age), 1, POLICY_AGE_MAX, "SECONDS",
     "ask for new evidence when the last is older. Default: as in the policy, or 3600"},
    {"--remember", OPTION_TEXT, AT(remember), 0, 0, "FILE",
     "keep the verified evidence here, so that the next call resumes faster"},
    {"--save-evidence", OPTION_TEXT, AT(save_evidence), 0, 0, "FILE",
     "write the evidence here, for enclume verify; also when it is refused"},
    {"--system", OPTION_TEXT, AT(system), 0, 0, "TEXT", "instructions that stand before the conversation"},
    {"--max-tokens", OPTION_NUMBER, AT(max_tokens), 1, CHAT_TOKENS_MAX, "N",
     "longest answer, in tokens. Default: what the context allows"},
    {"--temperature", OPTION_REAL, AT(temperature), 0, 2, "T", "0: always the likeliest word. Default 0.8"},
    {"--top-p", OPTION_REAL, AT(top_p), 0, 1, "P",
     "choose among the likeliest words that make up this share. Default 0.95"},
    {"--seed", OPTION_NUMBER, AT(seed), 0, NO_SEED - 1, "N", "the same seed gives the same answer"},
    {"--stop", OPTION_LIST, AT(stops), 0, 0, "TEXT", "end the answer before this text; may be repeated"},
    {"--quiet", OPTION_SWITCH, AT(quiet), 0, 0, NULL,
     "do not say what was verified (a refusal, and SIMULATED, are always said)"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL,
     "one question: print one JSON object with answer, usage and verdict"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    (void)puts(
        "Usage: enclume chat [OPTION]... [PROMPT]\n"
        "\n"
        "With a PROMPT (\"-\": read it from standard input) asks once and prints the answer; without one "
        "starts a\n"
        "conversation. The enclave is verified first, and what was verified is said; if it is refused, "
        "nothing is sent.\n"
        "A conversation is kept in locked memory while it lasts, and nowhere else. Ctrl-C stops an answer.\n"
        "\n"
        "    enclume chat --connect vm.example:7878 --measurement 3f0c... \"What is an anvil?\"\n");
    options_help(table);
    (void)puts("\nExit codes: 0 answered, 1 refused by verification, 2 wrong use, 3 network, 4 the enclave's "
               "error.");
}

/* ---- Ctrl-C ---- */

/* The client whose answer Ctrl-C stops; NULL while none is awaited. */
static struct client *volatile asking;

static void on_interrupt(int number)
{
    (void)number;
    struct client *c = asking;
    if (c != NULL)
        client_cancel(c);
}

static void catch_interrupt(void)
{
    struct sigaction action = {.sa_handler =
                                   on_interrupt}; /* without SA_RESTART: it also ends the reading of a line */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
}

/* ---- one question ---- */

struct chat {
    const struct chat_options *options;
    struct client *client;
    struct conversation conversation;
    bool to_terminal;
    bool said; /* what was verified has been shown */
    enum err out_of_memory;
};

static void on_text(void *owner, struct bytes text)
{
    struct chat *chat = owner;
    if (!chat->options->json)
        terminal_write(stdout, text, chat->to_terminal);
    enum err e = conversation_answer(&chat->conversation, text);
    if (e != ERR_OK)
        chat->out_of_memory = e;
}

/* Connects and says what was verified; before the first prompt is read from the user, let alone sent. */
static enum err prepare(struct chat *chat, struct err_note *note)
{
    asking = chat->client;
    enum err e = client_connect(chat->client, note);
    asking = NULL;
    struct bytes evidence = client_evidence(chat->client);
    if (chat->options->save_evidence != NULL && evidence.len != 0) {
        struct err_note write_note = {0};
        enum err saved = file_write(chat->options->save_evidence, evidence, &write_note);
        if (saved != ERR_OK && e == ERR_OK)
            e = err_noted(saved, note, "%s", write_note.text);
    }
    if (e == ERR_REFUSED && client_verdict(chat->client) != NULL)
        words_refused(stderr, client_verdict(chat->client), chat->options->connect);
    if (e == ERR_OK && !chat->options->quiet && !chat->said)
        words_verified(stderr, chat->client, chat->options->connect);
    else if (e == ERR_OK && !chat->said && client_verdict(chat->client)->simulated)
        words_simulated(stderr);
    chat->said = true;
    return e;
}

static enum err ask(struct chat *chat, struct client_answer *answer, struct err_note *note)
{
    const struct chat_options *o = chat->options;
    struct chat_request request = {
        .message_count = chat->conversation.count,
        .messages = chat->conversation.messages,
        .sampling = {.temperature = o->temperature,
                     .top_p = o->top_p,
                     .repeat_penalty = 1,
                     .has_seed = o->seed != NO_SEED,
                     .seed = o->seed},
        .max_tokens = o->max_tokens,
        .stop_count = o->stops.count,
    };
    for (size_t i = 0; i < o->stops.count; i++)
        request.stops[i] = bytes_str(o->stops.items[i]);
    asking = chat->client;
    enum err e = client_ask(chat->client, &request, on_text, chat, answer, note);
    asking = NULL;
    return e == ERR_OK ? chat->out_of_memory : e;
}

static int print_json(struct chat *chat, const struct client_answer *answer)
{
    char *verdict = verdict_json(client_verdict(chat->client));
    char *completion =
        chat_answer(secret_buffer_bytes(&chat->conversation.answer), answer->finish, &answer->usage);
    if (verdict == NULL || completion == NULL) {
        secret_free(verdict);
        secret_free(completion);
        return cli_fail(ERR_MEMORY, NULL);
    }
    (void)printf("{\"answer\":%s,\"verdict\":%s}\n", completion, verdict);
    secret_free(verdict);
    secret_free(completion);
    return 0;
}

static int ask_once(struct chat *chat, const char *prompt)
{
    struct err_note note = {0};
    struct client_answer answer = {0};
    struct bytes text = bytes_str(prompt);
    struct bytes input = {0};
    enum err e = ERR_OK;
    if (strcmp(prompt, "-") == 0) {
        e = file_read("-", CHAT_REQUEST_MAX / 2, &input, &note);
        text = input;
    }
    if (e == ERR_OK)
        e = conversation_add(&chat->conversation, CHAT_USER, text);
    secret_free(bytes_owned(input));
    if (e == ERR_OK)
        e = prepare(chat, &note);
    if (e == ERR_OK)
        e = ask(chat, &answer, &note);
    if (e == ERR_OK && chat->options->json)
        return print_json(chat, &answer);
    if (!chat->options->json && chat->conversation.answer.len != 0)
        (void)putchar('\n');
    return e == ERR_OK ? 0 : cli_fail(e, &note);
}

/* ---- a conversation ---- */

static void show_checks(struct chat *chat)
{
    char *text = verdict_text(client_verdict(chat->client), false);
    if (text != NULL)
        (void)fputs(text, stderr);
    secret_free(text);
}

static void show_commands(struct chat *chat)
{
    (void)chat;
    (void)fputs("/verify  every check that was made\n/new     forget this conversation and begin "
                "another\n/quit    leave (or Ctrl-D)\n"
                "Ctrl-C stops an answer.\n",
                stderr);
}

static void start_anew(struct chat *chat)
{
    conversation_restart(&chat->conversation);
    (void)fputs("The conversation is forgotten.\n", stderr);
}

static const struct {
    const char *name;
    void (*run)(struct chat *chat);
} line_commands[] = {
    {"/verify", show_checks},
    {"/new", start_anew},
    {"/help", show_commands},
};

static bool run_line_command(struct chat *chat, const char *line)
{
    for (size_t i = 0; i < sizeof line_commands / sizeof line_commands[0]; i++)
        if (strcmp(line, line_commands[i].name) == 0) {
            line_commands[i].run(chat);
            return true;
        }
    return false;
}

/* A line without its newline; its length, or -1 at the end of input. */
static ssize_t read_line(char **line, size_t *size)
{
    for (;;) {
        (void)fputs("> ", stderr);
        errno = 0;
        ssize_t n = getline(line, size, stdin);
        if (n < 0 && errno == EINTR) { /* Ctrl-C at the prompt: begin the line again */
            clearerr(stdin);
            (void)fputs("\n(Ctrl-D leaves)\n", stderr);
            continue;
        }
        if (n > 0 && (*line)[n - 1] == '\n')
            (*line)[--n] = '\0';
        return n;
    }
}

static enum err say(struct chat *chat, struct bytes text, struct err_note *note)
{
    struct client_answer answer = {0};
    enum err e = conversation_add(&chat->conversation, CHAT_USER, text);
    if (e != ERR_OK)
        return e;
    e = ask(chat, &answer, note);
    (void)fputs(e == ERR_CANCELLED ? " [stopped]\n\n" : "\n\n", stdout);
    (void)fflush(stdout);
    enum err kept = conversation_answer_done(&chat->conversation);
    return e == ERR_OK || e == ERR_CANCELLED ? kept : e;
}

static int converse(struct chat *chat)
{
    struct err_note note = {0};
    char *line = NULL;
    size_t size = 0;
    int code = 0;
    enum err e = prepare(chat, &note);
    if (e != ERR_OK)
        return cli_fail(e, &note);
    (void)fputs("Ask something; /help shows what else there is.\n", stderr);
    for (ssize_t n; code == 0 && (n = read_line(&line, &size)) >= 0 && strcmp(line, "/quit") != 0;) {
        if (n != 0 && !run_line_command(chat, line)) {
            note.text[0] = '\0';
            e = say(chat, bytes_of(line, (size_t)n), &note);
            /* A refusal ends the conversation; anything else may be over by the next question. */
            if (e == ERR_REFUSED && client_verdict(chat->client) != NULL)
                words_refused(stderr, client_verdict(chat->client), chat->options->connect);
            if (e != ERR_OK)
                code = cli_fail(e, &note) == ERR_CLASS_REFUSED ? ERR_CLASS_REFUSED : 0;
        }
        secret_wipe(line, size);
    }
    if (line != NULL)
        secret_wipe(line, size);
    free(line);
    return code;
}

/* ---- */

static int run(struct chat *chat, const struct option_list *operands, const struct policy_holder *holder)
{
    const struct chat_options *o = chat->options;
    struct err_note note = {0};
    const struct client_options client = {
        .address = o->connect,
        .policy = &holder->policy,
        .max_age = o->max_age != 0 ? (int64_t)o->max_age : holder->max_age,
        .remember = o->remember,
    };
    enum err e = client_new(&client, &chat->client, &note);
    if (e == ERR_OK && o->system != NULL)
        e = conversation_add(&chat->conversation, CHAT_SYSTEM, bytes_str(o->system));
    if (e != ERR_OK)
        return cli_fail(e, &note);
    chat->to_terminal = isatty(STDOUT_FILENO) == 1;
    catch_interrupt();
    return operands->count == 1 ? ask_once(chat, operands->items[0]) : converse(chat);
}

int cli_chat(int argc, char **argv)
{
    struct chat_options o = {
        .connect = "127.0.0.1:7878", .seed = NO_SEED, .temperature = 0.8F, .top_p = 0.95F};
    struct option_list operands;
    struct err_note note = {0};
    struct policy_holder holder = {0};

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && operands.count > 1)
        e = err_noted(ERR_USAGE, &note, "wanted one prompt; put it in quotes");
    if (e == ERR_OK && o.json && operands.count == 0)
        e = err_noted(ERR_USAGE, &note, "--json wants a prompt");
    if (e == ERR_OK && o.stops.count > CHAT_STOPS_MAX)
        e = err_noted(ERR_USAGE, &note, "--stop: at most %d", CHAT_STOPS_MAX);
    if (e == ERR_OK)
        e = policy_options_load(&o.policy, &holder, &note);
    if (e != ERR_OK)
        return e == ERR_USAGE ? cli_usage("chat", &note) : cli_fail(e, &note);
    struct chat *chat = secret_alloc(sizeof *chat);
    if (chat == NULL)
        return cli_fail(ERR_MEMORY, NULL);
    chat->options = &o;
    int code = run(chat, &operands, &holder);
    client_free(chat->client);
    conversation_wipe(&chat->conversation);
    secret_free(chat);
    policy_holder_release(&holder);
    return code;
}
