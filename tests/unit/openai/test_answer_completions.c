/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

#include <math.h>

/* The lines stand below as they are to be read. */
/* clang-format off */

#define HEAD "{'id':'cmpl-" OPENAI_ID "','object':'text_completion','created':1700000000,'model':'anvil','choices':["
#define CHUNK(choice, text, logprobs, finish)                                                                \
    HEAD "{'text':'" text "','index':" choice ",'logprobs':" logprobs ",'finish_reason':" finish "}]}\n"
#define USAGE                                                                                                \
    "'usage':{'prompt_tokens':11,'completion_tokens':7,'total_tokens':18,'prompt_tokens_details':"           \
    "{'cached_tokens':3},'completion_tokens_details':{'reasoning_tokens':2}}"

static void a_stream_is_pieces_of_text(void **state)
{
    (void)state;
    openai_answer(API_COMPLETIONS, "{'prompt':['a','b'],'stream':true}");
    openai_text(1, "x");
    openai_text(0, "y");
    openai_finish(0, ANSWER_STOP);
    openai_finish(1, ANSWER_LENGTH);
    openai_end();
    openai_assert_lines(CHUNK("1", "x", "null", "null") CHUNK("0", "y", "null", "null")
                            CHUNK("0", "", "null", "'stop'") CHUNK("1", "", "null", "'length'"));
}

static void usage_comes_last_when_it_was_asked_for(void **state)
{
    (void)state;
    openai_answer(API_COMPLETIONS, "{'prompt':'a','stream':true,'stream_options':{'include_usage':true}}");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(HEAD "{'text':'','index':0,'logprobs':null,'finish_reason':'stop'}],'usage':null}\n" HEAD
                             "]," USAGE "}\n");
}

static const struct answer_alternative alternatives[] = {
    {{(const uint8_t *)"an", 2}, -0.5F},
    {{(const uint8_t *)"an", 2}, -0.75F}, /* another token, with the same text */
    {{(const uint8_t *)"\xe2\x82", 2}, -INFINITY},
};
static const struct answer_token tokens[] = {
    {.text = {(const uint8_t *)"<", 1}, .logprob = NAN}, /* the first of an echoed prompt */
    {.text = {(const uint8_t *)"\xc3\xa9n", 3}, .logprob = -0.5F, .top_count = 3, .top = alternatives},
    {.text = {(const uint8_t *)"\xe2\x82", 2}, .logprob = -1},
};

static void logprobs_are_four_lists(void **state)
{
    (void)state;
    const struct answer_delta first = {
        .kind = ANSWER_TEXT, .text = bytes_str("<\xc3\xa9n"), .token_count = 2, .tokens = tokens};
    const struct answer_delta second = {.kind = ANSWER_TEXT, .token_count = 1, .tokens = &tokens[2]};
    openai_answer(API_COMPLETIONS, "{'prompt':'a','stream':true,'logprobs':2,'echo':true}");
    assert_ok(answer_delta(answer, 0, &first, &lines));
    assert_ok(answer_delta(answer, 0, &second, &lines));
    openai_assert_lines(
        CHUNK("0", "<\xc3\xa9n",
              "{'tokens':['<','\xc3\xa9n'],'token_logprobs':[null,-0.5],'top_logprobs':[null,{'an':-0.5,"
              "'bytes:\\\\xe2\\\\x82':-9999}],'text_offset':[0,1]}",
              "null")
            CHUNK("0", "",
                  "{'tokens':['bytes:\\\\xe2\\\\x82'],'token_logprobs':[-1],'top_logprobs':[{}],'text_offset':[3]}",
                  "null"));
    openai_answer(API_COMPLETIONS, "{'prompt':'a','logprobs':2}");
    assert_ok(answer_delta(answer, 0, &first, &lines));
    assert_ok(answer_delta(answer, 0, &second, &lines));
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(
        HEAD "{'text':'<\xc3\xa9n','index':0,'logprobs':{'tokens':['<','\xc3\xa9n','bytes:\\\\xe2\\\\x82'],"
             "'token_logprobs':[null,-0.5,-1],'top_logprobs':[null,{'an':-0.5,'bytes:\\\\xe2\\\\x82':-9999},{}],"
             "'text_offset':[0,1,3]},'finish_reason':'stop'}]," USAGE "}\n");
}

