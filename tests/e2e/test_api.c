/* SPDX-License-Identifier: Apache-2.0 */
/* Each API on the channel of a real enclave: what it answers, streamed and whole, and how it refuses. The members of the answers are the unit tests' affair (tests/unit/openai). */
#include "e2e/support/raw.h"
#include "e2e/support/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "unit/test.h"

enum { WAIT_MS = 60000, LINES_MAX = 64 };

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}]"

static struct world world;
static struct raw raw;
static json_t *lines[LINES_MAX];
static size_t line_count;

static void forget(void)
{
    while (line_count > 0)
        json_decref(lines[--line_count]);
}

/* Asks, and takes the answer apart into its lines, each of which is one JSON object. */
static void request(const char *path, const char *body, uint16_t status)
{
    forget();
    if (!raw_request(&raw, path, body, WAIT_MS))
        fail_msg("%s: no answer", path);
    if (raw.status != status)
        fail_msg("%s: %u, wanted %u: %s", path, raw.status, status, raw.text);
    assert_int_equal(raw.text[raw.len - 1], '\n');
    for (char *at = raw.text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        assert_true(line_count < LINES_MAX);
        assert_ok(strict_json_parse(bytes_of(at, (size_t)(end - at)), 1 << 20, &lines[line_count], NULL));
        assert_true(json_is_object(lines[line_count]));
        line_count++;
    }
}

/* A text in a line, by a path such as "choices.0.message.role". */
static const char *text_at(size_t line, const char *path)
{
    const json_t *value = lines[line];
    char steps[128];
    (void)snprintf(steps, sizeof steps, "%s", path);
    char *rest = NULL;
    for (char *step = strtok_r(steps, ".", &rest); step != NULL; step = strtok_r(NULL, ".", &rest))
        value = json_is_array(value) ? json_array_get(value, strtoul(step, NULL, 10))
                                     : json_object_get(value, step);
    const char *text = json_string_value(value);
    return text != NULL ? text : "";
}

static void whole_answers_are_one_document(void **state)
{
    (void)state;
    request("/v1/chat/completions", "{" MESSAGES ",\"max_tokens\":4}", 200);
    assert_int_equal(line_count, 1);
    assert_string_equal(text_at(0, "object"), "chat.completion");
    assert_string_not_equal(text_at(0, "choices.0.message.content"), "");
    assert_string_equal(text_at(0, "choices.0.finish_reason"), "length");

    request("/v1/completions", "{\"prompt\":[\"Once upon\",\"There was\"],\"max_tokens\":4}", 200);
    assert_int_equal(line_count, 1);
    assert_string_equal(text_at(0, "object"), "text_completion");
    assert_string_not_equal(text_at(0, "choices.1.text"), "");

    request("/v1/responses", "{\"input\":\"Once upon a time\",\"max_output_tokens\":4}", 200);
    assert_int_equal(line_count, 1);
    assert_string_equal(text_at(0, "status"), "incomplete");
    assert_string_not_equal(text_at(0, "output.0.content.0.text"), "");

    request("/v1/messages", "{" MESSAGES ",\"max_tokens\":4}", 200);
    assert_int_equal(line_count, 1);
    assert_string_equal(text_at(0, "stop_reason"), "max_tokens");
    assert_string_not_equal(text_at(0, "content.0.text"), "");
}

