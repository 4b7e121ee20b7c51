/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/chat.h"

static struct chat_request request;
static struct err_note note;

static enum err parse(const char *json)
{
    note.text[0] = '\0';
    return chat_request_parse(bytes_str(json), &request, &note);
}

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static void the_smallest_request_has_the_defaults_of_the_api(void **state)
{
    (void)state;
    assert_ok(parse("{" MESSAGES "}"));
    assert_int_equal(request.message_count, 1);
    assert_int_equal(request.messages[0].role, CHAT_USER);
    assert_true(bytes_is_str(request.messages[0].content, "hi"));
    assert_false(request.stream);
    assert_int_equal(request.max_tokens, 0);
    assert_true(request.sampling.temperature == 1 && request.sampling.top_p == 1 &&
                request.sampling.repeat_penalty == 1);
    assert_true(request.sampling.min_p == 0 && request.sampling.top_k == 0 && !request.sampling.has_seed);
    chat_request_release(&request);
}

static void every_member_arrives(void **state)
{
    (void)state;
    assert_ok(parse(
        "{" MESSAGES
        ",\"stream\":true,\"max_tokens\":12,\"seed\":7,\"temperature\":0.25,\"top_p\":0.5,\"min_p\":0.125,"
        "\"top_k\":40,\"presence_penalty\":-2,\"frequency_penalty\":2,\"repeat_penalty\":1.5,\"stop\":[\"a\","
        "\"bc\"]}"));
    assert_true(request.stream);
    assert_int_equal(request.max_tokens, 12);
    assert_true(request.sampling.has_seed);
    assert_int_equal(request.sampling.seed, 7);
    assert_true(request.sampling.temperature == 0.25F && request.sampling.top_p == 0.5F &&
                request.sampling.min_p == 0.125F);
    assert_int_equal(request.sampling.top_k, 40);
    assert_true(request.sampling.presence_penalty == -2 && request.sampling.frequency_penalty == 2 &&
                request.sampling.repeat_penalty == 1.5F);
    assert_int_equal(request.stop_count, 2);
    assert_true(bytes_is_str(request.stops[1], "bc"));
    chat_request_release(&request);
}

static void null_means_default(void **state)
{
    (void)state;
    assert_ok(parse("{" MESSAGES ",\"stream\":null,\"max_tokens\":null,\"stop\":null,\"temperature\":null}"));
    assert_true(request.sampling.temperature == 1 && request.stop_count == 0);
    chat_request_release(&request);
}

static void parts_of_a_content_are_joined(void **state)
{
    (void)state;
    assert_ok(parse("{\"messages\":[{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"ab\"},"
                    "{\"type\":\"text\",\"text\":\"\"},"
                    "{\"type\":\"text\",\"text\":\"c\"}]},{\"role\":\"assistant\",\"content\":[]}]}"));
    assert_int_equal(request.messages[0].role, CHAT_SYSTEM);
    assert_true(bytes_is_str(request.messages[0].content, "abc"));
    assert_int_equal(request.messages[1].content.len, 0);
    chat_request_release(&request);
}

static void neutral_values_of_what_we_do_not_do_are_taken(void **state)
{
    (void)state;
    assert_ok(parse("{" MESSAGES ",\"model\":\"m\",\"user\":\"u\",\"n\":1,\"logprobs\":false,\"store\":false,"
                    "\"response_format\":{\"type\":\"text\"},\"stream_options\":{\"include_usage\":true}}"));
    chat_request_release(&request);
}

