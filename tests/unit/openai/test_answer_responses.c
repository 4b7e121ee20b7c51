/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

/* The lines stand below as they are to be read. */
/* clang-format off */

#define RESPONSE(status, details, echo, output, rest, usage, metadata)                                       \
    "{'id':'resp_" OPENAI_ID "','object':'response','created_at':1700000000,'status':'" status               \
    "','background':false,'error':null,'incomplete_details':" details "," echo ",'model':'anvil','output':[" output \
    "],'parallel_tool_calls':true,'previous_response_id':null," rest ",'truncation':'disabled','usage':" usage \
    ",'user':null,'metadata':" metadata "}"
#define ECHO "'instructions':null,'max_output_tokens':null"
#define REST                                                                                                 \
    "'reasoning':{'effort':null,'summary':null},'service_tier':'default','store':false,'temperature':1,"     \
    "'text':{'format':{'type':'text'}},'tool_choice':'auto','tools':[],'top_logprobs':0,'top_p':1"
#define USAGE                                                                                                \
    "{'input_tokens':11,'input_tokens_details':{'cached_tokens':3},'output_tokens':7,"                       \
    "'output_tokens_details':{'reasoning_tokens':2},'total_tokens':18}"
#define BEGUN RESPONSE("in_progress", "null", ECHO, "", REST, "null", "{}")

#define EVENT(type, number, members) "{'type':'response." type "','sequence_number':" number "," members "}\n"
#define MSG(index)                   "'msg_" OPENAI_ID "_" index "'"
#define RS(index)                    "'rs_" OPENAI_ID "_" index "'"
#define FC(index)                    "'fc_" OPENAI_ID "_" index "'"
#define AT(id, index)                "'item_id':" id ",'output_index':" index
#define TEXT_PART(text)              "{'type':'output_text','text':'" text "','annotations':[],'logprobs':[]}"
#define MESSAGE(index, parts, status)                                                                        \
    "{'id':" MSG(index) ",'type':'message','role':'assistant','content':[" parts "],'status':'" status "'}"
#define REASONING(index, summary, content, status)                                                           \
    "{'id':" RS(index) ",'type':'reasoning','summary':[" summary "],'content':[" content "],'status':'" status "'}"
#define CALL(index, id, name, arguments, status)                                                             \
    "{'id':" FC(index) ",'type':'function_call','call_id':'" id "','name':'" name "','arguments':'" arguments \
    "','status':'" status "'}"
#define ITEM(type, number, index, item) EVENT("output_item." type, number, "'output_index':" index ",'item':" item)

static void the_sequence_of_a_text(void **state)
{
    (void)state;
    openai_answer(API_RESPONSES, "{'input':'hi','stream':true}");
    assert_ok(answer_begin(answer, &(struct answer_usage){0}, &lines));
    openai_assert_lines(EVENT("created", "0", "'response':" BEGUN) EVENT("in_progress", "1", "'response':" BEGUN));
    openai_text(0, "On");
    openai_assert_lines(ITEM("added", "2", "0", MESSAGE("0", "", "in_progress"))
                            EVENT("content_part.added", "3", AT(MSG("0"), "0") ",'content_index':0,'part':" TEXT_PART(""))
                                EVENT("output_text.delta", "4",
                                      AT(MSG("0"), "0") ",'content_index':0,'delta':'On','logprobs':[]"));
    openai_text(0, "ce");
    openai_assert_lines(
        EVENT("output_text.delta", "5", AT(MSG("0"), "0") ",'content_index':0,'delta':'ce','logprobs':[]"));
    openai_finish(0, ANSWER_STOP);
    openai_assert_lines(
        EVENT("output_text.done", "6", AT(MSG("0"), "0") ",'content_index':0,'text':'Once','logprobs':[]")
            EVENT("content_part.done", "7", AT(MSG("0"), "0") ",'content_index':0,'part':" TEXT_PART("Once"))
                ITEM("done", "8", "0", MESSAGE("0", TEXT_PART("Once"), "completed")));
    openai_end();
    openai_assert_lines(EVENT("completed", "9", "'response':" RESPONSE("completed", "null", ECHO, MESSAGE("0", TEXT_PART("Once"), "completed"), REST, USAGE, "{}")));
}

