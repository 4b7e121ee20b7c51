/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_FILTER_H
#define ENCLAVE_FILTER_H

/*
 * A seccomp filter made of a table of system calls: what is in the table is done, or answered with the error of its row; everything else is what the caller says.
 * Calls of another architecture, and those of x32, end the process. Rows are looked at in their order, and the first that fits decides.
 *
 *     static const struct filter_row rows[] = {
 *         {__NR_read, FILTER_ALWAYS, FILTER_ANY, 0},
 *         {__NR_socket, NEEDS_UNIX, FILTER_BITS(0, FILTER_ALL, AF_UNIX), 0},
 *     };
 *     e = filter_enter(rows, count, needs, FILTER_KILL, &note);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What an argument must be; compared in its lower 32 bits, which is all that the kernel looks at in each of these. */
struct filter_condition {
    bool there;
    unsigned argument;
    uint32_t mask;
    uint32_t value;
};

#define FILTER_ANY                                                                                           \
    {                                                                                                        \
        0                                                                                                    \
    }
#define FILTER_BITS(n, m, v)                                                                                 \
    {                                                                                                        \
        true, (n), (m), (v)                                                                                  \
    }

enum { FILTER_ALWAYS = 0, FILTER_ALL = 0xffffffff };

struct filter_row {
    int number;
    unsigned need; /* bits of the caller's own, of which the filter must be told one; or FILTER_ALWAYS */
    struct filter_condition condition;
    int error; /* 0: it is done; else the caller is told this instead */
};

enum { FILTER_ROWS_MAX = 400 };

/* What becomes of a call that no row fits: it ends the process, fails with EPERM, or is done. */
enum filter_otherwise { FILTER_KILL, FILTER_REFUSE, FILTER_ALLOW };

/* For all threads, for ever; sets "no new privileges". ERR_SYSTEM: this kernel cannot; the note says what. */
ERR_MUST_USE enum err filter_enter(const struct filter_row *rows, size_t count, unsigned needs,
                                   enum filter_otherwise otherwise, struct err_note *note);

#endif
