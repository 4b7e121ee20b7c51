/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "enclave/dialer.h"
#include "enclave/enclave.h"
#include "enclave/hardening.h"

/* What is said here goes to whoever launched us: names of steps and of files on the command line, never content. */
static int fail(enum err e, const struct err_note *note)
{
    if (e == ERR_USAGE) { /* nothing has begun: this is for whoever typed it */
        (void)fprintf(stderr, "enclumed: %s\nTry: enclumed --help\n", note->text);
        return (int)err_class(e);
    }
    log_event(LOG_FAILED, LOG_ERR(e));
    (void)fprintf(stderr, "enclumed: %s: %s\n", err_text(e), note->text);
    return (int)err_class(e);
}

int main(int argc, char **argv)
{
    static struct enclave enclave;
    struct err_note note = {0};

    enum err e = hardening_at_start(&note);
    if (e != ERR_OK)
        return fail(e, &note);
    e = enclave_options_parse(argc, argv, &enclave.options, &note);
    if (e != ERR_OK)
        return fail(e, &note);
    if (enclave.options.help) {
        enclave_options_help();
        return 0;
    }
    if (enclave.options.version) {
        (void)puts("enclumed " ENCLUME_VERSION);
        return 0;
    }
    hardening_fit_files(&enclave.options);
    /* Before there is anything secret, of which it would have a copy. */
    e = dialer_start(&enclave.options, &enclave.dialer, &note);
    if (e != ERR_OK)
        return fail(e, &note);
    strict_json_init();
    e = crypto_init();
    if (e == ERR_OK)
        e = server_run(&enclave, &note);
    return e == ERR_OK ? 0 : fail(e, &note);
}
