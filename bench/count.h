/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

/*
 * Counts allocations of the whole program: malloc's kind and secret memory, and so libcrypto's and the JSON parser's. For programs that are linked with
 * bench_count in CMakeLists.txt, which has the linker put these counters in between (--wrap).
 */

#include <stddef.h>

struct count {
    size_t allocations;
    size_t bytes; /* asked for */
};

/* What was counted since the last call; from zero again. */
struct count count_take(void);

#endif
