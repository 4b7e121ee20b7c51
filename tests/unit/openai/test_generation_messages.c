/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

#define M           "'max_tokens':64,'messages':[{'role':'user','content':'hi'}]"
#define WITH(text)  "{" M "," text "}"
#define SAID(text)  "{'max_tokens':64,'messages':[" text "]}"
#define TOOL(name)  "{'name':'" name "','input_schema':{'type':'object'}}"
#define TOOLS(rest) WITH("'tools':[" TOOL("forge") "," TOOL("quench") "]" rest)
#define IMAGE       "{'type':'image','source':{'type':'base64','media_type':'image/png','data':'iVBORw0KGgo='}}"

static void parse(const char *json)
{
    openai_parsed(API_MESSAGES, json);
}

static void the_smallest_request(void **state)
{
    (void)state;
    parse("{" M ",'model':'m'}");
    assert_int_equal(generation.message_count, 1);
    openai_assert_message(0, GENERATION_USER, 1, "hi");
    assert_int_equal(generation.max_tokens, 64);
    assert_string_equal(generation.model, "m");
    /* The API reasons only when it is asked to. */
    assert_int_equal(generation.reasoning_effort, GENERATION_EFFORT_NONE);
    assert_true(generation.parallel_tool_calls);
}

static void what_is_system_comes_first(void **state)
{
    (void)state;
    parse(WITH("'system':'s'"));
    assert_int_equal(generation.message_count, 2);
    openai_assert_message(0, GENERATION_SYSTEM, 1, "s");
    openai_assert_message(1, GENERATION_USER, 1, "hi");
    parse(WITH("'system':[{'type':'text','text':'a','cache_control':{'type':'ephemeral'}},{'type':'text','"
               "text':'b'}]"));
    assert_int_equal(openai_message(0)->part_count, 2);
    openai_assert_bytes(openai_message(0)->parts[1].bytes, "b");
    parse(WITH("'system':[]"));
    assert_int_equal(generation.message_count, 1);
}

/* Results of tools stand among the user's blocks; what else is there is one message behind them. */
static void blocks_become_messages(void **state)
{
    (void)state;
    parse(SAID("{'role':'user','content':[{'type':'text','text':'look','cache_control':null}," IMAGE "]},"
               "{'role':'assistant','content':[{'type':'thinking','thinking':'hm','signature':''},"
               "{'type':'redacted_thinking','data':'xx'},{'type':'text','text':'I see','citations':null},"
               "{'type':'tool_use','id':'t1','name':'forge','input':{'heat':900,'kind':'x'}},"
               "{'type':'tool_use','id':'t2','name':'quench','input':{}}]},"
               "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1','content':'hot','is_error'"
               ":false},"
               "{'type':'tool_result','tool_use_id':'t2','content':[{'type':'text','text':'cold'}," IMAGE
               "]},"
               "{'type':'text','text':'and'},{'type':'text','text':'now?'}]},"
               "{'role':'assistant','content':'it is'},"
               "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t3'}]}"));
    assert_int_equal(generation.message_count, 7);
    openai_assert_message(0, GENERATION_USER, 2, "look");
    openai_assert_bytes(openai_message(0)->parts[1].bytes, "\x89PNG\r\n\x1a\n");
    openai_assert_message(1, GENERATION_ASSISTANT, 1, "I see");
    openai_assert_bytes(openai_message(1)->reasoning, "hm");
    assert_int_equal(openai_message(1)->call_count, 2);
    openai_assert_bytes(openai_message(1)->calls[0].id, "t1");
    openai_assert_bytes(openai_message(1)->calls[0].arguments, "{\"heat\":900,\"kind\":\"x\"}");
    openai_assert_bytes(openai_message(1)->calls[1].name, "quench");
    openai_assert_message(2, GENERATION_TOOL, 1, "hot");
    openai_assert_bytes(openai_message(2)->call_id, "t1");
    openai_assert_message(3, GENERATION_TOOL, 2, "cold");
    assert_int_equal(openai_message(3)->parts[1].kind, GENERATION_IMAGE);
    openai_assert_message(4, GENERATION_USER, 2, "and");
    openai_assert_message(5, GENERATION_ASSISTANT, 1, "it is");
    assert_int_equal(openai_message(6)->role, GENERATION_TOOL);
    assert_int_equal(openai_message(6)->part_count, 0);
    assert_int_equal(generation.image_count, 2);
}

