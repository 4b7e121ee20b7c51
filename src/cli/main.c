/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/strict_json.h"
#include "channel/channel.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "crypto/crypto.h"

static const struct cli_command commands[] = {
    {"chat", "ask a verified enclave, once or in a conversation", cli_chat},
    {"ask", "ask one question, about the document on standard input", cli_ask},
    {"proxy", "the OpenAI API on this machine, answered by a verified enclave", cli_proxy},
    {"verify", "check evidence, offline", cli_verify},
    {"inspect", "show what is in a file of evidence, field by field", cli_inspect},
    {"collateral", "get what chip makers say of a platform, and show what is there", cli_collateral},
    {"measure", "compute what a launch measurement must be", cli_measure},
    {"policy", "show what is acceptable, or check a policy file", cli_policy},
    {"model", "get a model, or the digest of one", cli_model},
    {"launch", "start the image as a confidential virtual machine", cli_launch},
    {"doctor", "what is missing on this machine to start one, or to be one", cli_doctor},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void help(FILE *to)
{
    fold_help(to, "Usage: enclume COMMAND [OPTION]... (enclume COMMAND --help says more)\n"
                  "\n"
                  "Private inference that you can verify: your prompt is encrypted on this machine, straight "
                  "into an enclave whose code was checked against the chip maker's key before anything is "
                  "sent.\n"
                  "\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fold_help(to, "\nExit codes: 0 done, 1 refused by verification, 2 wrong use, 3 network, 4 the enclave's "
                  "error.");
}

static const struct cli_command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    strict_json_init();
    enum err e = crypto_init();
    return e == ERR_OK ? command->run(argc, argv) : cli_fail(e, NULL);
}

/* enclume help COMMAND is enclume COMMAND --help. */
static int run_help(const struct cli_command *command)
{
    char name[16];
    char option[] = "--help";
    char *argv[] = {name, option, NULL};
    if (command == NULL) {
        help(stdout);
        return 0;
    }
    (void)snprintf(name, sizeof name, "%s", command->name);
    return run(command, 2, argv);
}

/* A note can hold what an enclave, or a server behind it, said: foreign text, as its answers are. */
static void say(char *text)
{
    if (isatty(STDERR_FILENO) == 1)
        terminal_clean_text(text);
    fold_text(stderr, text, 0, 0, fold_width(stderr, FOLD_NEVER));
}

int cli_fail(enum err e, const struct err_note *note)
{
    bool has_note = note != NULL && note->text[0] != '\0' && strcmp(note->text, err_text(e)) != 0;
    char text[sizeof note->text + 256];
    (void)snprintf(text, sizeof text, "enclume: %s%s%s", err_text(e), has_note ? ": " : "",
                   has_note ? note->text : "");
    say(text);
    return (int)err_class(e);
}

int cli_usage(const char *command, const struct err_note *note)
{
    char text[sizeof note->text + 64];
    (void)snprintf(text, sizeof text, "enclume %s: %s", command, note->text);
    say(text);
    (void)fprintf(stderr, "Try: enclume %s --help\n", command);
    return ERR_CLASS_USAGE;
}

int cli_end(const char *command, enum err e, const struct err_note *note)
{
    if (e == ERR_OK)
        return 0;
    return e == ERR_USAGE ? cli_usage(command, note) : cli_fail(e, note);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return ERR_CLASS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return run_help(argc == 3 ? command_find(argv[2]) : NULL);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        (void)printf("enclume " ENCLUME_VERSION "\nprotocol " CHANNEL_PROLOGUE ", OpenSSL %s\n",
                     crypto_library_version());
        return 0;
    }
    const struct cli_command *command = command_find(argv[1]);
    if (command != NULL)
        return run(command, argc - 1, argv + 1);
    (void)fprintf(stderr, "enclume: there is no command %s\nTry: enclume --help\n", argv[1]);
    return ERR_CLASS_USAGE;
}
