/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

#include <stdio.h>

#define M           "'messages':[{'role':'user','content':'hi'}]"
#define WITH(text)  "{" M "," text "}"
#define SAID(text)  "{'messages':[" text "]}"
#define TOOL(name)  "{'type':'function','function':{'name':'" name "'}}"
#define TOOLS(rest) WITH("'tools':[" TOOL("forge") "," TOOL("quench") "]" rest)
#define PNG         "data:image/png;base64,iVBORw0KGgo="
#define IMAGE(url)  "{'type':'image_url','image_url':{'url':'" url "'}}"

static void parse(const char *json)
{
    openai_parsed(API_CHAT, json);
}

static void the_smallest_request_has_the_defaults_of_the_api(void **state)
{
    (void)state;
    parse("{" M "}");
    const struct generation *g = &generation;
    assert_int_equal(g->api, API_CHAT);
    assert_string_equal(g->model, "");
    assert_false(g->stream || g->include_usage || g->return_progress || g->logprobs || g->echo);
    assert_int_equal(g->message_count, 1);
    assert_int_equal(openai_message(0)->role, GENERATION_USER);
    assert_int_equal(openai_message(0)->part_count, 1);
    assert_int_equal(openai_message(0)->parts[0].kind, GENERATION_TEXT);
    openai_assert_bytes(openai_message(0)->parts[0].bytes, "hi");
    assert_int_equal(g->tool_count, 0);
    assert_int_equal(g->tool_choice, GENERATION_TOOLS_AUTO);
    assert_true(g->parallel_tool_calls);
    assert_int_equal(g->format, GENERATION_FORMAT_TEXT);
    assert_true(g->sampling.temperature == 1 && g->sampling.top_p == 1 && g->sampling.repeat_penalty == 1);
    assert_true(g->sampling.min_p == 0 && g->sampling.presence_penalty == 0 &&
                g->sampling.frequency_penalty == 0);
    assert_int_equal(g->sampling.top_k, 0);
    assert_false(g->sampling.has_seed);
    assert_int_equal(g->n, 1);
    assert_int_equal(g->max_tokens, 0);
    assert_int_equal(g->reasoning_effort, GENERATION_EFFORT_DEFAULT);
    assert_int_equal(generation_choices(g), 1);
}

static void every_number_is_taken_within_its_range(void **state)
{
    (void)state;
    parse(WITH("'temperature':0.5,'top_p':0.25,'min_p':0.125,'top_k':40,'presence_penalty':-2,"
               "'frequency_penalty':2,'repeat_penalty':1.5,'seed':7,'n':3,'max_tokens':9,'model':'m',"
               "'stream':true,'stream_options':{'include_usage':true,'include_obfuscation':false},"
               "'return_progress':true,'logprobs':true,'top_logprobs':20"));
    const struct generation_sampling *s = &generation.sampling;
    assert_true(s->temperature == 0.5F && s->top_p == 0.25F && s->min_p == 0.125F && s->top_k == 40);
    assert_true(s->presence_penalty == -2 && s->frequency_penalty == 2 && s->repeat_penalty == 1.5F);
    assert_true(s->has_seed && s->seed == 7);
    assert_int_equal(generation.n, 3);
    assert_int_equal(generation_choices(&generation), 3);
    assert_int_equal(generation.max_tokens, 9);
    assert_string_equal(generation.model, "m");
    assert_true(generation.stream && generation.include_usage && generation.return_progress);
    assert_true(generation.logprobs && generation.top_logprobs == 20);
    parse(WITH("'max_completion_tokens':5,'seed':-1,'temperature':0,'n':128"));
    assert_int_equal(generation.max_tokens, 5);
    assert_int_equal(generation.sampling.seed, 0);
    assert_true(generation.sampling.temperature == 0 && generation.n == 128);
}

static void stops_and_biases_are_lists(void **state)
{
    (void)state;
    parse(WITH("'stop':'x'"));
    assert_int_equal(generation.stop_count, 1);
    openai_assert_bytes(generation.stops[0], "x");
    parse(WITH("'stop':['a','\\u00e9'],'logit_bias':{'0':-100,'2147483647':12.5}"));
    assert_int_equal(generation.stop_count, 2);
    openai_assert_bytes(generation.stops[1], "\xc3\xa9");
    assert_int_equal(generation.sampling.bias_count, 2);
    assert_int_equal(generation.sampling.biases[0].token, 0);
    assert_true(generation.sampling.biases[0].bias == -100);
    assert_int_equal(generation.sampling.biases[1].token, INT32_MAX);
    assert_true(generation.sampling.biases[1].bias == 12.5F);
}