static void reasoning_then_calls(void **state)
{
    (void)state;
    openai_answer(API_RESPONSES, "{'input':'hi','stream':true}");
    openai_reasoning(0, "hm");
    lines.len = 0; /* created, in_progress, added, part added, delta */
    openai_tool(0, 0, "c1", "forge");
    openai_assert_lines(
        EVENT("reasoning_text.done", "5", AT(RS("0"), "0") ",'content_index':0,'text':'hm'")
            EVENT("content_part.done", "6",
                  AT(RS("0"), "0") ",'content_index':0,'part':{'type':'reasoning_text','text':'hm'}")
                ITEM("done", "7", "0", REASONING("0", "", "{'type':'reasoning_text','text':'hm'}", "completed"))
                    ITEM("added", "8", "1", CALL("1", "c1", "forge", "", "in_progress")));
    openai_arguments(0, 0, "{}");
    openai_assert_lines(EVENT("function_call_arguments.delta", "9", AT(FC("1"), "1") ",'delta':'{}'"));
    openai_tool(0, 1, "c2", "quench");
    openai_assert_lines(
        EVENT("function_call_arguments.done", "10", AT(FC("1"), "1") ",'name':'forge','arguments':'{}'")
            ITEM("done", "11", "1", CALL("1", "c1", "forge", "{}", "completed"))
                ITEM("added", "12", "2", CALL("2", "c2", "quench", "", "in_progress")));
    /* The first call has ended for good. */
    const struct answer_delta late = {.kind = ANSWER_TOOL_ARGUMENTS, .tool = 0, .text = bytes_str("x")};
    assert_err(answer_delta(answer, 0, &late, &lines), ERR_ENGINE);
    openai_finish(0, ANSWER_TOOL_CALLS);
    openai_end();
    openai_assert_lines(
        EVENT("function_call_arguments.done", "13", AT(FC("2"), "2") ",'name':'quench','arguments':''")
            ITEM("done", "14", "2", CALL("2", "c2", "quench", "", "completed"))
                EVENT("completed", "15",
                      "'response':" RESPONSE("completed", "null", ECHO,
                                             REASONING("0", "", "{'type':'reasoning_text','text':'hm'}", "completed") "," CALL("1", "c1", "forge", "{}", "completed") "," CALL("2", "c2", "quench", "", "completed"),
                                             REST, USAGE, "{}")));
}

static void reasoning_is_a_summary_when_that_was_asked_for(void **state)
{
    (void)state;
    openai_answer(API_RESPONSES, "{'input':'hi','stream':true,'reasoning':{'summary':'auto'}}");
    assert_ok(answer_begin(answer, &(struct answer_usage){0}, &lines));
    lines.len = 0;
    openai_reasoning(0, "hm");
    openai_finish(0, ANSWER_LENGTH);
    openai_assert_lines(
        ITEM("added", "2", "0", REASONING("0", "", "", "in_progress"))
            EVENT("reasoning_summary_part.added", "3",
                  AT(RS("0"), "0") ",'summary_index':0,'part':{'type':'summary_text','text':''}")
                EVENT("reasoning_summary_text.delta", "4", AT(RS("0"), "0") ",'summary_index':0,'delta':'hm'")
                    EVENT("reasoning_summary_text.done", "5", AT(RS("0"), "0") ",'summary_index':0,'text':'hm'")
                        EVENT("reasoning_summary_part.done", "6",
                              AT(RS("0"), "0") ",'summary_index':0,'part':{'type':'summary_text','text':'hm'}")
                            ITEM("done", "7", "0",
                                 REASONING("0", "{'type':'summary_text','text':'hm'}", "", "incomplete")));
}

static const struct answer_token token = {.text = {(const uint8_t *)"a", 1}, .logprob = -0.5F};
#define TOKEN "{'token':'a','logprob':-0.5,'bytes':[97],'top_logprobs':[]}"

static void logprobs_come_with_deltas_and_once_more_at_the_end(void **state)
{
    (void)state;
    const struct answer_delta d = {
        .kind = ANSWER_TEXT, .text = bytes_str("a"), .token_count = 1, .tokens = &token};
    openai_answer(API_RESPONSES, "{'input':'hi','stream':true,'top_logprobs':1}");
    openai_text(0, "b");
    lines.len = 0;
    assert_ok(answer_delta(answer, 0, &d, &lines));
    openai_assert_lines(
        EVENT("output_text.delta", "5", AT(MSG("0"), "0") ",'content_index':0,'delta':'a','logprobs':[" TOKEN "]"));
    openai_finish(0, ANSWER_STOP);
#define PART "{'type':'output_text','text':'ba','annotations':[],'logprobs':[" TOKEN "]}"
    openai_assert_lines(
        EVENT("output_text.done", "6",
              AT(MSG("0"), "0") ",'content_index':0,'text':'ba','logprobs':[" TOKEN "]")
            EVENT("content_part.done", "7", AT(MSG("0"), "0") ",'content_index':0,'part':" PART)
                ITEM("done", "8", "0", MESSAGE("0", PART, "completed")));
}