static void streams_are_events(void **state)
{
    (void)state;
    request("/v1/chat/completions",
            "{" MESSAGES ",\"max_tokens\":4,\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
            200);
    assert_true(line_count > 3);
    assert_string_equal(text_at(0, "choices.0.delta.role"), "assistant");
    assert_string_equal(text_at(line_count - 2, "choices.0.finish_reason"), "length");
    assert_true(json_is_object(json_object_get(lines[line_count - 1], "usage")));
    for (size_t i = 1; i < line_count; i++)
        assert_string_equal(text_at(i, "id"), text_at(0, "id"));

    request("/v1/completions", "{\"prompt\":\"Once upon\",\"max_tokens\":4,\"stream\":true}", 200);
    assert_true(line_count > 2);
    assert_string_equal(text_at(line_count - 1, "choices.0.finish_reason"), "length");

    request("/v1/responses", "{\"input\":\"Once upon a time\",\"max_output_tokens\":4,\"stream\":true}", 200);
    assert_string_equal(text_at(0, "type"), "response.created");
    assert_string_equal(text_at(line_count - 1, "type"), "response.incomplete");
    for (size_t i = 0; i < line_count; i++)
        assert_int_equal(json_integer_value(json_object_get(lines[i], "sequence_number")), i);

    request("/v1/messages", "{" MESSAGES ",\"max_tokens\":4,\"stream\":true}", 200);
    assert_string_equal(text_at(0, "type"), "message_start");
    assert_string_equal(text_at(line_count - 1, "type"), "message_stop");
}

/* Two answers have different ids, and the ids that are made of the same bytes say so within one. */
static void ids_are_not_repeated(void **state)
{
    (void)state;
    char first[128];
    request("/v1/chat/completions", "{" MESSAGES ",\"max_tokens\":1}", 200);
    (void)snprintf(first, sizeof first, "%s", text_at(0, "id"));
    assert_true(strncmp(first, "chatcmpl-", strlen("chatcmpl-")) == 0);
    request("/v1/chat/completions", "{" MESSAGES ",\"max_tokens\":1}", 200);
    assert_string_not_equal(text_at(0, "id"), first);
}

static void the_model_is_listed_and_found_by_its_name(void **state)
{
    (void)state;
    char path[256] = "/v1/models/";
    request("/v1/models", "", 200);
    assert_string_equal(text_at(0, "object"), "list");
    const char *name = text_at(0, "data.0.id");
    assert_string_not_equal(name, "");
    for (size_t n = strlen(path); *name != '\0' && n + 4 < sizeof path; name++)
        n += (size_t)snprintf(path + n, sizeof path - n, "%%%02X", (unsigned char)*name);
    request(path, "", 200);
    assert_string_equal(text_at(0, "object"), "model");
    request("/v1/models/another", "", 404);
    assert_string_equal(text_at(0, "error.code"), "unknown-value");
}

static void refusals_have_the_form_of_their_api(void **state)
{
    (void)state;
    static const char *const openai[] = {"/v1/chat/completions", "/v1/completions", "/v1/embeddings",
                                         "/v1/responses"};
    for (size_t i = 0; i < test_count(openai); i++) {
        request(openai[i], "{\"stream\":true,\"mood\":\"x\"}", 400);
        assert_int_equal(line_count, 1);
        assert_string_equal(text_at(0, "error.code"), "bad-request");
        assert_string_equal(text_at(0, "error.type"), "invalid_request_error");
        assert_string_not_equal(text_at(0, "error.param"), "");
    }
    request("/v1/messages", "{" MESSAGES "}", 400);
    assert_string_equal(text_at(0, "type"), "error");
    assert_string_equal(text_at(0, "error.type"), "invalid_request_error");
    assert_string_equal(text_at(0, "error.message"), "max_tokens: is missing");
    request("/v1/messages/batches", "{}", 404);
    assert_string_equal(text_at(0, "error.message"), "there is no such path");
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    if (crypto_init() != ERR_OK)
        return -1;
    world_start(&world, &(struct world_options){.lie = NULL});
    raw_open(&raw, world.socket);
    return raw_finish(&raw, WAIT_MS) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    forget();
    raw_close(&raw);
    world_stop(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers_are_one_document),
        cmocka_unit_test(streams_are_events),
        cmocka_unit_test(ids_are_not_repeated),
        cmocka_unit_test(the_model_is_listed_and_found_by_its_name),
        cmocka_unit_test(refusals_have_the_form_of_their_api),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, setup, teardown);
}
