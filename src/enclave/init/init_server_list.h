/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_SERVER_LIST_H
#define ENCLAVE_INIT_SERVER_LIST_H

/*
 * The list /server.list in the initrd of an image with another server, which is measured: what is started, and with what. A pure parser. A line that is not of these
 * forms is an error; "#" begins a line of comment.
 *
 *     program PATH       absolute, within /server, which is its root. Once, required
 *     arg TEXT           one argument, the rest of the line, spaces included; in their order
 *     env NAME=VALUE     one variable; there are no others
 *     scratch MIB        its /tmp, which is memory, 1 to 1048576 MiB. Default 64
 *     gpus               GPUs are made ready before there is a model (init_gpus.h)
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    INIT_SERVER_WORDS_MAX = 64,
    INIT_SERVER_SCRATCH_DEFAULT = 64,
    INIT_SERVER_SCRATCH_MAX = 1 << 20,
    INIT_SERVER_TEXT_MAX = 4096 + 2 * INIT_SERVER_WORDS_MAX /* a list, taken apart */
};

struct init_server_list {
    const char
        *args[INIT_SERVER_WORDS_MAX + 1]; /* the program's path first, NULL last; they point into text */
    const char *env[INIT_SERVER_WORDS_MAX + 1];
    size_t arg_count; /* 1 at least */
    size_t env_count;
    unsigned scratch_mib;
    bool gpus;
    char text[INIT_SERVER_TEXT_MAX];
    size_t text_len;
};

/* *list must stay where it is: its words point into it. ERR_TOO_LARGE, ERR_VALUE, ERR_USAGE (no program); the note says which line. */
ERR_MUST_USE enum err init_server_list_parse(struct bytes text, struct init_server_list *list,
                                             struct err_note *note);

#endif
