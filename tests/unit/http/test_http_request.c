/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>

#include "unit/http/http_told.h"

#define HOST "Host: localhost\r\n"

static const struct http_config config = {.kind = HTTP_REQUEST, .head_max = 1024, .body_max = 100};

struct row {
    const char *name;
    const char *text;
    size_t len; /* 0: strlen */
    enum err e;
    uint16_t status;
};

static struct bytes row_text(const struct row *row)
{
    return row->len == 0 ? bytes_str(row->text) : bytes_of(row->text, row->len);
}

#define NUL_TEXT "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"

/* What must be refused, and how the client is told. */
static const struct row refused[] = {
    {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 0, ERR_ENCODING, 400},
    {"bare CR", "GET / HTTP/1.1\rHost: a\r\n\r\n", 0, ERR_ENCODING, 400},
    {"CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 0, ERR_ENCODING, 400},
    {"NUL", NUL_TEXT, sizeof NUL_TEXT - 1, ERR_ENCODING, 400},
    {"control character", "GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 0, ERR_ENCODING, 400},
    {"DEL", "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", 0, ERR_ENCODING, 400},
    {"folded line", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 0, ERR_ENCODING, 400},
    {"folded by a tab", "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb: c\r\n\r\n", 0, ERR_ENCODING, 400},
    {"space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0, ERR_ENCODING, 400},
    {"no colon", "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 0, ERR_ENCODING, 400},
    {"no name", "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 0, ERR_ENCODING, 400},
    {"empty line first", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"no target", "GET HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"two spaces", "GET  / HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"space at the end", "GET / HTTP/1.1 \r\n" HOST "\r\n", 0, ERR_UNKNOWN, 505},
    {"tab", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"method", "G(T / HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"long method", "GETGETGETGETGETGE / HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"absolute target", "GET http://a/ HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"authority target", "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 0, ERR_ENCODING, 400},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 0, ERR_UNKNOWN, 505},
    {"lower case", "GET / http/1.1\r\n" HOST "\r\n", 0, ERR_UNKNOWN, 505},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 0, ERR_VALUE, 400},
    {"two Hosts", "GET / HTTP/1.1\r\n" HOST "host: localhost\r\n\r\n", 0, ERR_VALUE, 400},
    {"two lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\ncontent-length: 1\r\n\r\na", 0,
     ERR_VALUE, 400},
    {"list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\na", 0, ERR_VALUE, 400},
    {"signed length", "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\na", 0, ERR_VALUE, 400},
    {"negative length", "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\na", 0, ERR_VALUE, 400},
    {"hexadecimal length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\na", 0, ERR_VALUE, 400},
    {"empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\na", 0, ERR_VALUE, 400},
    {"huge length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\na", 0, ERR_VALUE,
     400},
    {"body too large", "POST / HTTP/1.1\r\n" HOST "Content-Length: 101\r\n\r\na", 0, ERR_TOO_LARGE, 413},
    {"both lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
     ERR_VALUE, 400},
    {"other coding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 0, ERR_UNKNOWN, 501},
    {"two codings", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, ERR_UNKNOWN,
     501},
    {"coding twice",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
     ERR_UNKNOWN, 501},
    {"disguised coding",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
     "chunked\r\n\r\n",
     0, ERR_ENCODING, 400},
    {"chunked in 1.0", "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 0, ERR_VALUE, 400},
    {"expectation", "POST / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", 0, ERR_UNKNOWN, 417},
};

#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"

static const struct row refused_chunks[] = {
    {"no size", CHUNKED "\r\n", 0, ERR_ENCODING, 400},
    {"extension", CHUNKED "1;a=b\r\nx\r\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"space", CHUNKED "1 \r\nx\r\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"0x", CHUNKED "0x1\r\nx\r\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"minus", CHUNKED "-1\r\nx\r\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"bare LF", CHUNKED "1\nx\r\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"bare CR", CHUNKED "1\rx\r\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"too long", CHUNKED "1\r\nxy\r\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"LF behind the chunk", CHUNKED "1\r\nx\n0\r\n\r\n", 0, ERR_ENCODING, 400},
    {"too large", CHUNKED "65\r\nx", 0, ERR_TOO_LARGE, 413},
    {"too large together", CHUNKED "1\r\nx\r\n64\r\n", 0, ERR_TOO_LARGE, 413},
    {"wraps around", CHUNKED "ffffffffffffffff\r\n", 0, ERR_TOO_LARGE, 413},
    {"too many digits", CHUNKED "00000000000000001\r\n", 0, ERR_TOO_LARGE, 413},
    {"bad trailer", CHUNKED "0\r\na b\r\n\r\n", 0, ERR_ENCODING, 400},
    {"folded trailer", CHUNKED "0\r\na: b\r\n c: d\r\n\r\n", 0, ERR_ENCODING, 400},
};

static void refuse(const struct row *row)
{
    static const size_t steps[] = {1, 2, 7, 4096};
    for (size_t i = 0; i < test_count(steps); i++) {
        struct told t;
        struct http_reader *r;
        struct bytes nothing = {0};
        struct http_event event;
        told_read(&t, &config, row_text(row), steps[i], &r);
        if (t.e != row->e || t.status != row->status)
            fail_msg("%s, in steps of %zu: %s and %u", row->name, steps[i], err_name(t.e), t.status);
        assert_true(t.note.text[0] != '\0');
        /* and stays refused */
        assert_err(http_read(r, &nothing, &event, NULL), row->e);
        http_reader_next(r);
        assert_err(http_read(r, &nothing, &event, NULL), row->e);
        assert_err(http_read_eof(r, &event, NULL), row->e);
        http_reader_free(r);
    }
}

static void test_ambiguous_heads_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(refused); i++)
        refuse(&refused[i]);
}

static void test_ambiguous_chunks_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(refused_chunks); i++)
        refuse(&refused_chunks[i]);
}

static void test_a_request_is_read_whole_in_any_pieces(void **state)
{
    static const char text[] =
        "POST /v1/chat/completions?a=b HTTP/1.1\r\nhost: 127.0.0.1:8787\r\nContent-Length:\t 5 \r\n"
        "Authorization: Bearer x\r\nX-Empty:\r\nAccept: text/event-stream, application/json\r\n\r\nhelloGET";
    (void)state;
    for (size_t step = 1; step <= sizeof text; step++) {
        struct told t;
        struct http_reader *r;
        struct bytes value;
        told_read(&t, &config, bytes_of(text, sizeof text - 1), step, &r);
        assert_ok(t.e);
        assert_true(t.ended && t.heads == 1);
        assert_int_equal(t.used, sizeof text - 1 - 3); /* the next message is left where it is */
        assert_true(t.body_len == 5 && memcmp(t.body, "hello", 5) == 0);
        const struct http_head *h = http_head(r);
        assert_true(bytes_is_str(h->method, "POST") && h->minor == 1 && h->keep_alive && !h->upgrade);
        assert_true(bytes_is_str(h->target, "/v1/chat/completions?a=b"));
        assert_true(bytes_is_str(h->path, "/v1/chat/completions"));
        assert_int_equal(h->length, 5);
        assert_int_equal(http_find(h, "AUTHORIZATION", &value), 1);
        assert_true(bytes_is_str(value, "Bearer x"));
        assert_int_equal(http_find(h, "x-empty", &value), 1);
        assert_int_equal(value.len, 0);
        assert_int_equal(http_find(h, "x-none", &value), 0);
        assert_true(http_has_token(h, "accept", "Application/JSON"));
        assert_false(http_has_token(h, "accept", "json"));
        http_reader_free(r);
    }
}

static void test_chunks_are_put_together(void **state)
{
    static const char text[] = CHUNKED "3\r\nabc\r\n0A\r\n0123456789\r\n000\r\nX-Trailer: y\r\n\r\nnext";
    (void)state;
    for (size_t step = 1; step <= sizeof text; step++) {
        struct told t;
        struct http_reader *r;
        told_read(&t, &config, bytes_of(text, sizeof text - 1), step, &r);
        assert_ok(t.e);
        assert_true(t.ended && t.body_len == 13 && memcmp(t.body, "abc0123456789", 13) == 0);
        assert_int_equal(t.used, sizeof text - 1 - 4);
        http_reader_free(r);
    }
}

static void test_the_length_may_be_nothing(void **state)
{
    (void)state;
    struct told t;
    struct http_reader *r;
    told_read(&t, &config, bytes_str("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), 4096, &r);
    assert_true(t.e == ERR_OK && t.ended && t.body_len == 0);
    http_reader_free(r);
}

/* Message after message through one reader, and what was in the head before is gone. */
static void test_messages_follow_one_another(void **state)
{
    static const char text[] = "GET /a HTTP/1.1\r\n" HOST "\r\nPOST /b HTTP/1.1\r\n" HOST
                               "Content-Length: 2\r\n\r\nxyGET /c HTTP/1.0\r\n\r\n";
    static const char *const paths[] = {"/a", "/b", "/c"};
    struct http_reader *r;
    struct http_event event;
    struct bytes in = bytes_of(text, sizeof text - 1);
    (void)state;
    assert_ok(http_reader_new(&config, &r));
    for (size_t i = 0; i < test_count(paths); i++) {
        assert_false(http_reader_begun(r));
        do
            assert_ok(http_read(r, &in, &event, NULL));
        while (event.kind != HTTP_END);
        assert_true(bytes_is_str(http_head(r)->path, paths[i]));
        assert_int_equal(http_head(r)->keep_alive, i != 2);
        assert_ok(http_read(r, &in, &event, NULL)); /* and the end stays the end */
        assert_int_equal(event.kind, HTTP_END);
        http_reader_next(r);
    }
    assert_int_equal(in.len, 0);
    assert_ok(http_read_eof(r, &event, NULL));
    assert_int_equal(event.kind, HTTP_MORE);
    http_reader_free(r);
}

static void test_what_connection_says(void **state)
{
    static const struct {
        const char *text;
        bool keep_alive, upgrade;
    } rows[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true, false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: Close\r\n\r\n", false, false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", true,
         true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: keep-alive\r\nConnection: x,close\r\n\r\n", false, false},
        {"GET / HTTP/1.0\r\n\r\n", false, false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false, false},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct told t;
        struct http_reader *r;
        told_read(&t, &config, bytes_str(rows[i].text), 4096, &r);
        assert_ok(t.e);
        assert_int_equal(http_head(r)->keep_alive, rows[i].keep_alive);
        assert_int_equal(http_head(r)->upgrade, rows[i].upgrade);
        http_reader_free(r);
    }
}

static void test_an_expectation_is_told(void **state)
{
    (void)state;
    struct told t;
    struct http_reader *r;
    told_read(&t, &config,
              bytes_str("POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n"), 4096,
              &r);
    assert_true(t.e == ERR_OK && t.heads == 1 && !t.ended && http_head(r)->expect_continue);
    http_reader_free(r);
}

static void test_heads_have_limits(void **state)
{
    char text[2048] = "GET / HTTP/1.1\r\n" HOST;
    struct told t;
    struct http_reader *r;
    (void)state;
    /* a head that never ends */
    size_t n = strlen(text);
    memset(text + n, 'a', sizeof text - n);
    told_read(&t, &config, bytes_of(text, sizeof text), 16, &r);
    assert_true(t.e == ERR_TOO_LARGE && t.status == 431 && t.used <= config.head_max + 16);
    http_reader_free(r);
    /* what stands behind the limit does not matter, in whatever pieces it comes */
    text[config.head_max + 50] = '\0';
    for (size_t step = 1; step <= sizeof text; step *= 2) {
        told_read(&t, &config, bytes_of(text, sizeof text), step, &r);
        assert_true(t.e == ERR_TOO_LARGE && t.status == 431);
        http_reader_free(r);
    }
    /* too many fields */
    const struct http_config roomy = {.kind = HTTP_REQUEST};
    for (size_t i = 0; i <= HTTP_FIELDS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "a:%zu\r\n", i);
    (void)snprintf(text + n, sizeof text - n, "\r\n");
    told_read(&t, &roomy, bytes_str(text), 4096, &r);
    assert_true(t.e == ERR_TOO_LARGE && t.status == 431);
    http_reader_free(r);
    /* a target */
    static char long_target[HTTP_TARGET_MAX + 64] = "GET /";
    memset(long_target + 5, 'a', HTTP_TARGET_MAX);
    (void)snprintf(long_target + 5 + HTTP_TARGET_MAX, 40, " HTTP/1.1\r\n" HOST "\r\n");
    told_read(&t, &roomy, bytes_str(long_target), 4096, &r);
    assert_true(t.e == ERR_TOO_LARGE && t.status == 414);
    http_reader_free(r);
}

static void test_a_cut_message_is_not_whole(void **state)
{
    static const char text[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nxy";
    (void)state;
    for (size_t n = 1; n < sizeof text - 1; n++) {
        struct told t;
        struct http_reader *r;
        struct http_event event;
        told_read(&t, &config, bytes_of(text, n), 4096, &r);
        assert_true(t.e == ERR_OK && !t.ended && http_reader_begun(r));
        assert_err(http_read_eof(r, &event, NULL), ERR_TRUNCATED);
        http_reader_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ambiguous_heads_are_refused),
        cmocka_unit_test(test_ambiguous_chunks_are_refused),
        cmocka_unit_test(test_a_request_is_read_whole_in_any_pieces),
        cmocka_unit_test(test_chunks_are_put_together),
        cmocka_unit_test(test_the_length_may_be_nothing),
        cmocka_unit_test(test_messages_follow_one_another),
        cmocka_unit_test(test_what_connection_says),
        cmocka_unit_test(test_an_expectation_is_told),
        cmocka_unit_test(test_heads_have_limits),
        cmocka_unit_test(test_a_cut_message_is_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
