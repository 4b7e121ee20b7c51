/* SPDX-License-Identifier: Apache-2.0 */

/* What the other interfaces ask of the engine: several answers, likelihoods, biases, prompts as they are, vectors, JSON by a schema, tools. */

#include "unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "templates.h"

enum { WIDTH = 288 }; /* of the model's vectors */

static struct fixture *f;     /* no template, four slots */
static struct fixture *tools; /* TEMPLATE_TOOLS, two slots */

static int open_engines(void **state)
{
    (void)state;
    f = fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .queue = 8});
    tools = fixture_open(&(struct engine_llama_options){
        .model_path = FIXTURE_MODEL, .threads = 1, .slots = 2, .queue = 8, .chat_template = TEMPLATE_TOOLS});
    return 0;
}

static int close_engines(void **state)
{
    (void)state;
    fixture_close(f);
    fixture_close(tools);
    return 0;
}

/* The one document of an answer that is not streamed. */
static json_t *whole_from(struct fixture *from, enum api api, const char *body)
{
    const struct fixture_answer *a = fixture_ask_body(from, 0, api, body);
    if (a->result != ERR_OK)
        fail_msg("%s: %s", err_name(a->result), a->note.text);
    assert_false(a->ill_formed);
    json_t *document = fixture_line(a, 0);
    assert_non_null(document);
    assert_null(fixture_line(a, 1));
    return document;
}

static json_t *whole(enum api api, const char *body)
{
    return whole_from(f, api, body);
}

static void refused(struct fixture *from, enum api api, const char *body, const char *words)
{
    const struct fixture_answer *a = fixture_ask_body(from, 0, api, body);
    assert_err(a->result, ERR_REQUEST);
    if (strstr(a->note.text, words) == NULL)
        fail_msg("note: %s", a->note.text);
    assert_int_equal(a->lines.len, 0);
}

static const json_t *choice(const json_t *document, size_t i)
{
    const json_t *c = json_array_get(json_object_get(document, "choices"), i);
    assert_non_null(c);
    return c;
}

static const char *content(const json_t *document, size_t i)
{
    return json_string_value(json_object_get(json_object_get(choice(document, i), "message"), "content"));
}

static const char *text(const json_t *document, size_t i)
{
    return json_string_value(json_object_get(choice(document, i), "text"));
}

static int64_t usage(const json_t *document, const char *member)
{
    return json_integer_value(json_object_get(json_object_get(document, "usage"), member));
}

#define STORY "\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}]"

/* ---- several answers ---- */

static void several_answers_are_those_of_their_seeds(void **state)
{
    (void)state;
    static const char body[] = "{" STORY ",\"n\":%d,\"seed\":%d,\"max_tokens\":30}";
    char alone[3][FIXTURE_TEXT_MAX];
    char request[256];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(request, sizeof request, body, 1, 7 + i);
        json_t *one = whole(API_CHAT, request);
        (void)snprintf(alone[i], sizeof alone[i], "%s", content(one, 0));
        json_decref(one);
    }
    (void)snprintf(request, sizeof request, body, 3, 7);
    json_t *document = whole(API_CHAT, request);
    assert_int_equal(json_array_size(json_object_get(document, "choices")), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(content(document, i), alone[i]);
    assert_string_not_equal(alone[0], alone[1]);
    /* The prompt counts once. */
    assert_int_equal(usage(document, "prompt_tokens"), 5);
    assert_int_equal(usage(document, "completion_tokens"), 90);
    json_decref(document);
}

static void more_answers_than_slots_are_given_all_the_same(void **state)
{
    (void)state;
    json_t *document = whole(API_CHAT, "{" STORY ",\"n\":11,\"temperature\":0,\"max_tokens\":12}");
    for (size_t i = 1; i < 11; i++)
        assert_string_equal(content(document, i), content(document, 0));
    assert_int_equal(usage(document, "completion_tokens"), 11 * 12);
    json_decref(document);
}