static void its_members(void **state)
{
    (void)state;
    parse(WITH("'stream':true,'stop_sequences':['a','b'],'temperature':0.5,'top_p':0.25,'top_k':40,"
               "'metadata':{'user_id':'u'},'service_tier':'auto','cache_control':{'type':'ephemeral'},"
               "'thinking':{'type':'enabled','budget_tokens':1024,'display':'summarized'}"));
    const struct generation *g = &generation;
    assert_true(g->stream && g->sampling.temperature == 0.5F && g->sampling.top_p == 0.25F);
    assert_int_equal(g->sampling.top_k, 40);
    assert_int_equal(g->stop_count, 2);
    openai_assert_bytes(g->stops[1], "b");
    assert_int_equal(g->reasoning_effort, GENERATION_EFFORT_DEFAULT);
    assert_int_equal(g->reasoning_budget, 1024);
    parse(
        WITH("'thinking':{'type':'adaptive'},'output_config':{'effort':'high','format':{'type':'json_schema',"
             "'schema':{'type':'object'}}}"));
    assert_int_equal(g->reasoning_effort, GENERATION_EFFORT_HIGH);
    assert_int_equal(g->format, GENERATION_FORMAT_SCHEMA);
    openai_assert_bytes(g->schema, "{\"type\":\"object\"}");
    openai_assert_bytes(g->schema_name, "response");
    parse(WITH("'thinking':{'type':'disabled'},'output_config':{'effort':'high'}"));
    assert_int_equal(g->reasoning_effort, GENERATION_EFFORT_NONE);
}

static void tools_and_their_choice(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum generation_tool_choice choice;
        const char *name;
        bool parallel;
    } rows[] = {
        {TOOLS(""), GENERATION_TOOLS_AUTO, "", true},
        {TOOLS(",'tool_choice':{'type':'auto'}"), GENERATION_TOOLS_AUTO, "", true},
        {TOOLS(",'tool_choice':{'type':'none'}"), GENERATION_TOOLS_NONE, "", true},
        {TOOLS(",'tool_choice':{'type':'any','disable_parallel_tool_use':true}"), GENERATION_TOOLS_REQUIRED,
         "", false},
        {TOOLS(",'tool_choice':{'type':'tool','name':'quench'}"), GENERATION_TOOLS_NAMED, "quench", true},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        parse(rows[i].json);
        assert_int_equal(generation.tool_count, 2);
        openai_assert_bytes(generation.tools[1].parameters, "{\"type\":\"object\"}");
        assert_int_equal(generation.tool_choice, rows[i].choice);
        openai_assert_bytes(generation.tool_choice_name, rows[i].name);
        assert_int_equal(generation.parallel_tool_calls, rows[i].parallel);
    }
    parse(WITH("'tools':[{'type':'custom','name':'f','description':'d','strict':true,'input_schema':{},"
               "'cache_control':{'type':'ephemeral'},'input_examples':[{}],'eager_input_streaming':true,"
               "'allowed_callers':['direct'],'defer_loading':false}]"));
    openai_assert_bytes(generation.tools[0].description, "d");
    assert_true(generation.tools[0].strict);
}

