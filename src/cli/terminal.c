/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/encoding.h"

enum { C1_LEAD = 0xC2, C1_FIRST = 0x80, C1_LAST = 0x9F, DELETE = 0x7F, SPACE = 0x20 };

/* Marks that change the direction of what follows, first to last. */
static const struct {
    uint8_t size;
    uint8_t first[3];
    uint8_t last; /* of its last byte */
} marks[] = {
    {2, {0xD8, 0x9C, 0}, 0x9C},    /* U+061C */
    {3, {0xE2, 0x80, 0x8E}, 0x8F}, /* U+200E, U+200F */
    {3, {0xE2, 0x80, 0xAA}, 0xAE}, /* U+202A to U+202E */
    {3, {0xE2, 0x81, 0xA6}, 0xA9}, /* U+2066 to U+2069 */
};

size_t terminal_control_size(const uint8_t *p, size_t left)
{
    if ((p[0] < SPACE && p[0] != '\n' && p[0] != '\t') || p[0] == DELETE)
        return 1;
    if (p[0] == C1_LEAD && left > 1 && p[1] >= C1_FIRST && p[1] <= C1_LAST)
        return 2;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t size = marks[i].size;
        if (left >= size && memcmp(p, marks[i].first, size - 1) == 0 &&
            p[size - 1] >= marks[i].first[size - 1] && p[size - 1] <= marks[i].last)
            return size;
    }
    return 0;
}

/* Gives the next run of text that may pass, and moves behind it and what may not: what is no UTF-8 neither, for what
 * is left of it could make a character that may not pass. */
static struct bytes next_clean(struct bytes *text)
{
    size_t end = 0;
    size_t skip = 0;
    while (end < text->len) {
        struct bytes left = bytes_of(text->ptr + end, text->len - end);
        const size_t size = encoding_utf8_size(left);
        skip = size == 0 ? 1 : terminal_control_size(left.ptr, left.len);
        if (skip != 0)
            break;
        end += size < left.len ? size : left.len;
    }
    struct bytes clean = bytes_of(text->ptr, end);
    *text = bytes_of(text->ptr + end + skip, text->len - end - skip);
    return clean;
}

enum err terminal_clean(struct secret_buffer *to, struct bytes text)
{
    enum err e = ERR_OK;
    while (e == ERR_OK && text.len != 0)
        e = secret_buffer_append(to, next_clean(&text), SIZE_MAX / 4);
    return e;
}

void terminal_clean_text(char *text)
{
    struct bytes left = bytes_str(text);
    size_t to = 0;
    while (left.len != 0) {
        struct bytes clean = next_clean(&left);
        memmove(text + to, clean.ptr, clean.len);
        to += clean.len;
    }
    text[to] = '\0';
}

void terminal_write(FILE *to, struct bytes text, bool to_terminal)
{
    while (text.len != 0) {
        struct bytes clean = to_terminal ? next_clean(&text) : text;
        if (clean.len != 0)
            (void)fwrite(clean.ptr, 1, clean.len, to);
        if (!to_terminal)
            break;
    }
    (void)fflush(to);
}

void terminal_know_widths(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        (void)setlocale(LC_CTYPE, "");
}

size_t terminal_columns(FILE *to)
{
    struct winsize size = {0};
    return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int terminal_width(struct bytes text, size_t *size)
{
    uint8_t lead = text.ptr[0];
    *size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (*size > text.len)
        *size = text.len;
    uint32_t c = *size == 1 ? lead : lead & (0x7FU >> *size);
    for (size_t i = 1; i < *size; i++)
        c = c << 6 | (text.ptr[i] & 0x3F);
    if (terminal_control_size(text.ptr, text.len) != 0 || c < SPACE)
        return 0;
    int width = wcwidth((wchar_t)c);
    return width < 0 ? 1 : width;
}
