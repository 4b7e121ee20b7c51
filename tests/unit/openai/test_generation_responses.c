/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

#define WITH(text)  "{'input':'hi'," text "}"
#define ITEMS(text) "{'input':[" text "]}"
#define TOOL(name)  "{'type':'function','name':'" name "','parameters':null,'strict':true}"
#define KEPT        "nothing is kept here: send the whole conversation"
#define PNG         "data:image/png;base64,iVBORw0KGgo="

static void parse(const char *json)
{
    openai_parsed(API_RESPONSES, json);
}

static void input_is_a_text_with_instructions_before_it(void **state)
{
    (void)state;
    parse("{'input':'hi','model':'m','instructions':'be brief'}");
    assert_int_equal(generation.message_count, 2);
    openai_assert_message(0, GENERATION_SYSTEM, 1, "be brief");
    openai_assert_message(1, GENERATION_USER, 1, "hi");
    openai_assert_bytes(generation.instructions, "be brief");
    parse("{'input':'hi'}");
    assert_int_equal(generation.message_count, 1);
    assert_int_equal(generation.n, 1);
    assert_int_equal(generation.max_tokens, 0);
}

/* An agent's second request, as SDKs send it: the output's items came back with their ids and states. */
static void a_turn_of_several_items_becomes_one_message(void **state)
{
    (void)state;
    parse(ITEMS(
        "{'role':'developer','content':'d'},"
        "{'type':'message','role':'user','content':[{'type':'input_text','text':'what'},"
        "{'type':'input_image','image_url':'" PNG "','detail':'auto','file_id':null}]},"
        "{'type':'reasoning','id':'rs_1','summary':[],'content':[{'type':'reasoning_text','text':'so '},"
        "{'type':'reasoning_text','text':'then'}],'encrypted_content':null,'status':'completed'},"
        "{'type':'message','id':'msg_1','role':'assistant','status':'completed','phase':'commentary','"
        "content':["
        "{'type':'output_text','text':'let me see','annotations':[],'logprobs':[]}]},"
        "{'type':'function_call','id':'fc_1','call_id':'c1','name':'forge','arguments':'{}','status':'"
        "completed'},"
        "{'type':'function_call','call_id':'c2','name':'quench','arguments':'{}','parsed_arguments':{}},"
        "{'type':'function_call_output','call_id':'c1','output':'hot'},"
        "{'type':'function_call_output','call_id':'c2','output':[{'type':'input_text','text':'cold'}]},"
        "{'type':'reasoning','id':'rs_2','summary':[{'type':'summary_text','text':'done'}]},"
        "{'role':'assistant','content':'it is'},"
        "{'role':'assistant','content':[{'type':'refusal','refusal':'no more'}]},"
        "{'role':'user','content':'and?'}"));
    assert_int_equal(generation.message_count, 8);
    openai_assert_message(0, GENERATION_DEVELOPER, 1, "d");
    assert_int_equal(openai_message(1)->part_count, 2);
    assert_int_equal(openai_message(1)->parts[1].kind, GENERATION_IMAGE);
    openai_assert_bytes(openai_message(1)->parts[1].bytes, "\x89PNG\r\n\x1a\n");
    assert_int_equal(generation.image_count, 1);
    openai_assert_message(2, GENERATION_ASSISTANT, 1, "let me see");
    openai_assert_bytes(openai_message(2)->reasoning, "so then");
    assert_int_equal(openai_message(2)->call_count, 2);
    openai_assert_bytes(openai_message(2)->calls[0].id, "c1");
    openai_assert_bytes(openai_message(2)->calls[1].name, "quench");
    openai_assert_message(3, GENERATION_TOOL, 1, "hot");
    openai_assert_bytes(openai_message(3)->call_id, "c1");
    openai_assert_message(4, GENERATION_TOOL, 1, "cold");
    openai_assert_message(5, GENERATION_ASSISTANT, 1, "it is");
    openai_assert_bytes(openai_message(5)->reasoning, "done");
    openai_assert_message(6, GENERATION_ASSISTANT, 1, "no more");
    openai_assert_message(7, GENERATION_USER, 1, "and?");
}

