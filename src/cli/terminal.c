/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

enum { C1_LEAD = 0xC2, C1_FIRST = 0x80, C1_LAST = 0x9F, DELETE = 0x7F, SPACE = 0x20 };

/* How many bytes at p make a character that must not reach a terminal; 0: it may pass. */
static size_t control_size(const uint8_t *p, size_t left)
{
    if ((p[0] < SPACE && p[0] != '\n' && p[0] != '\t') || p[0] == DELETE)
        return 1;
    return p[0] == C1_LEAD && left > 1 && p[1] >= C1_FIRST && p[1] <= C1_LAST ? 2 : 0;
}

void terminal_write(FILE *to, struct bytes text, bool to_terminal)
{
    size_t from = 0;
    for (size_t i = 0; to_terminal && i < text.len;) {
        size_t skip = control_size(text.ptr + i, text.len - i);
        if (skip != 0) {
            (void)fwrite(text.ptr + from, 1, i - from, to);
            from = i + skip;
        }
        i += skip != 0 ? skip : 1;
    }
    if (text.len != from)
        (void)fwrite(text.ptr + from, 1, text.len - from, to);
    (void)fflush(to);
}
