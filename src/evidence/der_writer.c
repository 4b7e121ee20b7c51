/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/der_writer.h"

#include <stdio.h>

#include "base/utc.h"

enum {
    LENGTH_LONG = 0x80, /* X.690 section 8.1.3.5: the low bits say how many octets of length follow */
    SIGN_BIT = 0x80,
    OCTET_MAX = 0xff,
    CONTENT_MAX = 0xffff,
    YEAR_FIRST = 1950,
    YEAR_GENERALIZED = 2050,
};

size_t der_begin(struct writer *w, uint8_t tag)
{
    writer_u8(w, tag);
    return w->used;
}

/* The content is in place already and moves up by as many octets as its length needs. */
void der_end(struct writer *w, size_t begun)
{
    size_t length = w->used - begun;
    size_t octets = length < LENGTH_LONG ? 1 : length <= OCTET_MAX ? 2 : 3;
    if (length > CONTENT_MAX)
        w->failed = true;
    if (writer_reserve(w, octets) == NULL)
        return;
    uint8_t *content = w->start + begun;
    memmove(content + octets, content, length);
    struct writer head = writer_into(content, octets);
    if (octets > 1)
        writer_u8(&head, (uint8_t)(LENGTH_LONG + octets - 1));
    if (octets == 3)
        writer_u16be(&head, (uint16_t)length);
    else
        writer_u8(&head, (uint8_t)length);
}

void der_put(struct writer *w, uint8_t tag, struct bytes content)
{
    size_t begun = der_begin(w, tag);
    writer_bytes(w, content);
    der_end(w, begun);
}

void der_put_big_uint(struct writer *w, struct bytes octets)
{
    while (octets.len > 1 && octets.ptr[0] == 0)
        octets = bytes_of(octets.ptr + 1, octets.len - 1);
    size_t begun = der_begin(w, DER_INTEGER);
    if (octets.len == 0 || (octets.ptr[0] & SIGN_BIT) != 0)
        writer_u8(w, 0);
    writer_bytes(w, octets);
    der_end(w, begun);
}

void der_put_uint(struct writer *w, uint64_t value)
{
    uint8_t octets[sizeof value];
    struct writer number = writer_into(octets, sizeof octets);
    writer_u64be(&number, value);
    der_put_big_uint(w, bytes_of(octets, sizeof octets));
}

void der_put_bits(struct writer *w, struct bytes octets)
{
    size_t begun = der_begin(w, DER_BIT_STRING);
    writer_u8(w, 0);
    writer_bytes(w, octets);
    der_end(w, begun);
}

/* X.690 section 11.2.2: no zero bits at the end. Flag 0 is the highest bit of the first octet. */
void der_put_flags(struct writer *w, uint16_t flags)
{
    size_t last = 15;
    while (last > 0 && (flags >> last & 1) == 0)
        last--;
    size_t begun = der_begin(w, DER_BIT_STRING);
    writer_u8(w, (uint8_t)(7 - last % 8));
    for (size_t octet = 0; octet <= last / 8; octet++) {
        unsigned bits = 0;
        for (size_t i = 0; i < 8; i++)
            bits = bits << 1 | (flags >> (octet * 8 + i) & 1U);
        writer_u8(w, (uint8_t)bits);
    }
    der_end(w, begun);
}

static void time_put(struct writer *w, int64_t seconds, bool always_generalized)
{
    char text[32];
    struct utc t;
    bool there_is = utc_of(seconds, &t) && t.year >= YEAR_FIRST;
    bool generalized = always_generalized || t.year >= YEAR_GENERALIZED;
    int len = snprintf(text, sizeof text, "%0*d%02d%02d%02d%02d%02dZ", generalized ? 4 : 2,
                       generalized ? t.year : t.year % 100, t.month, t.day, t.hour, t.minute, t.second);
    if (!there_is || len < 0 || (size_t)len >= sizeof text)
        w->failed = true;
    else
        der_put(w, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME, bytes_of(text, (size_t)len));
}

void der_put_time(struct writer *w, int64_t seconds)
{
    time_put(w, seconds, false);
}

void der_put_generalized_time(struct writer *w, int64_t seconds)
{
    time_put(w, seconds, true);
}
