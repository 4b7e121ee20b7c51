/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for a generation whichever API it came through: its memory, its limits, its copy. */
#include "unit/openai/openai_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

/* One request an API that uses all that can be pointed to. */
static const char *const full[API_COUNT] = {
    [API_CHAT] =
        "{'model':'m','messages':[{'role':'user','name':'eve','content':[{'type':'text','text':'look'},"
        "{'type':'image_url','image_url':{'url':'data:image/png;base64,iVBORw0KGgo='}}]},"
        "{'role':'assistant','content':'a','reasoning_content':'r','tool_calls':[{'id':'c','type':'function',"
        "'function':{'name':'forge','arguments':'{}'}}]},{'role':'tool','tool_call_id':'c','content':'t'}],"
        "'tools':[{'type':'function','function':{'name':'forge','description':'d','parameters':{}}}],"
        "'tool_choice':{'type':'function','function':{'name':'forge'}},'stop':['s','t'],'logit_bias':{'5':1}"
        "}",
    [API_COMPLETIONS] = "{'prompt':['a',[1,2,3]]}",
    [API_EMBEDDINGS] = "{'input':['a',[1,2,3]]}",
    [API_RESPONSES] =
        "{'input':'i','instructions':'n','metadata':{'k':'v'},'text':{'format':{'type':'json_schema',"
        "'name':'p','schema':{'type':'object'}}}}",
    [API_MESSAGES] = "{'max_tokens':1,'system':'s','messages':[{'role':'user','content':'u'}]}",
    [API_TOKENS] = "{'system':'s','messages':[{'role':'user','content':'u'}],"
                   "'tools':[{'name':'forge','description':'d','input_schema':{}}]}",
};

static void assert_same_bytes(struct bytes a, struct bytes b)
{
    assert_int_equal(a.len, b.len);
    if (a.len == 0)
        return;
    assert_memory_equal(a.ptr, b.ptr, a.len);
    assert_ptr_not_equal(a.ptr, b.ptr);
}

static void assert_same_message(const struct generation_message *a, const struct generation_message *b)
{
    assert_int_equal(a->role, b->role);
    assert_same_bytes(a->name, b->name);
    assert_same_bytes(a->reasoning, b->reasoning);
    assert_same_bytes(a->call_id, b->call_id);
    assert_int_equal(a->part_count, b->part_count);
    for (size_t i = 0; i < a->part_count; i++) {
        assert_int_equal(a->parts[i].kind, b->parts[i].kind);
        assert_same_bytes(a->parts[i].bytes, b->parts[i].bytes);
    }
    assert_int_equal(a->call_count, b->call_count);
    for (size_t i = 0; i < a->call_count; i++) {
        assert_same_bytes(a->calls[i].id, b->calls[i].id);
        assert_same_bytes(a->calls[i].name, b->calls[i].name);
        assert_same_bytes(a->calls[i].arguments, b->calls[i].arguments);
    }
}

static void assert_same(const struct generation *a, const struct generation *b)
{
    assert_int_equal(a->message_count, b->message_count);
    for (size_t i = 0; i < a->message_count; i++)
        assert_same_message(&a->messages[i], &b->messages[i]);
    assert_int_equal(a->prompt_count, b->prompt_count);
    for (size_t i = 0; i < a->prompt_count; i++) {
        assert_same_bytes(a->prompts[i].text, b->prompts[i].text);
        assert_same_bytes(bytes_of(a->prompts[i].tokens, a->prompts[i].token_count * sizeof(int32_t)),
                          bytes_of(b->prompts[i].tokens, b->prompts[i].token_count * sizeof(int32_t)));
    }
    assert_int_equal(a->tool_count, b->tool_count);
    for (size_t i = 0; i < a->tool_count; i++) {
        assert_same_bytes(a->tools[i].name, b->tools[i].name);
        assert_same_bytes(a->tools[i].description, b->tools[i].description);
        assert_same_bytes(a->tools[i].parameters, b->tools[i].parameters);
    }
    assert_int_equal(a->stop_count, b->stop_count);
    for (size_t i = 0; i < a->stop_count; i++)
        assert_same_bytes(a->stops[i], b->stops[i]);
    assert_int_equal(a->sampling.bias_count, b->sampling.bias_count);
    for (size_t i = 0; i < a->sampling.bias_count; i++)
        assert_int_equal(a->sampling.biases[i].token, b->sampling.biases[i].token);
    assert_same_bytes(a->tool_choice_name, b->tool_choice_name);
    assert_same_bytes(a->schema, b->schema);
    assert_same_bytes(a->schema_name, b->schema_name);
    assert_same_bytes(a->instructions, b->instructions);
    assert_same_bytes(a->metadata, b->metadata);
    assert_string_equal(a->model, b->model);
    assert_int_equal(a->max_tokens, b->max_tokens);
}

/* The copy is compared after the original has gone, so it must stand on its own; and it is one block. */
static void a_copy_stands_on_its_own(void **state)
{
    (void)state;
    for (unsigned api = 0; api < API_COUNT; api++) {
        struct generation copy;
        struct generation again;
        assert_ok(openai_parse((enum api)api, full[api]));
        size_t live = secret_stats().live;
        assert_ok(generation_copy(&generation, &copy));
        assert_int_equal(secret_stats().live, live + 1);
        assert_same(&generation, &copy);
        openai_release();
        assert_ok(generation_copy(&copy, &again));
        assert_ok(openai_parse((enum api)api, full[api]));
        assert_same(&generation, &copy);
        generation_release(&copy);
        assert_same(&generation, &again);
        generation_release(&again);
        assert_null(again.storage);
        generation_release(&again); /* harmless */
        assert_int_equal(secret_stats().live, live);
    }
}