/* A prompt is read once, for all its answers: beside one that answers, a prompt as long as this one would be read in pieces. */
static void several_answers_cost_the_prompt_once(void **state)
{
    (void)state;
    char body[2048];
    size_t n = (size_t)snprintf(body, sizeof body, "{\"messages\":[{\"role\":\"user\",\"content\":\"The");
    for (int i = 0; i < 180; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, " cat");
    (void)snprintf(
        body + n, sizeof body - n,
        "\"}],\"n\":4,\"temperature\":0,\"max_tokens\":20,\"stream\":true,\"return_progress\":true}");
    const struct fixture_answer *a = fixture_ask_body(f, 0, API_CHAT, body);
    size_t whole_prompts = 0;
    json_t *line;
    assert_ok(a->result);
    for (size_t i = 0; (line = fixture_line(a, i)) != NULL; i++) {
        const json_t *progress = json_object_get(line, "prompt_progress");
        if (progress != NULL) {
            assert_int_equal(json_integer_value(json_object_get(progress, "total")), 182);
            assert_int_equal(json_integer_value(json_object_get(progress, "processed")), 182);
            whole_prompts++;
        }
        json_decref(line);
    }
    assert_int_equal(whole_prompts, 4);
}

static void several_answers_can_be_cancelled(void **state)
{
    (void)state;
    fixture_submit_body(f, 1, 0, API_CHAT, "{" STORY ",\"n\":9,\"stream\":true}");
    fixture_wait_pieces(f, 1, 10);
    f->engine->cancel(f->engine, 1);
    assert_err(fixture_wait(f, 1)->result, ERR_CANCELLED);
    json_decref(whole(API_CHAT, "{" STORY ",\"max_tokens\":3}"));
}

static void somebody_elses_answer_comes_between_many(void **state)
{
    (void)state;
    fixture_submit_body(f, 1, 1, API_CHAT, "{" STORY ",\"n\":16,\"stream\":true,\"max_tokens\":60}");
    fixture_submit_body(f, 2, 2, API_CHAT, "{" STORY ",\"stream\":true,\"max_tokens\":10}");
    assert_ok(fixture_wait(f, 2)->result);
    assert_int_equal(f->answers[1]->dones, 0);
    assert_ok(fixture_wait(f, 1)->result);
}

/* ---- likelihoods ---- */

static void logprobs_are_those_of_the_text(void **state)
{
    (void)state;
    json_t *document = whole(
        API_CHAT, "{" STORY ",\"temperature\":0,\"max_tokens\":12,\"logprobs\":true,\"top_logprobs\":3}");
    const json_t *tokens = json_object_get(json_object_get(choice(document, 0), "logprobs"), "content");
    char joined[512] = "";
    assert_int_equal(json_array_size(tokens), 12);
    for (size_t i = 0; i < json_array_size(tokens); i++) {
        const json_t *t = json_array_get(tokens, i);
        const json_t *top = json_object_get(t, "top_logprobs");
        double p = json_number_value(json_object_get(t, "logprob"));
        assert_true(p <= 0 && p > -10);
        assert_int_equal(json_array_size(top), 3);
        /* Greedy: the token is the likeliest. */
        assert_string_equal(json_string_value(json_object_get(json_array_get(top, 0), "token")),
                            json_string_value(json_object_get(t, "token")));
        double all = 0;
        for (size_t k = 0; k < 3; k++)
            all += exp(json_number_value(json_object_get(json_array_get(top, k), "logprob")));
        assert_true(all <= 1.0001);
        size_t len = strlen(joined);
        (void)snprintf(joined + len, sizeof joined - len, "%s",
                       json_string_value(json_object_get(t, "token")));
    }
    assert_string_equal(joined, content(document, 0));
    json_decref(document);
}

