/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

/* The lines stand below as they are to be read. */
/* clang-format off */

#define M    "'max_tokens':64,'messages':[{'role':'user','content':'hi'}]"
#define HEAD "{'id':'msg_" OPENAI_ID "','type':'message','role':'assistant','model':'anvil','content':["
#define USAGE(input, cached, output)                                                                         \
    "{'input_tokens':" input ",'cache_creation_input_tokens':0,'cache_read_input_tokens':" cached            \
    ",'output_tokens':" output "}"
#define START(input, cached)                                                                                 \
    "{'type':'message_start','message':" HEAD "],'stop_reason':null,'stop_sequence':null,'usage':" USAGE(    \
        input, cached, "0") "}}\n"
#define BLOCK(index, block)  "{'type':'content_block_start','index':" index ",'content_block':{" block "}}\n"
#define DELTA(index, delta)  "{'type':'content_block_delta','index':" index ",'delta':{" delta "}}\n"
#define BLOCK_END(index)     "{'type':'content_block_stop','index':" index "}\n"
#define END(reason, sequence)                                                                                \
    "{'type':'message_delta','delta':{'stop_reason':'" reason "','stop_sequence':" sequence "},'usage':" USAGE( \
        "8", "3", "7") "}\n{'type':'message_stop'}\n"

static void the_sequence_of_a_text(void **state)
{
    (void)state;
    openai_answer(API_MESSAGES, "{" M ",'stream':true}");
    assert_ok(answer_begin(answer, &(struct answer_usage){.prompt_tokens = 11, .cached_tokens = 3}, &lines));
    openai_assert_lines(START("8", "3"));
    openai_text(0, "On");
    openai_text(0, "ce");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(BLOCK("0", "'type':'text','text':''") DELTA("0", "'type':'text_delta','text':'On'")
                            DELTA("0", "'type':'text_delta','text':'ce'") BLOCK_END("0") END("end_turn", "null"));
}

static void thinking_text_and_tools_are_blocks(void **state)
{
    (void)state;
    openai_answer(API_MESSAGES, "{" M ",'stream':true}");
    openai_reasoning(0, "hm");
    openai_text(0, "so");
    openai_tool(0, 0, "", "forge");
    openai_arguments(0, 0, "{\"a\"");
    openai_arguments(0, 0, ":1}");
    openai_tool(0, 1, "t2", "quench");
    openai_finish(0, ANSWER_TOOL_CALLS);
    openai_end();
    openai_assert_lines(
        START("0", "0") BLOCK("0", "'type':'thinking','thinking':'','signature':''")
            DELTA("0", "'type':'thinking_delta','thinking':'hm'")
                DELTA("0", "'type':'signature_delta','signature':''") BLOCK_END("0")
                    BLOCK("1", "'type':'text','text':''") DELTA("1", "'type':'text_delta','text':'so'")
                        BLOCK_END("1") BLOCK("2", "'type':'tool_use','id':'toolu_" OPENAI_ID
                                                  "_0_0','name':'forge','input':{}")
                            DELTA("2", "'type':'input_json_delta','partial_json':'{\\'a\\''")
                                DELTA("2", "'type':'input_json_delta','partial_json':':1}'") BLOCK_END("2")
                                    BLOCK("3", "'type':'tool_use','id':'t2','name':'quench','input':{}")
                                        BLOCK_END("3") END("tool_use", "null"));
}

static void how_it_ended(void **state)
{
    (void)state;
    static const struct {
        enum answer_finish finish;
        const char *stop;
        const char *wanted;
    } rows[] = {
        {ANSWER_STOP, "", END("end_turn", "null")},
        {ANSWER_STOP, "END", END("stop_sequence", "'END'")},
        {ANSWER_LENGTH, "", END("max_tokens", "null")},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        openai_answer(API_MESSAGES, "{" M ",'stream':true,'stop_sequences':['END']}");
        openai_text(0, "x");
        assert_ok(answer_finish(answer, 0, rows[i].finish, bytes_str(rows[i].stop), &lines));
        lines.len = 0;
        openai_end();
        openai_assert_lines(rows[i].wanted);
    }
}

static void a_whole_message(void **state)
{
    (void)state;
    openai_answer(API_MESSAGES, "{" M "}");
    openai_reasoning(0, "hm");
    openai_text(0, "so ");
    openai_text(0, "it");
    openai_tool(0, 0, "t1", "forge");
    openai_arguments(0, 0, "{\r\n \"heat\":");
    openai_arguments(0, 0, " 900,\n \"text\": \"a\\nb\"\n}\n");
    openai_finish(0, ANSWER_TOOL_CALLS);
    openai_assert_lines("");
    openai_end();
    openai_assert_lines(HEAD "{'type':'thinking','thinking':'hm','signature':''},{'type':'text','text':'so it'},"
                             "{'type':'tool_use','id':'t1','name':'forge','input':{ 'heat': 900, 'text': 'a\\nb'}}],"
                             "'stop_reason':'tool_use','stop_sequence':null,'usage':" USAGE("8", "3", "7") "}\n");
}

/* Cut off in the middle of the arguments, or no object at all: the document stays one. */
static void arguments_that_are_none_do_not_break_the_document(void **state)
{
    (void)state;
    static const char *const rows[] = {"{\"heat\": 9", "", "[1]", "7", "{\"a\":1}}", "{\"a\":1,\"a\":2}"};
    for (size_t i = 0; i < test_count(rows); i++) {
        openai_answer(API_MESSAGES, "{" M "}");
        openai_tool(0, 0, "t1", "forge");
        openai_arguments(0, 0, rows[i]);
        openai_finish(0, ANSWER_LENGTH);
        openai_end();
        openai_assert_lines(HEAD "{'type':'tool_use','id':'t1','name':'forge','input':{}}],"
                                 "'stop_reason':'max_tokens','stop_sequence':null,'usage':" USAGE("8", "3", "7") "}\n");
    }
}

static void a_message_of_nothing_has_no_blocks(void **state)
{
    (void)state;
    openai_answer(API_MESSAGES, "{" M ",'stream':true}");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(START("0", "0") END("end_turn", "null"));
}

static void a_count_of_tokens_is_one_number(void **state)
{
    (void)state;
    openai_answer(API_TOKENS, "{'messages':[{'role':'user','content':'u'}]}");
    openai_end();
    openai_assert_lines("{'input_tokens':11}\n");
}

/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sequence_of_a_text),
        cmocka_unit_test(thinking_text_and_tools_are_blocks),
        cmocka_unit_test(how_it_ended),
        cmocka_unit_test(a_whole_message),
        cmocka_unit_test(arguments_that_are_none_do_not_break_the_document),
        cmocka_unit_test(a_message_of_nothing_has_no_blocks),
        cmocka_unit_test(a_count_of_tokens_is_one_number),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
