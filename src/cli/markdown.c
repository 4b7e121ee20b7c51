/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/markdown.h"

#include <stdio.h>

#include "cli/terminal.h"

enum { HEADING_MAX = 6, INDENT_MAX = 12, FENCE_LEN = 3, RULE_WIDTH = 40, CELL_WIDTH_MAX = 60 };

/* ---- out ---- */

static void put(struct markdown *m, const char *text)
{
    m->write(m->owner, bytes_str(text));
}

/* Says the style to the terminal when it is another one than it knows of. */
static void style(struct markdown *m)
{
    static const struct {
        unsigned bit;
        const char *on;
    } rows[] = {
        {MARKDOWN_BOLD, "\x1b[1m"},      {MARKDOWN_ITALIC, "\x1b[3m"}, {MARKDOWN_CODE, "\x1b[36m"},
        {MARKDOWN_HEADING, "\x1b[1;4m"}, {MARKDOWN_QUOTE, "\x1b[2m"},
    };
    if (m->style == m->shown)
        return;
    if (m->shown != 0)
        put(m, "\x1b[0m");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((m->style & rows[i].bit) != 0)
            put(m, rows[i].on);
    m->shown = m->style;
}

static void show(struct markdown *m, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return;
    style(m);
    m->write(m->owner, bytes_of(bytes, len));
    m->previous = bytes[len - 1];
}

/* Styles end with their line, so that a mark that has no partner spoils one line and no more. */
static void end_line(struct markdown *m)
{
    m->style = 0;
    style(m);
    put(m, "\n");
    m->in_line = false;
    m->ticks = 0;
    m->escaped = false;
    m->previous = '\n';
}

/* ---- inside a line: `code`, *italic*, **bold**, _italic_, __bold__ ---- */

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_punctuation(uint8_t c)
{
    return c > ' ' && c < 0x7F && !is_word(c);
}

static bool is_mark(uint8_t c)
{
    return c == '*' || c == '_' || c == '`';
}

/* A run of the same mark is over, since `next` is another character. */
static void end_run(struct markdown *m, uint8_t next)
{
    uint8_t mark = m->held[0];
    size_t len = m->held_len;
    m->held_len = 0;
    if (mark == '`') {
        if (m->ticks == 0 && len < UINT8_MAX) {
            m->ticks = (uint8_t)len;
            m->style |= MARKDOWN_CODE;
        } else if (m->ticks == len) {
            m->ticks = 0;
            m->style &= ~(unsigned)MARKDOWN_CODE;
        } else {
            show(m, m->held, len);
        }
        return;
    }
    unsigned bits = len == 1 ? MARKDOWN_ITALIC : len == 2 ? MARKDOWN_BOLD : MARKDOWN_BOLD | MARKDOWN_ITALIC;
    bool closes = (m->style & bits) == bits && !is_blank(m->previous) && (mark == '*' || !is_word(next));
    bool opens = (m->style & bits) == 0 && !is_blank(next) && (mark == '*' || !is_word(m->previous));
    if (len > 3 || (!closes && !opens))
        show(m, m->held, len);
    else
        m->style ^= bits;
}

/* Marks are held until the run of them is over. In code there are no marks but the one that ends it. */
static void inline_byte(struct markdown *m, uint8_t c)
{
    if (m->held_len != 0 && (c != m->held[0] || m->held_len == MARKDOWN_HELD_MAX))
        end_run(m, c);
    if (c == '\n') {
        end_line(m);
        return;
    }
    if (m->escaped) {
        m->escaped = false;
        if (!is_punctuation(c))
            show(m, (const uint8_t *)"\\", 1);
        show(m, &c, 1);
        return;
    }
    if (c == '\\' && m->ticks == 0)
        m->escaped = true;
    else if (c == '`' || (m->ticks == 0 && is_mark(c)))
        m->held[m->held_len++] = c;
    else
        show(m, &c, 1);
}

static void inline_text(struct markdown *m, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        inline_byte(m, bytes[i]);
}

/* ---- tables ---- */

static struct bytes trimmed(struct bytes cell)
{
    while (cell.len != 0 && is_blank(cell.ptr[0]))
        cell = bytes_of(cell.ptr + 1, cell.len - 1);
    while (cell.len != 0 && is_blank(cell.ptr[cell.len - 1]))
        cell.len--;
    return cell;
}

/* The cells of the row that is held: between the bars, and not beyond the last one. */
static size_t cells_of(const struct markdown *m, struct bytes cells[static MARKDOWN_COLUMNS_MAX])
{
    size_t count = 0;
    size_t begin = 1;
    for (size_t i = 1; i <= m->held_len && count < MARKDOWN_COLUMNS_MAX; i++) {
        bool bar = i < m->held_len && m->held[i] == '|' && m->held[i - 1] != '\\';
        if (!bar && i < m->held_len)
            continue;
        struct bytes cell = trimmed(bytes_of(m->held + begin, i - begin));
        if (bar || cell.len != 0)
            cells[count++] = cell;
        begin = i + 1;
    }
    return count;
}