/* What SDKs send for "not said", and what asks for nothing. */
static void hints_and_nulls_ask_for_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "'user':'u'",
        "'metadata':{'a':'b'}",
        "'store':false",
        "'service_tier':'auto'",
        "'service_tier':'default'",
        "'prompt_cache_key':'k'",
        "'prompt_cache_options':{'mode':'implicit'}",
        "'prompt_cache_retention':'24h'",
        "'safety_identifier':'s'",
        "'verbosity':'low'",
        "'modalities':['text']",
        "'prediction':{'type':'content','content':'x'}",
        "'response_format':{'type':'text'}",
        "'parallel_tool_calls':true",
        "'tools':[]",
        "'stop':[]",
        "'chat_template_kwargs':{'enable_thinking':true}",
        "'temperature':null,'top_p':null,'n':null,'stop':null,'seed':null,'logit_bias':null,'tools':null",
        "'tool_choice':null,'functions':null,'function_call':null,'store':null,'response_format':null",
        "'stream':null,'stream_options':null,'reasoning_effort':null,'logprobs':null,'top_logprobs':null",
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        char json[1024];
        (void)snprintf(json, sizeof json, "{" M ",%s}", rows[i]);
        parse(json);
        assert_int_equal(generation.stop_count, 0);
        assert_int_equal(generation.tool_count, 0);
        assert_int_equal(generation.format, GENERATION_FORMAT_TEXT);
        assert_int_equal(generation.reasoning_effort, GENERATION_EFFORT_DEFAULT);
    }
}

/* The assistant's message as an SDK sends it back, with the members of an answer. */
static void every_role_is_known(void **state)
{
    (void)state;
    static const char json[] = SAID(
        "{'role':'system','content':'s'},"
        "{'role':'developer','content':[{'type':'text','text':'d'}]},"
        "{'role':'user','content':'u','name':'eve'},"
        "{'role':'assistant','content':null,'refusal':null,'annotations':[],'audio':null,'function_call':"
        "null,"
        "'parsed':{'a':1},'reasoning_content':'hm','tool_calls':[{'id':'c1','type':'function','index':0,"
        "'function':{'name':'forge','arguments':'{\\u0022a\\u0022:1}','parsed_arguments':{'a':1}}},"
        "{'id':'c2','type':'function','function':{'name':'quench','arguments':''}}]},"
        "{'role':'tool','tool_call_id':'c1','content':'hot'},"
        "{'role':'tool','tool_call_id':'c2','content':[{'type':'text','text':'cold'}]},"
        "{'role':'assistant','content':[{'type':'text','text':'no'},{'type':'refusal','refusal':'sorry'}]},"
        "{'role':'user','content':''}");
    parse(json);
    static const struct {
        enum generation_role role;
        const char *name;
        size_t parts;
        const char *text; /* of the first part */
    } rows[] = {
        {GENERATION_SYSTEM, "system", 1, "s"},
        {GENERATION_DEVELOPER, "developer", 1, "d"},
        {GENERATION_USER, "user", 1, "u"},
        {GENERATION_ASSISTANT, "assistant", 0, NULL},
        {GENERATION_TOOL, "tool", 1, "hot"},
        {GENERATION_TOOL, "tool", 1, "cold"},
        {GENERATION_ASSISTANT, "assistant", 2, "no"},
        {GENERATION_USER, "user", 1, ""},
    };
    assert_int_equal(generation.message_count, test_count(rows));
    for (size_t i = 0; i < test_count(rows); i++) {
        assert_int_equal(openai_message(i)->role, rows[i].role);
        assert_string_equal(generation_role_name(openai_message(i)->role), rows[i].name);
        assert_int_equal(openai_message(i)->part_count, rows[i].parts);
        if (rows[i].text != NULL)
            openai_assert_bytes(openai_message(i)->parts[0].bytes, rows[i].text);
    }
    openai_assert_bytes(openai_message(2)->name, "eve");
    openai_assert_bytes(openai_message(3)->reasoning, "hm");
    assert_int_equal(openai_message(3)->call_count, 2);
    openai_assert_bytes(openai_message(3)->calls[0].id, "c1");
    openai_assert_bytes(openai_message(3)->calls[0].name, "forge");
    openai_assert_bytes(openai_message(3)->calls[0].arguments, "{\"a\":1}");
    openai_assert_bytes(openai_message(3)->calls[1].arguments, "");
    openai_assert_bytes(openai_message(4)->call_id, "c1");
    openai_assert_bytes(openai_message(6)->parts[1].bytes, "sorry");
}