static void logprobs_end_before_a_stop_sequence(void **state)
{
    (void)state;
    json_t *document = whole(API_CHAT, "{" STORY ",\"temperature\":0,\"max_tokens\":60,\"logprobs\":true,"
                                       "\"stop\":\"outside in the sunshine\"}");
    const json_t *tokens = json_object_get(json_object_get(choice(document, 0), "logprobs"), "content");
    size_t len = 0;
    for (size_t i = 0; i < json_array_size(tokens); i++)
        len += json_string_length(json_object_get(json_array_get(tokens, i), "token"));
    assert_true(len <= strlen(content(document, 0)));
    assert_true(len + 16 > strlen(content(document, 0)));
    json_decref(document);
}

static void a_bias_decides(void **state)
{
    (void)state;
    json_t *document =
        whole(API_CHAT, "{" STORY ",\"temperature\":0,\"max_tokens\":5,\"logit_bias\":{\"6635\":100}}");
    const char *said = content(document, 0);
    size_t cats = 0;
    for (const char *at = said; (at = strstr(at, "cat")) != NULL; at++)
        cats++;
    assert_int_equal(cats, 5);
    json_decref(document);
    refused(f, API_CHAT, "{" STORY ",\"logit_bias\":{\"32000\":1}}",
            "logit_bias: the model has no token 32000");
}

/* ---- prompts as they are ---- */

static void a_prompt_is_continued(void **state)
{
    (void)state;
    json_t *chat = whole(API_CHAT, "{" STORY ",\"temperature\":0,\"max_tokens\":16}");
    json_t *by_text = whole(API_COMPLETIONS, "{\"prompt\":\"Once upon a time\",\"temperature\":0}");
    json_t *by_tokens = whole(API_COMPLETIONS, "{\"prompt\":[1,9038,2501,263,931],\"temperature\":0}");
    assert_string_equal(text(by_text, 0), content(chat, 0));
    assert_string_equal(text(by_tokens, 0), content(chat, 0));
    assert_int_equal(usage(by_tokens, "prompt_tokens"), 5);
    json_decref(chat);
    json_decref(by_text);
    json_decref(by_tokens);
    refused(f, API_COMPLETIONS, "{\"prompt\":[1,32000]}", "no token 32000");
}

static void several_prompts_have_several_answers(void **state)
{
    (void)state;
    json_t *document = whole(API_COMPLETIONS, "{\"prompt\":[\"Once upon a time\",\"The little dog\"],\"n\":2,"
                                              "\"temperature\":0,\"max_tokens\":8,\"echo\":true}");
    assert_int_equal(json_array_size(json_object_get(document, "choices")), 4);
    /* As they were given, without the blank that the vocabulary puts before a text. */
    assert_int_equal(strncmp(text(document, 0), "Once upon a time", 16), 0);
    assert_int_equal(strncmp(text(document, 2), "The little dog", 14), 0);
    assert_string_equal(text(document, 0), text(document, 1));
    assert_string_equal(text(document, 2), text(document, 3));
    assert_true(strlen(text(document, 0)) > strlen("Once upon a time") + 8);
    json_decref(document);
    document =
        whole(API_COMPLETIONS, "{\"prompt\":[9038,2501],\"temperature\":0,\"max_tokens\":1,\"echo\":true}");
    assert_int_equal(strncmp(text(document, 0), " Once upon", 10), 0);
    json_decref(document);
    refused(f, API_COMPLETIONS, "{\"prompt\":\"x\",\"echo\":true,\"logprobs\":1}", "echo");
}

/* ---- vectors ---- */

static void take_vector(const json_t *document, size_t i, float *v, size_t count)
{
    const json_t *values = json_object_get(json_array_get(json_object_get(document, "data"), i), "embedding");
    double length = 0;
    assert_int_equal(json_array_size(values), count);
    for (size_t k = 0; k < count; k++) {
        v[k] = (float)json_number_value(json_array_get(values, k));
        length += (double)v[k] * (double)v[k];
    }
    assert_true(fabs(length - 1) < 1e-3);
}

