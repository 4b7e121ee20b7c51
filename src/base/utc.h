/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include <stdbool.h>
#include <stdint.h>

enum { UTC_TEXT_SIZE = 24 };

/* Seconds since 1970 in the form of RFC 3339, "2026-11-26T03:05:00Z", by counting alone: libc's functions look for the system's time zone. False, and an empty text: not between 1970 and 9999. */
bool utc_text(int64_t seconds, char text[static UTC_TEXT_SIZE]);

#endif
