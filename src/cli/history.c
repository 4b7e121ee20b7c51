/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history.h"

#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/secret_buffer.h"

enum err history_add(struct history *h, struct bytes line)
{
    if (line.len == 0 || (h->count != 0 && bytes_equal(h->lines[h->count - 1], line)))
        return ERR_OK;
    uint8_t *copy = secret_alloc(line.len);
    if (copy == NULL)
        return ERR_MEMORY;
    memcpy(copy, line.ptr, line.len);
    if (h->count == HISTORY_MAX) {
        secret_free(bytes_owned(h->lines[0]));
        memmove(h->lines, h->lines + 1, (HISTORY_MAX - 1) * sizeof h->lines[0]);
        h->count--;
    }
    h->lines[h->count++] = bytes_of(copy, line.len);
    return ERR_OK;
}

void history_wipe(struct history *h)
{
    while (h->count != 0)
        secret_free(bytes_owned(h->lines[--h->count]));
}

/* ---- the file ---- */

/* In place, since the text is never longer than what is written. */
static enum err unescape(uint8_t *text, size_t *len)
{
    size_t to = 0;
    for (size_t from = 0; from < *len; from++) {
        uint8_t c = text[from];
        if (c == '\\') {
            if (++from == *len || (text[from] != 'n' && text[from] != '\\'))
                return ERR_ENCODING;
            c = text[from] == 'n' ? '\n' : '\\';
        }
        text[to++] = c;
    }
    *len = to;
    return ERR_OK;
}

static enum err read_lines(struct history *h, uint8_t *text, size_t left)
{
    while (left != 0) {
        uint8_t *end = memchr(text, '\n', left);
        size_t whole = end != NULL ? (size_t)(end - text) : left;
        size_t len = whole;
        enum err e = unescape(text, &len);
        if (e == ERR_OK)
            e = history_add(h, bytes_of(text, len));
        if (e != ERR_OK)
            return e;
        size_t used = end != NULL ? whole + 1 : whole;
        text += used;
        left -= used;
    }
    return ERR_OK;
}

enum err history_load(struct history *h, const char *path, struct err_note *note)
{
    struct bytes text = {0};
    if (access(path, F_OK) != 0)
        return ERR_OK;
    enum err e = file_read(path, HISTORY_FILE_MAX, &text, note);
    if (e != ERR_OK)
        return e;
    e = encoding_is_utf8(text) ? read_lines(h, bytes_owned(text), text.len) : ERR_ENCODING;
    secret_free(bytes_owned(text));
    return e == ERR_ENCODING ? err_noted(e, note, "%.200s: this is no history", path) : e;
}

static enum err write_line(struct secret_buffer *out, struct bytes line)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < line.len; i++) {
        const char *escaped = line.ptr[i] == '\n' ? "\\n" : line.ptr[i] == '\\' ? "\\\\" : NULL;
        e = secret_buffer_append(out, escaped != NULL ? bytes_str(escaped) : bytes_of(line.ptr + i, 1),
                                 HISTORY_FILE_MAX);
    }
    return e == ERR_OK ? secret_buffer_append(out, bytes_str("\n"), HISTORY_FILE_MAX) : e;
}

/* What does not fit is left out from the oldest on. */
enum err history_save(const struct history *h, const char *path, struct err_note *note)
{
    struct secret_buffer out = {0};
    enum err e = ERR_OK;
    size_t first = h->count;
    for (size_t size = 0; first != 0 && size + 2 * h->lines[first - 1].len + 1 <= HISTORY_FILE_MAX; first--)
        size += 2 * h->lines[first - 1].len + 1;
    for (size_t i = first; e == ERR_OK && i < h->count; i++)
        e = write_line(&out, h->lines[i]);
    if (e == ERR_OK)
        e = file_write(path, secret_buffer_bytes(&out), note);
    secret_buffer_release(&out);
    return e;
}
