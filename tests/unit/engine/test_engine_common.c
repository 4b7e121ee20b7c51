/* SPDX-License-Identifier: Apache-2.0 */

/* Chat templates in Jinja, the grammars that tools and schemas become, and answers read back: through the layer over llama.cpp's C++ alone, no model runs. */

#include "unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <llama.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "templates.h"

static struct llama_model *model; /* its vocabulary alone */
static const struct llama_vocab *vocab;

#define WEATHER                                                                                              \
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":{"              \
    "\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}}},"        \
    "{\"type\":\"function\",\"function\":{\"name\":\"get_time\",\"parameters\":{\"type\":\"object\","        \
    "\"properties\":{}}}}]"
#define QUESTION "\"messages\":[{\"role\":\"user\",\"content\":\"Weather?\"}]"

static struct engine_templates *templates_of(const char *source)
{
    struct engine_templates *t = NULL;
    struct err_note note = {{0}};
    assert_ok(engine_templates_open(model, source, &t, &note));
    return t;
}

static struct generation request_of(const char *body)
{
    struct generation g;
    struct err_note note = {{0}};
    if (generation_parse(API_CHAT, bytes_str(body), &g, &note) != ERR_OK)
        fail_msg("%s", note.text);
    return g;
}

static struct engine_plan *plan_of(const char *source, const char *body, struct generation *g)
{
    struct engine_templates *t = source == NULL ? NULL : templates_of(source);
    struct engine_plan *plan = NULL;
    struct err_note note = {{0}};
    *g = request_of(body);
    if (engine_plan_make(t, vocab, g, NULL, &plan, &note) != ERR_OK)
        fail_msg("%s", note.text);
    engine_templates_close(t);
    return plan;
}

static void assert_bytes(struct bytes got, const char *wanted)
{
    if (!bytes_is_str(got, wanted))
        fail_msg("%.*s\nwanted\n%s", (int)got.len, (const char *)got.ptr, wanted);
}

/* ---- prompts ---- */

static void assert_prompt(const char *source, const char *body, const char *wanted)
{
    struct generation g;
    struct engine_plan *plan = plan_of(source, body, &g);
    assert_bytes(engine_plan_prompt(plan), wanted);
    engine_plan_close(plan);
    generation_release(&g);
}

static void a_template_is_run(void **state)
{
    (void)state;
    static const char body[] =
        "{\"messages\":[{\"role\":\"developer\",\"content\":\"Be brief.\"},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello \xc3\xa9\"}]},"
        "{\"role\":\"assistant\",\"content\":\"\"},{\"role\":\"user\",\"content\":\"Why?\"}]}";
    static const char wanted[] =
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello \xc3\xa9<|im_end|>\n"
        "<|im_start|>assistant\n<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n";
    assert_prompt(TEMPLATE_CHATML, body, wanted);
    assert_prompt("{% for m in messages %}((({{ m['content'] }}))){% endfor %}", body,
                  "(((Be brief.)))(((Hello \xc3\xa9)))((()))(((Why?)))");
}

static void tools_and_their_answers_are_in_the_prompt(void **state)
{
    (void)state;
    struct generation g;
    struct engine_plan *plan = plan_of(
        TEMPLATE_TOOLS,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Weather?\"},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\": \\\"Paris\\\"}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"rain\"}]," WEATHER "}",
        &g);
    struct bytes prompt = engine_plan_prompt(plan);
    char *text = strndup((const char *)prompt.ptr, prompt.len);
    assert_non_null(text);
    assert_non_null(strstr(text, "\"name\": \"get_weather\""));
    assert_non_null(strstr(text, "\"name\": \"get_time\""));
    assert_non_null(strstr(text, "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n"
                                 "</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\nrain\n"));
    free(text);
    engine_plan_close(plan);
    generation_release(&g);
}

static void tools_that_may_not_be_called_are_not_in_the_prompt(void **state)
{
    (void)state;
    static const char wanted[] = "<|im_start|>user\nWeather?<|im_end|>\n<|im_start|>assistant\n";
    assert_prompt(TEMPLATE_TOOLS, "{" QUESTION "}", wanted);
    assert_prompt(TEMPLATE_TOOLS, "{" QUESTION "," WEATHER ",\"tool_choice\":\"none\"}", wanted);
}

