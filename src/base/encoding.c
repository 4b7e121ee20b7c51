/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"

/* ---- arithmetic on characters without branches or tables ---- */

/* All ones when low <= c <= high, else zero. */
static uint32_t mask_within(int32_t c, int32_t low, int32_t high)
{
    return 0U - ((uint32_t)((low - 1 - c) & (c - high - 1)) >> 31);
}

/* ---- hexadecimal (RFC 4648 section 8) ---- */

static char hex_digit(uint32_t v)
{
    return (char)('0' + v + (mask_within((int32_t)v, 10, 15) & ('a' - '0' - 10)));
}

/* 0 to 15; bit 8 and up set when c is not a digit. */
static uint32_t hex_value(uint8_t c)
{
    uint32_t digit = mask_within(c, '0', '9');
    uint32_t lower = mask_within(c, 'a', 'f');
    uint32_t upper = mask_within(c, 'A', 'F');
    uint32_t value = (digit & (c - (uint32_t)'0')) | (lower & (c - (uint32_t)'a' + 10)) |
                     (upper & (c - (uint32_t)'A' + 10));
    return value | (~(digit | lower | upper) & 0x100);
}

void encoding_hex(struct bytes in, char *out)
{
    for (size_t i = 0; i < in.len; i++) {
        out[2 * i] = hex_digit(in.ptr[i] >> 4);
        out[2 * i + 1] = hex_digit(in.ptr[i] & 15);
    }
    out[2 * in.len] = '\0';
}

enum err encoding_unhex(struct bytes text, uint8_t *out, size_t size)
{
    uint32_t wrong = 0;
    if (text.len % 2 != 0 || text.len / 2 != size)
        return ERR_ENCODING;
    for (size_t i = 0; i < size; i++) {
        uint32_t high = hex_value(text.ptr[2 * i]);
        uint32_t low = hex_value(text.ptr[2 * i + 1]);
        wrong |= high | low;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return wrong >> 8 == 0 ? ERR_OK : ERR_ENCODING;
}

/* ---- base64 and base64url (RFC 4648 sections 4 and 5) ---- */

struct alphabet {
    char digit62;
    char digit63;
    bool padded;
};
static const struct alphabet base64 = {'+', '/', true};
static const struct alphabet base64url = {'-', '_', false};

static char base64_digit(const struct alphabet *a, uint32_t v)
{
    int32_t n = (int32_t)v;
    uint32_t c = (mask_within(n, 0, 25) & (v + 'A')) | (mask_within(n, 26, 51) & (v - 26 + 'a')) |
                 (mask_within(n, 52, 61) & (v - 52 + '0')) | (mask_within(n, 62, 62) & (uint32_t)a->digit62) |
                 (mask_within(n, 63, 63) & (uint32_t)a->digit63);
    return (char)c;
}

/* 0 to 63; bit 8 and up set when c is not in the alphabet. */
static uint32_t base64_value(const struct alphabet *a, uint8_t c)
{
    uint32_t upper = mask_within(c, 'A', 'Z');
    uint32_t lower = mask_within(c, 'a', 'z');
    uint32_t digit = mask_within(c, '0', '9');
    uint32_t is62 = mask_within(c, a->digit62, a->digit62);
    uint32_t is63 = mask_within(c, a->digit63, a->digit63);
    uint32_t value = (upper & (c - (uint32_t)'A')) | (lower & (c - (uint32_t)'a' + 26)) |
                     (digit & (c - (uint32_t)'0' + 52)) | (is62 & 62) | (is63 & 63);
    return value | (~(upper | lower | digit | is62 | is63) & 0x100);
}

static void base64_encode(const struct alphabet *a, struct bytes in, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t have = in.len - i < 3 ? in.len - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < have ? in.ptr[i + k] : 0U);
        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                out[used++] = base64_digit(a, group >> (18 - 6 * k) & 63);
            else if (a->padded)
                out[used++] = '=';
        }
    }
    out[used] = '\0';
}

static enum err base64_decode(const struct alphabet *a, struct bytes text, uint8_t *out, size_t size,
                              size_t *len)
{
    size_t digits = text.len;
    uint32_t wrong = 0;
    *len = 0;
    if (a->padded) {
        if (text.len % 4 != 0)
            return ERR_ENCODING;
        /* At most two; a third "=" is then an invalid digit. */
        for (int i = 0; i < 2 && digits > 0 && text.ptr[digits - 1] == '='; i++)
            digits--;
    }
    size_t bytes = digits / 4 * 3 + (digits % 4 != 0 ? digits % 4 - 1 : 0);
    if (digits % 4 == 1)
        return ERR_ENCODING;
    if (bytes > size)
        return ERR_NO_SPACE;
    for (size_t i = 0, used = 0; i < digits; i += 4) {
        size_t have = digits - i < 4 ? digits - i : 4;
        uint32_t group = 0;
        for (size_t k = 0; k < 4; k++) {
            uint32_t value = k < have ? base64_value(a, text.ptr[i + k]) : 0;
            wrong |= value >> 8;
            group = group << 6 | (value & 63);
        }
        for (size_t k = 0; k < 3; k++) {
            uint8_t byte = (uint8_t)(group >> (16 - 8 * k));
            if (k + 1 < have)
                out[used++] = byte;
            else
                wrong |= byte; /* stray bits (RFC 4648 section 3.5) */
        }
    }
    if (wrong != 0)
        return ERR_ENCODING;
    *len = bytes;
    return ERR_OK;
}

void encoding_base64(struct bytes in, char *out)
{
    base64_encode(&base64, in, out);
}

void encoding_base64url(struct bytes in, char *out)
{
    base64_encode(&base64url, in, out);
}

enum err encoding_unbase64(struct bytes text, uint8_t *out, size_t size, size_t *len)
{
    return base64_decode(&base64, text, out, size, len);
}

enum err encoding_unbase64url(struct bytes text, uint8_t *out, size_t size, size_t *len)
{
    return base64_decode(&base64url, text, out, size, len);
}