static double likeness(const float *a, const float *b)
{
    double sum = 0;
    for (size_t i = 0; i < WIDTH; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void texts_become_vectors(void **state)
{
    (void)state;
    static float v[3][WIDTH];
    static float again[WIDTH];
    json_t *document =
        whole(API_EMBEDDINGS, "{\"input\":[\"The dog ran in the park.\",\"A dog runs in a park.\","
                              "\"Mom made soup for dinner with carrots.\"]}");
    for (size_t i = 0; i < 3; i++)
        take_vector(document, i, v[i], WIDTH);
    assert_true(likeness(v[0], v[1]) > likeness(v[0], v[2]));
    assert_true(usage(document, "prompt_tokens") > 15);
    json_decref(document);
    document = whole(API_EMBEDDINGS, "{\"input\":\"The dog ran in the park.\"}");
    take_vector(document, 0, again, WIDTH);
    assert_true(likeness(v[0], again) > 0.999);
    json_decref(document);
    document = whole(API_EMBEDDINGS, "{\"input\":\"The dog ran in the park.\",\"dimensions\":16}");
    take_vector(document, 0, again, 16);
    json_decref(document);
    refused(f, API_EMBEDDINGS, "{\"input\":\"x\",\"dimensions\":289}", "dimensions");
}

/* Longer than a step, and as long as the context; while somebody else's answer goes on unchanged. */
static void a_long_text_becomes_one_vector_beside_an_answer(void **state)
{
    (void)state;
    static char body[4096];
    static float v[2][WIDTH];
    char alone[FIXTURE_TEXT_MAX];
    size_t n = (size_t)snprintf(body, sizeof body, "{\"input\":\"The");
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, " %s", i % 7 == 0 ? "dog" : "cat");
    (void)snprintf(body + n, sizeof body - n, "\"}");
    json_t *document = whole(API_EMBEDDINGS, body);
    assert_true(usage(document, "prompt_tokens") > 3 * ENGINE_STEP_TOKENS_VECTOR);
    take_vector(document, 0, v[0], WIDTH);
    json_decref(document);
    struct fixture_request story = {.prompt = "Once upon a time", .max_tokens = 150};
    (void)snprintf(alone, sizeof alone, "%s", fixture_ask(f, 0, &story)->text);
    fixture_submit(f, 1, &story);
    fixture_wait_pieces(f, 1, 3);
    document = whole(API_EMBEDDINGS, body);
    take_vector(document, 0, v[1], WIDTH);
    json_decref(document);
    assert_true(likeness(v[0], v[1]) > 0.999);
    assert_string_equal(fixture_wait(f, 1)->text, alone);
}

static void a_text_longer_than_the_context_has_no_vector(void **state)
{
    (void)state;
    static char body[4096];
    size_t n = (size_t)snprintf(body, sizeof body, "{\"input\":\"The");
    for (int i = 0; i < 400; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, " cat");
    (void)snprintf(body + n, sizeof body - n, "\"}");
    assert_err(fixture_ask_body(f, 0, API_EMBEDDINGS, body)->result, ERR_CONTEXT);
}

/* ---- JSON ---- */

#define PERSON                                                                                               \
    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"person\",\"strict\":true,"    \
    "\"schema\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":12},"       \
    "\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":99},\"pet\":{\"enum\":[\"cat\",\"dog\"]}},"     \
    "\"required\":[\"name\",\"age\",\"pet\"],\"additionalProperties\":false}}}"

static void assert_person(const char *said)
{
    json_t *person = json_loads(said, 0, NULL);
    if (person == NULL)
        fail_msg("not JSON: %s", said);
    assert_int_equal(json_object_size(person), 3);
    assert_true(json_is_string(json_object_get(person, "name")));
    assert_in_range(json_integer_value(json_object_get(person, "age")), 0, 99);
    const char *pet = json_string_value(json_object_get(person, "pet"));
    assert_true(strcmp(pet, "cat") == 0 || strcmp(pet, "dog") == 0);
    json_decref(person);
}

