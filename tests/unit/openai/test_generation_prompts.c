/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

static void a_prompt_is_text_or_tokens_or_several_of_them(void **state)
{
    (void)state;
    openai_parsed(API_COMPLETIONS, "{'prompt':'once'}");
    assert_int_equal(generation.prompt_count, 1);
    openai_assert_bytes(generation.prompts[0].text, "once");
    assert_null(generation.prompts[0].tokens);
    assert_int_equal(generation.max_tokens, 16);
    assert_int_equal(generation_choices(&generation), 1);

    openai_parsed(API_COMPLETIONS, "{'prompt':['a','','c'],'n':2}");
    assert_int_equal(generation.prompt_count, 3);
    openai_assert_bytes(generation.prompts[1].text, "");
    openai_assert_bytes(generation.prompts[2].text, "c");
    assert_int_equal(generation_choices(&generation), 6);

    openai_parsed(API_COMPLETIONS, "{'prompt':[1,2147483647]}");
    assert_int_equal(generation.prompt_count, 1);
    assert_int_equal(generation.prompts[0].token_count, 2);
    assert_int_equal(generation.prompts[0].tokens[1], INT32_MAX);

    openai_parsed(API_COMPLETIONS, "{'prompt':[[1],'b',[3,4]]}");
    assert_int_equal(generation.prompt_count, 3);
    assert_int_equal(generation.prompts[0].tokens[0], 1);
    openai_assert_bytes(generation.prompts[1].text, "b");
    assert_int_equal(generation.prompts[2].token_count, 2);
}

static void a_completion_has_its_own_members(void **state)
{
    (void)state;
    openai_parsed(API_COMPLETIONS,
                  "{'prompt':'x','logprobs':3,'echo':true,'best_of':2,'n':2,'suffix':'','max_tokens':5,"
                  "'stream':true,'stream_options':{'include_usage':true},'stop':['s'],'seed':1,'user':'u'}");
    assert_true(generation.logprobs && generation.echo && generation.stream && generation.include_usage);
    assert_int_equal(generation.top_logprobs, 3);
    assert_int_equal(generation.max_tokens, 5);
    openai_parsed(API_COMPLETIONS, "{'prompt':'x','logprobs':0}");
    assert_true(generation.logprobs);
    assert_int_equal(generation.top_logprobs, 0);
    openai_parsed(API_COMPLETIONS, "{'prompt':'x','logprobs':null,'best_of':1}");
    assert_false(generation.logprobs);
}

static void completions_refuse_by_name(void **state)
{
    (void)state;
    static const struct openai_refusal rows[] = {
        {"{}", "prompt: is missing"},
        {"{'prompt':null}", "prompt: is missing"},
        {"{'prompt':1}", "prompt: is not a text, or a list of tokens"},
        {"{'prompt':[]}", "prompt: is not a list of 1 to 2048 entries"},
        {"{'prompt':[[]]}", "prompt[0]: is not a text, or a list of tokens"},
        {"{'prompt':['a',{}]}", "prompt[1]: is not a text, or a list of tokens"},
        {"{'prompt':[1,-1]}", "prompt: has an entry that is not a token's number"},
        {"{'prompt':[1,2147483648]}", "prompt: has an entry that is not a token's number"},
        {"{'prompt':[1,'a']}", "prompt: has an entry that is not a token's number"},
        {"{'prompt':[[1,1.5]]}", "prompt[0]: has an entry that is not a token's number"},
        {"{'prompt':['a','b'],'n':65}", "prompt: more than 128 answers (prompts times n)"},
        {"{'prompt':'x','best_of':2}", "best_of: is not supported, unless it is the same as n"},
        {"{'prompt':'x','best_of':0}", "best_of: is outside 1 to 128"},
        {"{'prompt':'x','logprobs':true}", "logprobs: is not an integer"},
        {"{'prompt':'x','logprobs':21}", "logprobs: is outside 0 to 20"},
        {"{'prompt':'x','suffix':'end'}", "suffix: is not supported"},
        {"{'prompt':'x','echo':1}", "echo: is not true or false"},
        {"{'prompt':'x','messages':[]}", "messages: is not supported"},
        {"{'prompt':'x','tools':[]}", "tools: is not supported"},
    };
    openai_refuse_all(API_COMPLETIONS, rows, test_count(rows));
}

static void inputs_of_embeddings(void **state)
{
    (void)state;
    openai_parsed(API_EMBEDDINGS, "{'input':'a'}");
    assert_int_equal(generation.encoding, GENERATION_ENCODING_FLOAT);
    assert_int_equal(generation.dimensions, 0);
    openai_assert_bytes(generation.prompts[0].text, "a");
    /* as the openai SDK sends it */
    openai_parsed(API_EMBEDDINGS,
                  "{'input':['a',[1,2]],'model':'m','encoding_format':'base64','dimensions':64,'user':'u'}");
    assert_int_equal(generation.encoding, GENERATION_ENCODING_BASE64);
    assert_int_equal(generation.dimensions, 64);
    assert_int_equal(generation.prompt_count, 2);
    assert_int_equal(generation.prompts[1].token_count, 2);
    openai_parsed(API_EMBEDDINGS, "{'input':[1,2,3],'encoding_format':'float'}");
    assert_int_equal(generation.prompts[0].token_count, 3);
}

static void embeddings_refuse_by_name(void **state)
{
    (void)state;
    static const struct openai_refusal rows[] = {
        {"{}", "input: is missing"},
        {"{'input':''}", "input: is not a text, or a list of tokens"},
        {"{'input':['a','']}", "input[1]: is not a text, or a list of tokens"},
        {"{'input':[]}", "input: is not a list of 1 to 2048 entries"},
        {"{'input':'a','encoding_format':'int8'}", "encoding_format: is not one of float, base64"},
        {"{'input':'a','dimensions':0}", "dimensions: is outside 1 to 65536"},
        {"{'input':'a','stream':true}", "stream: is not supported"},
        {"{'input':'a','temperature':1}", "temperature: is not supported"},
    };
    openai_refuse_all(API_EMBEDDINGS, rows, test_count(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prompt_is_text_or_tokens_or_several_of_them),
        cmocka_unit_test(a_completion_has_its_own_members),
        cmocka_unit_test(completions_refuse_by_name),
        cmocka_unit_test(inputs_of_embeddings),
        cmocka_unit_test(embeddings_refuse_by_name),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
