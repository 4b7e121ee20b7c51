/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

#include <stdio.h>

#include "base/secret.h"
#include "openai/chat.h"

static void every_path_has_its_api(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum api api;
        enum api_events events;
    } rows[] = {
        {"/v1/chat/completions", API_CHAT, API_EVENTS_DATA},
        {"/v1/completions", API_COMPLETIONS, API_EVENTS_DATA},
        {"/v1/embeddings", API_EMBEDDINGS, API_EVENTS_NONE},
        {"/v1/responses", API_RESPONSES, API_EVENTS_NAMED},
        {"/v1/messages", API_MESSAGES, API_EVENTS_NAMED},
        {"/v1/messages/count_tokens", API_TOKENS, API_EVENTS_NONE},
    };
    assert_int_equal(test_count(rows), API_COUNT);
    for (size_t i = 0; i < test_count(rows); i++) {
        enum api api = API_COUNT;
        assert_true(api_find(bytes_str(rows[i].path), &api));
        assert_int_equal(api, rows[i].api);
        assert_string_equal(api_path(api), rows[i].path);
        assert_int_equal(api_events(api), rows[i].events);
        assert_true(strlen(api_name(api)) > 3);
    }
    static const char *const others[] = {"",
                                         "/",
                                         "/v1",
                                         "/v1/models",
                                         "/v1/messages/",
                                         "/v1/chat/completions?x=1",
                                         "/v1/messages/count_tokens/",
                                         "v1/messages"};
    for (size_t i = 0; i < test_count(others); i++) {
        enum api api = API_COUNT;
        assert_false(api_find(bytes_str(others[i]), &api));
        assert_int_equal(api, API_COUNT);
    }
}

static void assert_error(enum api api, enum err e, const char *text, bool streamed, const char *wanted)
{
    struct err_note why = {""};
    (void)snprintf(why.text, sizeof why.text, "%s", text);
    char *line = api_error(api, e, &why, streamed);
    assert_non_null(line);
    assert_ok(secret_buffer_append(&lines, bytes_str(line), ANSWER_SIZE_MAX));
    secret_free(line);
    openai_assert_lines(wanted);
}

#define OPENAI(message, type, param, code)                                                                   \
    "'error':{'message':'" message "','type':'" type "','param':" param ",'code':'" code "'}}\n"

static void each_api_has_its_own_form_of_error(void **state)
{
    (void)state;
    static const enum api alike[] = {API_CHAT, API_COMPLETIONS, API_EMBEDDINGS, API_RESPONSES};
    for (size_t i = 0; i < test_count(alike); i++) {
        assert_error(alike[i], ERR_REQUEST, "messages[0].content: is missing", false,
                     "{" OPENAI("messages[0].content: is missing", "invalid_request_error",
                                "'messages[0].content'", "bad-request"));
        assert_error(alike[i], ERR_CONTEXT, "too long", false,
                     "{" OPENAI("too long", "invalid_request_error", "null", "context_length_exceeded"));
        assert_error(alike[i], ERR_BUSY, "", false,
                     "{" OPENAI("the enclave is busy, try again later", "rate_limit_error", "null", "busy"));
    }
    assert_error(API_CHAT, ERR_ENGINE, "", true,
                 "{" OPENAI("the inference engine failed", "server_error", "null", "engine"));
    assert_error(
        API_RESPONSES, ERR_ENGINE, "", true,
        "{'type':'error','sequence_number':0,'code':'engine','message':'the inference engine "
        "failed','param':null," OPENAI("the inference engine failed", "server_error", "null", "engine"));
    assert_int_equal(api_error_find("context_length_exceeded"), ERR_CONTEXT);
    assert_int_equal(api_error_find("busy"), ERR_BUSY);
    assert_int_equal(api_error_find("insufficient_quota"), ERR_ENGINE);
    for (int streamed = 0; streamed <= 1; streamed++)
        assert_error(
            API_MESSAGES, ERR_REQUEST, "max_tokens: is missing", streamed != 0,
            "{'type':'error','error':{'type':'invalid_request_error','message':'max_tokens: is missing'}}\n");
    assert_error(API_TOKENS, ERR_UNKNOWN, "no", false,
                 "{'type':'error','error':{'type':'not_found_error','message':'no'}}\n");
}

/* A note may quote what it likes, and be cut off in the middle of a character. */
static void a_message_is_always_a_string(void **state)
{
    (void)state;
    assert_error(API_CHAT, ERR_REQUEST, "a \"b\": \xc3", false,
                 "{" OPENAI("a \\'b\\': \xef\xbf\xbd", "invalid_request_error", "null", "bad-request"));
    assert_error(API_MESSAGES, ERR_REQUEST, "\n\x01", false,
                 "{'type':'error','error':{'type':'invalid_request_error','message':'\\n\\u0001'}}\n");
}

