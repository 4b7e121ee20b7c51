/* SPDX-License-Identifier: Apache-2.0 */

/* Which chat template: the model's own, one given by name or as a program, or none. */

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "support/gguf_template.h"
#include "templates.h"

#define BODY                                                                                                 \
    "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Hello " \
    "\xc3\xa9\"},"                                                                                           \
    "{\"role\":\"assistant\",\"content\":\"\"},{\"role\":\"user\",\"content\":\"Why?\"}],\"max_tokens\":5,"  \
    "\"stream\":true,"                                                                                       \
    "\"stream_options\":{\"include_usage\":true}}"

static struct generation parse(const char *body)
{
    struct generation g;
    assert_ok(generation_parse(API_CHAT, bytes_str(body), &g, NULL));
    return g;
}

static void assert_prompt(const char *name, const char *body, const char *wanted)
{
    uint8_t *text = NULL;
    size_t len = 0;
    struct generation g = parse(body);
    assert_ok(engine_template_apply(name, &g, &text, &len, NULL));
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(text, wanted, len);
    secret_free(text);
    generation_release(&g);
}

static void messages_are_written_as_the_named_template_says(void **state)
{
    (void)state;
    assert_prompt("chatml", BODY,
                  "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello \xc3\xa9<|im_end|>\n"
                  "<|im_start|>assistant\n<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"
                  "<|im_start|>assistant\n");
    assert_prompt("chatml", "{\"messages\":[{\"role\":\"developer\",\"content\":\"x\"}]}",
                  "<|im_start|>system\nx<|im_end|>\n<|im_start|>assistant\n");
}

static void many_short_messages_find_room(void **state)
{
    (void)state;
    enum { COUNT = 1000, EACH = sizeof "<|im_start|>user\n<|im_end|>\n" - 1, SIZE = 64 * COUNT };
    char *body = secret_alloc(SIZE);
    assert_non_null(body);
    size_t n = (size_t)snprintf(body, SIZE, "{\"messages\":[");
    for (size_t i = 0; i < COUNT; i++)
        n += (size_t)snprintf(body + n, SIZE - n, "%s{\"role\":\"user\",\"content\":\"x\"}",
                              i == 0 ? "" : ",");
    (void)snprintf(body + n, SIZE - n, "]}");
    struct generation many = parse(body);
    uint8_t *text = NULL;
    size_t len = 0;
    assert_ok(engine_template_apply("chatml", &many, &text, &len, NULL));
    assert_int_equal(len, COUNT * (EACH + 1) + strlen("<|im_start|>assistant\n"));
    assert_memory_equal(text + len - strlen("assistant\n"), "assistant\n", strlen("assistant\n"));
    secret_free(text);
    secret_free(body);
    generation_release(&many);
}

static void without_a_template_contents_follow_each_other(void **state)
{
    (void)state;
    assert_prompt(NULL, BODY, "Be brief. Hello \xc3\xa9 Why?");
    assert_prompt(NULL,
                  "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
                  "{\"type\":\"text\",\"text\":\"b\"}]}]}",
                  "ab");
}

static void what_is_not_text_needs_the_models_own_template(void **state)
{
    (void)state;
    struct generation g =
        parse("{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"x\"}]}");
    struct err_note note = {{0}};
    uint8_t *text = NULL;
    size_t len = 0;
    assert_err(engine_template_apply("chatml", &g, &text, &len, &note), ERR_REQUEST);
    assert_non_null(strstr(note.text, "messages"));
    generation_release(&g);
}

/* ---- models that carry one ---- */

static char directory[] = "/tmp/enclume-template-XXXXXX";
static char path[sizeof directory + 16];

static void model_with(const char *chat_template)
{
    (void)snprintf(path, sizeof path, "%s/model.gguf", directory);
    assert_true(gguf_template_copy(FIXTURE_MODEL, path, chat_template));
}

static void the_models_own_template_is_used(void **state)
{
    (void)state;
    model_with(TEMPLATE_CHATML);
    struct fixture *f =
        fixture_open(&(struct engine_llama_options){.model_path = path, .threads = 1, .slots = 1});
    struct engine_info info;
    f->engine->info(f->engine, &info);
    assert_true(info.chat);
    const struct fixture_answer *a = fixture_ask_body(f, 0, API_CHAT, BODY);
    assert_ok(a->result);
    uint32_t templated = a->usage.prompt_tokens;
    fixture_close(f);

    /* The marks cost tokens, which a plain continuation does not have. */
    f = fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1});
    a = fixture_ask_body(f, 0, API_CHAT, BODY);
    assert_ok(a->result);
    assert_true(templated > a->usage.prompt_tokens + 20);
    fixture_close(f);
}

static void a_template_that_cannot_be_run_is_refused_unless_another_is_given(void **state)
{
    (void)state;
    model_with("{% for m in messages %}{{ m['content'] }}");
    struct engine *engine = NULL;
    struct engine_callbacks callbacks = {0};
    struct err_note note = {{0}};
    static const char *const others[] = {"llama3", TEMPLATE_TOOLS};
    struct engine_llama_options options = {.model_path = path, .threads = 1, .slots = 1};
    assert_err(engine_llama_open(&options, &callbacks, NULL, &engine, &note), ERR_MODEL);
    assert_non_null(strstr(note.text, "--chat-template"));
    options.chat_template = "{% broken";
    assert_err(engine_llama_open(&options, &callbacks, NULL, &engine, &note), ERR_MODEL);
    assert_non_null(strstr(note.text, "Jinja"));
    for (size_t i = 0; i < test_count(others); i++) {
        struct engine_info info;
        options.chat_template = others[i];
        assert_ok(engine_llama_open(&options, &callbacks, NULL, &engine, &note));
        engine->info(engine, &info);
        assert_true(info.chat);
        assert_int_equal(info.tools, i == 1);
        engine->close(engine);
    }
}

static void a_tokenizer_that_ends_the_program_is_refused(void **state)
{
    (void)state;
    struct engine *engine = NULL;
    struct engine_callbacks callbacks = {0};
    struct engine_llama_options options = {.model_path = path, .threads = 1, .slots = 1};
    struct err_note note = {{0}};
    assert_true(gguf_string_copy(FIXTURE_MODEL, path, "tokenizer.ggml.pre", "whitespace"));
    assert_err(engine_llama_open(&options, &callbacks, NULL, &engine, &note), ERR_MODEL);
    assert_non_null(strstr(note.text, "tokenizer"));
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_written_as_the_named_template_says),
        cmocka_unit_test(many_short_messages_find_room),
        cmocka_unit_test(without_a_template_contents_follow_each_other),
        cmocka_unit_test(the_models_own_template_is_used),
        cmocka_unit_test(what_is_not_text_needs_the_models_own_template),
        cmocka_unit_test(a_template_that_cannot_be_run_is_refused_unless_another_is_given),
        cmocka_unit_test(a_tokenizer_that_ends_the_program_is_refused),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