static void an_answer_follows_a_schema(void **state)
{
    (void)state;
    static const char *const how[] = {"\"temperature\":0", "\"temperature\":1,\"seed\":3",
                                      "\"temperature\":1.5,\"top_k\":40,\"top_p\":0.9,\"seed\":4"};
    for (size_t i = 0; i < test_count(how); i++)
        for (int templated = 0; templated < 2; templated++) {
            char body[1024];
            (void)snprintf(body, sizeof body, "{" STORY "," PERSON ",%s}", how[i]);
            json_t *document = whole_from(templated ? tools : f, API_CHAT, body);
            assert_person(content(document, 0));
            assert_string_equal(json_string_value(json_object_get(choice(document, 0), "finish_reason")),
                                "stop");
            json_decref(document);
        }
}

static void several_answers_follow_a_schema_each(void **state)
{
    (void)state;
    json_t *document = whole(API_CHAT, "{" STORY "," PERSON ",\"n\":3,\"temperature\":1,\"seed\":1}");
    for (size_t i = 0; i < 3; i++)
        assert_person(content(document, i));
    json_decref(document);
}

static void an_answer_is_a_json_object(void **state)
{
    (void)state;
    const struct fixture_answer *a =
        fixture_ask_body(f, 0, API_CHAT,
                         "{" STORY ",\"response_format\":{\"type\":\"json_object\"},\"temperature\":0,\"max_"
                         "tokens\":60,\"stream\":true}");
    assert_ok(a->result);
    assert_int_equal(a->text[0], '{');
}

/* ---- tools ---- */

#define TOOLS                                                                                                \
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"pat\",\"parameters\":{\"type\":\"object\","  \
    "\"properties\":{\"animal\":{\"enum\":[\"cat\",\"dog\"]}},\"required\":[\"animal\"],"                    \
    "\"additionalProperties\":false}}}]"

/* To hold one token against any of these would take llama.cpp hours, or all memory, while everybody else waits. */
static void a_schema_with_too_many_ways_stops_nobody_else(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{\"type\":\"string\",\"pattern\":\"^([a-z]?){0,1000}$\"}",
        "{\"type\":\"string\",\"pattern\":\"^((((((((([a-z]+)+)+)+)+)+)+)+)+)+$\"}",
        "{\"type\":\"string\",\"pattern\":\"^[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-"
        "z]?[a-z]?"
        "[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-"
        "z]?[a-z]?"
        "[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-z]?[a-"
        "z]?[a-z]?$\"}",
        /* each "[" has twice as many ways as the one before it */
        "{\"$defs\":{\"a\":{\"anyOf\":[{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#/$defs/"
        "a\"}},"
        "{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#/$defs/a\"}}]}},\"$ref\":\"#/$defs/a\"}",
    };
    char body[4096];
    for (size_t i = 0; i < test_count(schemas); i++) {
        (void)snprintf(
            body, sizeof body,
            "{" STORY ",\"max_tokens\":60,\"temperature\":0,"
            "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":%s}}}",
            schemas[i]);
        fixture_submit_body(f, 0, 1, API_CHAT, body);
        fixture_submit_body(f, 1, 2, API_CHAT, "{" STORY ",\"max_tokens\":20,\"temperature\":0}");
        assert_ok(fixture_wait(f, 1)->result);
        const struct fixture_answer *a = fixture_wait(f, 0);
        print_message("schema %zu: %s: %s\n", i, err_name(a->result), a->note.text);
        if (a->result != ERR_OK) { /* it may also be followed */
            assert_err(a->result, ERR_REQUEST);
            assert_non_null(strstr(a->note.text, "too many ways"));
        }
    }
}

