/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/upstream_json.h"

#include "base/encoding.h"

struct scan {
    uint8_t *text;
    size_t len;
    size_t at;
    uint64_t objects; /* a bit for each open level: it is an object */
    unsigned depth;
};

static int peek(const struct scan *s)
{
    return s->at < s->len ? s->text[s->at] : -1;
}

static bool take(struct scan *s, char wanted)
{
    if (peek(s) != wanted)
        return false;
    s->at++;
    return true;
}

static void skip_space(struct scan *s)
{
    for (;; s->at++) {
        int c = peek(s);
        if (c == '\n' || c == '\r' || c == '\t')
            s->text[s->at] = ' ';
        else if (c != ' ')
            return;
    }
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool take_digits(struct scan *s)
{
    size_t from = s->at;
    while (is_digit(peek(s)))
        s->at++;
    return s->at != from;
}

static bool take_number(struct scan *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && !take_digits(s))
        return false;
    if (take(s, '.') && !take_digits(s))
        return false;
    if (!take(s, 'e') && !take(s, 'E'))
        return true;
    if (!take(s, '+'))
        (void)take(s, '-');
    return take_digits(s);
}

/* Four digits behind "\u". */
static bool take_unit(struct scan *s, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, s->at++) {
        int c = peek(s);
        if (!is_hex(c))
            return false;
        *unit = *unit << 4 | (unsigned)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return true;
}

/* Halves of a surrogate pair come in pairs, and there is no NUL. */
static bool take_unicode(struct scan *s)
{
    enum { HIGH = 0xd800, LOW = 0xdc00, END = 0xe000 };
    unsigned unit;
    unsigned low;
    if (!take_unit(s, &unit) || unit == 0)
        return false;
    if (unit < HIGH || unit >= END)
        return true;
    return unit < LOW && take(s, '\\') && take(s, 'u') && take_unit(s, &low) && low >= LOW && low < END;
}

static bool take_escape(struct scan *s)
{
    int c = peek(s);
    s->at++;
    return c == 'u' ? take_unicode(s) : c > 0 && strchr("\"\\/bfnrt", c) != NULL;
}

static bool take_string(struct scan *s)
{
    if (!take(s, '"'))
        return false;
    while (s->at < s->len) {
        uint8_t c = s->text[s->at++];
        if (c == '"')
            return true;
        if (c < ' ' || (c == '\\' && !take_escape(s)))
            return false;
    }
    return false;
}

static bool take_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if (s->len - s->at >= n && memcmp(s->text + s->at, words[i], n) == 0) {
            s->at += n;
            return true;
        }
    }
    return false;
}

static bool in_object(const struct scan *s)
{
    return (s->objects >> (s->depth - 1) & 1) != 0;
}

static bool take_key(struct scan *s)
{
    skip_space(s);
    if (!take_string(s))
        return false;
    skip_space(s);
    return take(s, ':');
}

static bool open_level(struct scan *s)
{
    bool object = peek(s) == '{';
    if (s->depth == UPSTREAM_JSON_DEPTH)
        return false;
    s->at++;
    s->objects = object ? s->objects | 1ULL << s->depth : s->objects & ~(1ULL << s->depth);
    s->depth++;
    return true;
}

/* What ends a level, or goes on in it, behind a value; true: another value follows. */
static bool close_levels(struct scan *s, bool *good)
{
    *good = true;
    while (s->depth > 0) {
        skip_space(s);
        if (take(s, ',')) {
            *good = !in_object(s) || take_key(s);
            return *good;
        }
        *good = take(s, in_object(s) ? '}' : ']');
        if (!*good)
            return false;
        s->depth--;
    }
    return false;
}

/* Behind a bracket that was opened: an empty level ends at once; else, in an object, there is a key. */
static bool begin_level(struct scan *s, bool *empty)
{
    skip_space(s);
    *empty = take(s, in_object(s) ? '}' : ']');
    if (!*empty)
        return !in_object(s) || take_key(s);
    s->depth--;
    return true;
}

static bool take_values(struct scan *s)
{
    bool more = true;
    bool good = true;
    while (more) {
        bool empty = true;
        skip_space(s);
        int c = peek(s);
        if (c == '{' || c == '[') {
            if (!open_level(s) || !begin_level(s, &empty))
                return false;
            if (!empty)
                continue;
        } else if (c == '"' ? !take_string(s) : !take_word(s) && !take_number(s)) {
            return false;
        }
        more = close_levels(s, &good);
    }
    return good;
}

enum err upstream_json_line(uint8_t *text, size_t len, struct err_note *note)
{
    struct scan s = {.text = text, .len = len};
    skip_space(&s);
    bool good = peek(&s) == '{' && take_values(&s);
    if (good)
        skip_space(&s);
    if (!good || s.at != len)
        return err_noted(ERR_JSON, note, "what the server says is no JSON object: byte %zu of %zu", s.at,
                         len);
    return encoding_is_utf8(bytes_of(text, len))
               ? ERR_OK
               : err_noted(ERR_JSON, note, "what the server says is no UTF-8");
}
