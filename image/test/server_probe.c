/* SPDX-License-Identifier: Apache-2.0 */

/*
 * server-probe PROGRAM [ARGUMENT]...: started in the test image where another server would be, tries what that should not be able to do, and becomes PROGRAM with these arguments
 * and two more: --alias, and what came of it, "probe:refused=N" or "probe:DONE=NAME". It can tell nobody else: so the model's name, which a verified client sees, says it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attempts.h"

enum { ARGUMENTS_MAX = 60, TEXT_SIZE = 64 };

int main(int argc, char **argv)
{
    static char option[] = "--alias";
    static char text[TEXT_SIZE];
    char *arguments[ARGUMENTS_MAX + 3] = {NULL};
    char *const none[] = {NULL};
    unsigned refused = 0;
    if (argc < 2 || argc > ARGUMENTS_MAX)
        return 2;
    for (size_t i = 0; i < attempt_count && text[0] == '\0'; i++) {
        bool wanted = strcmp(attempts[i].name, "control") == 0;
        if ((attempts[i].who & BY_SERVER) == 0)
            continue;
        errno = 0;
        if (attempts[i].run() != wanted)
            (void)snprintf(text, sizeof text, "probe:%s=%.40s", wanted ? "UNDONE" : "DONE", attempts[i].name);
        refused += !wanted;
    }
    if (text[0] == '\0')
        (void)snprintf(text, sizeof text, "probe:refused=%u", refused);
    for (int i = 1; i < argc; i++)
        arguments[i - 1] = argv[i];
    arguments[argc - 1] = option;
    arguments[argc] = text;
    (void)execve(argv[1], arguments, none);
    return 1;
}
