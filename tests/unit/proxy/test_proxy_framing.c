/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "base/secret.h"
#include "base/strict_json.h"
#include "proxy/proxy_internal.h"

static void test_routes(void **state)
{
    static const char *const none[] = {"/",
                                       "/v1",
                                       "/v1/",
                                       "/v1/chat",
                                       "/v1/chat/completions/",
                                       "/v1/models/",
                                       "/v1/Models",
                                       "/v2/models",
                                       "/v1/messages/count_tokens/"};
    char longest[CHANNEL_PATH_MAX + 2];
    (void)state;
    assert_string_equal(route_find(bytes_str("/v1/chat/completions"))->method, "POST");
    assert_int_equal(route_find(bytes_str("/v1/responses"))->framing, FRAMING_TYPED);
    assert_true(route_find(bytes_str("/v1/messages"))->anthropic);
    assert_true(route_find(bytes_str("/v1/messages/count_tokens"))->anthropic);
    assert_int_equal(route_find(bytes_str("/v1/messages/count_tokens"))->framing, FRAMING_WHOLE);
    assert_string_equal(route_find(bytes_str("/v1/models"))->method, "GET");
    assert_true(route_find(bytes_str("/v1/models/a/b"))->prefix);
    for (size_t i = 0; i < test_count(none); i++)
        assert_null(route_find(bytes_str(none[i])));
    /* no longer than a stream's path may be */
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "/v1/models/", 11);
    assert_non_null(route_find(bytes_of(longest, CHANNEL_PATH_MAX)));
    assert_null(route_find(bytes_of(longest, CHANNEL_PATH_MAX + 1)));
}

static void test_what_asks_for_a_stream(void **state)
{
    static const struct {
        const char *body;
        bool wants;
    } rows[] = {
        {"{\"stream\":true}", true},
        {"{\"messages\":[{\"content\":\"\\\"stream\\\":false\"}],\"str\\u0065am\" : true}", true},
        {"{\"stream\":false}", false},
        {"{\"stream\":null}", false},
        {"{\"stream\":1}", false},
        {"{\"stream\":\"true\"}", false},
        {"{\"a\":{\"stream\":true}}", false},
        {"{\"a\":\"\\\"stream\\\":true\"}", false},
        {"{\"stream\":true,\"stream\":false}", false}, /* not JSON to anybody here */
        {"[{\"stream\":true}]", false},
        {"{\"stream\":true", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        if (framing_wants_stream(bytes_str(rows[i].body)) != rows[i].wants)
            fail_msg("%s", rows[i].body);
}

static void test_lines_become_events(void **state)
{
    static const struct {
        enum framing framing;
        const char *line;
        const char *event; /* NULL: refused */
    } rows[] = {
        {FRAMING_DATA, "{\"a\":1}", "data: {\"a\":1}\n\n"},
        {FRAMING_DATA, " {\"a\":1}", "data:  {\"a\":1}\n\n"},
        {FRAMING_DATA, "", NULL},
        {FRAMING_DATA, " ", NULL},
        {FRAMING_DATA, "[DONE]", NULL}, /* the end is not the enclave's to say here */
        {FRAMING_DATA, "{}\rdata: forged", NULL},
        {FRAMING_TYPED, "{\"type\":\"message_stop\"}",
         "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"},
        {FRAMING_TYPED, "{\"type\":\"\"}", NULL},
        {FRAMING_TYPED, "{\"type\":1}", NULL},
        {FRAMING_TYPED, "{\"type\":\"a b\"}", NULL},
        {FRAMING_TYPED, "{\"type\":\"a\\ndata: forged\"}", NULL},
        {FRAMING_TYPED, "{}", NULL},
        {FRAMING_TYPED, "nothing", NULL},
    };
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct secret_buffer out = {0};
        enum err e = framing_event(rows[i].framing, bytes_str(rows[i].line), &out);
        if ((e == ERR_OK) != (rows[i].event != NULL) ||
            !bytes_is_str(secret_buffer_bytes(&out), rows[i].event != NULL ? rows[i].event : ""))
            fail_msg("%s", rows[i].line);
        secret_buffer_release(&out);
    }
}

static void assert_error(const char *path, bool in_stream, uint16_t status, const char *wanted)
{
    const struct route *route = path == NULL ? NULL : route_find(bytes_str(path));
    char *text = framing_error(route, in_stream, status, "code", "a \"quoted\" reason");
    assert_non_null(text);
    assert_string_equal(text, wanted);
    secret_free(text);
}

static void test_errors_have_the_shape_of_their_api(void **state)
{
    (void)state;
    assert_error(NULL, false, 401,
                 "{\"error\":{\"code\":\"code\",\"message\":\"a \\\"quoted\\\" "
                 "reason\",\"param\":null,\"type\":\"authentication_error\"}}");
    assert_error("/v1/chat/completions", true, 502,
                 "{\"error\":{\"code\":\"code\",\"message\":\"a \\\"quoted\\\" "
                 "reason\",\"param\":null,\"type\":\"server_error\"}}");
    assert_error(
        "/v1/messages", false, 502,
        "{\"error\":{\"message\":\"a \\\"quoted\\\" reason\",\"type\":\"api_error\"},\"type\":\"error\"}");
    assert_error("/v1/responses", false, 400,
                 "{\"error\":{\"code\":\"code\",\"message\":\"a \\\"quoted\\\" "
                 "reason\",\"param\":null,\"type\":\"invalid_request_error\"}}");
    assert_error(
        "/v1/responses", true, 502,
        "{\"code\":\"code\",\"message\":\"a \\\"quoted\\\" reason\",\"param\":null,\"type\":\"error\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_what_asks_for_a_stream),
        cmocka_unit_test(test_lines_become_events),
        cmocka_unit_test(test_errors_have_the_shape_of_their_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
