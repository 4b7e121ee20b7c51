/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTC_H
#define BASE_UTC_H

/* Moments by the calendar of today, carried back to the year 0, and by seconds since 1970 (POSIX: no leap seconds). By counting alone: libc's functions look for the system's time zone. */

#include <stdbool.h>
#include <stdint.h>

enum { UTC_TEXT_SIZE = 24, UTC_YEAR_MAX = 9999 };

struct utc {
    int year, month, day; /* 1 to 12; 1 to 31 */
    int hour, minute, second;
};

/* False, and 0: there is no such moment (the 31st of April, a second 60), or not in the years 0 to 9999. */
bool utc_seconds(const struct utc *moment, int64_t *seconds);
/* False, and all zeros: not in the years 0 to 9999. */
bool utc_of(int64_t seconds, struct utc *moment);

/* In the form of RFC 3339, "2026-11-26T03:05:00Z"; for people, "2026-11-26 03:05:00 UTC". False, and an empty text: not in the years 0 to 9999. */
bool utc_text(int64_t seconds, char text[static UTC_TEXT_SIZE]);
bool utc_words(int64_t seconds, char text[static UTC_TEXT_SIZE]);

#endif
