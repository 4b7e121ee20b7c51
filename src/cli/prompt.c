/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/terminal.h"

enum {
    CHUNK = 4096,
    DEFAULT_WIDTH = 80,
    DEFAULT_HEIGHT = 24,
    SMALLEST_WIDTH = 8,
    TAB_WIDTH = 4,
    AHEAD_MAX = 64 * 1024 * 1024
};

/* ---- modes ---- */

static const int ending[] = {SIGTERM, SIGHUP, SIGQUIT};
static struct termios found;
static volatile sig_atomic_t changed;

static void put_back(void)
{
    if (changed)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
    changed = 0;
}

static void on_end(int number)
{
    put_back();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* While a line is typed every key is ours; meanwhile Ctrl-C is a signal, and nothing that is typed is shown. */
static void set_modes(bool typing)
{
    struct termios modes = found;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON | (typing ? ISIG | IEXTEN : 0));
    if (typing)
        modes.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    changed = 1;
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

void prompt_open(struct prompt *p)
{
    *p = (struct prompt){.terminal = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 &&
                                     tcgetattr(STDIN_FILENO, &found) == 0};
    if (!p->terminal)
        return;
    terminal_know_widths();
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
        (void)signal(ending[i], on_end);
    set_modes(false);
}

void prompt_close(struct prompt *p)
{
    put_back();
    line_wipe(&p->line);
    secret_buffer_release(&p->ahead);
}

/* ---- drawing: all of it into one buffer of secret memory, and that to the terminal in one call ---- */

struct picture {
    struct secret_buffer out;
    bool incomplete;
    size_t width;
    size_t first, last; /* the rows that are drawn */
    size_t row, column;
};

/* Without memory the picture is incomplete, no more. */
static void draw(struct picture *d, struct bytes text)
{
    enum err e = secret_buffer_append(&d->out, text, SIZE_MAX / 4);
    d->incomplete = d->incomplete || e != ERR_OK;
}

static void draw_number(struct picture *d, size_t n, char end)
{
    char text[32];
    if (n == 0)
        return;
    (void)snprintf(text, sizeof text, "\x1b[%zu%c", n, end);
    draw(d, bytes_str(text));
}

static void break_row(struct picture *d)
{
    if (d->row >= d->first && d->row < d->last)
        draw(d, bytes_str("\n")); /* the terminal adds the CR */
    d->row++;
    d->column = 0;
}

/* A character, or what stands for it. The row is broken by us and not by the terminal, so that we know where we are. */
static void draw_character(struct picture *d, struct bytes character, int width)
{
    if (d->column + (size_t)width > d->width - 1)
        break_row(d);
    if (d->row >= d->first && d->row <= d->last)
        draw(d, character);
    d->column += (size_t)width;
}

/* Lays the text out; with d->first > d->last only to learn where things are. The cursor's place comes back. */
static void lay_out(struct picture *d, const char *label, const struct line *l, size_t *row, size_t *column)
{
    struct bytes text = secret_buffer_bytes(&l->text);
    d->row = d->column = 0;
    draw_character(d, bytes_str(label), (int)strlen(label));
    for (size_t at = 0; at <= text.len;) {
        if (at == l->cursor) {
            *row = d->row;
            *column = d->column;
        }
        if (at == text.len)
            break;
        size_t size = 1;
        struct bytes rest = bytes_of(text.ptr + at, text.len - at);
        int width = terminal_width(rest, &size);
        if (rest.ptr[0] == '\n') {
            break_row(d);
            draw_character(d, bytes_str("  "), 2);
        } else if (rest.ptr[0] == '\t') {
            draw_character(d, bytes_str("    "), TAB_WIDTH);
        } else if (terminal_control_size(rest.ptr, rest.len) == 0) {
            draw_character(d, bytes_of(rest.ptr, size), width);
        }
        at += size;
    }
}

static void measure(size_t *width, size_t *height)
{
    struct winsize size = {0};
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;
    *width = known && size.ws_col >= SMALLEST_WIDTH ? size.ws_col : DEFAULT_WIDTH;
    *height = known && size.ws_row > 2 ? size.ws_row : DEFAULT_HEIGHT;
}

static void write_all(struct bytes text)
{
    while (text.len != 0) {
        ssize_t n = write(STDERR_FILENO, text.ptr, text.len);
        if (n < 0 && errno != EINTR)
            return;
        size_t done = n > 0 ? (size_t)n : 0;
        text = bytes_of(text.ptr + done, text.len - done);
    }
}

/* What does not fit the screen is left out above: the cursor's row is always seen. */
static void show(struct prompt *p, const char *label, bool anew)
{
    struct picture d = {.first = 1};
    size_t height = 0;
    size_t row = 0;
    size_t column = 0;
    measure(&d.width, &height);
    lay_out(&d, label, &p->line, &row, &column);
    size_t rows = d.row + 1;
    d.first = rows <= height - 1 || row < height - 2 ? 0 : row - (height - 2);
    d.last = d.first + height - 2 < rows - 1 ? d.first + height - 2 : rows - 1;
    if (!anew) {
        draw_number(&d, p->row, 'A');
        draw(&d, bytes_str("\r\x1b[J"));
    }
    lay_out(&d, label, &p->line, &row, &column);
    p->row = row - d.first;
    if (d.last != row || p->line.cursor != p->line.text.len) {
        draw_number(&d, d.last - row, 'A');
        draw(&d, bytes_str("\r"));
        draw_number(&d, column, 'C');
    }
    write_all(secret_buffer_bytes(&d.out));
    secret_buffer_release(&d.out);
}

/* The line stays on the screen as it is; what follows begins below it. */
static void leave_line(struct prompt *p, const char *label)
{
    if (p->line.cursor != p->line.text.len) {
        p->line.cursor = p->line.text.len;
        show(p, label, false);
    }
    write_all(bytes_str("\n\x1b[?2004l"));
}

/* ---- reading ---- */

/* More of the input behind what was read ahead: 1, 0 at its end, -1 on failure. */
static int read_more(struct prompt *p, enum err *failure)
{
    uint8_t chunk[CHUNK];
    ssize_t n = 0;
    do
        n = read(STDIN_FILENO, chunk, sizeof chunk);
    while (n < 0 && errno == EINTR && !p->terminal);
    if (n < 0 && errno == EINTR)
        return 1; /* the window's size, perhaps: draw again */
    if (n > 0)
        *failure = secret_buffer_append(&p->ahead, bytes_of(chunk, (size_t)n), AHEAD_MAX);
    secret_wipe(chunk, sizeof chunk);
    return n < 0 || *failure != ERR_OK ? -1 : n > 0;
}

static void take(struct prompt *p, size_t n)
{
    memmove(p->ahead.ptr, p->ahead.ptr + n, p->ahead.len - n);
    secret_wipe(p->ahead.ptr + p->ahead.len - n, n);
    p->ahead.len -= n;
}

/* The keys that are there. */
static enum line_event press(struct prompt *p)
{
    enum line_event event = LINE_MORE;
    size_t n = 0;
    while (event == LINE_MORE && n < p->ahead.len)
        event = line_key(&p->line, p->ahead.ptr[n++]);
    if (n != 0)
        take(p, n);
    return event;
}

static enum prompt_answer type_line(struct prompt *p, const char *label, struct bytes *text,
                                    enum err *failure)
{
    static const enum prompt_answer answers[] = {
        [LINE_DONE] = PROMPT_LINE, [LINE_END] = PROMPT_END, [LINE_INTERRUPT] = PROMPT_INTERRUPT};
    enum line_event event = LINE_MORE;
    p->row = 0;
    set_modes(true);
    show(p, label, true);
    write_all(bytes_str("\x1b[?2004h")); /* what is pasted comes with a mark at either end */
    for (;;) {
        event = press(p);
        if (event == LINE_REDRAW) {
            write_all(bytes_str("\x1b[H\x1b[2J"));
            p->row = 0;
        }
        if (event != LINE_MORE && event != LINE_REDRAW)
            break;
        if (p->ahead.len == 0) {
            if (p->line.text.len != 0 || p->row != 0 || event == LINE_REDRAW || p->line.sequence_len != 0)
                show(p, label, false);
            int more = read_more(p, failure);
            if (more <= 0) {
                leave_line(p, label);
                return more < 0 ? PROMPT_FAILED : PROMPT_END;
            }
        }
    }
    show(p, label, false);
    leave_line(p, label);
    set_modes(false);
    *text = secret_buffer_bytes(&p->line.text);
    *failure = p->line.failed;
    return event == LINE_DONE && *failure != ERR_OK ? PROMPT_INCOMPLETE : answers[event];
}

static enum prompt_answer read_line(struct prompt *p, struct bytes *text, enum err *failure)
{
    uint8_t *end = NULL;
    for (size_t looked = 0; end == NULL && !p->ended;) {
        end = p->ahead.len != looked ? memchr(p->ahead.ptr + looked, '\n', p->ahead.len - looked) : NULL;
        looked = p->ahead.len;
        if (end != NULL)
            break;
        int more = read_more(p, failure);
        if (more < 0)
            return PROMPT_FAILED;
        p->ended = more == 0;
    }
    if (end == NULL && p->ahead.len == 0)
        return PROMPT_END;
    size_t len = end != NULL ? (size_t)(end - p->ahead.ptr) : p->ahead.len;
    *failure = secret_buffer_append(&p->line.text, bytes_of(p->ahead.ptr, len), LINE_SIZE_MAX);
    if (*failure != ERR_OK)
        return PROMPT_FAILED;
    take(p, end != NULL ? len + 1 : len);
    *text = secret_buffer_bytes(&p->line.text);
    return PROMPT_LINE;
}

enum prompt_answer prompt_read(struct prompt *p, const char *label, const struct history *history,
                               struct bytes *text, enum err *failure)
{
    *failure = ERR_OK;
    line_begin(&p->line, history);
    if (p->terminal)
        return type_line(p, label, text, failure);
    (void)fputs(label, stderr);
    return read_line(p, text, failure);
}
