/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CHAT_H
#define CLI_CHAT_H

/* A conversation on a terminal: chat.c reads and asks, chat_commands.c does what begins with a slash. */

#include "cli/asking.h"
#include "cli/history.h"
#include "cli/prompt.h"

enum { CHAT_FILES_MAX = CHAT_REQUEST_MAX / 2 };

struct chat {
    const struct asking_options *options;
    struct asking *asking;
    struct prompt prompt;
    struct history history;
    bool keeps_history;         /* in a file, because the user wants it */
    struct secret_buffer files; /* for the next question */
    bool interrupted;           /* Ctrl-C came last: once more leaves */
    bool leaving;
};

/* Does what the line says if it begins with a slash; false when it does not. */
bool chat_command(struct chat *c, struct bytes line);

#endif
