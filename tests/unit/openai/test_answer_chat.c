/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

#include <math.h>

#include "base/secret.h"
#include "openai/chat.h"

/* The lines stand below as they are to be read. */
/* clang-format off */

#define M          "'messages':[{'role':'user','content':'hi'}]"
#define STREAM     M ",'stream':true"
#define HEAD(type) "{'id':'chatcmpl-" OPENAI_ID "','object':'" type "','created':1700000000,'model':'anvil','choices':["
#define CHUNK(choice, delta, rest)                                                                           \
    HEAD("chat.completion.chunk") "{'index':" choice ",'delta':{" delta "}" rest ",'finish_reason':null}]}\n"
#define ROLE "'role':'assistant','content':'','refusal':null"
#define FINISH(choice, reason)                                                                               \
    HEAD("chat.completion.chunk") "{'index':" choice ",'delta':{},'finish_reason':'" reason "'}]}\n"
#define USAGE                                                                                                \
    "'usage':{'prompt_tokens':11,'completion_tokens':7,'total_tokens':18,'prompt_tokens_details':"           \
    "{'cached_tokens':3},'completion_tokens_details':{'reasoning_tokens':2}}"
#define WHOLE(choices) HEAD("chat.completion") choices "]," USAGE "}\n"

static void a_stream_is_role_text_reason(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" STREAM "}");
    openai_assert_lines("");
    openai_text(0, "Once");
    openai_assert_lines(CHUNK("0", ROLE, "") CHUNK("0", "'content':'Once'", ""));
    openai_text(0, "");
    openai_assert_lines("");
    openai_text(0, " \xc3\xa9");
    openai_assert_lines(CHUNK("0", "'content':' \xc3\xa9'", ""));
    openai_finish(0, ANSWER_STOP);
    openai_assert_lines(FINISH("0", "stop"));
    openai_end();
    openai_assert_lines("");
}

static void usage_comes_last_when_it_was_asked_for(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" STREAM ",'stream_options':{'include_usage':true}}");
    openai_text(0, "a");
    openai_finish(0, ANSWER_LENGTH);
    openai_end();
    openai_assert_lines(
        HEAD("chat.completion.chunk") "{'index':0,'delta':{" ROLE "},'finish_reason':null}],'usage':null}\n"
        HEAD("chat.completion.chunk") "{'index':0,'delta':{'content':'a'},'finish_reason':null}],'usage':null}\n"
        HEAD("chat.completion.chunk") "{'index':0,'delta':{},'finish_reason':'length'}],'usage':null}\n"
        HEAD("chat.completion.chunk") "]," USAGE "}\n");
}

static void choices_mix(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" STREAM ",'n':2}");
    assert_ok(answer_begin(answer, &(struct answer_usage){0}, &lines));
    openai_assert_lines(CHUNK("0", ROLE, "") CHUNK("1", ROLE, ""));
    openai_text(1, "b");
    openai_text(0, "a");
    openai_finish(1, ANSWER_LENGTH);
    openai_text(0, "c");
    openai_finish(0, ANSWER_STOP);
    openai_assert_lines(CHUNK("1", "'content':'b'", "") CHUNK("0", "'content':'a'", "") FINISH("1", "length")
                            CHUNK("0", "'content':'c'", "") FINISH("0", "stop"));
    openai_end();
}

#define CALL_0 "call_" OPENAI_ID "_0_0"

static void a_call_streams_name_then_arguments(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" STREAM "}");
    openai_reasoning(0, "hm");
    openai_text(0, "so");
    openai_tool(0, 0, "", "forge");
    openai_arguments(0, 0, "{\"a\":");
    openai_tool(0, 1, "id-7", "quench");
    openai_arguments(0, 0, "1}");
    openai_arguments(0, 1, "{}");
    openai_finish(0, ANSWER_STOP); /* after calls the reason is always that */
    openai_end();
    openai_assert_lines(
        CHUNK("0", ROLE, "") CHUNK("0", "'reasoning_content':'hm'", "") CHUNK("0", "'content':'so'", "")
        CHUNK("0", "'tool_calls':[{'index':0,'id':'" CALL_0 "','type':'function','function':{'name':'forge','arguments':''}}]", "")
        CHUNK("0", "'tool_calls':[{'index':0,'function':{'arguments':'{\\'a\\':'}}]", "")
        CHUNK("0", "'tool_calls':[{'index':1,'id':'id-7','type':'function','function':{'name':'quench','arguments':''}}]", "")
        CHUNK("0", "'tool_calls':[{'index':0,'function':{'arguments':'1}'}}]", "")
        CHUNK("0", "'tool_calls':[{'index':1,'function':{'arguments':'{}'}}]", "") FINISH("0", "tool_calls"));
}

