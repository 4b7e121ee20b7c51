/* SPDX-License-Identifier: Apache-2.0 */
/* The request that opens a WebSocket: what it must be, what refuses it, with which status; tokens and origins. */
#include "gateway/upgrade.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test.h"

/* The parts of a good request, each of which a test can replace. */
struct request {
    const char *start, *host, *upgrade, *connection, *key, *version, *protocol, *more;
};
static const struct request good = {
    .start = "GET /enclume HTTP/1.1",
    .host = "Host: gate.example\r\n",
    .upgrade = "Upgrade: websocket\r\n",
    .connection = "Connection: keep-alive, Upgrade\r\n",
    .key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    .version = "Sec-WebSocket-Version: 13\r\n",
    .protocol = "Sec-WebSocket-Protocol: chat, enclume.v1\r\n",
    .more = "",
};

static struct option_list no_origins;

static struct upgrade checked(const struct request *r, const struct upgrade_rules *rules)
{
    char text[2048];
    struct upgrade u;
    struct http_reader *reader;
    struct http_event event;
    struct err_note note = {0};
    int n = snprintf(text, sizeof text, "%s\r\n%s%s%s%s%s%s%s\r\n", r->start, r->host, r->upgrade,
                     r->connection, r->key, r->version, r->protocol, r->more);
    struct bytes in = bytes_of(text, (size_t)n);
    assert_ok(http_reader_new(&(struct http_config){.kind = HTTP_REQUEST, .body_max = 100}, &reader));
    enum err e = http_read(reader, &in, &event, &note);
    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), note.text);
    assert_int_equal(event.kind, HTTP_HEAD);
    upgrade_check(http_head(reader), rules, &u);
    http_reader_free(reader);
    return u;
}

static uint16_t status_of(struct request r)
{
    const struct upgrade_rules rules = {.origins = &no_origins};
    struct upgrade u = checked(&r, &rules);
    assert_true(u.status == 101 || strlen(u.why) > 5);
    return u.status;
}

static struct request with(size_t offset, const char *text)
{
    struct request r = good;
    memcpy((char *)&r + offset, &text, sizeof text);
    return r;
}
#define WITH(part, text) with(offsetof(struct request, part), text)