static void reasoning_can_be_switched_off(void **state)
{
    (void)state;
    assert_prompt(TEMPLATE_THINK, "{" QUESTION "}",
                  "<|im_start|>user\nWeather?<|im_end|>\n<|im_start|>assistant\n");
    assert_prompt(TEMPLATE_THINK, "{" QUESTION ",\"reasoning_effort\":\"none\"}",
                  "<|im_start|>user\nWeather?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n");
    assert_prompt("{{ messages[0].content }} {{ reasoning_effort }}",
                  "{" QUESTION ",\"reasoning_effort\":\"high\"}", "Weather? high");
}

static void what_a_template_can_do_is_known(void **state)
{
    (void)state;
    struct engine_templates *plain = templates_of(TEMPLATE_CHATML);
    struct engine_templates *tools = templates_of(TEMPLATE_TOOLS);
    assert_false(engine_templates_tools(plain));
    assert_true(engine_templates_tools(tools));
    engine_templates_close(plain);
    engine_templates_close(tools);

    struct engine_templates *t = NULL;
    struct err_note note = {{0}};
    assert_err(engine_templates_open(model, "{% nonsense", &t, &note), ERR_MODEL);
    assert_null(t);
    assert_err(engine_templates_open(model, "{{ 1 / 0 }}{{ nothing.at.all() }}", &t, &note), ERR_MODEL);
    assert_null(t);
}

/* What goes wrong inside the template names no content. */
static void a_template_that_refuses_is_a_bad_request(void **state)
{
    (void)state;
    struct engine_templates *t = templates_of(
        "{% for m in messages %}{% if m.content == 'secret words' %}{{ raise_exception('no: ' + m.content) }}"
        "{% endif %}{{ m.content }}{% endfor %}");
    struct generation g = request_of("{\"messages\":[{\"role\":\"user\",\"content\":\"secret words\"}]}");
    struct engine_plan *plan = NULL;
    struct err_note note = {{0}};
    assert_err(engine_plan_make(t, vocab, &g, NULL, &plan, &note), ERR_REQUEST);
    assert_null(plan);
    assert_non_null(strstr(note.text, "messages"));
    assert_null(strstr(note.text, "secret"));
    generation_release(&g);
    engine_templates_close(t);
}

/* ---- answers ---- */

struct heard {
    char text[512], reasoning[512];
    char names[4][64], arguments[4][256];
    uint32_t calls, pieces;
    enum err answer;
};

static void add(char *to, size_t size, struct bytes text)
{
    size_t len = strlen(to);
    assert_true(len + text.len < size);
    memcpy(to + len, text.ptr, text.len);
    to[len + text.len] = '\0';
}

static enum err hear(void *owner, const struct engine_piece *p)
{
    struct heard *h = owner;
    h->pieces++;
    if (p->kind == ENGINE_PIECE_TEXT)
        add(h->text, sizeof h->text, p->text);
    if (p->kind == ENGINE_PIECE_REASONING)
        add(h->reasoning, sizeof h->reasoning, p->text);
    if (p->kind == ENGINE_PIECE_CALL) {
        assert_int_equal(p->call, h->calls);
        add(h->names[h->calls++], sizeof h->names[0], p->name);
    }
    if (p->kind == ENGINE_PIECE_ARGUMENTS) {
        assert_true(p->call < h->calls);
        add(h->arguments[p->call], sizeof h->arguments[0], p->text);
    }
    return h->answer;
}

/* The answer in pieces of so many bytes. */
static enum err read_answer(const struct engine_plan *plan, const char *answer, size_t step,
                            enum engine_parser_step last, struct heard *h)
{
    struct engine_parser *parser = NULL;
    size_t len = strlen(answer);
    enum err e = ERR_OK;
    assert_ok(engine_parser_open(plan, &parser));
    for (size_t at = 0; e == ERR_OK && at < len; at += step) {
        size_t n = len - at < step ? len - at : step;
        e = engine_parser_push(parser, bytes_of(answer + at, n), at + n < len ? ENGINE_PARSER_MORE : last, hear, h);
    }
    engine_parser_close(parser);
    return e;
}

