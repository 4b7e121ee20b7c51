/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "gateway/gateway.h"

/* Said to the operator: names of files and addresses of the command line, never anything of a user. */
static int fail(enum err e, const struct err_note *note)
{
    if (e == ERR_USAGE) { /* nothing has begun: this is for whoever typed it */
        (void)fprintf(stderr, "enclume-gateway: %s\nTry: enclume-gateway --help\n", note->text);
        return (int)err_class(e);
    }
    log_event(LOG_FAILED, LOG_ERR(e));
    (void)fprintf(stderr, "enclume-gateway: %s: %s\n", err_text(e), note->text);
    return (int)err_class(e);
}

int main(int argc, char **argv)
{
    static struct gateway gateway;
    struct err_note note = {0};

    enum err e = gateway_options_parse(argc, argv, &gateway.options, &note);
    if (e != ERR_OK)
        return fail(e, &note);
    if (gateway.options.help) {
        gateway_options_help();
        return 0;
    }
    if (gateway.options.version) {
        (void)puts("enclume-gateway " ENCLUME_VERSION);
        return 0;
    }
    /* Tokens and the key of the certificate pass through here: no core dump, and no looking in. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    e = gateway_run(&gateway, &note);
    return e == ERR_OK ? 0 : fail(e, &note);
}