static void its_members(void **state)
{
    (void)state;
    parse(
        WITH("'max_output_tokens':9,'temperature':0.5,'top_p':0.25,'stream':true,'parallel_tool_calls':false,"
             "'text':{'format':{'type':'json_schema','name':'p','strict':true,'schema':{'type':'object'}},"
             "'verbosity':'high'},'reasoning':{'effort':'low','summary':'auto'},'top_logprobs':4,"
             "'metadata':{'k':'v'}"));
    const struct generation *g = &generation;
    assert_int_equal(g->max_tokens, 9);
    assert_true(g->sampling.temperature == 0.5F && g->sampling.top_p == 0.25F && g->stream);
    assert_false(g->parallel_tool_calls);
    assert_int_equal(g->format, GENERATION_FORMAT_SCHEMA);
    openai_assert_bytes(g->schema_name, "p");
    openai_assert_bytes(g->schema, "{\"type\":\"object\"}");
    assert_int_equal(g->reasoning_effort, GENERATION_EFFORT_LOW);
    assert_true(g->reasoning_summary && g->logprobs);
    assert_int_equal(g->top_logprobs, 4);
    openai_assert_bytes(g->metadata, "{\"k\":\"v\"}");
    parse(WITH("'text':{'format':{'type':'json_object'}},'include':['message.output_text.logprobs',"
               "'reasoning.encrypted_content']"));
    assert_int_equal(g->format, GENERATION_FORMAT_JSON);
    assert_true(g->logprobs && !g->reasoning_summary);
    assert_int_equal(g->top_logprobs, 0);
}

static void its_tools_are_flat(void **state)
{
    (void)state;
    parse(
        WITH("'tools':[{'type':'function','name':'forge','description':'hits','parameters':{'type':'object'},"
             "'strict':false}," TOOL("quench") "],'tool_choice':{'type':'function','name':'quench'}"));
    assert_int_equal(generation.tool_count, 2);
    openai_assert_bytes(generation.tools[0].description, "hits");
    openai_assert_bytes(generation.tools[0].parameters, "{\"type\":\"object\"}");
    assert_true(generation.tools[1].strict && !generation.tools[0].strict);
    assert_int_equal(generation.tool_choice, GENERATION_TOOLS_NAMED);
    openai_assert_bytes(generation.tool_choice_name, "quench");
    parse(WITH("'tools':[" TOOL("a") "," TOOL("b") "," TOOL(
        "c") "],'tool_choice':{'type':'allowed_tools','mode':'required',"
             "'tools':[{'type':'function','name':'c'},{'type':'function','name':'a'}]}"));
    assert_int_equal(generation.tool_choice, GENERATION_TOOLS_REQUIRED);
    assert_int_equal(generation.tool_count, 2);
    openai_assert_bytes(generation.tools[0].name, "a");
    openai_assert_bytes(generation.tools[1].name, "c");
}

static void hints_and_nulls_ask_for_nothing(void **state)
{
    (void)state;
    parse(
        WITH("'store':false,'background':false,'truncation':'auto','service_tier':'auto','user':'u',"
             "'prompt_cache_key':'k','safety_identifier':'s','max_tool_calls':3,'previous_response_id':null,"
             "'conversation':null,'prompt':null,'include':null,'instructions':null,'tools':null,'text':null,"
             "'reasoning':null,'stream_options':{'include_obfuscation':true}"));
    assert_int_equal(generation.message_count, 1);
    assert_false(generation.logprobs || generation.stream);
}