static void a_good_request_is_answered_with_101(void **state)
{
    const struct upgrade_rules rules = {.origins = &no_origins};
    uint8_t out[UPGRADE_RESPONSE_MAX];
    struct bytes response = {0};
    (void)state;
    struct upgrade u = checked(&good, &rules);
    assert_int_equal(u.status, 101);
    assert_ok(upgrade_response(&u, out, &response));
    static const char wanted[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        "Sec-WebSocket-Protocol: enclume.v1\r\n\r\n";
    assert_int_equal(response.len, sizeof wanted - 1);
    assert_memory_equal(response.ptr, wanted, sizeof wanted - 1);
    assert_int_equal(status_of(WITH(upgrade, "upgrade: WebSocket\r\n")), 101);
    assert_int_equal(status_of(WITH(more, "Origin: https://anybody.example\r\n")), 101);
    assert_int_equal(status_of(WITH(more, "Sec-WebSocket-Extensions: permessage-deflate\r\n")), 101);
}

static void everything_else_is_refused_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(status_of(WITH(start, "GET / HTTP/1.1")), 404);
    assert_int_equal(status_of(WITH(start, "GET /enclume/ HTTP/1.1")), 404);
    assert_int_equal(status_of(WITH(start, "POST /enclume HTTP/1.1")), 405);
    assert_int_equal(status_of(WITH(start, "GET /enclume HTTP/1.0")), 400);
    assert_int_equal(status_of(WITH(more, "Content-Length: 5\r\n")), 400);
    assert_int_equal(status_of(WITH(upgrade, "")), 426);
    assert_int_equal(status_of(WITH(upgrade, "Upgrade: h2c\r\n")), 426);
    assert_int_equal(status_of(WITH(connection, "Connection: keep-alive\r\n")), 426);
    assert_int_equal(status_of(WITH(version, "Sec-WebSocket-Version: 8\r\n")), 426);
    assert_int_equal(status_of(WITH(version, "Sec-WebSocket-Version: 13, 8\r\n")), 426);
    assert_int_equal(status_of(WITH(version, "")), 426);
    assert_int_equal(status_of(WITH(key, "")), 400);
    assert_int_equal(status_of(WITH(key, "Sec-WebSocket-Key: aGVsbG8=\r\n")), 400);
    assert_int_equal(status_of(WITH(more, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")), 400);
    assert_int_equal(status_of(WITH(protocol, "")), 400);
    assert_int_equal(status_of(WITH(protocol, "Sec-WebSocket-Protocol: enclume.v2\r\n")), 400);
    assert_int_equal(status_of(WITH(start, "GET /enclume?token=abc HTTP/1.1")), 400); /* none is wanted */
    assert_int_equal(status_of(WITH(start, "GET /enclume?x=y HTTP/1.1")), 400);
}

static void refusals_are_whole_responses(void **state)
{
    static const struct {
        uint16_t status;
        const char *field;
    } rows[] = {{400, "Connection: close\r\n"}, {401, "WWW-Authenticate: Bearer\r\n"},
                {405, "Allow: GET\r\n"},        {426, "Sec-WebSocket-Version: 13\r\n"},
                {429, "Retry-After: 1\r\n"},    {503, "Retry-After: 1\r\n"}};
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        uint8_t out[UPGRADE_RESPONSE_MAX + 1];
        struct bytes response = {0};
        struct upgrade u = upgrade_refusal(rows[i].status, "because");
        assert_ok(upgrade_response(&u, out, &response));
        out[response.len] = '\0';
        assert_non_null(strstr((char *)out, rows[i].field));
        assert_non_null(strstr((char *)out, "Content-Length: 8\r\n"));
        assert_non_null(strstr((char *)out, "\r\n\r\nbecause\n"));
    }
}

static void only_listed_origins_may_connect(void **state)
{
    const struct option_list origins = {.items = {"https://chat.example", "https://b.example:8443"},
                                        .count = 2};
    const struct upgrade_rules rules = {.origins = &origins};
    struct request r = good;
    (void)state;
    assert_int_equal(checked(&r, &rules).status, 101); /* not a browser */
    r.more = "Origin: https://b.example:8443\r\n";
    assert_int_equal(checked(&r, &rules).status, 101);
    r.more = "Origin: https://chat.example.evil.example\r\n";
    assert_int_equal(checked(&r, &rules).status, 403);
    r.more = "Origin: null\r\n";
    assert_int_equal(checked(&r, &rules).status, 403);
    r.more = "Origin: https://chat.example\r\nOrigin: https://chat.example\r\n";
    assert_int_equal(checked(&r, &rules).status, 403);
}

static void a_token_comes_once_and_must_be_known(void **state)
{
    /* Somebody else's. */
    static const char text[] = "c0a0fbf68c6b6c6a2d31d2c9ad5d0a48c0d5d4a2f1a2f7a0e1c9a6e4f7a0b1c2\n";
    struct tokens tokens = {0};
    const struct limits_rules none = limits_rules_of(0, 0, 0);
    const struct upgrade_rules rules = {.origins = &no_origins, .tokens = &tokens};
    uint8_t digest[DIGEST_SHA256_SIZE];
    char line[2 * DIGEST_SHA256_SIZE + 1];
    const struct bytes sesame = bytes_str("sesame");
    struct request r = good;
    (void)state;
    assert_ok(digest_sha256(&sesame, 1, digest));
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(line + 2 * i, 3, "%02x", digest[i]);
    assert_ok(tokens_read(&tokens, bytes_str(line), &none, 0, NULL));
    assert_int_equal(checked(&r, &rules).status, 401);
    r.more = "Authorization: Bearer sesame\r\n";
    assert_int_equal(checked(&r, &rules).status, 101);
    assert_ptr_equal(checked(&r, &rules).token, tokens.rows[0]);
    r.more = "authorization: bearer sesame\r\n";
    assert_int_equal(checked(&r, &rules).status, 101);
    static const char *const wrong[] = {"Authorization: Bearer Sesame\r\n",
                                        "Authorization: Bearer sesame1\r\n",
                                        "Authorization: Bearer\r\n",
                                        "Authorization: Basic sesame\r\n",
                                        "Authorization: Bearer sesame sesame\r\n",
                                        "Authorization: Bearer \"sesame\"\r\n"};
    for (size_t i = 0; i < test_count(wrong); i++) {
        r.more = wrong[i];
        assert_int_equal(checked(&r, &rules).status, 401);
    }
    r.more = "Authorization: Bearer sesame\r\nAuthorization: Bearer sesame\r\n";
    assert_int_equal(checked(&r, &rules).status, 400);
    r.more = "";
    r.start = "GET /enclume?token=sesame HTTP/1.1";
    assert_int_equal(checked(&r, &rules).status, 101);
    r.more = "Authorization: Bearer sesame\r\n";
    assert_int_equal(checked(&r, &rules).status, 400);
    r.more = "";
    static const char *const targets[] = {"GET /enclume?token=sesame&token=sesame HTTP/1.1",
                                          "GET /enclume?token= HTTP/1.1",
                                          "GET /enclume?token=%73esame HTTP/1.1"};
    for (size_t i = 0; i < test_count(targets); i++) {
        r.start = targets[i];
        assert_int_equal(checked(&r, &rules).status, 401);
    }
    /* Taken out of the file, it is not known any more. */
    assert_ok(tokens_read(&tokens, bytes_str(text), &none, 0, NULL));
    r.start = "GET /enclume?token=sesame HTTP/1.1";
    assert_int_equal(checked(&r, &rules).status, 401);
    tokens_close(&tokens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_request_is_answered_with_101),
        cmocka_unit_test(everything_else_is_refused_by_its_name),
        cmocka_unit_test(refusals_are_whole_responses),
        cmocka_unit_test(only_listed_origins_may_connect),
        cmocka_unit_test(a_token_comes_once_and_must_be_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