/* What will be seen of it: without its marks. */
static size_t cell_width(struct bytes cell)
{
    size_t width = 0;
    while (cell.len != 0) {
        size_t size = 1;
        int columns = is_mark(cell.ptr[0]) ? 0 : terminal_width(cell, &size);
        width += (size_t)columns;
        cell = bytes_of(cell.ptr + size, cell.len - size);
    }
    return width;
}

static bool is_delimiter(const struct bytes *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].len == 0)
            return false;
        for (size_t k = 0; k < cells[i].len; k++)
            if (cells[i].ptr[k] != '-' && cells[i].ptr[k] != ':')
                return false;
    }
    return count != 0;
}

static void put_times(struct markdown *m, const char *text, size_t n)
{
    while (n-- != 0)
        put(m, text);
}

static void delimiter_row(struct markdown *m, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(m, i == 0 ? "" : "\xe2\x94\xbc");           /* ┼ */
        put_times(m, "\xe2\x94\x80", m->widths[i] + 2); /* ─ */
    }
    put(m, "\n");
}

static void content_row(struct markdown *m, const struct bytes *cells, size_t count, bool heading)
{
    uint8_t cell[MARKDOWN_HELD_MAX];
    for (size_t i = 0; i < count; i++) {
        size_t width = cell_width(cells[i]);
        if (width > m->widths[i])
            m->widths[i] = width < CELL_WIDTH_MAX ? width : CELL_WIDTH_MAX;
        put(m, i == 0 ? " " : "\xe2\x94\x82 "); /* │ */
        size_t len = cells[i].len;
        memcpy(cell, cells[i].ptr, len); /* since `held` is used for marks meanwhile */
        m->held_len = 0;
        m->previous = ' ';
        m->style = heading ? MARKDOWN_BOLD : 0;
        inline_text(m, cell, len);
        if (m->held_len != 0)
            end_run(m, ' ');
        m->style = 0;
        m->ticks = 0;
        m->escaped = false;
        style(m);
        put_times(m, " ", width < m->widths[i] ? m->widths[i] - width + 1 : 1);
    }
    end_line(m);
}

/* Widths are those of the rows so far: the first ones are on the screen when the later ones come. */
static void end_row(struct markdown *m)
{
    uint8_t row[MARKDOWN_HELD_MAX];
    struct bytes cells[MARKDOWN_COLUMNS_MAX];
    size_t len = m->held_len;
    size_t count = cells_of(m, cells);
    bool heading = m->columns == 0;
    m->in_row = false;
    memcpy(row, m->held, len); /* the cells are of this copy from here on */
    for (size_t i = 0; i < count; i++)
        cells[i].ptr = row + (cells[i].ptr - m->held);
    m->held_len = 0;
    if (heading)
        memset(m->widths, 0, sizeof m->widths);
    m->columns = count;
    m->shows_row = true;
    if (is_delimiter(cells, count)) {
        delimiter_row(m, count);
        m->in_line = false;
        m->previous = '\n';
    } else {
        content_row(m, cells, count, heading);
    }
    m->shows_row = false;
}

static void row_byte(struct markdown *m, uint8_t c)
{
    if (c == '\n') {
        end_row(m);
    } else if (m->held_len == MARKDOWN_HELD_MAX) { /* no table that anybody could read */
        m->in_row = false;
        show(m, m->held, m->held_len);
        m->held_len = 0;
        inline_byte(m, c);
    } else {
        m->held[m->held_len++] = c;
    }
}

/* ---- the beginning of a line ---- */

/* How many of the same character, from `at` on. */
static size_t run_of(const struct markdown *m, size_t at, uint8_t c)
{
    size_t n = 0;
    while (at + n < m->held_len && m->held[at + n] == c)
        n++;
    return n;
}

/* Only blanks and this character, three of it or more: a rule, at the end of its line. */
static bool may_be_rule(const struct markdown *m, size_t at, size_t end)
{
    uint8_t c = m->held[at];
    size_t n = 0;
    for (size_t i = at; i < end; i++) {
        if (m->held[i] != c && m->held[i] != ' ')
            return false;
        n += m->held[i] == c;
    }
    return (c == '-' || c == '*' || c == '_') && (end < m->held_len ? n >= 3 : true);
}

static void begin_text(struct markdown *m, size_t from)
{
    uint8_t rest[MARKDOWN_HELD_MAX];
    size_t len = m->held_len - from;
    m->in_line = true;
    show(m, m->held, from);
    memcpy(rest, m->held + from, len);
    m->held_len = 0;
    if (from == 0)
        m->previous = ' ';
    inline_text(m, rest, len);
}

static void begin_heading(struct markdown *m)
{
    m->held_len = 0;
    m->in_line = true;
    m->style = MARKDOWN_HEADING;
    m->previous = ' ';
}