static void calls_are_read_as_they_come(void **state)
{
    (void)state;
    static const char answer[] =
        "Let me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Par\xc3\xads \\\"x\\\"\"}}\n"
        "</tool_call>";
    struct generation g;
    struct engine_plan *plan = plan_of(TEMPLATE_TOOLS, "{" QUESTION "," WEATHER "}", &g);
    assert_true(engine_plan_has_parser(plan));
    for (size_t step = 1; step < 40; step += 3) {
        struct heard h = {.answer = ERR_OK};
        assert_ok(read_answer(plan, answer, step, ENGINE_PARSER_END, &h));
        assert_int_equal(strncmp(h.text, "Let me see.", 11), 0);
        assert_null(strstr(h.text, "tool_call"));
        assert_int_equal(h.calls, 1);
        assert_string_equal(h.names[0], "get_weather");
        json_t *arguments = json_loads(h.arguments[0], 0, NULL);
        assert_string_equal(json_string_value(json_object_get(arguments, "city")), "Par\xc3\xads \"x\"");
        json_decref(arguments);
        if (step == 1)
            assert_true(h.pieces > 20); /* the arguments came in pieces, not at the end */
    }
    engine_plan_close(plan);
    generation_release(&g);
}

static void an_answer_that_is_cut_off_keeps_what_there_is(void **state)
{
    (void)state;
    static const char answer[] = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Par";
    struct generation g;
    struct engine_plan *plan = plan_of(TEMPLATE_TOOLS, "{" QUESTION "," WEATHER "}", &g);
    struct heard h = {.answer = ERR_OK};
    assert_ok(read_answer(plan, answer, 5, ENGINE_PARSER_CUT, &h));
    assert_int_equal(h.calls, 1);
    assert_int_equal(strncmp(h.arguments[0], "{\"city\":", 8), 0);
    engine_plan_close(plan);
    generation_release(&g);
}

static void reasoning_is_read_apart(void **state)
{
    (void)state;
    struct generation g;
    struct engine_plan *plan = plan_of(TEMPLATE_THINK, "{" QUESTION "}", &g);
    struct heard h = {.answer = ERR_OK};
    assert_true(engine_plan_has_parser(plan));
    assert_ok(read_answer(plan, "<think>\nHmm, so.\n</think>\n\nHello [there", 1, ENGINE_PARSER_END, &h));
    assert_non_null(strstr(h.reasoning, "Hmm, so."));
    assert_string_equal(h.text, "Hello [there");
    assert_null(strstr(h.text, "think"));
    engine_plan_close(plan);
    generation_release(&g);
}

static void a_sink_that_fails_ends_it_and_so_does_bottomless_nesting(void **state)
{
    (void)state;
    struct generation g;
    struct engine_plan *plan = plan_of(TEMPLATE_TOOLS, "{" QUESTION "," WEATHER "}", &g);
    struct heard h = {.answer = ERR_TOO_LARGE};
    assert_err(read_answer(plan, "Hello", 5, ENGINE_PARSER_END, &h), ERR_TOO_LARGE);
    char deep[3000];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    h = (struct heard){.answer = ERR_OK};
    assert_err(read_answer(plan, deep, sizeof deep, ENGINE_PARSER_END, &h), ERR_ENGINE);
    engine_plan_close(plan);
    generation_release(&g);
}

/* ---- grammars ---- */

static int32_t token_of(const char *piece)
{
    char text[64];
    for (int32_t token = 0; token < llama_vocab_n_tokens(vocab); token++) {
        int32_t n = llama_token_to_piece(vocab, token, text, sizeof text, 0, true);
        if (n == (int32_t)strlen(piece) && memcmp(text, piece, (size_t)n) == 0)
            return token;
    }
    fail_msg("no token is %s", piece);
    return -1;
}

static bool allows(struct engine_constraint *c, const char *piece)
{
    bool allowed = false;
    assert_ok(engine_constraint_allows(c, token_of(piece), &allowed));
    return allowed;
}

static void accept(struct engine_constraint *c, const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        char piece[2] = {text[i], '\0'};
        if (!allows(c, piece))
            fail_msg("%s: not %s at %zu", text, piece, i);
        assert_ok(engine_constraint_accept(c, token_of(piece)));
    }
}

