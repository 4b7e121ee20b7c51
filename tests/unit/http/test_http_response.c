/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "unit/http/http_told.h"

static const struct http_config config = {.kind = HTTP_RESPONSE, .body_max = 64};

static void test_a_response_ends_where_its_head_says(void **state)
{
    static const struct {
        const char *text;
        uint16_t status;
        const char *body;
        bool ended;
        enum http_body kind;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, "ab", true, HTTP_BODY_LENGTH},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", 200, "ab", true,
         HTTP_BODY_CHUNKED},
        {"HTTP/1.1 200 OK\r\n\r\nab", 200, "ab", false, HTTP_BODY_TO_EOF},
        {"HTTP/1.0 404 Not Found\r\n\r\nab", 404, "ab", false, HTTP_BODY_TO_EOF},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true, HTTP_BODY_NONE},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true, HTTP_BODY_NONE},
        {"HTTP/1.1 100 Continue\r\n\r\n", 100, "", true, HTTP_BODY_NONE},
        {"HTTP/1.1 101 \r\nConnection: upgrade\r\n\r\n", 101, "", true, HTTP_BODY_NONE},
        {"HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n", 500, "", true, HTTP_BODY_NONE},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        for (size_t step = 1; step <= 64; step++) {
            struct told t;
            struct http_reader *r;
            struct http_event event;
            told_read(&t, &config, bytes_str(rows[i].text), step, &r);
            assert_ok(t.e);
            assert_int_equal(http_head(r)->status, rows[i].status);
            assert_int_equal(http_head(r)->body, rows[i].kind);
            assert_true(bytes_is_str(bytes_of(t.body, t.body_len), rows[i].body));
            assert_int_equal(t.ended, rows[i].ended);
            assert_ok(http_read_eof(r, &event, NULL));
            assert_int_equal(event.kind, HTTP_END);
            http_reader_free(r);
        }
}

static void test_what_is_no_response_is_refused(void **state)
{
    static const char *const rows[] = {
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 600 High\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 +20 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200\tOK\r\n\r\n",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 \x01\r\n\r\n",
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct told t;
        struct http_reader *r;
        struct http_event event;
        told_read(&t, &config, bytes_str(rows[i]), 4096, &r);
        if (t.e == ERR_OK)
            t.e = http_read_eof(r, &event, NULL);
        if (t.e == ERR_OK)
            fail_msg("row %zu was taken", i);
        http_reader_free(r);
    }
}

static void test_a_body_to_the_end_has_a_limit_too(void **state)
{
    char text[200] = "HTTP/1.1 200 OK\r\n\r\n";
    struct told t;
    struct http_reader *r;
    (void)state;
    memset(text + strlen(text), 'x', 65);
    told_read(&t, &config, bytes_str(text), 10, &r);
    assert_true(t.e == ERR_TOO_LARGE && t.body_len <= 64);
    http_reader_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_response_ends_where_its_head_says),
        cmocka_unit_test(test_what_is_no_response_is_refused),
        cmocka_unit_test(test_a_body_to_the_end_has_a_limit_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
