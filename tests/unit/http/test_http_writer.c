/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "http/http.h"

static void test_heads_are_written(void **state)
{
    char text[512];
    struct bytes out;
    struct writer w = writer_into(text, sizeof text);
    (void)state;
    http_write_response(&w, 502);
    http_write_field(&w, "Content-Type", bytes_str("application/json"));
    http_write_number(&w, "Content-Length", 18446744073709551615U);
    http_write_end(&w);
    assert_ok(writer_finish(&w, &out));
    assert_true(bytes_is_str(out, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\n"
                                  "Content-Length: 18446744073709551615\r\n\r\n"));
    w = writer_into(text, sizeof text);
    http_write_request(&w, "POST", bytes_str("/v1/models?x=y"));
    http_write_end(&w);
    assert_ok(writer_finish(&w, &out));
    assert_true(bytes_is_str(out, "POST /v1/models?x=y HTTP/1.1\r\n\r\n"));
}

/* Whatever would end the line, and so add one of somebody else's, fails. */
static void test_nothing_breaks_out_of_its_line(void **state)
{
    static const char *const values[] = {"a\r\nX: y", "a\nb", "a\rb", "\x01", "\x7f"};
    static const char *const targets[] = {"", "x", "/a b", "/a\r\n", "/a#b", "http://a/"};
    char text[512];
    struct bytes out;
    (void)state;
    for (size_t i = 0; i < test_count(values); i++) {
        struct writer w = writer_into(text, sizeof text);
        http_write_response(&w, 200);
        http_write_field(&w, "X", bytes_str(values[i]));
        assert_err(writer_finish(&w, &out), ERR_NO_SPACE);
    }
    for (size_t i = 0; i < test_count(targets); i++) {
        struct writer w = writer_into(text, sizeof text);
        http_write_request(&w, "GET", bytes_str(targets[i]));
        assert_err(writer_finish(&w, &out), ERR_NO_SPACE);
    }
    struct writer w = writer_into(text, sizeof text);
    http_write_field(&w, "X:", bytes_str("a"));
    assert_err(writer_finish(&w, &out), ERR_NO_SPACE);
    w = writer_into(text, sizeof text);
    http_write_response(&w, 1000);
    assert_err(writer_finish(&w, &out), ERR_NO_SPACE);
}

static void test_chunks_are_written(void **state)
{
    struct secret_buffer out = {0};
    (void)state;
    assert_ok(http_chunk_append(&out, bytes_str("hello hello hello"), 100));
    assert_ok(http_chunk_append(&out, bytes_str(""), 100)); /* not the last one */
    assert_true(bytes_is_str(secret_buffer_bytes(&out), "11\r\nhello hello hello\r\n"));
    assert_err(http_chunk_append(&out, bytes_str("hello"), 30), ERR_TOO_LARGE);
    assert_true(bytes_is_str(secret_buffer_bytes(&out), "11\r\nhello hello hello\r\n"));
    secret_buffer_release(&out);
}

static void test_every_status_has_a_reason(void **state)
{
    (void)state;
    assert_string_equal(http_reason(429), "Too Many Requests");
    assert_string_equal(http_reason(299), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_are_written),
        cmocka_unit_test(test_nothing_breaks_out_of_its_line),
        cmocka_unit_test(test_chunks_are_written),
        cmocka_unit_test(test_every_status_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