/* Tokens that are the only ones allowed, one after the other, are this text. */
static void accept_only(struct engine_constraint *c, const char *text)
{
    char piece[64];
    while (text[0] != '\0') {
        int32_t only = -1;
        for (int32_t token = 0; token < llama_vocab_n_tokens(vocab); token++) {
            bool allowed = false;
            assert_ok(engine_constraint_allows(c, token, &allowed));
            if (allowed) {
                assert_int_equal(only, -1);
                only = token;
            }
        }
        int32_t n = llama_token_to_piece(vocab, only, piece, sizeof piece, 0, true);
        assert_in_range(n, 1, sizeof piece);
        assert_int_equal(strncmp(text, piece, (size_t)n), 0);
        assert_ok(engine_constraint_accept(c, only));
        text += n;
    }
}

static bool allows_end(struct engine_constraint *c)
{
    bool allowed = false;
    assert_ok(engine_constraint_allows(c, llama_vocab_eos(vocab), &allowed));
    return allowed;
}

static struct engine_constraint *constraint_of(const char *source, const char *body, struct engine_plan **plan,
                                               struct generation *g)
{
    struct engine_constraint *c = NULL;
    *plan = plan_of(source, body, g);
    assert_true(engine_plan_has_constraint(*plan));
    assert_ok(engine_constraint_open(*plan, &c));
    return c;
}

#define SCHEMA                                                                                               \
    "{" QUESTION ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":" \
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"],"             \
    "\"additionalProperties\":false}}}}"

static void a_schema_is_followed(void **state)
{
    (void)state;
    static const char *const sources[] = {NULL, TEMPLATE_CHATML, TEMPLATE_TOOLS};
    for (size_t i = 0; i < test_count(sources); i++) {
        struct generation g;
        struct engine_plan *plan;
        struct engine_constraint *c = constraint_of(sources[i], SCHEMA, &plan, &g);
        assert_false(allows(c, "O"));
        assert_false(allows_end(c));
        accept(c, "{\"ok\":");
        assert_false(allows(c, "1"));
        accept(c, "true}");
        assert_true(allows_end(c));
        assert_false(allows(c, "x"));
        engine_constraint_close(c);
        engine_plan_close(plan);
        generation_release(&g);
    }
}

static void every_candidate_is_looked_at(void **state)
{
    (void)state;
    struct generation g;
    struct engine_plan *plan;
    struct engine_constraint *c = constraint_of(NULL, SCHEMA, &plan, &g);
    llama_token_data data[] = {{.id = token_of("x"), .logit = 3},
                               {.id = token_of("{"), .logit = 2},
                               {.id = llama_vocab_eos(vocab), .logit = 1}};
    llama_token_data_array array = {.data = data, .size = 3, .selected = -1};
    assert_ok(engine_constraint_apply(c, &array));
    assert_true(isinf(data[0].logit) && data[1].logit == 2 && isinf(data[2].logit));
    array.size = 1;
    assert_err(engine_constraint_apply(c, &array), ERR_ENGINE);
    engine_constraint_close(c);
    engine_plan_close(plan);
    generation_release(&g);
}

static void a_required_call_is_the_only_answer(void **state)
{
    (void)state;
    struct generation g;
    struct engine_plan *plan;
    struct engine_constraint *c =
        constraint_of(TEMPLATE_TOOLS,
                      "{" QUESTION "," WEATHER ",\"tool_choice\":{\"type\":\"function\",\"function\":"
                      "{\"name\":\"get_weather\"}}}",
                      &plan, &g);
    assert_false(allows(c, "H"));
    accept_only(c, "<tool_call>\n");
    accept(c, "{\"name\": \"get_");
    assert_false(allows(c, "t"));
    accept(c, "weather\", \"arguments\": {\"city\": \"P\"}}\n</tool_call>");
    assert_true(allows_end(c));
    engine_constraint_close(c);
    engine_plan_close(plan);
    generation_release(&g);
}

/* Until a call begins anything goes; then it must be a whole one. */
static void a_grammar_waits_for_its_mark(void **state)
{
    (void)state;
    struct generation g;
    struct engine_plan *plan;
    struct engine_constraint *c = constraint_of(TEMPLATE_TOOLS, "{" QUESTION "," WEATHER "}", &plan, &g);
    assert_true(allows_end(c));
    accept(c, "Well, {}[] <tool");
    accept(c, "_call>\n");
    assert_false(allows_end(c));
    assert_false(allows(c, "H"));
    accept(c, "{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>");
    assert_true(allows_end(c));
    engine_constraint_close(c);
    engine_plan_close(plan);
    generation_release(&g);
}