static void an_image_is_its_bytes(void **state)
{
    (void)state;
    parse(SAID(
        "{'role':'user','content':[{'type':'text','text':'a'},{'type':'image_url','image_url':{'url':'" PNG
        "','detail':'low'}},{'type':'text','text':'b'}]}"));
    assert_int_equal(generation.image_count, 1);
    assert_int_equal(openai_message(0)->part_count, 3);
    assert_int_equal(openai_message(0)->parts[1].kind, GENERATION_IMAGE);
    openai_assert_bytes(openai_message(0)->parts[1].bytes, "\x89PNG\r\n\x1a\n");
    openai_assert_bytes(openai_message(0)->parts[2].bytes, "b");
}

static void the_form_of_the_answer_can_be_asked_for(void **state)
{
    (void)state;
    parse(WITH("'response_format':{'type':'json_object'}"));
    assert_int_equal(generation.format, GENERATION_FORMAT_JSON);
    /* Members stay in their order, and numbers what they were. */
    parse(WITH(
        "'response_format':{'type':'json_schema','json_schema':{'name':'point','strict':true,'description':'"
        "d',"
        "'schema':{'type':'object','properties':{'y':{'multipleOf':0.1},'x':{}},'required':['y','x']}}}"));
    assert_int_equal(generation.format, GENERATION_FORMAT_SCHEMA);
    openai_assert_bytes(generation.schema_name, "point");
    openai_assert_bytes(generation.schema,
                        "{\"type\":\"object\",\"properties\":{\"y\":{\"multipleOf\":0.1},\"x\":{}},"
                        "\"required\":[\"y\",\"x\"]}");
}

static void tools_and_their_choice(void **state)
{
    (void)state;
    parse(WITH("'tools':[{'type':'function','function':{'name':'forge','description':'hits','strict':true,"
               "'parameters':{'type':'object'}}}],'parallel_tool_calls':false"));
    assert_int_equal(generation.tool_count, 1);
    openai_assert_bytes(generation.tools[0].name, "forge");
    openai_assert_bytes(generation.tools[0].description, "hits");
    openai_assert_bytes(generation.tools[0].parameters, "{\"type\":\"object\"}");
    assert_true(generation.tools[0].strict);
    assert_false(generation.parallel_tool_calls);
    static const struct {
        const char *json;
        enum generation_tool_choice choice;
        size_t tools;
        const char *name;
    } rows[] = {
        {TOOLS(""), GENERATION_TOOLS_AUTO, 2, ""},
        {TOOLS(",'tool_choice':'auto'"), GENERATION_TOOLS_AUTO, 2, ""},
        {TOOLS(",'tool_choice':'none'"), GENERATION_TOOLS_NONE, 2, ""},
        {TOOLS(",'tool_choice':'required'"), GENERATION_TOOLS_REQUIRED, 2, ""},
        {TOOLS(",'tool_choice':{'type':'function','function':{'name':'quench'}}"), GENERATION_TOOLS_NAMED, 2,
         "quench"},
        {TOOLS(",'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'auto','tools':[" TOOL(
             "quench") "]}}"),
         GENERATION_TOOLS_AUTO, 1, ""},
        {TOOLS(",'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'required','tools':[" TOOL(
             "quench") "," TOOL("forge") "]}}"),
         GENERATION_TOOLS_REQUIRED, 2, ""},
        {WITH("'tool_choice':'none'"), GENERATION_TOOLS_NONE, 0, ""},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        parse(rows[i].json);
        assert_int_equal(generation.tool_choice, rows[i].choice);
        assert_int_equal(generation.tool_count, rows[i].tools);
        openai_assert_bytes(generation.tool_choice_name, rows[i].name);
        if (rows[i].tools == 1)
            openai_assert_bytes(generation.tools[0].name, "quench");
    }
}

