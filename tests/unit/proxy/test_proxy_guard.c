/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>

#include "proxy/guard.h"

#define TOKEN  "enclume-0123456789abcdef"
#define COOKIE "cookie-0123456789"

static const struct guard guard = {
    .port = 8787,
    .wants_token = true,
    .token = {.ptr = (const uint8_t *)TOKEN, .len = sizeof TOKEN - 1},
    .cookie = {.ptr = (const uint8_t *)COOKIE, .len = sizeof COOKIE - 1},
    .origin_count = 1,
    .origins = {"https://app.example"},
};

/* A request with these fields; the caller frees the reader. */
static const struct http_head *head_of(const char *fields, struct http_reader **r)
{
    const struct http_config config = {.kind = HTTP_REQUEST};
    char text[2048];
    struct http_event event;
    int n = snprintf(text, sizeof text, "GET / HTTP/1.0\r\n%s\r\n", fields);
    struct bytes in = bytes_of(text, (size_t)n);
    assert_ok(http_reader_new(&config, r));
    assert_ok(http_read(*r, &in, &event, NULL));
    assert_int_equal(event.kind, HTTP_HEAD);
    return http_head(*r);
}

static void test_only_loopback_is_listened_on(void **state)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        uint16_t port;
    } rows[] = {
        {"127.0.0.1:8787", "127.0.0.1", 8787},
        {"127.1.2.3:0", "127.1.2.3", 0},
        {"localhost:80", "127.0.0.1", 80},
        {"[::1]:8787", "::1", 8787},
        {"0.0.0.0:8787", NULL, 0},
        {"192.168.1.2:8787", NULL, 0},
        {"128.0.0.1:8787", NULL, 0},
        {"[::]:8787", NULL, 0},
        {"[::ffff:127.0.0.1]:8787", NULL, 0},
        {"::1:8787", NULL, 0},
        {"[127.0.0.1]:8787", NULL, 0},
        {"localhost.example:80", NULL, 0},
        {"2130706433:80", NULL, 0},
        {"127.1:80", NULL, 0},
        {":8787", NULL, 0},
        {"127.0.0.1", NULL, 0},
        {"127.0.0.1:", NULL, 0},
        {"127.0.0.1:65536", NULL, 0},
        {"127.0.0.1:-1", NULL, 0},
        {"127.0.0.1:80x", NULL, 0},
        {"", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        char host[64];
        uint16_t port = 0;
        struct err_note note = {{0}};
        enum err e = guard_listen_address(rows[i].text, host, &port, &note);
        if ((e == ERR_OK) != (rows[i].host != NULL))
            fail_msg("%s: %s", rows[i].text, err_name(e));
        if (e == ERR_OK) {
            assert_string_equal(host, rows[i].host);
            assert_int_equal(port, rows[i].port);
        } else {
            assert_non_null(strstr(note.text, "--listen"));
        }
    }
}

static void test_the_host_is_our_own(void **state)
{
    static const struct {
        const char *fields;
        bool good;
        bool good_at_80;
    } rows[] = {
        {"Host: localhost:8787\r\n", true, false},
        {"Host: 127.0.0.1:8787\r\n", true, false},
        {"Host: [::1]:8787\r\n", true, false},
        {"Host: localHOST:8787\r\n", true, false},
        {"Host: localhost\r\n", false, true},
        {"Host: localhost:80\r\n", false, true},
        {"Host: localhost:08787\r\n", false, false},
        {"Host: localhost.:8787\r\n", false, false},
        {"Host: 127.0.0.2:8787\r\n", false, false},
        {"Host: 127.1.2.3:8787\r\n", false, false},
        {"Host: 127.1.2.3:80\r\n", false, true},
        {"Host: 127.1.2.3\r\n", false, true},
        {"Host: evil.example:8787\r\n", false, false},
        {"Host: localhost:8787.evil.example\r\n", false, false},
        {"Host: user@localhost:8787\r\n", false, false},
        {"Host:\r\n", false, false},
        {"", false, false},
    };
    struct guard at_80 = guard;
    at_80.port = 80;
    at_80.host = "127.1.2.3";
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct http_reader *r;
        const struct http_head *h = head_of(rows[i].fields, &r);
        if (guard_host(&guard, h) != rows[i].good || guard_host(&at_80, h) != rows[i].good_at_80)
            fail_msg("%s", rows[i].fields);
        http_reader_free(r);
    }
}

