/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_RUN_H
#define SIMULATOR_RUN_H

/*
 * One run of a simulator: make the chain, measure, launch, serve. The honest program (main.c) passes no hooks' work of its own; the hostile one of the
 * tests lies through them.
 */

#include "simulator/gpus.h"
#include "simulator/options.h"
#include "simulator/platform.h"

struct run_hooks {
    /* When the platform is made and the program measured, before anything is said or started; NULL: nothing to do. root is what goes to --root-out. */
    ERR_MUST_USE enum err (*prepare)(void *self, struct platform *p, struct simulated_der *root);
    /* The answer to each question for a report. An error becomes an answer with a status. frame->len may be made smaller. */
    ERR_MUST_USE enum err (*answer)(void *self, const struct platform *p,
                                    const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                    struct platform_frame *frame);
    /* The same for each question about the GPUs. */
    ERR_MUST_USE enum err (*answer_gpus)(void *self, const struct gpus *gpus, const struct platform *p,
                                         const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                                         struct platform_frame *frame);
    void *self;
};

/* The exit code. */
int run_simulator(const struct options *o, const struct run_hooks *hooks);

#endif
