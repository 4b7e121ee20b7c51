/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wrap.h"

#include "cli/terminal.h"

enum { ESC = 0x1B, WIDE = 2, TAB_WIDTH = 8 };

static const char bar[] = "\xe2\x94\x82";    /* │, with which markdown.c begins a quotation */
static const char bullet[] = "\xe2\x80\xa2"; /* •, an item of a list */

static void put(struct wrap *w, const char *text)
{
    w->write(w->owner, bytes_str(text));
}

static void put_blanks(struct wrap *w)
{
    w->column += w->blanks;
    for (; w->blanks != 0; w->blanks--)
        put(w, " ");
}

/* "•", "│", "1." or "12)": the text of its line begins behind it. */
static bool is_mark(const struct wrap *w)
{
    size_t digits = 0;
    struct bytes mark = bytes_of(w->mark, w->mark_len);
    if (bytes_is_str(mark, bar) || bytes_is_str(mark, bullet))
        return true;
    while (digits < mark.len && mark.ptr[digits] >= '0' && mark.ptr[digits] <= '9')
        digits++;
    return digits != 0 && digits + 1 == mark.len && (mark.ptr[digits] == '.' || mark.ptr[digits] == ')');
}

static void begin_word(struct wrap *w)
{
    w->word_len = w->word_columns = w->mark_len = w->character_at = 0;
    w->glued = false;
}

static void put_word(struct wrap *w)
{
    if (w->word_len == 0)
        return;
    bool fits = w->column + w->blanks + w->word_columns <= w->width;
    if (w->width != 0 && w->line_begun && !w->glued && !fits && w->column > w->indent) {
        put(w, "\n");
        w->column = 0;
        w->blanks = w->indent;
        if (w->quoted && w->indent != 0) {
            put(w, bar);
            w->column = 1;
            w->blanks--;
        }
    }
    bool marked = !w->line_begun && is_mark(w);
    put_blanks(w);
    if (!w->line_begun) {
        w->indent = marked ? w->column + w->word_columns + 1 : w->column > 1 ? w->column : 0;
        w->quoted = marked && w->mark[0] == (uint8_t)bar[0] && w->mark[1] == (uint8_t)bar[1];
        if (w->indent > w->width / 2)
            w->indent = 0;
    }
    w->write(w->owner, bytes_of(w->word, w->word_len));
    w->column += w->word_columns;
    if (w->width != 0 && w->column > w->width) /* then the terminal has broken it */
        w->column = (w->column - 1) % w->width + 1;
    w->line_begun = w->line_begun || w->word_columns != 0;
    begin_word(w);
}

/* How long the character is whose first byte this is. */
static size_t size_of(uint8_t lead)
{
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
}

/* The last character of the word is whole. Between two that are wide, as in Chinese, a line may break. */
static void end_character(struct wrap *w)
{
    size_t size = 1;
    int width = terminal_width(bytes_of(w->word + w->character_at, w->word_len - w->character_at), &size);
    w->glued = w->glued || (w->word_columns == 0 && w->mark_len == size && width == 0);
    w->word_columns += (size_t)width;
    w->character_at = w->word_len;
    if (width == WIDE)
        put_word(w);
}

static void escape_byte(struct wrap *w, uint8_t c)
{
    w->in_escape = c == ESC || c == '[' || c == ';' || (c >= '0' && c <= '9');
    w->character_at = w->word_len;
}

static void word_byte(struct wrap *w, uint8_t c)
{
    if (w->word_len == WRAP_WORD_MAX) {
        put_word(w);
        w->glued = true; /* more of the same word */
    }
    w->word[w->word_len++] = c;
    if (w->in_escape || c == ESC) {
        escape_byte(w, c);
        return;
    }
    if (w->mark_len < WRAP_MARK_MAX)
        w->mark[w->mark_len++] = c;
    if (w->word_len - w->character_at == size_of(w->word[w->character_at]))
        end_character(w);
}

static void end_line(struct wrap *w)
{
    put_word(w);
    w->blanks = 0;
    put(w, "\n");
    w->column = w->indent = 0;
    w->line_begun = w->quoted = false;
}

void wrap_begin(struct wrap *w, size_t width, void (*write)(void *owner, struct bytes text), void *owner)
{
    *w = (struct wrap){.write = write, .owner = owner, .width = width};
}

void wrap_text(struct wrap *w, struct bytes text, bool as_it_is)
{
    if (w->width == 0 || as_it_is) {
        put_word(w);
        put_blanks(w);
        w->write(w->owner, text);
        if (text.len != 0) {
            w->line_begun = text.ptr[text.len - 1] != '\n';
            w->column = 0;
        }
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '\n') {
            end_line(w);
        } else if (c == ' ' || c == '\t') {
            put_word(w);
            w->blanks += c == ' ' ? 1 : TAB_WIDTH - (w->column + w->blanks) % TAB_WIDTH;
        } else {
            word_byte(w, c);
        }
    }
}

void wrap_end(struct wrap *w)
{
    put_word(w);
    put_blanks(w);
}
