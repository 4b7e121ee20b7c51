/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* enclume: one file a subcommand, one table of them (main.c). Exit codes are enum err_class: 0 answered, 1 refused by verification, 2 usage, 3 network, 4 the enclave's error. */

#include "base/error.h"
#include "base/options.h"

struct cli_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};

int cli_chat(int argc, char **argv);
int cli_ask(int argc, char **argv);
int cli_proxy(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_collateral(int argc, char **argv);
int cli_measure(int argc, char **argv);
int cli_policy(int argc, char **argv);
int cli_model(int argc, char **argv);
int cli_launch(int argc, char **argv);
int cli_doctor(int argc, char **argv);

/* Says what went wrong, on standard error, and gives the exit code. */
int cli_fail(enum err e, const struct err_note *note);

/* Says how to call the subcommand right, after cli_fail-like message; gives exit code 2. */
int cli_usage(const char *command, const struct err_note *note);

/* The end of a subcommand: the one or the other, or nothing and 0. */
int cli_end(const char *command, enum err e, const struct err_note *note);

#endif