static void test_origins(void **state)
{
    static const struct {
        const char *fields;
        enum guard_origin wanted;
    } rows[] = {
        {"", GUARD_ORIGIN_NONE},
        {"Origin: http://localhost:8787\r\n", GUARD_ORIGIN_OWN},
        {"Origin: http://[::1]:8787\r\n", GUARD_ORIGIN_OWN},
        {"Origin: https://app.example\r\n", GUARD_ORIGIN_ALLOWED},
        {"Origin: https://APP.example\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin: https://app.example:444\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin: https://app.example.evil\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin: https://localhost:8787\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin: http://localhost:8787/\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin: http://localhost\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin: http://\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin:\r\n", GUARD_ORIGIN_REFUSED},
        {"Origin: http://localhost:8787\r\nOrigin: http://localhost:8787\r\n", GUARD_ORIGIN_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct http_reader *r;
        struct bytes origin;
        if (guard_origin(&guard, head_of(rows[i].fields, &r), &origin) != rows[i].wanted)
            fail_msg("%s", rows[i].fields);
        http_reader_free(r);
    }
    assert_true(guard_is_origin("https://app.example") && guard_is_origin("chrome-extension://abc") &&
                guard_is_origin("http://localhost:3000"));
    static const char *const wrong[] = {"",
                                        "*",
                                        "null",
                                        "https://",
                                        "app.example",
                                        "https://app.example/",
                                        "https://a b",
                                        "https://u@a",
                                        "://a",
                                        "HTTP://a"};
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_false(guard_is_origin(wrong[i]));
}

static void test_tokens(void **state)
{
    static const struct {
        const char *fields;
        bool token;
        bool page;
    } rows[] = {
        {"Authorization: Bearer " TOKEN "\r\n", true, true},
        {"authorization: BEARER " TOKEN "\r\n", true, true},
        {"x-api-key: " TOKEN "\r\n", true, true},
        {"x-api-key: wrong\r\nAuthorization: Bearer " TOKEN "\r\n", true, true},
        {"", false, false},
        {"Authorization: " TOKEN "\r\n", false, false},
        {"Authorization: Bearer\r\n", false, false},
        {"Authorization: Bearer  " TOKEN "\r\n", false, false},
        {"Authorization: Bearer " TOKEN "x\r\n", false, false},
        {"Authorization: Bearer enclume-0123456789abcdeg\r\n", false, false},
        {"Authorization: Basic " TOKEN "\r\n", false, false},
        {"Authorization: Bearer " TOKEN "\r\nAuthorization: Bearer " TOKEN "\r\n", false, false},
        {"x-api-key: " TOKEN "\r\nx-api-key: " TOKEN "\r\n", false, false},
        {"Authorization: Bearer " COOKIE "\r\n", false, false},
        {"Cookie: enclume-status=" COOKIE "\r\n", false, true},
        {"Cookie: a=b; enclume-status=" COOKIE "; c=d\r\n", false, true},
        {"Cookie: a=b;enclume-status=" COOKIE "\r\n", false, true},
        {"Cookie: enclume-status=" COOKIE "x\r\n", false, false},
        {"Cookie: xenclume-status=" COOKIE "\r\n", false, false},
        {"Cookie: enclume-status=\r\n", false, false},
        {"Cookie: enclume-status=" TOKEN "\r\n", false, false},
        {"Cookie: ;;;\r\n", false, false},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct http_reader *r;
        const struct http_head *h = head_of(rows[i].fields, &r);
        if (guard_token(&guard, h) != rows[i].token || guard_cookie(&guard, h) != rows[i].page)
            fail_msg("%s", rows[i].fields);
        http_reader_free(r);
    }
    struct guard open = guard;
    struct http_reader *r;
    open.wants_token = false;
    assert_true(guard_token(&open, head_of("", &r)));
    http_reader_free(r);
    /* Nothing is the same as no secret at all. */
    struct guard none = {.port = 1, .wants_token = true};
    assert_false(guard_token(&none, head_of("x-api-key:\r\nAuthorization: Bearer \r\n", &r)));
    http_reader_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_loopback_is_listened_on),
        cmocka_unit_test(test_the_host_is_our_own),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
