/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utc.h"

#include <stdio.h>

/* Days and years are counted in eras of 400 years, which begin on a first of March: so the 29th of February is the last day of its year. */
enum {
    DAY = 86400,
    ERA_DAYS = 146097,
    ERA_YEARS = 400,
    MARCH = 3,
    /* From the first of March of the year -400, where counting begins so that nothing is negative, to 1970. */
    DAYS_TO_1970 = ERA_DAYS + 719468,
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool utc_seconds(const struct utc *m, int64_t *seconds)
{
    *seconds = 0;
    if (m->year < 0 || m->year > UTC_YEAR_MAX || m->month < 1 || m->month > 12 || m->day < 1 ||
        m->day > days_of_month(m->year, m->month) || m->hour < 0 || m->hour > 23 || m->minute < 0 ||
        m->minute > 59 || m->second < 0 || m->second > 59)
        return false;
    int64_t years = m->year + ERA_YEARS - (m->month < MARCH ? 1 : 0);
    int64_t months = (m->month + 12 - MARCH) % 12; /* 0: March */
    int64_t days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + m->day - 1;
    *seconds = (((days - DAYS_TO_1970) * 24 + m->hour) * 60 + m->minute) * 60 + m->second;
    return true;
}

bool utc_of(int64_t seconds, struct utc *moment)
{
    const int64_t first = -62167219200; /* of the year 0 */
    const int64_t last = 253402300799;  /* of the year 9999 */
    *moment = (struct utc){0};
    if (seconds < first || seconds > last)
        return false;
    int64_t since = seconds + (int64_t)DAYS_TO_1970 * DAY;
    int64_t second = since % DAY;
    int64_t days = since / DAY;
    int64_t day_of_era = days % ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (ERA_DAYS - 1)) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    *moment = (struct utc){
        .year = (int)(year_of_era + (days / ERA_DAYS - 1) * ERA_YEARS + (month >= 10 ? 1 : 0)),
        .month = (int)(month < 10 ? month + MARCH : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(second / 3600),
        .minute = (int)(second / 60 % 60),
        .second = (int)(second % 60),
    };
    return true;
}

static bool put(int64_t seconds, char between, const char *behind, char text[static UTC_TEXT_SIZE])
{
    struct utc m;
    text[0] = '\0';
    if (!utc_of(seconds, &m))
        return false;
    /* What it is modulo, it is: but so a compiler sees that there is room. */
    (void)snprintf(text, UTC_TEXT_SIZE, "%04u-%02u-%02u%c%02u:%02u:%02u%s", (unsigned)m.year % 10000,
                   (unsigned)m.month % 100, (unsigned)m.day % 100, between, (unsigned)m.hour % 100,
                   (unsigned)m.minute % 100, (unsigned)m.second % 100, behind);
    return true;
}

bool utc_text(int64_t seconds, char text[static UTC_TEXT_SIZE])
{
    return put(seconds, 'T', "Z", text);
}

bool utc_words(int64_t seconds, char text[static UTC_TEXT_SIZE])
{
    return put(seconds, ' ', " UTC", text);
}