static void a_tool_is_called(void **state)
{
    (void)state;
    json_t *document = whole_from(
        tools, API_CHAT,
        "{" STORY "," TOOLS ",\"tool_choice\":\"required\",\"temperature\":0,\"parallel_tool_calls\":false}");
    const json_t *calls = json_object_get(json_object_get(choice(document, 0), "message"), "tool_calls");
    const json_t *function = json_object_get(json_array_get(calls, 0), "function");
    assert_int_equal(json_array_size(calls), 1);
    assert_string_equal(json_string_value(json_object_get(function, "name")), "pat");
    json_t *arguments = json_loads(json_string_value(json_object_get(function, "arguments")), 0, NULL);
    const char *animal = json_string_value(json_object_get(arguments, "animal"));
    assert_true(strcmp(animal, "cat") == 0 || strcmp(animal, "dog") == 0);
    json_decref(arguments);
    assert_true(json_string_length(json_object_get(json_array_get(calls, 0), "id")) > 0);
    assert_string_equal(json_string_value(json_object_get(choice(document, 0), "finish_reason")),
                        "tool_calls");
    json_decref(document);
}

static void a_streamed_call_comes_in_pieces(void **state)
{
    (void)state;
    const struct fixture_answer *a = fixture_ask_body(
        tools, 0, API_CHAT,
        "{" STORY "," TOOLS
        ",\"tool_choice\":\"required\",\"temperature\":0,\"stream\":true,\"parallel_tool_calls\":false}");
    char arguments[256] = "";
    size_t begun = 0;
    size_t pieces = 0;
    assert_ok(a->result);
    assert_string_equal(a->finish, "tool_calls");
    assert_string_equal(a->text, "");
    json_t *line;
    for (size_t i = 0; (line = fixture_line(a, i)) != NULL; i++) {
        const json_t *delta = json_object_get(json_array_get(json_object_get(line, "choices"), 0), "delta");
        const json_t *call = json_array_get(json_object_get(delta, "tool_calls"), 0);
        const json_t *function = json_object_get(call, "function");
        if (json_object_get(call, "id") != NULL)
            begun++;
        const char *piece = json_string_value(json_object_get(function, "arguments"));
        if (piece != NULL && piece[0] != '\0') {
            pieces++;
            (void)strncat(arguments, piece, sizeof arguments - strlen(arguments) - 1);
        }
        json_decref(line);
    }
    assert_int_equal(begun, 1);
    assert_true(pieces > 3);
    json_t *parsed = json_loads(arguments, 0, NULL);
    assert_non_null(json_object_get(parsed, "animal"));
    json_decref(parsed);
}

static void an_answer_beside_tools_is_content(void **state)
{
    (void)state;
    json_t *document = whole_from(
        tools, API_CHAT, "{" STORY "," TOOLS ",\"temperature\":0,\"max_tokens\":20,\"logprobs\":true}");
    assert_true(strlen(content(document, 0)) > 20);
    assert_true(
        json_array_size(json_object_get(json_object_get(choice(document, 0), "logprobs"), "content")) > 15);
    json_decref(document);
}

static void what_the_model_cannot_do_is_refused(void **state)
{
    (void)state;
    struct engine_info info;
    f->engine->info(f->engine, &info);
    assert_false(info.tools || info.images || info.chat);
    assert_true(info.embeddings);
    tools->engine->info(tools->engine, &info);
    assert_true(info.tools && info.chat);
    refused(f, API_CHAT, "{" STORY "," TOOLS "}", "tools");
    refused(tools, API_CHAT, "{" STORY "," TOOLS "," PERSON "}", "response_format");
    refused(tools, API_CHAT,
            "{" STORY
            ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":"
            "\"object\",\"properties\":{\"x\":{\"type\":\"nonsense\"}}}}}],\"tool_choice\":\"required\"}",
            "tools");
    refused(tools, API_CHAT,
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
            "\"data:image/png;base64,iVBORw0KGgo=\"}}]}]}",
            "images");
}

/* ---- the other dialects ---- */

static void every_dialect_is_answered(void **state)
{
    (void)state;
    json_t *document =
        whole(API_RESPONSES, "{\"input\":\"Once upon a time\",\"temperature\":0,\"max_output_tokens\":20}");
    assert_string_equal(json_string_value(json_object_get(document, "object")), "response");
    json_decref(document);
    document = whole(API_MESSAGES, "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],"
                                   "\"model\":\"x\",\"temperature\":0,\"max_tokens\":20}");
    assert_string_equal(json_string_value(json_object_get(document, "type")), "message");
    assert_string_equal(json_string_value(json_object_get(document, "stop_reason")), "max_tokens");
    json_decref(document);
}