/* Two answers of one request stand at different places. */
static void constraints_of_one_plan_are_apart(void **state)
{
    (void)state;
    struct generation g;
    struct engine_plan *plan;
    struct engine_constraint *a = constraint_of(NULL, SCHEMA, &plan, &g);
    struct engine_constraint *b = NULL;
    assert_ok(engine_constraint_open(plan, &b));
    accept(a, "{\"ok\":false}");
    assert_true(allows_end(a));
    assert_false(allows_end(b));
    accept(b, "{");
    engine_constraint_close(a);
    engine_constraint_close(b);
    engine_plan_close(plan);
    generation_release(&g);
}

/* llama.cpp would print a grammar that it cannot parse, and it holds the schema's names. */
static void a_schema_that_cannot_be_followed_is_refused_in_silence(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{\"type\":\"nonsense\"}",
        "{\"$ref\":\"#/nowhere/violet\"}",
        "{\"type\":\"object\",\"properties\":{\"violet\":{\"type\":\"string\",\"minLength\":100000}}}",
    };
    char path[] = "/tmp/enclume-stderr-XXXXXX";
    int to = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    assert_true(to >= 0 && saved >= 0 && dup2(to, STDERR_FILENO) >= 0);
    for (size_t i = 0; i < test_count(schemas); i++) {
        char body[512];
        struct engine_plan *plan = NULL;
        struct err_note note = {{0}};
        (void)snprintf(body, sizeof body,
                       "{" QUESTION ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"
                       "\"s\",\"schema\":%s}}}",
                       schemas[i]);
        struct generation g = request_of(body);
        enum err e = engine_plan_make(NULL, vocab, &g, NULL, &plan, &note);
        engine_plan_close(plan);
        generation_release(&g);
        if (e != ERR_REQUEST || strstr(note.text, "violet") != NULL) {
            (void)dup2(saved, STDERR_FILENO);
            fail_msg("%s: %s %s", schemas[i], err_name(e), note.text);
        }
    }
    off_t printed = lseek(to, 0, SEEK_END);
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    (void)close(to);
    (void)unlink(path);
    assert_int_equal(printed, 0);
}

static void say_nothing(enum ggml_log_level level, const char *line, void *user)
{
    (void)level;
    (void)line;
    (void)user;
}

static int load_vocabulary(void **state)
{
    (void)state;
    struct llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    strict_json_init();
    llama_log_set(say_nothing, NULL);
    model = llama_model_load_from_file(FIXTURE_MODEL, params);
    vocab = model == NULL ? NULL : llama_model_get_vocab(model);
    return model == NULL ? -1 : 0;
}

static int free_vocabulary(void **state)
{
    (void)state;
    llama_model_free(model);
    return 0;
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_run),
        cmocka_unit_test(tools_and_their_answers_are_in_the_prompt),
        cmocka_unit_test(tools_that_may_not_be_called_are_not_in_the_prompt),
        cmocka_unit_test(reasoning_can_be_switched_off),
        cmocka_unit_test(what_a_template_can_do_is_known),
        cmocka_unit_test(a_template_that_refuses_is_a_bad_request),
        cmocka_unit_test(calls_are_read_as_they_come),
        cmocka_unit_test(an_answer_that_is_cut_off_keeps_what_there_is),
        cmocka_unit_test(reasoning_is_read_apart),
        cmocka_unit_test(a_sink_that_fails_ends_it_and_so_does_bottomless_nesting),
        cmocka_unit_test(a_schema_is_followed),
        cmocka_unit_test(every_candidate_is_looked_at),
        cmocka_unit_test(a_required_call_is_the_only_answer),
        cmocka_unit_test(a_grammar_waits_for_its_mark),
        cmocka_unit_test(constraints_of_one_plan_are_apart),
        cmocka_unit_test(a_schema_that_cannot_be_followed_is_refused_in_silence),
    };
    return cmocka_run_group_tests(tests, load_vocabulary, free_vocabulary);
}
