/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>

#include "http/sse.h"

/* The events of text, fed in steps, as "type=data;" one behind another. */
static enum err gather(struct bytes text, size_t step, size_t limit, char *out, size_t size)
{
    struct sse_reader r = {.limit = limit};
    enum err e = ERR_OK;
    size_t used = 0;
    out[0] = '\0';
    for (size_t at = 0; at < text.len && e == ERR_OK; at += step) {
        struct bytes in = bytes_of(text.ptr + at, text.len - at < step ? text.len - at : step);
        while (in.len != 0 && e == ERR_OK) {
            bool complete = false;
            e = sse_read(&r, &in, &complete, NULL);
            if (e == ERR_OK && complete)
                used += (size_t)snprintf(out + used, size - used, "%.*s=%.*s;", (int)sse_type(&r).len,
                                         (const char *)sse_type(&r).ptr, (int)sse_data(&r).len,
                                         (const char *)sse_data(&r).ptr);
        }
    }
    sse_release(&r);
    return e;
}

static const struct {
    const char *text;
    const char *events;
} rows[] = {
    {"data: {\"a\":1}\n\n", "={\"a\":1};"},
    {"data: a\r\n\r\ndata: b\r\rdata: c\n\n", "=a;=b;=c;"},
    {"data:a\n\n", "=a;"},
    {"data:  a\n\n", "= a;"},
    {"data: a\ndata: b\n\n", "=a\nb;"},
    {"data\n\n", "=;"},
    {"data:\ndata\n\n", "=\n;"},
    {"event: x\ndata: a\n\ndata: b\n\n", "x=a;=b;"},
    {"event: x\n\ndata: b\n\n", "=b;"},
    {": keep-alive\n\n: more\ndata: a\n\n", "=a;"},
    {"id: 1\nretry: 5\nfoo: bar\ndata: a\n\n", "=a;"},
    {"\xef\xbb\xbf"
     "data: a\n\n",
     "=a;"},
    {"\xef\xbb\xbf"
     "data: a\n\n\xef\xbb\xbf"
     "data: b\n\n",
     "=a;"},
    {"data: a\n", ""},
    {"data: a\n\ndata: cut", "=a;"},
    {"data: [DONE]\n\n", "=[DONE];"},
    {"\n\n\n", ""},
};

static void test_events_are_read_in_any_pieces(void **state)
{
    char out[256];
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        for (size_t step = 1; step <= strlen(rows[i].text); step++) {
            assert_ok(gather(bytes_str(rows[i].text), step, 64, out, sizeof out));
            assert_string_equal(out, rows[i].events);
        }
}

static void test_limits_hold(void **state)
{
    char out[256];
    (void)state;
    assert_err(gather(bytes_str("data: 123456789\n\n"), 3, 8, out, sizeof out), ERR_TOO_LARGE);
    assert_err(gather(bytes_str("data: 123456\ndata: 123456\n\n"), 3, 12, out, sizeof out), ERR_TOO_LARGE);
    assert_ok(gather(bytes_str("data: 123456\n\ndata: 123456\n\n"), 3, 12, out, sizeof out));
    assert_err(gather(bytes_of("data: \0\n\n", 9), 9, 64, out, sizeof out), ERR_ENCODING);
}

static void test_what_is_written_is_read(void **state)
{
    struct secret_buffer b = {0};
    char out[256];
    (void)state;
    assert_ok(sse_append(&b, (struct bytes){0}, bytes_str(" {\"a\": 1}"), 100));
    assert_ok(sse_append(&b, bytes_str("message_start"), bytes_str(""), 100));
    assert_true(
        bytes_is_str(secret_buffer_bytes(&b), "data:  {\"a\": 1}\n\nevent: message_start\ndata: \n\n"));
    assert_ok(gather(secret_buffer_bytes(&b), 5, 64, out, sizeof out));
    assert_string_equal(out, "= {\"a\": 1};message_start=;");
    size_t before = b.len;
    assert_err(sse_append(&b, (struct bytes){0}, bytes_str("a\ndata: b"), 100), ERR_VALUE);
    assert_err(sse_append(&b, bytes_str("x\r"), bytes_str("a"), 100), ERR_VALUE);
    assert_err(sse_append(&b, bytes_str("x"), bytes_str("a"), before + 5), ERR_TOO_LARGE);
    assert_int_equal(b.len, before);
    secret_buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_are_read_in_any_pieces),
        cmocka_unit_test(test_limits_hold),
        cmocka_unit_test(test_what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
