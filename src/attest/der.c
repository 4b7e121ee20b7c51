/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/der.h"

#include "base/utc.h"

enum {
    LENGTH_LONG = 0x80,    /* X.690 section 8.1.3.5: the low bits say how many octets of length follow */
    LENGTH_OCTETS_MAX = 3, /* nothing that is read here reaches 16 MiB */
    TRUE_OCTET = 0xff,     /* section 11.1 */
    SIGN_BIT = 0x80,
    FLAGS_MAX = 16,
    YEAR_FIRST = 1950,
    YEAR_GENERALIZED = 2050, /* RFC 5280 section 4.1.2.5: UTCTime before, GeneralizedTime from then on */
};

static void malformed(struct reader *r)
{
    reader_fail(r, ERR_CERTIFICATE);
}

bool der_peek(const struct reader *r, uint8_t tag)
{
    struct reader ahead = *r;
    return reader_u8(&ahead) == tag && reader_status(&ahead) == ERR_OK;
}

/* X.690 section 10.1: definite, and in the fewest octets. */
static size_t der_length(struct reader *r)
{
    size_t first = reader_u8(r);
    if (first < LENGTH_LONG)
        return first;
    size_t octets = first - LENGTH_LONG;
    if (octets == 0 || octets > LENGTH_OCTETS_MAX) {
        malformed(r);
        return 0;
    }
    size_t length = 0;
    for (size_t i = 0; i < octets; i++) {
        length = length << 8 | reader_u8(r);
        if (i == 0 && length == 0)
            malformed(r);
    }
    if (length < LENGTH_LONG)
        malformed(r);
    return length;
}

struct reader der_open(struct reader *r, uint8_t tag)
{
    if (reader_u8(r) != tag)
        malformed(r);
    size_t length = der_length(r);
    return reader_sub(r, length);
}

void der_close(struct reader *r, const struct reader *inner)
{
    if (reader_finish(inner) != ERR_OK)
        malformed(r);
}

struct bytes der_value(struct reader *r, uint8_t tag)
{
    struct reader inner = der_open(r, tag);
    return reader_rest(&inner);
}

struct bytes der_whole(struct reader *r, uint8_t tag)
{
    struct reader start = *r;
    (void)der_value(r, tag);
    return reader_status(r) == ERR_OK ? reader_bytes(&start, r->offset - start.offset) : (struct bytes){0};
}

/* X.690 section 8.3.2: the first nine bits are not all equal, so no superfluous leading octet. */
struct bytes der_big_uint(struct reader *r)
{
    struct bytes value = der_value(r, DER_INTEGER);
    bool fewest = value.len != 0 && (value.len == 1 || value.ptr[0] != 0 || value.ptr[1] >= SIGN_BIT);
    if (!fewest || value.ptr[0] >= SIGN_BIT) {
        malformed(r);
        return (struct bytes){0};
    }
    return value;
}

uint64_t der_uint(struct reader *r, uint64_t max)
{
    struct bytes octets = der_big_uint(r);
    uint64_t value = 0;
    if (octets.len > sizeof value) {
        malformed(r);
        return 0;
    }
    for (size_t i = 0; i < octets.len; i++)
        value = value << 8 | octets.ptr[i];
    if (value > max) {
        malformed(r);
        return 0;
    }
    return value;
}

bool der_bool(struct reader *r)
{
    struct bytes value = der_value(r, DER_BOOLEAN);
    if (value.len != 1 || (value.ptr[0] != 0 && value.ptr[0] != TRUE_OCTET)) {
        malformed(r);
        return false;
    }
    return value.ptr[0] == TRUE_OCTET;
}

struct der_extension der_extension(struct reader *r)
{
    struct der_extension e = {0};
    struct reader seq = der_open(r, DER_SEQUENCE);
    e.oid = der_value(&seq, DER_OID);
    e.critical = der_peek(&seq, DER_BOOLEAN);
    if (e.critical && !der_bool(&seq)) /* FALSE is the default, and so not written */
        malformed(&seq);
    e.value = der_value(&seq, DER_OCTET_STRING);
    der_close(r, &seq);
    return e;
}

void der_null(struct reader *r)
{
    if (der_value(r, DER_NULL).len != 0)
        malformed(r);
}

struct bytes der_bits(struct reader *r)
{
    struct reader inner = der_open(r, DER_BIT_STRING);
    if (reader_u8(&inner) != 0 || reader_status(&inner) != ERR_OK)
        malformed(r);
    return reader_rest(&inner);
}

uint16_t der_flags(struct reader *r)
{
    struct reader inner = der_open(r, DER_BIT_STRING);
    size_t unused = reader_u8(&inner);
    struct bytes octets = reader_rest(&inner);
    uint16_t flags = 0;
    if (reader_status(&inner) != ERR_OK || octets.len == 0 || octets.len * 8 > FLAGS_MAX || unused > 7) {
        malformed(r);
        return 0;
    }
    size_t count = octets.len * 8 - unused;
    for (size_t i = 0; i < octets.len * 8; i++) {
        bool set = (octets.ptr[i / 8] >> (7 - i % 8) & 1) != 0;
        if (set)
            flags = (uint16_t)(flags | 1U << i);
        if (set && i >= count) /* padding is zero, X.690 section 11.2.1 */
            malformed(r);
    }
    return flags;
}

/* ---- time ---- */

static int digits(struct reader *r, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = reader_u8(r);
        if (c < '0' || c > '9')
            malformed(r);
        value = value * 10 + (c - '0');
    }
    return value;
}

static int64_t time_read(struct reader *r, bool any_year)
{
    bool generalized = der_peek(r, DER_GENERALIZED_TIME);
    struct reader text = der_open(r, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME);
    struct utc moment = {.year = digits(&text, generalized ? 4 : 2)};
    if (!generalized)
        moment.year += moment.year >= 50 ? 1900 : 2000;
    moment.month = digits(&text, 2);
    moment.day = digits(&text, 2);
    moment.hour = digits(&text, 2);
    moment.minute = digits(&text, 2);
    moment.second = digits(&text, 2);
    if (reader_u8(&text) != 'Z')
        malformed(&text);
    der_close(r, &text);
    int64_t seconds = 0;
    bool form = generalized == (moment.year >= YEAR_GENERALIZED) || (generalized && any_year);
    if (reader_status(r) != ERR_OK || !form || moment.year < YEAR_FIRST || !utc_seconds(&moment, &seconds)) {
        malformed(r);
        return 0;
    }
    return seconds;
}

int64_t der_time(struct reader *r)
{
    return time_read(r, false);
}

int64_t der_time_any(struct reader *r)
{
    return time_read(r, true);
}

int64_t der_generalized_time(struct reader *r)
{
    if (!der_peek(r, DER_GENERALIZED_TIME)) {
        malformed(r);
        return 0;
    }
    return time_read(r, true);
}