static json_int_t counted(struct fixture *engine, const char *body)
{
    const struct fixture_answer *a = fixture_ask_body(engine, 0, API_TOKENS, body);
    assert_ok(a->result);
    json_t *document = fixture_line(a, 0);
    json_int_t n = json_integer_value(json_object_get(document, "input_tokens"));
    json_decref(document);
    return n;
}

/* As many as the same messages would be charged with; also when they would not fit; and without a slot. */
static void tokens_are_counted(void **state)
{
    (void)state;
    enum { WORDS = 1000 };
    static char body[WORDS * 8];
    json_t *document =
        whole(API_MESSAGES,
              "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"max_tokens\":1}");
    json_int_t charged =
        json_integer_value(json_object_get(json_object_get(document, "usage"), "input_tokens"));
    json_decref(document);
    assert_true(charged > 3);
    fixture_submit_body(f, 1, 1, API_CHAT, "{" STORY ",\"n\":8,\"stream\":true}");
    fixture_wait_pieces(f, 1, 1);
    assert_int_equal(counted(f, "{\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}]}"),
                     charged);
    assert_int_equal(f->answers[1]->dones, 0); /* there was no slot free */
    f->engine->cancel(f->engine, 1);
    (void)fixture_wait(f, 1);
    size_t len = (size_t)snprintf(body, sizeof body, "{\"messages\":[{\"role\":\"user\",\"content\":\"");
    for (int i = 0; i < WORDS; i++)
        len += (size_t)snprintf(body + len, sizeof body - len, " cat");
    (void)snprintf(body + len, sizeof body - len, "\"}]}");
    assert_in_range(counted(f, body), WORDS, WORDS + 2);
    json_int_t bare = counted(tools, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    assert_true(counted(tools, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{"
                               "\"name\":\"forge\",\"input_schema\":{\"type\":\"object\"}}]}") > bare + 5);
}

static void a_body_that_is_no_request_is_refused_at_once(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    assert_err(f->engine->submit(f->engine, 5, 0, API_CHAT, bytes_str("{}"), &note), ERR_REQUEST);
    assert_true(note.text[0] != '\0');
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_answers_are_those_of_their_seeds),
        cmocka_unit_test(more_answers_than_slots_are_given_all_the_same),
        cmocka_unit_test(several_answers_cost_the_prompt_once),
        cmocka_unit_test(several_answers_can_be_cancelled),
        cmocka_unit_test(somebody_elses_answer_comes_between_many),
        cmocka_unit_test(logprobs_are_those_of_the_text),
        cmocka_unit_test(logprobs_end_before_a_stop_sequence),
        cmocka_unit_test(a_bias_decides),
        cmocka_unit_test(a_prompt_is_continued),
        cmocka_unit_test(several_prompts_have_several_answers),
        cmocka_unit_test(texts_become_vectors),
        cmocka_unit_test(a_long_text_becomes_one_vector_beside_an_answer),
        cmocka_unit_test(a_text_longer_than_the_context_has_no_vector),
        cmocka_unit_test(an_answer_follows_a_schema),
        cmocka_unit_test(several_answers_follow_a_schema_each),
        cmocka_unit_test(an_answer_is_a_json_object),
        cmocka_unit_test(a_schema_with_too_many_ways_stops_nobody_else),
        cmocka_unit_test(a_tool_is_called),
        cmocka_unit_test(a_streamed_call_comes_in_pieces),
        cmocka_unit_test(an_answer_beside_tools_is_content),
        cmocka_unit_test(what_the_model_cannot_do_is_refused),
        cmocka_unit_test(every_dialect_is_answered),
        cmocka_unit_test(tokens_are_counted),
        cmocka_unit_test(a_body_that_is_no_request_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, open_engines, close_engines);
}
