/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "cli/terminal.h"

enum {
    CTRL_C = 0x03,
    CTRL_D = 0x04,
    CTRL_L = 0x0C,
    TAB = 0x09,
    LF = 0x0A,
    CR = 0x0D,
    ESC = 0x1B,
    SPACE = 0x20,
    DEL = 0x7F,
};

/* ---- characters ---- */

static bool continues(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

static size_t before_one(const struct line *l, size_t at)
{
    while (at != 0 && continues(l->text.ptr[--at]))
        ;
    return at;
}

static size_t after_one(const struct line *l, size_t at)
{
    if (at < l->text.len)
        at++;
    while (at < l->text.len && continues(l->text.ptr[at]))
        at++;
    return at;
}

static bool is_joiner(const struct line *l, size_t at)
{
    static const uint8_t joiner[] = {0xE2, 0x80, 0x8D}; /* U+200D */
    return l->text.len - at >= sizeof joiner && memcmp(l->text.ptr + at, joiner, sizeof joiner) == 0;
}

static bool is_skin_tone(const struct line *l, size_t at)
{
    static const uint8_t tones[] = {0xF0, 0x9F, 0x8F, 0xBB}; /* U+1F3FB to U+1F3FF */
    return l->text.len - at >= sizeof tones && memcmp(l->text.ptr + at, tones, sizeof tones - 1) == 0 &&
           l->text.ptr[at + sizeof tones - 1] >= tones[sizeof tones - 1];
}

/* Does the code point here make one character for people with the one before: an accent, a vowel sign, a part of an emoji? An approximation of UAX #29. */
static bool is_joined(const struct line *l, size_t at)
{
    size_t size = 1;
    if (at == 0 || at >= l->text.len || l->text.ptr[at] < DEL)
        return false;
    return terminal_width(bytes_of(l->text.ptr + at, l->text.len - at), &size) == 0 || is_skin_tone(l, at) ||
           is_joiner(l, before_one(l, at));
}

static size_t before(const struct line *l, size_t at)
{
    do
        at = before_one(l, at);
    while (is_joined(l, at));
    return at;
}

static size_t after(const struct line *l, size_t at)
{
    do
        at = after_one(l, at);
    while (is_joined(l, at));
    return at;
}

static bool is_blank(const struct line *l, size_t at)
{
    return l->text.ptr[at] == SPACE || l->text.ptr[at] == '\n' || l->text.ptr[at] == TAB;
}

static size_t word_before(const struct line *l)
{
    size_t at = l->cursor;
    while (at != 0 && is_blank(l, before(l, at)))
        at = before(l, at);
    while (at != 0 && !is_blank(l, before(l, at)))
        at = before(l, at);
    return at;
}

static size_t word_after(const struct line *l)
{
    size_t at = l->cursor;
    while (at < l->text.len && is_blank(l, at))
        at = after(l, at);
    while (at < l->text.len && !is_blank(l, at))
        at = after(l, at);
    return at;
}

/* ---- changes ---- */

static void cut(struct line *l, size_t from, size_t to)
{
    if (from == to)
        return;
    memmove(l->text.ptr + from, l->text.ptr + to, l->text.len - to);
    secret_wipe(l->text.ptr + l->text.len - (to - from), to - from);
    l->text.len -= to - from;
    l->cursor = from;
    if (l->text.len == 0)
        l->failed = ERR_OK; /* nothing of it is left that could be incomplete */
}

static void insert(struct line *l, const uint8_t *bytes, size_t n)
{
    enum err e = secret_buffer_append(&l->text, bytes_of(bytes, n), LINE_SIZE_MAX);
    if (e != ERR_OK) {
        l->failed = e;
        return;
    }
    memmove(l->text.ptr + l->cursor + n, l->text.ptr + l->cursor, l->text.len - n - l->cursor);
    memcpy(l->text.ptr + l->cursor, bytes, n);
    l->cursor += n;
}

static void replace(struct line *l, struct bytes text)
{
    cut(l, 0, l->text.len);
    l->cursor = 0;
    if (text.len != 0)
        insert(l, text.ptr, text.len);
}

static void show_history(struct line *l, size_t at)
{
    if (l->history == NULL)
        return;
    size_t count = l->history->count;
    if (l->history_at == count) {
        secret_buffer_release(&l->draft);
        l->failed = secret_buffer_append(&l->draft, secret_buffer_bytes(&l->text), LINE_SIZE_MAX);
    }
    l->history_at = at;
    replace(l, at == count ? secret_buffer_bytes(&l->draft) : l->history->lines[at]);
}

/* ---- what keys do ---- */

static void left(struct line *l)
{
    l->cursor = before(l, l->cursor);
}

static void right(struct line *l)
{
    l->cursor = after(l, l->cursor);
}

static void left_word(struct line *l)
{
    l->cursor = word_before(l);
}

static void right_word(struct line *l)
{
    l->cursor = word_after(l);
}

static void to_begin(struct line *l)
{
    l->cursor = 0;
}

static void to_end(struct line *l)
{
    l->cursor = l->text.len;
}

static void cut_left(struct line *l)
{
    cut(l, before(l, l->cursor), l->cursor);
}

static void cut_right(struct line *l)
{
    cut(l, l->cursor, after(l, l->cursor));
}

static void cut_word_left(struct line *l)
{
    cut(l, word_before(l), l->cursor);
}

static void cut_word_right(struct line *l)
{
    cut(l, l->cursor, word_after(l));
}

static void cut_to_begin(struct line *l)
{
    cut(l, 0, l->cursor);
}

static void cut_to_end(struct line *l)
{
    cut(l, l->cursor, l->text.len);
}

static void older(struct line *l)
{
    if (l->history_at != 0)
        show_history(l, l->history_at - 1);
}

static void newer(struct line *l)
{
    if (l->history != NULL && l->history_at < l->history->count)
        show_history(l, l->history_at + 1);
}

static void break_line(struct line *l)
{
    insert(l, (const uint8_t *)"\n", 1);
}

static void begin_paste(struct line *l)
{
    l->pasting = true;
}

static void end_paste(struct line *l)
{
    l->pasting = false;
}

/* Control keys, and what terminals send for the others (xterm, VT220, Linux console, rxvt). */
static const struct key {
    const char *sequence;
    void (*act)(struct line *l);
} keys[] = {
    {"\x01", to_begin},
    {"\x02", left},
    {"\x05", to_end},
    {"\x06", right},
    {"\x08", cut_left},
    {"\x0b", cut_to_end},
    {"\x0e", newer},
    {"\x10", older},
    {"\x15", cut_to_begin},
    {"\x17", cut_word_left},
    {"\x7f", cut_left},
    {"\x1b[A", older},
    {"\x1b[B", newer},
    {"\x1b[C", right},
    {"\x1b[D", left},
    {"\x1bOA", older},
    {"\x1bOB", newer},
    {"\x1bOC", right},
    {"\x1bOD", left},
    {"\x1b[H", to_begin},
    {"\x1b[F", to_end},
    {"\x1bOH", to_begin},
    {"\x1bOF", to_end},
    {"\x1b[1~", to_begin},
    {"\x1b[4~", to_end},
    {"\x1b[7~", to_begin},
    {"\x1b[8~", to_end},
    {"\x1b[3~", cut_right},
    {"\x1b[1;5C", right_word},
    {"\x1b[1;5D", left_word},
    {"\x1b[1;3C", right_word},
    {"\x1b[1;3D", left_word},
    {"\x1b"
     "b",
     left_word},
    {"\x1b"
     "f",
     right_word},
    {"\x1b"
     "d",
     cut_word_right},
    {"\x1b\x7f", cut_word_left},
    {"\x1b\r", break_line},
    {"\x1b\n", break_line},
    {"\x1b[200~", begin_paste},
    {"\x1b[201~", end_paste},
};

static void act_on(struct line *l, const uint8_t *sequence, size_t len)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (bytes_is_str(bytes_of(sequence, len), keys[i].sequence)) {
            /* What is pasted is text: only its end is a command. */
            if (!l->pasting || keys[i].act == end_paste)
                keys[i].act(l);
            return;
        }
}

