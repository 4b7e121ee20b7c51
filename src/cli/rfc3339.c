/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rfc3339.h"

#include <stdio.h>
#include <time.h>

#include "base/reader.h"

enum { YEAR_MIN = 1970, YEAR_MAX = 9999, MINUTE = 60, HOUR = 60 * MINUTE };

static int digits(struct reader *r, size_t n, int min, int max)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = reader_u8(r);
        if (c < '0' || c > '9')
            reader_fail(r, ERR_VALUE);
        value = value * 10 + (c - '0');
    }
    if (value < min || value > max)
        reader_fail(r, ERR_VALUE);
    return value;
}

static void expect(struct reader *r, char one, char other)
{
    uint8_t c = reader_u8(r);
    if (c != (uint8_t)one && c != (uint8_t)other)
        reader_fail(r, ERR_VALUE);
}

/* Seconds east of Greenwich. */
static int offset_read(struct reader *r)
{
    uint8_t sign = reader_u8(r);
    if (sign == 'Z' || sign == 'z')
        return 0;
    if (sign != '+' && sign != '-')
        reader_fail(r, ERR_VALUE);
    int hours = digits(r, 2, 0, 23);
    expect(r, ':', ':');
    int minutes = digits(r, 2, 0, 59);
    return (sign == '-' ? -1 : 1) * (hours * HOUR + minutes * MINUTE);
}

enum err rfc3339_parse(struct bytes text, int64_t *seconds)
{
    struct reader r = reader_over(text);
    struct tm parts = {0};
    parts.tm_year = digits(&r, 4, YEAR_MIN, YEAR_MAX) - 1900;
    expect(&r, '-', '-');
    parts.tm_mon = digits(&r, 2, 1, 12) - 1;
    expect(&r, '-', '-');
    parts.tm_mday = digits(&r, 2, 1, 31);
    expect(&r, 'T', 't');
    parts.tm_hour = digits(&r, 2, 0, 23);
    expect(&r, ':', ':');
    parts.tm_min = digits(&r, 2, 0, 59);
    expect(&r, ':', ':');
    parts.tm_sec = digits(&r, 2, 0, 59);
    int offset = offset_read(&r);
    *seconds = 0;
    if (reader_finish(&r) != ERR_OK)
        return ERR_VALUE;
    struct tm normal = parts;
    int64_t local = (int64_t)timegm(&normal);
    if (normal.tm_mday != parts.tm_mday) /* 31 April would be 1 May */
        return ERR_VALUE;
    *seconds = local - offset;
    return *seconds < 0 ? ERR_VALUE : ERR_OK;
}

const char *rfc3339_write(int64_t seconds, char out[static RFC3339_SIZE])
{
    time_t time = (time_t)seconds;
    struct tm parts;
    if (gmtime_r(&time, &parts) == NULL || parts.tm_year + 1900 > YEAR_MAX || parts.tm_year + 1900 < 0 ||
        strftime(out, RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        (void)snprintf(out, RFC3339_SIZE, "never");
    return out;
}
