/* SPDX-License-Identifier: Apache-2.0 */
/* Our own client's side: the request that it writes is one that an enclave accepts, and the lines are read as they come. */
#include "unit/openai/openai_fixture.h"

#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/chat.h"

static void what_it_writes_an_enclave_understands(void **state)
{
    (void)state;
    struct chat_message messages[] = {
        {CHAT_SYSTEM, bytes_str("be \"brief\"")},
        {CHAT_USER, bytes_str("h\xc3\xa9\n")},
        {CHAT_ASSISTANT, bytes_str("")},
    };
    const struct chat_request request = {
        .message_count = test_count(messages),
        .messages = messages,
        .sampling = {.temperature = 0.5F,
                     .top_p = 0.25F,
                     .min_p = 0.125F,
                     .top_k = 40,
                     .presence_penalty = 1,
                     .frequency_penalty = -1,
                     .repeat_penalty = 1.5F,
                     .has_seed = true,
                     .seed = 7},
        .max_tokens = 9,
        .stop_count = 2,
        .stops = {bytes_str("a"), bytes_str("b")},
        .stream = true,
        .progress = true,
    };
    char *text = chat_request_write(&request);
    assert_non_null(text);
    assert_ok(generation_parse(API_CHAT, bytes_str(text), &generation, &note));
    secret_free(text);
    const struct generation *g = &generation;
    assert_int_equal(g->message_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(generation_role_name(g->messages[i].role), chat_role_name(messages[i].role));
        assert_true(bytes_equal(g->messages[i].parts[0].bytes, messages[i].content));
    }
    assert_true(g->sampling.temperature == 0.5F && g->sampling.top_p == 0.25F && g->sampling.min_p == 0.125F);
    assert_true(g->sampling.top_k == 40 && g->sampling.presence_penalty == 1 &&
                g->sampling.frequency_penalty == -1 && g->sampling.repeat_penalty == 1.5F);
    assert_true(g->sampling.has_seed && g->sampling.seed == 7);
    assert_int_equal(g->max_tokens, 9);
    assert_int_equal(g->stop_count, 2);
    openai_assert_bytes(g->stops[1], "b");
    assert_true(g->stream && g->include_usage && g->return_progress);
}

static void parse(const char *json, enum err wanted, struct chat_line *line)
{
    char *text = strdup(json);
    assert_non_null(text);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    enum err e = chat_line_parse(bytes_str(text), line);
    if (e != wanted)
        fail_msg("%s: %s", text, err_name(e));
    free(text);
}

/* As other servers write them, too: an engine may pass the lines of one on. */
static void lines_of_other_servers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum chat_line_kind kind;
        const char *text;
    } rows[] = {
        {"{'choices':[{'index':0,'delta':{'role':'assistant','content':null},'finish_reason':null}]}",
         CHAT_LINE_NOTHING, NULL},
        {"{'choices':[{'delta':{}}]}", CHAT_LINE_NOTHING, NULL},
        {"{'choices':[{'delta':{'content':'x'}}],'usage':null}", CHAT_LINE_TEXT, "x"},
        {"{'choices':[{'delta':{'content':null,'reasoning_content':'y'}}]}", CHAT_LINE_REASONING, "y"},
        {"{'choices':[{'delta':{},'finish_reason':'length'}],'timings':{}}", CHAT_LINE_FINISH, NULL},
        {"{'choices':[],'usage':{'prompt_tokens':1,'completion_tokens':2}}", CHAT_LINE_USAGE, NULL},
        {"{'choices':[{'delta':{}}],'prompt_progress':{'processed':1,'total':2}}", CHAT_LINE_PROGRESS, NULL},
        {"{'error':{'code':500,'message':'m','type':'server_error'}}", CHAT_LINE_ERROR, NULL},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct chat_line line;
        parse(rows[i].json, ERR_OK, &line);
        assert_int_equal(line.kind, rows[i].kind);
        if (rows[i].text != NULL)
            openai_assert_bytes(line.text, rows[i].text);
        if (line.kind == CHAT_LINE_ERROR) {
            assert_string_equal(line.code, "engine");
            assert_string_equal(line.message, "m");
        }
        chat_line_release(&line);
    }
}

static void lines_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum err wanted;
    } rows[] = {
        {"", ERR_JSON},
        {"{}", ERR_JSON},
        {"[]", ERR_JSON},
        {"{'choices':{}}", ERR_JSON},
        {"{'choices':[]}", ERR_JSON},
        {"{'choices':[],'usage':null}", ERR_JSON},
        {"{'choices':[],'usage':{'prompt_tokens':-1,'completion_tokens':1}}", ERR_VALUE},
        {"{'choices':[{}]}", ERR_JSON},
        {"{'choices':[{'delta':{}},{'delta':{}}]}", ERR_JSON},
        {"{'choices':[{'delta':{'content':1}}]}", ERR_JSON},
        {"{'choices':[{'delta':{'reasoning_content':1}}]}", ERR_JSON},
        {"{'choices':[{'delta':{},'finish_reason':1}]}", ERR_JSON},
        {"{'choices':[{'delta':{},'finish_reason':'other'}]}", ERR_UNKNOWN},
        {"{'choices':[{'delta':{},'finish_reason':'tool_calls'}]}", ERR_UNKNOWN}, /* it offers no tools */
        {"{'choices':[{'delta':{}}],'prompt_progress':{'processed':1}}", ERR_JSON},
        {"{'error':{}}", ERR_JSON},
        {"{'error':{'code':'busy'}}", ERR_JSON},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct chat_line line;
        size_t live = secret_stats().live;
        parse(rows[i].json, rows[i].wanted, &line);
        assert_int_equal(secret_stats().live, live);
    }
}

static void a_whole_answer_is_one_object(void **state)
{
    (void)state;
    json_t *doc = NULL;
    char *text = chat_answer(bytes_str("An \"anvil\".\n"), CHAT_FINISH_LENGTH, &(struct chat_usage){3, 4});
    assert_ok(strict_json_parse(bytes_str(text), CHAT_REQUEST_MAX, &doc, NULL));
    const json_t *choice = json_array_get(json_object_get(doc, "choices"), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(choice, "message"), "content")),
                        "An \"anvil\".\n");
    assert_string_equal(json_string_value(json_object_get(choice, "finish_reason")), "length");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(doc, "usage"), "total_tokens")), 7);
    json_decref(doc);
    secret_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_writes_an_enclave_understands),
        cmocka_unit_test(lines_of_other_servers_are_read),
        cmocka_unit_test(lines_that_are_none_are_refused),
        cmocka_unit_test(a_whole_answer_is_one_object),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