static void a_whole_answer_has_all_choices(void **state)
{
    (void)state;
    openai_answer(API_COMPLETIONS, "{'prompt':'a','n':2}");
    openai_text(1, "x");
    openai_text(1, "y");
    openai_finish(1, ANSWER_LENGTH);
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(HEAD "{'text':'','index':0,'logprobs':null,'finish_reason':'stop'},"
                             "{'text':'xy','index':1,'logprobs':null,'finish_reason':'length'}]," USAGE "}\n");
}

static void a_completion_is_text_alone(void **state)
{
    (void)state;
    const struct answer_delta tool = {.kind = ANSWER_TOOL_BEGIN, .name = bytes_str("f")};
    const struct answer_delta thought = {.kind = ANSWER_REASONING, .text = bytes_str("x")};
    openai_answer(API_COMPLETIONS, "{'prompt':'a'}");
    assert_err(answer_delta(answer, 0, &tool, &lines), ERR_ENGINE);
    assert_err(answer_delta(answer, 0, &thought, &lines), ERR_ENGINE);
}

/* ---- embeddings ---- */

static const float vector[] = {0.1F, -1, 3.25e-8F};

static void vectors_are_numbers(void **state)
{
    (void)state;
    openai_answer(API_EMBEDDINGS, "{'input':['a','b']}");
    assert_ok(answer_embedding(answer, 1, vector, 1));
    assert_ok(answer_embedding(answer, 0, vector, 3));
    openai_end();
    openai_assert_lines("{'object':'list','data':[{'object':'embedding','index':0,'embedding':[0.1,-1,3.25e-08]},"
                        "{'object':'embedding','index':1,'embedding':[0.1]}],'model':'anvil',"
                        "'usage':{'prompt_tokens':11,'total_tokens':11}}\n");
}

/* 0.1, -1 and 3.25e-8 as IEEE 754 little endian: as Python's struct and base64 write them. */
static void vectors_are_base64(void **state)
{
    (void)state;
    openai_answer(API_EMBEDDINGS, "{'input':'a','encoding_format':'base64'}");
    assert_ok(answer_embedding(answer, 0, vector, 3));
    openai_end();
    openai_assert_lines("{'object':'list','data':[{'object':'embedding','index':0,'embedding':'zczMPQAAgL8hlgsz'}],"
                        "'model':'anvil','usage':{'prompt_tokens':11,'total_tokens':11}}\n");
}

static void vectors_have_their_place_and_size(void **state)
{
    (void)state;
    const struct answer_usage usage = {0};
    openai_answer(API_EMBEDDINGS, "{'input':['a','b'],'dimensions':3}");
    assert_err(answer_embedding(answer, 2, vector, 3), ERR_ENGINE);
    assert_err(answer_embedding(answer, 0, vector, 2), ERR_ENGINE);
    assert_ok(answer_embedding(answer, 0, vector, 3));
    assert_err(answer_embedding(answer, 0, vector, 3), ERR_ENGINE);
    assert_err(answer_end(answer, &usage, &lines), ERR_ENGINE);
    assert_err(answer_finish(answer, 0, ANSWER_STOP, (struct bytes){0}, &lines), ERR_ENGINE);
}

/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_pieces_of_text),
        cmocka_unit_test(usage_comes_last_when_it_was_asked_for),
        cmocka_unit_test(logprobs_are_four_lists),
        cmocka_unit_test(a_whole_answer_has_all_choices),
        cmocka_unit_test(a_completion_is_text_alone),
        cmocka_unit_test(vectors_are_numbers),
        cmocka_unit_test(vectors_are_base64),
        cmocka_unit_test(vectors_have_their_place_and_size),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