static void what_is_not_done_is_refused_by_name(void **state)
{
    (void)state;
    static const struct openai_refusal rows[] = {
        {"{'max_tokens':1}", "messages: is missing"},
        {"{'messages':[{'role':'user','content':'x'}]}", "max_tokens: is missing"},
        {"{'max_tokens':0,'messages':[]}", "max_tokens: is outside 1 to 1048576"},
        {SAID(""), "messages: is not a list of 1 to 4096 entries"},
        {WITH("'mcp_servers':[]"), "mcp_servers: is not supported"},
        {WITH("'container':'c'"), "container: is not supported"},
        {WITH("'context_management':{}"), "context_management: is not supported"},
        {WITH("'temperature':1.1"), "temperature: is outside 0 to 1"},
        {WITH("'service_tier':'priority'"), "service_tier: is not one of auto, standard_only"},
        {WITH("'speed':'fast'"), "speed: is not one of standard"},
        {WITH("'metadata':{'x':'y'}"), "metadata.x: is not supported"},
        {WITH("'stop_sequences':['']"), "stop_sequences[0]: is not a text of 1 to 256 bytes"},
        {WITH("'system':1"), "system: is not a list of 0 to 256 entries"},
        {WITH("'system':[{'type':'image'}]"), "system[0].type: is not one of text"},
        {WITH("'thinking':{'type':'enabled'}"), "thinking.budget_tokens: is missing"},
        {WITH("'thinking':{'type':'on'}"), "thinking.type: is not one of disabled, enabled, adaptive"},
        {WITH("'thinking':{'type':'adaptive','display':'omitted'}"),
         "thinking.display: is not one of summarized"},
        {WITH("'output_config':{'task_budget':{}}"), "output_config.task_budget: is not supported"},
        {WITH("'output_config':{'format':{'type':'x'}}"),
         "output_config.format.type: is not one of json_schema"},
        {WITH("'tools':[{'type':'bash_20250124','name':'bash'}]"), "tools[0].type: is not one of custom"},
        {WITH("'tools':[{'name':'f'}]"), "tools[0].input_schema: is missing"},
        {WITH("'tools':[{'name':'f','input_schema':{},'defer_loading':true}]"),
         "tools[0].defer_loading: is not supported"},
        {WITH("'tool_choice':{'type':'any'}"), "tool_choice: there are no tools"},
        {TOOLS(",'tool_choice':{'type':'tool'}"), "tool_choice.name: is missing"},
        {TOOLS(",'tool_choice':{'type':'tool','name':'melt'}"),
         "tool_choice: names a tool that is not among the tools"},
        {TOOLS(",'tool_choice':'auto'"), "tool_choice: is not an object"},
        {SAID("{'role':'system','content':'x'}"), "messages[0].role: is not one of user, assistant"},
        {SAID("{'role':'user'}"), "messages[0].content: is missing"},
        {SAID("{'role':'user','content':1}"), "messages[0].content: is neither a text nor a list of blocks"},
        {SAID("{'role':'user','content':[]}"), "messages[0].content: is not a list of 1 to 256 entries"},
        {SAID("{'role':'user','content':[{'type':'document'}]}"),
         "messages[0].content[0].type: is not one of text, image, tool_result"},
        {SAID("{'role':'user','content':[{'type':'tool_use'}]}"),
         "messages[0].content[0].type: is not one of text, image, tool_result"},
        {SAID("{'role':'user','content':[{'type':'image','source':{'type':'url','url':'https://x/'}}]}"),
         "messages[0].content[0].source.type: an enclave fetches nothing: send the image in base64"},
        {SAID("{'role':'user','content':[{'type':'image','source':{'type':'file'}}]}"),
         "messages[0].content[0].source.type: is not one of base64, url"},
        {SAID("{'role':'user','content':[{'type':'image','source':{'type':'base64','media_type':'image/"
              "png','data':'!'}}]}"),
         "messages[0].content[0].source.data: is not base64 of an image"},
        {SAID("{'role':'user','content':[{'type':'image','source':{'type':'base64','media_type':'text/"
              "x','data':'!'}}]}"),
         "messages[0].content[0].source.media_type: is not one of image/jpeg, image/png, image/gif, "
         "image/webp"},
        {SAID("{'role':'user','content':[{'type':'tool_result'}]}"),
         "messages[0].content[0].tool_use_id: is missing"},
        {SAID("{'role':'user','content':[{'type':'tool_result','tool_use_id':'t','content':[{'type':'"
              "document'}]}]}"),
         "messages[0].content[0].content[0].type: is not one of text, image"},
        {SAID("{'role':'assistant','content':[{'type':'tool_use','id':'t','name':'f','input':'x'}]}"),
         "messages[0].content[0].input: is not an object"},
        {SAID("{'role':'assistant','content':[{'type':'server_tool_use'}]}"),
         "messages[0].content[0].type: is not one of text, thinking, redacted_thinking, tool_use"},
        {SAID("{'role':'user','content':'x'},{'role':'assistant','content':'Sure,'}"),
         "messages: the last one is the assistant's, and to continue that is not supported"},
    };
    openai_refuse_all(API_MESSAGES, rows, test_count(rows));
}

/* The prompt of a message, without what only an answer needs. */
static void tokens_are_counted_of_the_same_members(void **state)
{
    (void)state;
    assert_ok(openai_parse(
        API_TOKENS,
        "{'model':'m','system':'s','messages':[{'role':'user','content':[{'type':'text','text':'u'}]}],"
        "'tools':[{'name':'f','input_schema':{}}],'tool_choice':{'type':'auto'},"
        "'thinking':{'type':'enabled','budget_tokens':9},'output_config':{'effort':'low'},"
        "'cache_control':{},'speed':'standard'}"));
    assert_int_equal(generation.message_count, 2);
    assert_int_equal(generation.tool_count, 1);
    assert_int_equal(generation.reasoning_effort, GENERATION_EFFORT_LOW);
    assert_int_equal(generation_choices(&generation), 0);
    assert_ok(openai_parse(API_TOKENS, "{'messages':[{'role':'user','content':'u'}]}"));
    assert_int_equal(generation.reasoning_effort, GENERATION_EFFORT_NONE);
#define COUNT(more) "{'messages':[{'role':'user','content':'u'}]," more "}"
    static const struct openai_refusal rows[] = {
        {"{}", "messages: is missing"},
        {COUNT("'max_tokens':1"), "max_tokens: is not supported"},
        {COUNT("'stream':true"), "stream: is not supported"},
        {COUNT("'temperature':1"), "temperature: is not supported"},
        {COUNT("'metadata':{}"), "metadata: is not supported"},
        {COUNT("'context_management':{}"), "context_management: is not supported"},
    };
    openai_refuse_all(API_TOKENS, rows, test_count(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_request),
        cmocka_unit_test(what_is_system_comes_first),
        cmocka_unit_test(blocks_become_messages),
        cmocka_unit_test(its_members),
        cmocka_unit_test(tools_and_their_choice),
        cmocka_unit_test(what_is_not_done_is_refused_by_name),
        cmocka_unit_test(tokens_are_counted_of_the_same_members),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
