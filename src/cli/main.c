/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/strict_json.h"
#include "cli/cli.h"
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
    (void)fputs(
        "Usage: enclume COMMAND [OPTION]... (enclume COMMAND --help says more)\n"
        "\n"
        "Private inference that you can verify: your prompt is encrypted on this machine, straight\n"
        "into an enclave whose code was checked against the chip maker's key before anything is sent.\n"
        "\n",
        to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    (void)fputs(
        "\n"
        "Exit codes: 0 done, 1 refused by verification, 2 wrong use, 3 network, 4 the enclave's error.\n",
        to);
}

int cli_fail(enum err e, const struct err_note *note)
{
    if (note != NULL && note->text[0] != '\0' && strcmp(note->text, err_text(e)) != 0)
        (void)fprintf(stderr, "enclume: %s: %s\n", err_text(e), note->text);
    else
        (void)fprintf(stderr, "enclume: %s\n", err_text(e));
    return (int)err_class(e);
}

int cli_usage(const char *command, const struct err_note *note)
{
    (void)fprintf(stderr, "enclume %s: %s\nTry: enclume %s --help\n", command, note->text, command);
    return ERR_CLASS_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return ERR_CLASS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        (void)puts("enclume " ENCLUME_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            strict_json_init();
            enum err e = crypto_init();
            return e == ERR_OK ? commands[i].run(argc - 1, argv + 1) : cli_fail(e, NULL);
        }
    (void)fprintf(stderr, "enclume: there is no command %s\n\n", argv[1]);
    help(stderr);
    return ERR_CLASS_USAGE;
}
