/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/guid.h"

#include <stdlib.h>

#include "base/encoding.h"
#include "base/reader.h"

void guid_of(const char *text, uint8_t guid[static GUID_SIZE])
{
    /* From the order of the text to that of memory. */
    static const uint8_t order[GUID_SIZE] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char digits[2 * GUID_SIZE];
    uint8_t plain[GUID_SIZE];
    size_t count = 0;
    for (struct reader r = reader_over(bytes_str(text)); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (c != '-' && count < sizeof digits)
            digits[count++] = (char)c;
    }
    if (encoding_unhex(bytes_of(digits, count), plain, sizeof plain) != ERR_OK)
        abort(); /* a constant of the program's is wrong */
    for (size_t i = 0; i < GUID_SIZE; i++)
        guid[i] = plain[order[i]];
}