static void nothing_is_left_in_memory(void **state)
{
    (void)state;
    openai_release();
    size_t live = secret_stats().live;
    for (unsigned api = 0; api < API_COUNT; api++) {
        assert_ok(openai_parse((enum api)api, full[api]));
        assert_true(secret_stats().live > live);
        openai_release();
        assert_int_equal(secret_stats().live, live);
    }
}

/* Cut off anywhere, a request is refused, and leaves nothing. */
static void a_part_of_a_request_is_refused(void **state)
{
    (void)state;
    openai_release();
    size_t live = secret_stats().live;
    for (unsigned api = 0; api < API_COUNT; api++) {
        char *text = strdup(full[api]);
        assert_non_null(text);
        for (size_t len = strlen(text) - 1; len > 0; len--) {
            text[len] = '\0';
            assert_err(openai_parse((enum api)api, text), ERR_REQUEST);
            assert_int_equal(secret_stats().live, live);
        }
        free(text);
    }
}

/* {'messages':[ element, element, ... ]} */
static void assert_limit(const char *before, const char *element, const char *after, size_t limit,
                         const char *refusal)
{
    for (size_t count = limit; count <= limit + 1; count++) {
        size_t size = strlen(before) + count * (strlen(element) + 1) + strlen(after) + 1;
        char *text = malloc(size);
        assert_non_null(text);
        char *at = stpcpy(text, before);
        for (size_t i = 0; i < count; i++)
            at = stpcpy(stpcpy(at, i == 0 ? "" : ","), element);
        (void)stpcpy(at, after);
        enum err e = openai_parse(API_CHAT, text);
        free(text);
        if (count == limit)
            assert_ok(e);
        else
            assert_err(e, ERR_REQUEST);
    }
    assert_string_equal(note.text, refusal);
}

static void there_are_limits(void **state)
{
    (void)state;
    assert_limit("{'messages':[", "{'role':'user','content':''}", "]}", GENERATION_MESSAGES_MAX,
                 "messages: has more than 4096 entries");
    assert_limit("{'messages':[{'role':'user','content':[", "{'type':'text','text':''}", "]}]}",
                 GENERATION_PARTS_MAX, "messages[0].content: has more than 256 entries");
    assert_limit("{'messages':[{'role':'assistant','tool_calls':[",
                 "{'function':{'name':'f','arguments':''}}", "]}]}", GENERATION_CALLS_MAX,
                 "messages[0].tool_calls: has more than 128 entries");
    assert_limit("{'messages':[{'role':'user','content':[",
                 "{'type':'image_url','image_url':{'url':'data:image/png;base64,iVBORw0KGgo='}}", "]}]}",
                 GENERATION_IMAGES_MAX, "messages[0].content[16]: there are more than 16 images");
}

static void a_body_that_is_too_large_is_not_read(void **state)
{
    (void)state;
    char *text = malloc(API_BODY_MAX + 2);
    assert_non_null(text);
    memset(text, ' ', API_BODY_MAX + 1);
    text[API_BODY_MAX + 1] = '\0';
    for (unsigned api = 0; api < API_COUNT; api++)
        assert_err(openai_parse((enum api)api, text), ERR_TOO_LARGE);
    free(text);
}

/* Four MiB of small values, which would take hundreds when they are taken apart; and what people send. */
static void a_body_of_too_many_values_is_not_taken_apart(void **state)
{
    enum { TOKENS = 400 * 1000 };
    static const char begin[] = "{\"messages\":[";
    static const char prompt[] = "{\"prompt\":[";
    struct generation g;
    (void)state;
    char *text = malloc(API_BODY_MAX + 1);
    assert_non_null(text);
    size_t n = sizeof begin - 1;
    memcpy(text, begin, n);
    for (; n + 8 < API_BODY_MAX; n += 3)
        memcpy(text + n, "{},", 3);
    memcpy(text + n, "{}]}", 5);
    size_t live = secret_stats().live;
    for (unsigned api = 0; api < API_COUNT; api++)
        assert_err(openai_parse((enum api)api, text), ERR_TOO_LARGE);
    assert_int_equal(secret_stats().live, live);
    n = sizeof prompt - 1;
    memcpy(text, prompt, n);
    for (int i = 0; i < TOKENS; i++, n += 6)
        memcpy(text + n, "10000,", 6);
    memcpy(text + n - 1, "]}", 3);
    assert_ok(generation_parse(API_COMPLETIONS, bytes_str(text), &g, NULL));
    assert_int_equal(g.prompts[0].token_count, TOKENS);
    generation_release(&g);
    free(text);
}

/* A path that is longer than a note stays a note. */
static void a_long_path_is_cut_off(void **state)
{
    (void)state;
    char key[65];
    char json[512];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    (void)snprintf(json, sizeof json,
                   "{'messages':[{'role':'user','content':[{'type':'image_url','image_url':{'%s':1}}]}]}",
                   key);
    assert_err(openai_parse(API_CHAT, json), ERR_REQUEST);
    assert_non_null(strstr(note.text, "messages[0].content[0].image_url.kkkk"));
    assert_non_null(strstr(note.text, "is not supported"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_stands_on_its_own),
        cmocka_unit_test(nothing_is_left_in_memory),
        cmocka_unit_test(a_part_of_a_request_is_refused),
        cmocka_unit_test(there_are_limits),
        cmocka_unit_test(a_body_that_is_too_large_is_not_read),
        cmocka_unit_test(a_body_of_too_many_values_is_not_taken_apart),
        cmocka_unit_test(a_long_path_is_cut_off),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