static void begin_item(struct markdown *m, size_t indent)
{
    m->in_line = true;
    m->held_len = 0;
    put_times(m, " ", indent);
    put(m, "\xe2\x80\xa2 "); /* • */
    m->previous = ' ';
}

static void begin_quote(struct markdown *m)
{
    m->in_line = true;
    m->held_len = 0;
    m->style = MARKDOWN_QUOTE;
    style(m);
    put(m, "\xe2\x94\x82"); /* │ */
    m->previous = ' ';
}

static void rule(struct markdown *m)
{
    m->held_len = 0;
    put_times(m, "\xe2\x94\x80", RULE_WIDTH);
    end_line(m);
}

/* `held` is the line so far, its newline included if it is there. Does something, or waits for more. */
static void begin_line(struct markdown *m)
{
    size_t at = run_of(m, 0, ' ');
    size_t len = m->held_len;
    uint8_t c = at < len ? m->held[at] : ' ';
    bool whole = m->held[len - 1] == '\n';
    if (c != '|')
        m->columns = 0;
    if (c == ' ' && at < INDENT_MAX)
        return;
    size_t run = run_of(m, at, c);
    bool ended = at + run < len; /* the character behind the run is there */
    uint8_t next = ended ? m->held[at + run] : 0;
    if (c == '|' && at == 0) {
        m->in_line = m->in_row = true;
    } else if ((c == '`' || c == '~') && run >= FENCE_LEN) {
        m->in_fence = true;
        m->in_info = !whole;
        m->fence = c;
        m->held_len = 0;
    } else if ((c == '`' || c == '~') && !ended) {
        return;
    } else if (c == '#' && run <= HEADING_MAX && (!ended || next == ' ')) {
        if (ended)
            begin_heading(m);
    } else if (c == '>' && run == 1) {
        begin_quote(m);
    } else if ((c == '-' || c == '*' || c == '_') && may_be_rule(m, at, whole ? len - 1 : len)) {
        if (whole)
            rule(m);
    } else if ((c == '-' || c == '*' || c == '+') && run == 1 && (!ended || next == ' ')) {
        if (ended) {
            uint8_t behind[MARKDOWN_HELD_MAX];
            size_t from = at + 1 + run_of(m, at + 1, ' ');
            size_t rest = len - from;
            memcpy(behind, m->held + from, rest);
            begin_item(m, at);
            inline_text(m, behind, rest);
        }
    } else {
        begin_text(m, at);
    }
}

static void start_byte(struct markdown *m, uint8_t c)
{
    if (m->held_len == MARKDOWN_HELD_MAX) {
        begin_text(m, 0);
        inline_byte(m, c);
        return;
    }
    m->held[m->held_len++] = c;
    if (c == '\n' && m->held_len == 1) {
        m->held_len = 0;
        m->columns = 0;
        end_line(m);
    } else {
        begin_line(m);
    }
}

/* ---- between ``` and ``` ---- */

static void fence_byte(struct markdown *m, uint8_t c)
{
    if (m->in_info) { /* the name of the language */
        m->in_info = c != '\n';
        return;
    }
    m->style = MARKDOWN_CODE;
    if (m->in_line) {
        if (c == '\n')
            end_line(m);
        else
            show(m, &c, 1);
        return;
    }
    m->held[m->held_len++] = c;
    size_t indent = run_of(m, 0, ' ');
    size_t run = run_of(m, indent, m->fence);
    bool open_still = indent + run == m->held_len && m->held_len < MARKDOWN_HELD_MAX;
    if (c == '\n' && run >= FENCE_LEN && indent + run == m->held_len - 1) {
        m->in_fence = false;
        m->held_len = 0;
        m->style = 0;
    } else if (!open_still) {
        size_t len = m->held_len;
        m->held_len = 0;
        m->in_line = true;
        if (c == '\n') {
            show(m, m->held, len - 1);
            end_line(m);
        } else {
            show(m, m->held, len);
        }
    }
}

/* ---- */

void markdown_begin(struct markdown *m, void (*write)(void *owner, struct bytes text), void *owner)
{
    *m = (struct markdown){.write = write, .owner = owner, .previous = '\n'};
}

void markdown_text(struct markdown *m, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (m->in_fence)
            fence_byte(m, c);
        else if (m->in_row)
            row_byte(m, c);
        else if (m->in_line)
            inline_byte(m, c);
        else
            start_byte(m, c);
    }
}

bool markdown_keeps_lines(const struct markdown *m)
{
    return m->in_fence || m->shows_row;
}

/* The end of the text is the end of its last line, which has no newline of its own. */
void markdown_end(struct markdown *m)
{
    if (m->in_row || (m->in_fence && !m->in_line && m->held_len != 0 && m->held[m->held_len - 1] == m->fence))
        markdown_text(m, bytes_str("\n"));
    else if (m->in_fence || !m->in_line)
        show(m, m->held, m->held_len);
    else if (m->held_len != 0)
        end_run(m, '\n');
    if (m->escaped)
        show(m, (const uint8_t *)"\\", 1);
    m->style = 0;
    style(m);
}