static const struct answer_alternative alternatives[] = {
    {{(const uint8_t *)"Once", 4}, -0.25F},
    {{(const uint8_t *)"\xe2\x82", 2}, -INFINITY},
};
static const struct answer_token tokens[] = {
    {.text = {(const uint8_t *)"Once", 4}, .logprob = -0.25F, .top_count = 2, .top = alternatives},
    {.text = {(const uint8_t *)"\xc3", 1}, .logprob = -1.5F},
};
#define TOKENS                                                                                               \
    "{'token':'Once','logprob':-0.25,'bytes':[79,110,99,101],'top_logprobs':["                               \
    "{'token':'Once','logprob':-0.25,'bytes':[79,110,99,101]},"                                              \
    "{'token':'\xef\xbf\xbd\xef\xbf\xbd','logprob':-9999,'bytes':[226,130]}]},"                              \
    "{'token':'\xef\xbf\xbd','logprob':-1.5,'bytes':[195],'top_logprobs':[]}"

static void give_tokens(const char *text, size_t count)
{
    const struct answer_delta d = {
        .kind = ANSWER_TEXT, .text = bytes_str(text), .token_count = count, .tokens = tokens};
    assert_ok(answer_delta(answer, 0, &d, &lines));
}

static void logprobs_come_with_their_text(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" STREAM ",'logprobs':true,'top_logprobs':2}");
    give_tokens("Once", 2);
    openai_text(0, "x");
    openai_assert_lines(CHUNK("0", ROLE, "")
                            CHUNK("0", "'content':'Once'", ",'logprobs':{'content':[" TOKENS "],'refusal':null}")
                                CHUNK("0", "'content':'x'", ""));
    openai_answer(API_CHAT, "{" M ",'logprobs':true}");
    give_tokens("Once", 2);
    give_tokens("", 1);
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(WHOLE("{'index':0,'message':{'role':'assistant','content':'Once','refusal':null},"
                              "'logprobs':{'content':[" TOKENS ",{'token':'Once','logprob':-0.25,'bytes':[79,110,99,"
                              "101],'top_logprobs':[{'token':'Once','logprob':-0.25,'bytes':[79,110,99,101]},"
                              "{'token':'\xef\xbf\xbd\xef\xbf\xbd','logprob':-9999,'bytes':[226,130]}]}],'refusal':null},"
                              "'finish_reason':'stop'}"));
    /* Not asked for, they are left out. */
    openai_answer(API_CHAT, "{" STREAM "}");
    give_tokens("Once", 2);
    openai_assert_lines(CHUNK("0", ROLE, "") CHUNK("0", "'content':'Once'", ""));
}

static void a_whole_answer_is_one_object(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" M ",'n':2}");
    openai_text(1, "An \"anvil\".\n\x01\\");
    openai_finish(1, ANSWER_LENGTH);
    openai_reasoning(0, "h");
    openai_reasoning(0, "m");
    openai_tool(0, 0, "c1", "forge");
    openai_arguments(0, 0, "{");
    openai_arguments(0, 0, "}");
    openai_finish(0, ANSWER_TOOL_CALLS);
    openai_assert_lines("");
    openai_end();
    openai_assert_lines(WHOLE(
        "{'index':0,'message':{'role':'assistant','content':null,'refusal':null,'reasoning_content':'hm',"
        "'tool_calls':[{'id':'c1','type':'function','function':{'name':'forge','arguments':'{}'}}]},'logprobs':null,"
        "'finish_reason':'tool_calls'},"
        "{'index':1,'message':{'role':'assistant','content':'An \\'anvil\\'.\\n\\u0001\\\\','refusal':null},"
        "'logprobs':null,'finish_reason':'length'}"));
}

static void an_answer_without_text_is_an_empty_text(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" M "}");
    openai_finish(0, ANSWER_STOP);
    openai_end();
    openai_assert_lines(WHOLE("{'index':0,'message':{'role':'assistant','content':'','refusal':null},"
                              "'logprobs':null,'finish_reason':'stop'}"));
}

static void progress_is_told_to_those_who_asked(void **state)
{
    (void)state;
    openai_answer(API_CHAT, "{" STREAM ",'return_progress':true}");
    assert_ok(answer_begin(answer, &(struct answer_usage){.prompt_tokens = 100, .cached_tokens = 10}, &lines));
    assert_ok(answer_progress(answer, 50, 100, &lines));
    openai_assert_lines(CHUNK("0", ROLE, "")
                            HEAD("chat.completion.chunk") "{'index':0,'delta':{},'finish_reason':null}],"
                                                          "'prompt_progress':{'total':100,'cache':10,'processed':50}}\n");
    openai_answer(API_CHAT, "{" STREAM "}");
    assert_ok(answer_progress(answer, 50, 100, &lines));
    openai_assert_lines("");
    openai_answer(API_CHAT, "{" M ",'return_progress':true}");
    assert_ok(answer_progress(answer, 50, 100, &lines));
    openai_assert_lines("");
}

