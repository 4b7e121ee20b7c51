/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_SERVE_H
#define SIMULATOR_SERVE_H

/*
 * The loop of a simulator: answers the program's questions one at a time, a report after the delay that a chip takes, hands on SIGTERM, SIGINT and SIGHUP
 * to it, and ends with it. What is answered is the caller's.
 */

#include "simulator/launch.h"
#include "simulator/platform.h"

struct serve {
    uint32_t delay_ms;
    /* An error here ends the talk. */
    ERR_MUST_USE enum err (*answer)(void *self, const struct simulated_question *question,
                                    struct platform_frame *frame);
    void *self;
};

/* Blocks the signals that serve_run takes; call it before launch_start, so that none is lost. Gives the descriptor to hand to serve_run. */
ERR_MUST_USE enum err serve_signals(int *fd, struct err_note *note);

/* Returns when the program has ended: *exit_code is its own, or 128 + the signal that ended it. */
ERR_MUST_USE enum err serve_run(const struct serve *s, const struct launched *l, int signals, int *exit_code,
                                struct err_note *note);

#endif