static void every_effort_has_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max"};
    assert_null(generation_effort_name(GENERATION_EFFORT_DEFAULT));
    for (size_t i = 0; i < test_count(names); i++) {
        char json[128];
        (void)snprintf(json, sizeof json, "{" M ",'reasoning_effort':'%s'}", names[i]);
        parse(json);
        assert_int_equal(generation.reasoning_effort, GENERATION_EFFORT_NONE + i);
        assert_string_equal(generation_effort_name(generation.reasoning_effort), names[i]);
    }
    assert_int_equal(GENERATION_EFFORT_NONE + test_count(names), GENERATION_EFFORT_COUNT);
    parse(WITH("'chat_template_kwargs':{'enable_thinking':false}"));
    assert_int_equal(generation.reasoning_effort, GENERATION_EFFORT_NONE);
}

static void what_is_not_done_is_refused_by_name(void **state)
{
    (void)state;
    static const struct openai_refusal rows[] = {
        {"", "JSON error at byte 0 (line 1)"},
        {"[]", "the request is not a JSON object"},
        {"{}", "messages: is missing"},
        {"{'messages':null}", "messages: is missing"},
        {"{'messages':[]}", "messages: is not a list of 1 to 4096 entries"},
        {"{'messages':'hi'}", "messages: is not a list of 1 to 4096 entries"},
        {WITH("'audio':{}"), "audio: is not supported"},
        {WITH("'web_search_options':{}"), "web_search_options: is not supported"},
        {WITH("'moderation':{'model':'m'}"), "moderation: is not supported"},
        {WITH("'functions':[]"), "functions: is not supported; use tools"},
        {WITH("'function_call':'auto'"), "function_call: is not supported; use tool_choice"},
        {WITH("'grammar':'root'"), "grammar: is not supported"},
        {WITH("'\\u00e9':1"), "has a member that is not supported"},
        {WITH("'a b':1"), "has a member that is not supported"},
        {WITH("'model':1"), "model: is not a text of at most 256 bytes"},
        {WITH("'stream':1"), "stream: is not true or false"},
        {WITH("'stream_options':{'x':1}"), "stream_options.x: is not supported"},
        {WITH("'stream_options':{'include_usage':1}"), "stream_options.include_usage: is not true or false"},
        {WITH("'stream_options':[]"), "stream_options: is not an object"},
        {WITH("'return_progress':1"), "return_progress: is not true or false"},
        {WITH("'temperature':'1'"), "temperature: is not a number"},
        {WITH("'temperature':2.1"), "temperature: is outside 0 to 2"},
        {WITH("'top_p':-0.1"), "top_p: is outside 0 to 1"},
        {WITH("'min_p':2"), "min_p: is outside 0 to 1"},
        {WITH("'top_k':0.5"), "top_k: is not an integer"},
        {WITH("'top_k':1048577"), "top_k: is outside 0 to 1048576"},
        {WITH("'presence_penalty':3"), "presence_penalty: is outside -2 to 2"},
        {WITH("'frequency_penalty':-3"), "frequency_penalty: is outside -2 to 2"},
        {WITH("'repeat_penalty':0"), "repeat_penalty: is outside 0.1 to 10"},
        {WITH("'max_tokens':0"), "max_tokens: is outside 1 to 1048576"},
        {WITH("'max_completion_tokens':-1"), "max_completion_tokens: is outside 1 to 1048576"},
        {WITH("'n':0"), "n: is outside 1 to 128"},
        {WITH("'n':129"), "n: is outside 1 to 128"},
        {WITH("'seed':1.5"), "seed: is not an integer"},
        {WITH("'stop':7"), "stop: is not a text of 1 to 256 bytes"},
        {WITH("'stop':['a','']"), "stop[1]: is not a text of 1 to 256 bytes"},
        {WITH("'stop':['1','2','3','4','5','6','7','8','9','0','1','2','3','4','5','6','7']"),
         "stop: has more than 16 entries"},
        {WITH("'logit_bias':[]"), "logit_bias: is not an object of token numbers"},
        {WITH("'logit_bias':{'x':1}"), "logit_bias: has a key that is not a token's number"},
        {WITH("'logit_bias':{'':1}"), "logit_bias: has a key that is not a token's number"},
        {WITH("'logit_bias':{'2147483648':1}"), "logit_bias: has a key that is not a token's number"},
        {WITH("'logit_bias':{'-1':1}"), "logit_bias: has a key that is not a token's number"},
        {WITH("'logit_bias':{'1':101}"), "logit_bias: has a value that is not a number from -100 to 100"},
        {WITH("'logit_bias':{'1':'1'}"), "logit_bias: has a value that is not a number from -100 to 100"},
        {WITH("'logprobs':5"), "logprobs: is not true or false"},
        {WITH("'logprobs':true,'top_logprobs':21"), "top_logprobs: is outside 0 to 20"},
        {WITH("'top_logprobs':2"), "top_logprobs: needs logprobs"},
        {WITH("'response_format':'json'"), "response_format: is not an object"},
        {WITH("'response_format':{'type':'xml'}"),
         "response_format.type: is not one of text, json_object, json_schema"},
        {WITH("'response_format':{}"),
         "response_format.type: is missing (one of text, json_object, json_schema)"},
        {WITH("'response_format':{'type':'text','x':1}"), "response_format.x: is not supported"},
        {WITH("'response_format':{'type':'json_schema'}"), "response_format.json_schema: is missing"},
        {WITH("'response_format':{'type':'json_schema','json_schema':{'name':'n'}}"),
         "response_format.json_schema.schema: is missing"},
        {WITH("'response_format':{'type':'json_schema','json_schema':{'schema':{}}}"),
         "response_format.json_schema.name: is missing"},
        {WITH("'response_format':{'type':'json_schema','json_schema':{'name':'n','schema':[]}}"),
         "response_format.json_schema.schema: is not an object"},
        {WITH("'tools':{}"), "tools: is not a list of 0 to 256 entries"},
        {WITH("'tools':[{}]"), "tools[0].type: is missing (one of function)"},
        {WITH("'tools':[{'type':'web_search'}]"), "tools[0].type: is not one of function"},
        {WITH("'tools':[{'type':'function'}]"), "tools[0].function: is missing"},
        {WITH("'tools':[{'type':'function','function':{}}]"), "tools[0].function.name: is missing"},
        {WITH("'tools':[" TOOL("a b") "]"),
         "tools[0].function.name: is not a name of 1 to 128 letters, digits, _, - and ."},
        {WITH("'tools':[{'type':'function','function':{'name':'f','parameters':1}}]"),
         "tools[0].function.parameters: is not an object"},
        {WITH("'tools':[" TOOL("f") "," TOOL("f") "]"), "tools: two have the same name"},
        {WITH("'tool_choice':'required'"), "tool_choice: there are no tools"},
        {TOOLS(",'tool_choice':'any'"), "tool_choice: is not one of auto, none, required"},
        {TOOLS(",'tool_choice':{'type':'custom'}"), "tool_choice.type: is not one of function"},
        {TOOLS(",'tool_choice':{'type':'function'}"), "tool_choice: names no tool"},
        {TOOLS(",'tool_choice':{'type':'function','function':{'name':'melt'}}"),
         "tool_choice: names a tool that is not among the tools"},
        {TOOLS(",'tool_choice':{'type':'allowed_tools'}"), "tool_choice: names no tool"},
        {TOOLS(",'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'auto','tools':[" TOOL(
             "melt") "]}}"),
         "tool_choice: names a tool that is not among the tools"},
        {TOOLS(",'tool_choice':'required','response_format':{'type':'json_object'}"),
         "tool_choice: a call that must come, and a format of the answer, exclude each other"},
        {WITH("'parallel_tool_calls':1"), "parallel_tool_calls: is not true or false"},
        {WITH("'reasoning_effort':'much'"),
         "reasoning_effort: is not one of none, minimal, low, medium, high, xhigh, max"},
        {WITH("'chat_template_kwargs':{'x':1}"), "chat_template_kwargs.x: is not supported"},
        {WITH("'verbosity':'loud'"), "verbosity: is not one of low, medium, high"},
        {WITH("'modalities':['text','audio']"), "modalities[1]: only text is supported"},
        {WITH("'metadata':1"), "metadata: is not an object"},
        {WITH("'store':true"), "store: nothing is kept here, so only false is supported"},
        {WITH("'service_tier':'flex'"), "service_tier: is not one of auto, default"},
        {WITH("'prompt_cache_key':1"), "prompt_cache_key: is not a short text"},
        {WITH("'prompt_cache_options':1"), "prompt_cache_options: is not an object"},
        {WITH("'user':1"), "user: is not a short text"},
        {SAID("1"), "messages[0]: is not an object"},
        {SAID("{'content':'x'}"),
         "messages[0].role: is missing (one of system, developer, user, assistant, tool)"},
        {SAID("{'role':'function','content':'x'}"),
         "messages[0].role: is not one of system, developer, user, assistant, tool"},
        {SAID("{'role':'user'}"), "messages[0].content: is missing"},
        {SAID("{'role':'user','content':null}"), "messages[0].content: is missing"},
        {SAID("{'role':'user','content':1}"), "messages[0].content: is neither a text nor a list of parts"},
        {SAID("{'role':'user','content':'x','mood':'x'}"), "messages[0].mood: is not supported"},
        {SAID("{'role':'user','content':'x','tool_calls':[]}"), "messages[0].tool_calls: is not supported"},
        {SAID("{'role':'user','content':'x'},{'role':'user','content':[{'type':'input_audio'}]}"),
         "messages[1].content[0].type: is not one of text, image_url"},
        {SAID("{'role':'user','content':[{'type':'file'}]}"),
         "messages[0].content[0].type: is not one of text, image_url"},
        {SAID("{'role':'user','content':[{'type':'text'}]}"), "messages[0].content[0].text: is missing"},
        {SAID("{'role':'system','content':[" IMAGE(PNG) "]}"),
         "messages[0].content[0].type: is not one of text"},
        {SAID("{'role':'user','content':[" IMAGE("https://example.org/a.png") "]}"),
         "messages[0].content[0].image_url.url: is not a data:image/ URL; an enclave fetches nothing"},
        {SAID("{'role':'user','content':[" IMAGE("data:image/png,x") "]}"),
         "messages[0].content[0].image_url.url: is a data: URL that is not in base64"},
        {SAID("{'role':'user','content':[" IMAGE("data:image/") "]}"),
         "messages[0].content[0].image_url.url: is a data: URL that is not in base64"},
        {SAID("{'role':'user','content':[" IMAGE("data:image/png;base64,") "]}"),
         "messages[0].content[0].image_url.url: is not base64 of an image"},
        {SAID("{'role':'user','content':[" IMAGE("data:image/png;base64,!!!!") "]}"),
         "messages[0].content[0].image_url.url: is not base64 of an image"},
        {SAID("{'role':'user','content':[{'type':'image_url'}]}"),
         "messages[0].content[0].image_url: is missing"},
        {SAID("{'role':'user','content':[{'type':'image_url','image_url':{'url':'" PNG "','detail':'x'}}]}"),
         "messages[0].content[0].image_url.detail: is not one of auto, low, high, original"},
        {SAID("{'role':'assistant'}"), "messages[0]: has neither content nor tool_calls"},
        {SAID("{'role':'assistant','audio':{'id':'x'}}"), "messages[0].audio: is not supported"},
        {SAID("{'role':'assistant','function_call':{}}"),
         "messages[0].function_call: is not supported; use tool_calls"},
        {SAID("{'role':'assistant','tool_calls':[{'type':'custom'}]}"),
         "messages[0].tool_calls[0].type: is not one of function"},
        {SAID("{'role':'assistant','tool_calls':[{'function':{'name':'f'}}]}"),
         "messages[0].tool_calls[0].function.arguments: is missing"},
        {SAID("{'role':'tool','content':'x'}"), "messages[0].tool_call_id: is missing"},
    };
    openai_refuse_all(API_CHAT, rows, test_count(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_request_has_the_defaults_of_the_api),
        cmocka_unit_test(every_number_is_taken_within_its_range),
        cmocka_unit_test(stops_and_biases_are_lists),
        cmocka_unit_test(hints_and_nulls_ask_for_nothing),
        cmocka_unit_test(every_role_is_known),
        cmocka_unit_test(an_image_is_its_bytes),
        cmocka_unit_test(the_form_of_the_answer_can_be_asked_for),
        cmocka_unit_test(tools_and_their_choice),
        cmocka_unit_test(every_effort_has_its_name),
        cmocka_unit_test(what_is_not_done_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
