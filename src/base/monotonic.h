/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MONOTONIC_H
#define BASE_MONOTONIC_H

#include <stdint.h>

/* Milliseconds by the clock that nobody sets (CLOCK_MONOTONIC). */
int64_t monotonic_ms(void);

#endif
