/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 by the table of well-formed byte sequences (RFC 3629 section 4). */
#include "base/encoding.h"

/* By first byte: how long the character is, and what its second byte may be; any further byte is 80..BF. */
static const struct utf8_row {
    uint8_t first_low, first_high;
    uint8_t second_low, second_high;
    uint8_t size;
} utf8_rows[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};
enum { UTF8_ROWS = sizeof utf8_rows / sizeof utf8_rows[0] };

/* Size of the character that begins at `at`, or 0 when it is ill-formed. When the text ends too early but is
 * well-formed as far as it goes, the size is larger than what is left. */
static size_t utf8_size(struct bytes text, size_t at)
{
    uint8_t first = text.ptr[at];
    const struct utf8_row *row = utf8_rows;
    while (row < utf8_rows + UTF8_ROWS && (first < row->first_low || first > row->first_high))
        row++;
    if (row == utf8_rows + UTF8_ROWS)
        return 0;
    for (size_t k = 1; k < row->size && at + k < text.len; k++) {
        uint8_t low = k == 1 ? row->second_low : 0x80;
        uint8_t high = k == 1 ? row->second_high : 0xbf;
        if (text.ptr[at + k] < low || text.ptr[at + k] > high)
            return 0;
    }
    return row->size;
}

/* ASCII, which nearly all of a text is, by the word: none of its octets has the highest bit. */
static bool is_ascii_word(struct bytes text, size_t at)
{
    uint64_t word;
    if (text.len - at < sizeof word)
        return false;
    memcpy(&word, text.ptr + at, sizeof word);
    return (word & 0x8080808080808080) == 0;
}

bool encoding_is_utf8(struct bytes text)
{
    size_t at = 0;
    while (at < text.len) {
        if (is_ascii_word(text, at)) {
            at += sizeof(uint64_t);
            continue;
        }
        size_t size = utf8_size(text, at);
        if (size == 0 || size > text.len - at)
            return false;
        at += size;
    }
    return true;
}

size_t encoding_utf8_size(struct bytes text)
{
    return text.len == 0 ? 0 : utf8_size(text, 0);
}

size_t encoding_utf8_incomplete(struct bytes text)
{
    for (size_t tail = 1; tail <= 3 && tail <= text.len; tail++)
        if (utf8_size(text, text.len - tail) > tail)
            return tail;
    return 0;
}
