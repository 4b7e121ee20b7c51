/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, as whoever pastes into a terminal may choose them: the line stays UTF-8 without control characters, and the cursor between two characters. */
#include <stdlib.h>

#include "base/encoding.h"
#include "cli/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct line *l)
{
    struct bytes text = secret_buffer_bytes(&l->text);
    if (l->cursor > text.len || !encoding_is_utf8(text))
        abort();
    if (l->cursor < text.len && (text.ptr[l->cursor] & 0xC0) == 0x80)
        abort();
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] < 0x20 && text.ptr[i] != '\n' && text.ptr[i] != '\t') || text.ptr[i] == 0x7F)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct history history;
    static struct line line;
    line_begin(&line, &history);
    for (size_t i = 0; i < size; i++) {
        enum line_event event = line_key(&line, data[i]);
        check(&line);
        if (event == LINE_END && line.text.len != 0)
            abort();
        if (event != LINE_DONE)
            continue;
        if (history_add(&history, secret_buffer_bytes(&line.text)) != ERR_OK)
            abort();
        line_begin(&line, &history);
    }
    line_wipe(&line);
    history_wipe(&history);
    return 0;
}