static void an_answer_that_was_cut_says_so(void **state)
{
    (void)state;
    openai_answer(API_RESPONSES, "{'input':'hi','max_output_tokens':7,'stream':true}");
    openai_text(0, "a");
    openai_finish(0, ANSWER_LENGTH);
    lines.len = 0;
    openai_end();
#define CUT                                                                                                  \
    RESPONSE("incomplete", "{'reason':'max_output_tokens'}", "'instructions':null,'max_output_tokens':7",    \
             MESSAGE("0", TEXT_PART("a"), "incomplete"), REST, USAGE, "{}")
    openai_assert_lines(EVENT("incomplete", "8", "'response':" CUT));
    openai_answer(API_RESPONSES, "{'input':'hi','max_output_tokens':7}");
    openai_text(0, "a");
    openai_finish(0, ANSWER_LENGTH);
    openai_end();
    openai_assert_lines(CUT "\n");
}

/* What was asked for stands in the answer again. */
static void a_whole_answer_repeats_the_request(void **state)
{
    (void)state;
    openai_answer(API_RESPONSES,
                  "{'input':'hi','instructions':'be \\u0022brief\\u0022','metadata':{'k':'v'},'temperature':0.25,"
                  "'top_p':0.5,'parallel_tool_calls':true,'reasoning':{'effort':'low','summary':'auto'},"
                  "'text':{'format':{'type':'json_schema','name':'p','schema':{'type':'object'}}},"
                  "'tools':[{'type':'function','name':'f','parameters':{'type':'object'},'strict':true},"
                  "{'type':'function','name':'g','description':'d'}]}");
    openai_text(0, "{}");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(RESPONSE(
        "completed", "null", "'instructions':'be \\'brief\\'','max_output_tokens':null",
        MESSAGE("0", TEXT_PART("{}"), "completed"),
        "'reasoning':{'effort':'low','summary':'detailed'},'service_tier':'default','store':false,'temperature':0.25,"
        "'text':{'format':{'type':'json_schema','name':'p','schema':{'type':'object'},'strict':true}},"
        "'tool_choice':'auto','tools':[{'type':'function','name':'f','description':null,'parameters':{'type':'object'},"
        "'strict':true},{'type':'function','name':'g','description':'d','parameters':null,'strict':false}],"
        "'top_logprobs':0,'top_p':0.5",
        USAGE, "{'k':'v'}") "\n");
    openai_answer(API_RESPONSES, "{'input':'hi','text':{'format':{'type':'json_object'}}}");
    openai_text(0, "{}");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(RESPONSE(
        "completed", "null", ECHO, MESSAGE("0", TEXT_PART("{}"), "completed"),
        "'reasoning':{'effort':null,'summary':null},'service_tier':'default','store':false,'temperature':1,"
        "'text':{'format':{'type':'json_object'}},'tool_choice':'auto','tools':[],'top_logprobs':0,'top_p':1",
        USAGE, "{}") "\n");
    openai_answer(API_RESPONSES, "{'input':'hi','tools':[{'type':'function','name':'f'}],"
                                 "'tool_choice':{'type':'function','name':'f'}}");
    openai_tool(0, 0, "", "f");
    openai_arguments(0, 0, "{}");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(RESPONSE(
        "completed", "null", ECHO, CALL("0", "call_" OPENAI_ID "_0_0", "f", "{}", "completed"),
        "'reasoning':{'effort':null,'summary':null},'service_tier':'default','store':false,'temperature':1,"
        "'text':{'format':{'type':'text'}},'tool_choice':{'type':'function','name':'f'},"
        "'tools':[{'type':'function','name':'f','description':null,'parameters':null,'strict':false}],"
        "'top_logprobs':0,'top_p':1",
        USAGE, "{}") "\n");
}

static void an_answer_of_nothing_has_no_output(void **state)
{
    (void)state;
    openai_answer(API_RESPONSES, "{'input':'hi','stream':true}");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(EVENT("created", "0", "'response':" BEGUN) EVENT("in_progress", "1", "'response':" BEGUN)
                            EVENT("completed", "2", "'response':" RESPONSE("completed", "null", ECHO, "", REST, USAGE, "{}")));
}

/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sequence_of_a_text),
        cmocka_unit_test(reasoning_then_calls),
        cmocka_unit_test(reasoning_is_a_summary_when_that_was_asked_for),
        cmocka_unit_test(logprobs_come_with_deltas_and_once_more_at_the_end),
        cmocka_unit_test(an_answer_that_was_cut_says_so),
        cmocka_unit_test(a_whole_answer_repeats_the_request),
        cmocka_unit_test(an_answer_of_nothing_has_no_output),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
