/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utc.h"

#include <stdio.h>

bool utc_text(int64_t seconds, char text[static UTC_TEXT_SIZE])
{
    enum { DAY = 86400, DAYS_TO_1970 = 719468, ERA = 146097, MARCH = 3 };
    const int64_t last = 253402300799; /* of the year 9999 */
    text[0] = '\0';
    if (seconds < 0 || seconds > last)
        return false;
    /* Days and years of 400-year eras that begin on a first of March. */
    int64_t days = seconds / DAY + DAYS_TO_1970;
    int64_t second = seconds % DAY;
    int64_t era = days / ERA;
    int64_t day_of_era = days % ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (ERA - 1)) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t year = year_of_era + era * 400 + (month >= 10 ? 1 : 0);
    (void)snprintf(text, UTC_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year % 10000,
                   (int)(month < 10 ? month + MARCH : month - 9) % 100, (int)day % 100,
                   (int)(second / 3600) % 100, (int)(second / 60 % 60), (int)(second % 60));
    return true;
}
