/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rfc3339.h"

#include <stdio.h>

#include "base/reader.h"

enum { YEAR_MIN = 1970, MINUTE = 60, HOUR = 60 * MINUTE };

static int digits(struct reader *r, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = reader_u8(r);
        if (c < '0' || c > '9')
            reader_fail(r, ERR_VALUE);
        value = value * 10 + (c - '0');
    }
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
    int hours = digits(r, 2);
    expect(r, ':', ':');
    int minutes = digits(r, 2);
    if (hours > 23 || minutes > 59)
        reader_fail(r, ERR_VALUE);
    return (sign == '-' ? -1 : 1) * (hours * HOUR + minutes * MINUTE);
}

enum err rfc3339_parse(struct bytes text, int64_t *seconds)
{
    struct reader r = reader_over(text);
    struct utc moment = {.year = digits(&r, 4)};
    expect(&r, '-', '-');
    moment.month = digits(&r, 2);
    expect(&r, '-', '-');
    moment.day = digits(&r, 2);
    expect(&r, 'T', 't');
    moment.hour = digits(&r, 2);
    expect(&r, ':', ':');
    moment.minute = digits(&r, 2);
    expect(&r, ':', ':');
    moment.second = digits(&r, 2);
    int offset = offset_read(&r);
    int64_t local = 0;
    bool there_is = utc_seconds(&moment, &local) && moment.year >= YEAR_MIN;
    *seconds = 0;
    if (reader_finish(&r) != ERR_OK || !there_is)
        return ERR_VALUE;
    *seconds = local - offset;
    return *seconds < 0 ? ERR_VALUE : ERR_OK;
}

const char *rfc3339_write(int64_t seconds, char out[static RFC3339_SIZE])
{
    if (!utc_text(seconds, out))
        (void)snprintf(out, RFC3339_SIZE, "never");
    return out;
}