/* The records of the channel have sizes of 256 bytes and more: a token of an ordinary answer fits the smallest. */
static void a_short_piece_fits_the_smallest_record(void **state)
{
    (void)state;
    enum { BUCKET = 256, OVERHEAD = 16 };
    openai_answer(API_CHAT, "{" STREAM ",'stream_options':{'include_usage':true}}");
    openai_text(0, "a");
    lines.len = 0;
    openai_text(0, " blacksmith");
    assert_true(lines.len + OVERHEAD <= BUCKET);
    lines.len = 0;
    openai_answer(API_RESPONSES, "{'input':'x','stream':true}");
    openai_text(0, "a");
    lines.len = 0;
    openai_text(0, " blacksmith");
    assert_true(lines.len + OVERHEAD <= BUCKET);
    lines.len = 0;
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    const struct answer_delta text = {.kind = ANSWER_TEXT, .text = bytes_str("x")};
    const struct answer_delta arguments = {.kind = ANSWER_TOOL_ARGUMENTS, .text = bytes_str("x")};
    const struct answer_delta skipping = {.kind = ANSWER_TOOL_BEGIN, .tool = 1, .name = bytes_str("f")};
    const struct answer_delta nameless = {.kind = ANSWER_TOOL_BEGIN};
    const struct answer_delta strange = {
        .kind = ANSWER_TOOL_BEGIN, .name = bytes_str("f"), .id = bytes_str("a\"b")};
    const struct answer_usage usage = {0};
    openai_answer(API_CHAT, "{" STREAM "}");
    assert_err(answer_delta(answer, 1, &text, &lines), ERR_ENGINE);
    assert_err(answer_delta(answer, 0, &arguments, &lines), ERR_ENGINE);
    assert_err(answer_delta(answer, 0, &skipping, &lines), ERR_ENGINE);
    assert_err(answer_delta(answer, 0, &nameless, &lines), ERR_ENGINE);
    assert_err(answer_delta(answer, 0, &strange, &lines), ERR_ENGINE);
    assert_err(answer_begin(answer, &usage, &lines), ERR_ENGINE); /* the second time */
    assert_err(answer_end(answer, &usage, &lines), ERR_ENGINE);   /* a choice is open */
    openai_finish(0, ANSWER_STOP);
    assert_err(answer_finish(answer, 0, ANSWER_STOP, (struct bytes){0}, &lines), ERR_ENGINE);
    assert_err(answer_delta(answer, 0, &text, &lines), ERR_ENGINE);
    openai_end();
    assert_err(answer_end(answer, &usage, &lines), ERR_ENGINE);
    assert_err(answer_embedding(answer, 0, &(float){1}, 1), ERR_ENGINE);
}

/* What the enclave writes, our own client reads. */
static void our_client_reads_these_lines(void **state)
{
    (void)state;
    static const enum chat_line_kind kinds[] = {CHAT_LINE_NOTHING, CHAT_LINE_PROGRESS, CHAT_LINE_REASONING,
                                                CHAT_LINE_TEXT,    CHAT_LINE_NOTHING,  CHAT_LINE_FINISH,
                                                CHAT_LINE_USAGE};
    openai_answer(API_CHAT, "{" STREAM ",'return_progress':true,'stream_options':{'include_usage':true}}");
    assert_ok(answer_progress(answer, 5, 9, &lines));
    openai_reasoning(0, "hm");
    openai_text(0, "Once \"upon\"\n");
    openai_tool(0, 0, "c", "f");
    openai_finish(0, ANSWER_LENGTH);
    openai_end();
    struct bytes rest = secret_buffer_bytes(&lines);
    for (size_t i = 0; i < test_count(kinds); i++) {
        struct chat_line line;
        const uint8_t *newline = memchr(rest.ptr, '\n', rest.len);
        assert_non_null(newline);
        size_t n = (size_t)(newline - rest.ptr) + 1;
        assert_ok(chat_line_parse(bytes_of(rest.ptr, n), &line));
        assert_int_equal(line.kind, kinds[i]);
        if (line.kind == CHAT_LINE_PROGRESS)
            assert_true(line.processed == 5 && line.total == 9);
        if (line.kind == CHAT_LINE_REASONING)
            openai_assert_bytes(line.text, "hm");
        if (line.kind == CHAT_LINE_TEXT)
            openai_assert_bytes(line.text, "Once \"upon\"\n");
        if (line.kind == CHAT_LINE_FINISH)
            assert_int_equal(line.finish, CHAT_FINISH_LENGTH);
        if (line.kind == CHAT_LINE_USAGE)
            assert_true(line.usage.prompt_tokens == 11 && line.usage.completion_tokens == 7);
        chat_line_release(&line);
        rest = bytes_of(rest.ptr + n, rest.len - n);
    }
    assert_int_equal(rest.len, 0);
}

/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_role_text_reason),
        cmocka_unit_test(usage_comes_last_when_it_was_asked_for),
        cmocka_unit_test(choices_mix),
        cmocka_unit_test(a_call_streams_name_then_arguments),
        cmocka_unit_test(logprobs_come_with_their_text),
        cmocka_unit_test(a_whole_answer_is_one_object),
        cmocka_unit_test(an_answer_without_text_is_an_empty_text),
        cmocka_unit_test(progress_is_told_to_those_who_asked),
        cmocka_unit_test(a_short_piece_fits_the_smallest_record),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(our_client_reads_these_lines),
    };
    return cmocka_run_group_tests(tests, openai_setup, openai_teardown);
}
