/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_HARDENING_H
#define ENCLAVE_HARDENING_H

/*
 * What enclumed gives up: first thing in main, core dumps, being traced by others, new privileges, and memory for secrets that can be swapped; before it asks a real
 * chip, which is done by files, all other files but the model; when it has started, its user and all system calls but those that it serves with (sandbox.h). A step that fails stops the program.
 */

#include "enclave/options.h"

ERR_MUST_USE enum err hardening_at_start(struct err_note *note);
/* Lowers options->connections to what the files that may be open leave room for, and says so. */
void hardening_fit_files(struct enclave_options *options);
/* What a dialer keeps (dialer.h): its user as the enclave's will be, and the calls that it serves with. Ends nothing that was open. */
ERR_MUST_USE enum err hardening_of_dialer(const struct enclave_options *options, int family,
                                          struct err_note *note);
/* started: are the GPUs that the engine uses open? To be called once before and once after that; the driver's own threads keep what they had at first. */
ERR_MUST_USE enum err hardening_before_chip(const struct enclave_options *options, bool started,
                                            struct err_note *note);
/* gpu: does this process compute on GPUs? */
ERR_MUST_USE enum err hardening_after_start(const struct enclave_options *options, bool gpu,
                                            struct err_note *note);

#endif