/* ---- bytes into keys ---- */

/* ECMA-48: ESC [ parameters final, ESC O final, or ESC and one character. */
static bool sequence_complete(const struct line *l)
{
    const uint8_t *s = l->sequence;
    if (l->sequence_len < 2)
        return false;
    if (s[1] == '[')
        return l->sequence_len > 2 && s[l->sequence_len - 1] >= 0x40 && s[l->sequence_len - 1] <= 0x7E;
    return s[1] != 'O' || l->sequence_len == 3;
}

static void escape_byte(struct line *l, uint8_t byte)
{
    /* One that is too long is none that we know: read to its end, and forgotten. */
    if (l->sequence_len < LINE_SEQUENCE_MAX)
        l->sequence[l->sequence_len++] = byte;
    else
        l->sequence[LINE_SEQUENCE_MAX - 1] = byte;
    if (!sequence_complete(l))
        return;
    act_on(l, l->sequence, l->sequence_len);
    secret_wipe(l->sequence, sizeof l->sequence);
    l->sequence_len = 0;
}

static size_t utf8_size(uint8_t lead)
{
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
}

/* What is no UTF-8 is left out. */
static void text_byte(struct line *l, uint8_t byte)
{
    if (l->sequence_len != 0 && !continues(byte))
        l->sequence_len = 0;
    l->sequence[l->sequence_len++] = byte;
    if (l->sequence_len < utf8_size(l->sequence[0]))
        return;
    if (encoding_is_utf8(bytes_of(l->sequence, l->sequence_len)))
        insert(l, l->sequence, l->sequence_len);
    secret_wipe(l->sequence, sizeof l->sequence);
    l->sequence_len = 0;
}

static enum line_event control_byte(struct line *l, uint8_t byte)
{
    l->sequence_len = 0;
    if (byte == ESC) {
        escape_byte(l, byte);
    } else if (l->pasting) {
        if (byte == CR || byte == LF)
            break_line(l);
        else if (byte == TAB)
            insert(l, &byte, 1);
    } else if (byte == CR || byte == LF) {
        return LINE_DONE;
    } else if (byte == CTRL_C) {
        return LINE_INTERRUPT;
    } else if (byte == CTRL_L) {
        return LINE_REDRAW;
    } else if (byte == CTRL_D && l->text.len == 0) {
        return LINE_END;
    } else if (byte == CTRL_D) {
        cut_right(l);
    } else if (byte == TAB) {
        insert(l, &byte, 1);
    } else {
        act_on(l, &byte, 1);
    }
    return LINE_MORE;
}

enum line_event line_key(struct line *l, uint8_t byte)
{
    if (l->sequence_len != 0 && l->sequence[0] == ESC)
        escape_byte(l, byte);
    else if (byte < SPACE || byte == DEL)
        return control_byte(l, byte);
    else
        text_byte(l, byte);
    return LINE_MORE;
}

void line_begin(struct line *l, const struct history *history)
{
    line_wipe(l);
    l->history = history;
    l->history_at = history != NULL ? history->count : 0;
}

void line_wipe(struct line *l)
{
    secret_buffer_release(&l->text);
    secret_buffer_release(&l->draft);
    secret_wipe(l, sizeof *l);
}
