/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_TEST_ATTEMPTS_H
#define IMAGE_TEST_ATTEMPTS_H

/* What a program in the guest image should not be able to do, tried: in enclumed's place (probe.c), in another server's (server_probe.c), or in both. */

#include <stdbool.h>
#include <stddef.h>

enum { BY_ENCLUMED = 1, BY_SERVER = 2, BY_BOTH = BY_ENCLUMED | BY_SERVER };

struct attempt {
    unsigned who;
    const char *name;
    bool (*run)(void); /* true: it is done; else errno says why not */
};
extern const struct attempt attempts[];
extern const size_t attempt_count;

#endif
