/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's text, whole and cut at every byte: what is shown must be the same, have no escape sequence but our own, and end with no style on. Broken into lines for a
 * narrow terminal it must have the same characters but for blanks, newlines and the bars of quotations that go on. The text is made clean first, as it always is.
 */
#include <stdlib.h>

#include "base/secret.h"
#include "cli/markdown.h"
#include "cli/terminal.h"
#include "cli/wrap.h"

enum { NARROW = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void gather(void *owner, struct bytes text)
{
    if (secret_buffer_append(owner, text, SIZE_MAX / 4) != ERR_OK)
        abort();
}

/* A terminal of 20 columns behind it. */
struct narrow {
    struct markdown markdown;
    struct wrap wrap;
    struct secret_buffer out;
};

static void write_narrow(void *owner, struct bytes text)
{
    struct narrow *n = owner;
    wrap_text(&n->wrap, text, markdown_keeps_lines(&n->markdown));
}

static bool is_layout(struct bytes shown, size_t at, size_t *size)
{
    static const char bar[] = "\xe2\x94\x82";
    bool is_bar = shown.len - at >= sizeof bar - 1 && memcmp(shown.ptr + at, bar, sizeof bar - 1) == 0;
    *size = is_bar ? sizeof bar - 1 : 1;
    return is_bar || shown.ptr[at] == ' ' || shown.ptr[at] == '\n' || shown.ptr[at] == '\t';
}

static void must_say_the_same(struct bytes a, struct bytes b)
{
    size_t i = 0;
    size_t j = 0;
    size_t size = 1;
    while (i < a.len || j < b.len) {
        if (i < a.len && is_layout(a, i, &size))
            i += size;
        else if (j < b.len && is_layout(b, j, &size))
            j += size;
        else if (i < a.len && j < b.len && a.ptr[i] == b.ptr[j])
            i++, j++;
        else
            abort();
    }
}

/* SGR alone; the last one of a text is "all off", unless there is none. */
static void check(struct bytes shown)
{
    bool on = false;
    for (size_t i = 0; i < shown.len; i++) {
        if (shown.ptr[i] != 0x1B)
            continue;
        size_t at = i + 1;
        if (at >= shown.len || shown.ptr[at++] != '[')
            abort();
        size_t begin = at;
        while (at < shown.len && ((shown.ptr[at] >= '0' && shown.ptr[at] <= '9') || shown.ptr[at] == ';'))
            at++;
        if (at >= shown.len || shown.ptr[at] != 'm')
            abort();
        on = !(at - begin == 1 && shown.ptr[begin] == '0');
    }
    if (on)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct markdown whole;
    static struct markdown cut;
    static struct narrow narrow;
    struct secret_buffer clean = {0};
    struct secret_buffer a = {0};
    struct secret_buffer b = {0};
    if (terminal_clean(&clean, bytes_of(data, size)) != ERR_OK)
        abort();
    markdown_begin(&whole, gather, &a);
    markdown_text(&whole, secret_buffer_bytes(&clean));
    markdown_end(&whole);
    markdown_begin(&cut, gather, &b);
    for (size_t i = 0; i < clean.len; i++)
        markdown_text(&cut, bytes_of(clean.ptr + i, 1));
    markdown_end(&cut);
    if (!bytes_equal(secret_buffer_bytes(&a), secret_buffer_bytes(&b)))
        abort();
    check(secret_buffer_bytes(&a));
    markdown_begin(&narrow.markdown, write_narrow, &narrow);
    wrap_begin(&narrow.wrap, NARROW, gather, &narrow.out);
    markdown_text(&narrow.markdown, secret_buffer_bytes(&clean));
    markdown_end(&narrow.markdown);
    wrap_end(&narrow.wrap);
    must_say_the_same(secret_buffer_bytes(&a), secret_buffer_bytes(&narrow.out));
    check(secret_buffer_bytes(&narrow.out));
    secret_buffer_release(&narrow.out);
    secret_buffer_release(&clean);
    secret_buffer_release(&a);
    secret_buffer_release(&b);
    return 0;
}