static void what_is_not_done_is_refused_by_name(void **state)
{
    (void)state;
    static const struct openai_refusal rows[] = {
        {"{}", "input: is missing"},
        {"{'input':[]}", "input: is not a list of 1 to 4096 entries"},
        {"{'input':1}", "input: is not a list of 1 to 4096 entries"},
        {WITH("'store':true"), "store: nothing is kept here, so only false is supported"},
        {WITH("'background':true"), "background: nothing is kept here, so only false is supported"},
        {WITH("'previous_response_id':'resp_1'"), "previous_response_id: " KEPT},
        {WITH("'conversation':'conv_1'"), "conversation: " KEPT},
        {WITH("'prompt':{'id':'p'}"), "prompt: " KEPT},
        {WITH("'context_management':[]"), "context_management: is not supported"},
        {WITH("'n':1"), "n: is not supported"},
        {WITH("'max_tokens':1"), "max_tokens: is not supported"},
        {WITH("'max_output_tokens':0"), "max_output_tokens: is outside 1 to 1048576"},
        {WITH("'include':['web_search_call.results']"),
         "include[0]: is not one of message.output_text.logprobs, reasoning.encrypted_content"},
        {WITH("'include':'x'"), "include: is not a list of 0 to 16 entries"},
        {WITH("'instructions':['x']"), "instructions: is not a text"},
        {WITH("'metadata':{'k':1}"), "metadata: has a value that is not a short text"},
        {WITH("'metadata':[]"), "metadata: is not an object of at most 16 members"},
        {WITH("'reasoning':{'effort':'x'}"),
         "reasoning.effort: is not one of none, minimal, low, medium, high, xhigh, max"},
        {WITH("'reasoning':{'summary':'x'}"), "reasoning.summary: is not one of auto, concise, detailed"},
        {WITH("'reasoning':{'context':'x'}"), "reasoning.context: is not supported"},
        {WITH("'text':{'format':{'type':'grammar'}}"),
         "text.format.type: is not one of text, json_object, json_schema"},
        {WITH("'text':{'format':{'type':'json_schema','schema':{}}}"), "text.format.name: is missing"},
        {WITH("'truncation':'some'"), "truncation: is not one of auto, disabled"},
        {WITH("'tools':[{'type':'web_search'}]"), "tools[0].type: is not one of function"},
        {WITH("'tools':[{'type':'function'}]"), "tools[0].name: is missing"},
        {WITH("'tool_choice':{'type':'mcp'}"), "tool_choice.type: is not one of function"},
        {WITH("'tools':[" TOOL(
             "a") "],'tool_choice':{'type':'allowed_tools','mode':'auto','tools':[{'type':'mcp'}]}"),
         "tool_choice.tools[0].type: is not one of function"},
        {WITH("'stream_options':{'include_usage':true}"), "stream_options.include_usage: is not supported"},
        {ITEMS("1"), "input[0]: is not an object"},
        {ITEMS("{'type':'web_search_call'}"), "input[0].type: is not one of message, function_call, "
                                              "function_call_output, reasoning, item_reference"},
        {ITEMS("{'type':'item_reference','id':'msg_1'}"),
         "input[0].type: an item_reference needs a server that keeps answers, and nothing is kept here: send "
         "\"store\": false, and the whole conversation"},
        {ITEMS("{'content':'x'}"), "input[0].role: is missing"},
        {ITEMS("{'role':'tool','content':'x'}"),
         "input[0].role: is not one of system, developer, user, assistant"},
        {ITEMS("{'role':'user'}"), "input[0].content: is missing"},
        {ITEMS("{'role':'user','content':1}"), "input[0].content: is neither a text nor a list of parts"},
        {ITEMS("{'role':'user','content':[{'type':'input_file'}]}"),
         "input[0].content[0].type: is not one of input_text, input_image"},
        {ITEMS("{'role':'user','content':[{'type':'input_image','file_id':'f'}]}"),
         "input[0].content[0].file_id: files are not kept here; send the image as a data: URL"},
        {ITEMS("{'role':'user','content':[{'type':'input_image','image_url':'http://x/'}]}"),
         "input[0].content[0].image_url: is not a data:image/ URL; an enclave fetches nothing"},
        {ITEMS("{'role':'system','content':[{'type':'input_image','image_url':'" PNG "'}]}"),
         "input[0].content[0].type: is not one of input_text"},
        {ITEMS("{'type':'function_call','name':'f','arguments':'{}'}"), "input[0].call_id: is missing"},
        {ITEMS("{'type':'function_call_output','call_id':'c'}"), "input[0].output: is missing"},
        {ITEMS("{'type':'function_call_output','call_id':'c','output':{}}"),
         "input[0].output: is neither a text nor a list of parts"},
        {ITEMS("{'type':'reasoning','summary':[{'type':'x'}]}"),
         "input[0].summary[0].type: is not one of reasoning_text, summary_text"},
        {ITEMS("{'type':'reasoning','summary':[]}"), "input: says nothing"},
    };
    openai_refuse_all(API_RESPONSES, rows, test_count(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_is_a_text_with_instructions_before_it),
        cmocka_unit_test(a_turn_of_several_items_becomes_one_message),
        cmocka_unit_test(its_members),
        cmocka_unit_test(its_tools_are_flat),
        cmocka_unit_test(hints_and_nulls_ask_for_nothing),
        cmocka_unit_test(what_is_not_done_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
