/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/dialer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enclave/hardening.h"
#include "engine/upstream_dial.h"

/* It ends with the enclave, which may still be at work when a terminal or a service manager signals all of them. */
static void ignore_signals(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)signal(signals[i], SIG_IGN);
}

/* All that is open but the one: the way to the chip among it. */
static bool close_others(int keep)
{
    return (keep == 0 || close_range(0, (unsigned)keep - 1, 0) == 0) &&
           close_range((unsigned)keep + 1, UINT_MAX, 0) == 0;
}

_Noreturn static void run(const struct enclave_options *options, int pair,
                          const struct upstream_address *address)
{
    ignore_signals();
    (void)prctl(PR_SET_NAME, "enclumed-dialer", 0, 0, 0);
    if (close_others(pair) && hardening_of_dialer(options, address->to.any.sa_family, NULL) == ERR_OK)
        upstream_dial_serve(pair, address);
    _exit(0);
}

enum err dialer_start(const struct enclave_options *options, int *dialer, struct err_note *note)
{
    struct upstream_address address;
    int pair[2];
    const char *upstream = enclave_options_upstream(options);
    *dialer = -1;
    if (upstream == NULL)
        return ERR_OK;
    enum err e = upstream_address_parse(upstream, &address, note);
    if (e != ERR_OK)
        return e;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return err_noted(ERR_SYSTEM, note, "the dialer: %s", strerror(errno));
    (void)signal(SIGCHLD, SIG_IGN); /* nobody waits for it */
    pid_t child = fork();
    if (child == 0)
        run(options, pair[1], &address);
    (void)close(pair[1]);
    if (child < 0) {
        e = err_noted(ERR_SYSTEM, note, "the dialer: %s", strerror(errno));
        (void)close(pair[0]);
        return e;
    }
    *dialer = pair[0];
    return ERR_OK;
}