static void an_error_keeps_its_name_and_has_a_status(void **state)
{
    (void)state;
    static const struct {
        enum err error;
        uint16_t status;
        const char *anthropic;
    } rows[] = {
        {ERR_REQUEST, 400, "invalid_request_error"},
        {ERR_CONTEXT, 400, "invalid_request_error"},
        {ERR_UNKNOWN, 404, "not_found_error"},
        {ERR_TOO_LARGE, 413, "request_too_large"},
        {ERR_BUSY, 429, "rate_limit_error"},
        {ERR_ENGINE, 500, "api_error"},
        {ERR_MEMORY, 500, "api_error"},
        {ERR_CHANNEL_SHUTDOWN, 503, "overloaded_error"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct chat_line line;
        char *text = api_error(API_CHAT, rows[i].error, NULL, false);
        assert_ok(chat_line_parse(bytes_str(text), &line));
        assert_int_equal(line.kind, CHAT_LINE_ERROR);
        assert_int_equal(api_error_find(line.code), rows[i].error);
        assert_string_equal(line.message, err_text(rows[i].error));
        assert_int_equal(api_error_status(rows[i].error), rows[i].status);
        chat_line_release(&line);
        secret_free(text);
        text = api_error(API_MESSAGES, rows[i].error, NULL, false);
        assert_non_null(strstr(text, rows[i].anthropic));
        secret_free(text);
    }
}

#define MODEL(created, at)                                                                                   \
    "{'id':'TinyStories 15M','object':'model','created':" created                                            \
    ",'owned_by':'enclume','type':'model','display_name':'TinyStories 15M','created_at':'" at "'}"

/* The times are those of `date -u -d @SECONDS`. */
static void models_are_listed_for_both_kinds_of_client(void **state)
{
    (void)state;
    static const struct {
        int64_t created;
        const char *wanted;
    } rows[] = {
        {0, MODEL("0", "1970-01-01T00:00:00Z") "\n"},
        {951827696, MODEL("951827696", "2000-02-29T12:34:56Z") "\n"},
        {1700000000, MODEL("1700000000", "2023-11-14T22:13:20Z") "\n"},
        {4107542399, MODEL("4107542399", "2100-02-28T23:59:59Z") "\n"},
        {4107542400, MODEL("4107542400", "2100-03-01T00:00:00Z") "\n"},
        {253402300799, MODEL("253402300799", "9999-12-31T23:59:59Z") "\n"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        char *text = api_model("TinyStories 15M", rows[i].created);
        assert_ok(secret_buffer_append(&lines, bytes_str(text), ANSWER_SIZE_MAX));
        secret_free(text);
        openai_assert_lines(rows[i].wanted);
    }
    char *text = api_model_list("TinyStories 15M", 0);
    assert_ok(secret_buffer_append(&lines, bytes_str(text), ANSWER_SIZE_MAX));
    secret_free(text);
    openai_assert_lines("{'object':'list','data':[" MODEL(
        "0", "1970-01-01T00:00:00Z") "],'has_more':false,"
                                     "'first_id':'TinyStories 15M','last_id':'TinyStories 15M'}\n");
}

static void a_model_is_known_by_its_path(void **state)
{
    (void)state;
    static const char *const same[] = {"/v1/models/a b/c", "/v1/models/a%20b/c", "/v1/models/%61%20b%2Fc",
                                       "/v1/models/a%20b%2fc"};
    static const char *const other[] = {"",
                                        "/v1/models",
                                        "/v1/models/",
                                        "/v1/models/a b/",
                                        "/v1/models/a b/cd",
                                        "/v1/models/a%2",
                                        "/v1/models/a%2xb/c",
                                        "/v1/models/a b/c%00",
                                        "/v1/model/a b/c",
                                        "/v1/models/A b/c"};
    for (size_t i = 0; i < test_count(same); i++)
        assert_true(api_model_is(bytes_str(same[i]), "a b/c"));
    for (size_t i = 0; i < test_count(other); i++)
        assert_false(api_model_is(bytes_str(other[i]), "a b/c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_has_its_api),
        cmocka_unit_test(each_api_has_its_own_form_of_error),
        cmocka_unit_test(a_message_is_always_a_string),
        cmocka_unit_test(an_error_keeps_its_name_and_has_a_status),
        cmocka_unit_test(models_are_listed_for_both_kinds_of_client),
        cmocka_unit_test(a_model_is_known_by_its_path),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