/* Each of these is refused, by the name of the member, and leaves nothing allocated. */
static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *named;
    } rows[] = {
        {"{}", "messages"},
        {"{\"messages\":[]}", "messages"},
        {"{\"messages\":{}}", "messages"},
        {"{\"messages\":[{\"role\":\"user\"}]}", "content"},
        {"{\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}", "role"},
        {"{\"messages\":[{\"content\":\"x\"}]}", "role"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[]}]}", "messages"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]}",
         "text"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\",\"y\":1}]}]}",
         "unknown"},
        {"{" MESSAGES ",\"temperature\":2.5}", "temperature"},
        {"{" MESSAGES ",\"temperature\":\"hot\"}", "temperature"},
        {"{" MESSAGES ",\"top_p\":-0.1}", "top_p"},
        {"{" MESSAGES ",\"max_tokens\":0}", "max_tokens"},
        {"{" MESSAGES ",\"max_tokens\":1.5}", "max_tokens"},
        {"{" MESSAGES ",\"seed\":1.5}", "seed"},
        {"{" MESSAGES ",\"stop\":\"\"}", "stop"},
        {"{" MESSAGES ",\"stop\":[1]}", "stop"},
        {"{" MESSAGES ",\"stop\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
         "\"a\",\"a\",\"a\",\"a\",\"a\"]}",
         "stop"},
        {"{" MESSAGES ",\"stream\":1}", "stream"},
        {"{" MESSAGES ",\"n\":2}", "n:"},
        {"{" MESSAGES ",\"logprobs\":true}", "logprobs"},
        {"{" MESSAGES ",\"response_format\":{\"type\":\"json_object\"}}", "response_format"},
        {"{" MESSAGES ",\"stream_options\":{\"x\":1}}", "stream_options"},
        {"{" MESSAGES ",\"tools\":[]}", "tools"},
        {"{" MESSAGES ",\"logit_bias\":{}}", "logit_bias"},
        {"[]", "object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t live = secret_stats().live;
        assert_err(parse(rows[i].json), ERR_REQUEST);
        assert_non_null(strstr(note.text, rows[i].named));
        assert_null(request.storage);
        assert_int_equal(secret_stats().live, live);
    }
}

static void bad_json_is_a_bad_request(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "{",
        "{" MESSAGES ",}",
        "{" MESSAGES "} x",
        "{" MESSAGES "," MESSAGES "}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"\\u0000\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_err(parse(rows[i]), ERR_REQUEST);
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    struct chat_message messages[] = {
        {CHAT_SYSTEM, bytes_str("Be \"brief\".\n")},
        {CHAT_USER, bytes_str("Wie geht's? \xc3\xa9\xf0\x9f\x94\xa8")},
        {CHAT_ASSISTANT, bytes_str("")},
    };
    const struct chat_request original = {
        .message_count = 3,
        .messages = messages,
        .sampling = {.temperature = 0.5F,
                     .top_p = 0.25F,
                     .min_p = 0.125F,
                     .top_k = 3,
                     .presence_penalty = 1,
                     .frequency_penalty = -1,
                     .repeat_penalty = 1.25F,
                     .has_seed = true,
                     .seed = 4000000000U},
        .max_tokens = 9,
        .stop_count = 1,
        .stops = {bytes_str("\n\n")},
        .stream = true,
    };
    char *text = chat_request_write(&original);
    assert_non_null(text);
    assert_ok(parse(text));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(request.messages[i].role, messages[i].role);
        assert_true(bytes_equal(request.messages[i].content, messages[i].content));
    }
    assert_memory_equal(&request.sampling.temperature, &original.sampling.temperature, sizeof(float));
    assert_true(request.sampling.top_p == 0.25F && request.sampling.min_p == 0.125F &&
                request.sampling.repeat_penalty == 1.25F);
    assert_int_equal(request.sampling.seed, 4000000000U);
    assert_int_equal(request.max_tokens, 9);
    assert_true(request.stream);
    assert_true(bytes_is_str(request.stops[0], "\n\n"));
    chat_request_release(&request);
    secret_free(text);
}

static void a_request_past_the_limit_is_refused_before_it_is_parsed(void **state)
{
    (void)state;
    char *large = calloc(1, CHAT_REQUEST_MAX + 2);
    assert_non_null(large);
    memset(large, ' ', CHAT_REQUEST_MAX + 1);
    assert_err(chat_request_parse(bytes_of(large, CHAT_REQUEST_MAX + 1), &request, &note), ERR_TOO_LARGE);
    free(large);
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_request_has_the_defaults_of_the_api),
        cmocka_unit_test(every_member_arrives),
        cmocka_unit_test(null_means_default),
        cmocka_unit_test(parts_of_a_content_are_joined),
        cmocka_unit_test(neutral_values_of_what_we_do_not_do_are_taken),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(bad_json_is_a_bad_request),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(a_request_past_the_limit_is_refused_before_it_is_parsed),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
