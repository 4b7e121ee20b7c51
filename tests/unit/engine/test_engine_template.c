/* SPDX-License-Identifier: Apache-2.0 */

/* Chat templates: the model's own, one given by name, and one that llama.cpp does not know. */

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "support/gguf_template.h"

/* The program that a chat model of the common kind carries. */
static const char chatml[] =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>\\n' }}{% endfor %}{{ '<|im_start|>assistant\\n' }}";

static struct chat_message dialogue[] = {
    {.role = CHAT_SYSTEM, .content = {(const uint8_t *)"Be brief.", 9}},
    {.role = CHAT_USER, .content = {(const uint8_t *)"Hello \xc3\xa9", 8}},
    {.role = CHAT_ASSISTANT, .content = {(const uint8_t *)"", 0}},
    {.role = CHAT_USER, .content = {(const uint8_t *)"Why?", 4}},
};
static const struct chat_request request = {
    .message_count = 4, .messages = dialogue, .sampling = {.top_p = 1, .repeat_penalty = 1}, .max_tokens = 5};

static void assert_prompt(const char *chat_template, const struct chat_request *r, const char *wanted)
{
    uint8_t *text = NULL;
    size_t len = 0;
    assert_ok(engine_template_apply(chat_template, r, &text, &len));
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(text, wanted, len);
    secret_free(text);
}

static void messages_are_written_as_the_template_says(void **state)
{
    (void)state;
    static const char wanted[] =
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello \xc3\xa9<|im_end|>\n"
        "<|im_start|>assistant\n<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"
        "<|im_start|>assistant\n";
    assert_prompt(chatml, &request, wanted);
    assert_prompt("chatml", &request, wanted);
}

static void many_short_messages_find_room(void **state)
{
    (void)state;
    enum { COUNT = 1000, EACH = sizeof "<|im_start|>user\n<|im_end|>\n" - 1 };
    static struct chat_message messages[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        messages[i] = (struct chat_message){.role = CHAT_USER, .content = bytes_str("x")};
    struct chat_request many = request;
    many.messages = messages;
    many.message_count = COUNT;
    uint8_t *text = NULL;
    size_t len = 0;
    assert_ok(engine_template_apply("chatml", &many, &text, &len));
    assert_int_equal(len, COUNT * (EACH + 1) + strlen("<|im_start|>assistant\n"));
    assert_memory_equal(text + len - strlen("assistant\n"), "assistant\n", strlen("assistant\n"));
    secret_free(text);
}

static void without_a_template_contents_follow_each_other(void **state)
{
    (void)state;
    assert_prompt(NULL, &request, "Be brief. Hello \xc3\xa9 Why?");
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
    model_with(chatml);
    struct fixture *f =
        fixture_open(&(struct engine_llama_options){.model_path = path, .threads = 1, .slots = 1});
    struct engine_info info;
    f->engine->info(f->engine, &info);
    assert_true(info.chat);
    const struct fixture_answer *a = fixture_ask(f, 0, &request);
    assert_ok(a->result);
    uint32_t templated = a->usage.prompt_tokens;
    fixture_close(f);

    /* The marks cost tokens, which a plain continuation does not have. */
    f = fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1});
    a = fixture_ask(f, 0, &request);
    assert_ok(a->result);
    assert_true(templated > a->usage.prompt_tokens + 20);
    fixture_close(f);
}

static void a_template_that_is_not_known_is_refused_unless_one_is_named(void **state)
{
    (void)state;
    model_with("{{ bos_token }}{% for m in messages %}((({{ m['content'] }}))){% endfor %}");
    struct engine *engine = NULL;
    struct engine_callbacks callbacks = {0};
    struct err_note note = {{0}};
    struct engine_llama_options options = {.model_path = path, .threads = 1, .slots = 1};
    assert_err(engine_llama_open(&options, &callbacks, NULL, &engine, &note), ERR_MODEL);
    assert_non_null(strstr(note.text, "--chat-template"));
    options.chat_template = "llama3";
    assert_ok(engine_llama_open(&options, &callbacks, NULL, &engine, &note));
    engine->close(engine);
}

static void a_prompt_with_a_nul_is_refused(void **state)
{
    (void)state;
    struct fixture *f =
        fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1});
    struct chat_message message = {.role = CHAT_USER, .content = bytes_of("a\0b", 3)};
    struct chat_request r = request;
    r.messages = &message;
    r.message_count = 1;
    assert_err(f->engine->submit(f->engine, 0, 0, &r), ERR_REQUEST);
    fixture_close(f);
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
        cmocka_unit_test(messages_are_written_as_the_template_says),
        cmocka_unit_test(many_short_messages_find_room),
        cmocka_unit_test(without_a_template_contents_follow_each_other),
        cmocka_unit_test(the_models_own_template_is_used),
        cmocka_unit_test(a_template_that_is_not_known_is_refused_unless_one_is_named),
        cmocka_unit_test(a_prompt_with_a_nul_is_refused),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
