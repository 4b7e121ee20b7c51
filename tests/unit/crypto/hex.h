/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CRYPTO_HEX_H
#define TESTS_UNIT_CRYPTO_HEX_H

/* Constants of standards are printed in hexadecimal; blanks between their groups are allowed here. */

#include <string.h>

#include "base/encoding.h"
#include "unit/test.h"

struct hex {
    uint8_t at[512];
    size_t len;
};

static inline struct hex hex(const char *text)
{
    char digits[1024];
    size_t used = 0;
    struct hex out = {{0}, 0};
    for (; *text != '\0'; text++)
        if (*text != ' ' && used < sizeof digits)
            digits[used++] = *text;
    out.len = used / 2;
    assert_true(out.len <= sizeof out.at);
    assert_ok(encoding_unhex(bytes_of(digits, used), out.at, out.len));
    return out;
}

#define hex_bytes(h) bytes_of((h).at, (h).len)

#endif
