/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's text, whole and cut at every byte: what is shown must be the same, have no escape sequence but our own, and end with no style on. The text is made clean
 * first, as it always is.
 */
#include <stdlib.h>

#include "base/secret.h"
#include "cli/markdown.h"
#include "cli/terminal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void gather(void *owner, struct bytes text)
{
    if (secret_buffer_append(owner, text, SIZE_MAX / 4) != ERR_OK)
        abort();
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
    secret_buffer_release(&clean);
    secret_buffer_release(&a);
    secret_buffer_release(&b);
    return 0;
}
