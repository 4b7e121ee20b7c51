/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fold.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USAGE_INDENT = 11 }; /* "Usage: " and four more */

size_t fold_width(FILE *to, size_t otherwise)
{
    struct winsize size = {0};
    if (isatty(fileno(to)) != 1)
        return otherwise;
    if (ioctl(fileno(to), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return FOLD_WIDTH;
    return size.ws_col < FOLD_WIDTH_MIN   ? FOLD_WIDTH_MIN
           : size.ws_col > FOLD_WIDTH_MAX ? FOLD_WIDTH_MAX
                                          : size.ws_col;
}

/* In UTF-8 every byte but those that go on with a character begins one. */
static size_t columns(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

static void fold(FILE *to, const char *text, size_t len, size_t at, size_t indent, size_t width)
{
    bool first = true; /* on its line */
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && text[i + n] != ' ' && text[i + n] != '\n')
            n++;
        size_t wide = columns(text + i, n);
        if (n != 0) {
            if (!first && at + 1 + wide > width) {
                (void)fprintf(to, "\n%*s", (int)indent, "");
                at = indent;
            } else if (!first) {
                (void)fputc(' ', to);
                at++;
            }
            (void)fwrite(text + i, 1, n, to);
            at += wide;
            first = false;
        }
        i += n == 0 ? 1 : n;
    }
    (void)fputc('\n', to);
}

void fold_text(FILE *to, const char *text, size_t at, size_t indent, size_t width)
{
    if (width >= FOLD_NEVER)
        (void)fprintf(to, "%s\n", text);
    else
        fold(to, text, strlen(text), at, indent, width);
}

/* The length of the paragraph or of the line that begins here. */
static size_t next_part(const char *text, bool paragraphs)
{
    size_t len = strcspn(text, "\n");
    if (!paragraphs || text[0] == ' ' || text[0] == '\n')
        return len;
    while (text[len] == '\n' && text[len + 1] != '\0' && text[len + 1] != '\n' && text[len + 1] != ' ')
        len += 1 + strcspn(text + len + 1, "\n");
    return len;
}

void fold_help(FILE *to, const char *text)
{
    const size_t width = fold_width(to, FOLD_WIDTH);
    bool usage = strncmp(text, "Usage:", strlen("Usage:")) == 0;
    while (*text != '\0') {
        size_t len = next_part(text, !usage);
        size_t blanks = strspn(text, " ");
        usage = usage && len != 0;
        if (usage) {
            (void)fprintf(to, "%*s", (int)blanks, "");
            fold(to, text + blanks, len - blanks, blanks, USAGE_INDENT, width);
        } else if (blanks != 0) {
            (void)fprintf(to, "%.*s\n", (int)len, text);
        } else {
            fold(to, text, len, 0, 0, width);
        }
        text += len + (text[len] == '\n');
    }
}
