/* SPDX-License-Identifier: Apache-2.0 */

/* What a text may be before a byte-pair tokenizer sees it; and that those of llama.cpp, on the engine's stack, get through the longest that it may be. */

#include "unit/test.h"

#include <gguf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/llama_internal.h"

enum { TEXT_MAX = 128 * 1024 };

static enum err check(const char *unit, size_t count, struct err_note *note)
{
    static char text[4 * (TEXT_MAX + 8)];
    size_t n = strlen(unit);
    *note = (struct err_note){{0}};
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * n, unit, n);
    return engine_runs_check(bytes_of(text, n * count), note);
}

static void runs_have_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        size_t most;
        const char *words;
    } kinds[] = {
        {"a", 16384, "letters"},
        {"Z", 16384, "letters"},
        {"7", 2048, "digits"},
        {" ", 2048, "blanks"},
        {"\n", 2048, "blanks"},
        {"-", 16384, "punctuation"},
        {"\xc3\xa9", 16384, "letters"},
        {"\xe4\xb8\x80", 16384, "letters"},
        {"\xf0\x9f\x98\x80", 16384, "letters"},
        {"\xe3\x80\x80", 2048, "blanks"},
        {"\xef\xbc\x8c", 16384, "punctuation"},
        {"a ", 65536, "letters and blanks"},
        {"a-", 65536, "without a blank"},
        {"1a", 65536, "without a blank"},
    };
    struct err_note note;
    for (size_t i = 0; i < test_count(kinds); i++) {
        assert_ok(check(kinds[i].unit, kinds[i].most, &note));
        assert_err(check(kinds[i].unit, kinds[i].most + 1, &note), ERR_REQUEST);
        assert_non_null(strstr(note.text, kinds[i].words));
    }
    assert_ok(engine_runs_check(bytes_str(""), &note));
}

static void what_people_write_passes(void **state)
{
    (void)state;
    struct err_note note;
    assert_ok(check("The quick brown fox, 1234567 times.\n", TEXT_MAX / 36, &note));
    assert_ok(check("\xe4\xbb\x8a\xe5\xa4\xa9\xe5\xa4\xa9\xe6\xb0\x94\xef\xbc\x8c", TEXT_MAX / 15,
                    &note)); /* with its comma */
    assert_ok(check("QmFzZTY0IQ", TEXT_MAX / 10, &note));
}

/* ---- the tokenizers ---- */

static char vocabulary[] = "/tmp/enclume-vocabulary-XXXXXX";

/* A vocabulary of the printable characters, cut into words as the models of that name have it. */
static void vocabulary_write(const char *pre)
{
    enum { FIRST = '!', LAST = '~', PLAIN = LAST - FIRST + 1, COUNT = PLAIN + 5 };
    static char plain[PLAIN][2];
    const char *tokens[COUNT];
    int32_t types[COUNT];
    const char *merge = "a a";
    struct gguf_context *g = gguf_init_empty();
    for (int i = 0; i < COUNT; i++) {
        if (i < PLAIN)
            plain[i][0] = (char)(FIRST + i);
        tokens[i] = i < PLAIN ? plain[i] : NULL;
        types[i] = i < COUNT - 2 ? 1 : 3;
    }
    tokens[PLAIN] = "\xc4\xa0"; /* as GPT-2 writes a blank and a line end */
    tokens[PLAIN + 1] = "\xc4\x8a";
    tokens[PLAIN + 2] = "aa";
    tokens[PLAIN + 3] = "<s>";
    tokens[PLAIN + 4] = "</s>";
    gguf_set_val_str(g, "general.architecture", "llama");
    gguf_set_val_str(g, "tokenizer.ggml.model", "gpt2");
    gguf_set_val_str(g, "tokenizer.ggml.pre", pre);
    gguf_set_arr_str(g, "tokenizer.ggml.tokens", tokens, COUNT);
    gguf_set_arr_data(g, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, COUNT);
    gguf_set_arr_str(g, "tokenizer.ggml.merges", &merge, 1);
    gguf_set_val_u32(g, "tokenizer.ggml.bos_token_id", PLAIN + 3);
    gguf_set_val_u32(g, "tokenizer.ggml.eos_token_id", PLAIN + 4);
    assert_true(gguf_write_to_file(g, vocabulary, false));
    gguf_free(g);
}

struct job {
    const struct llama_vocab *vocab;
    char *text;
    size_t len;
    int32_t count;
};

static void *tokenize(void *argument)
{
    struct job *job = argument;
    int32_t room = (int32_t)job->len * 4 + 8;
    llama_token *tokens = malloc((size_t)room * sizeof *tokens);
    job->count = llama_tokenize(job->vocab, job->text, (int32_t)job->len, tokens, room, true, true);
    free(tokens);
    return NULL;
}

/* In a thread with the stack that the engine's have: what is not enough ends this program. */
static void tokenized(const struct llama_vocab *vocab, const char *unit, size_t count)
{
    enum { UNIT_MAX = 4 };
    struct job job = {.vocab = vocab, .len = strlen(unit) * count};
    pthread_attr_t attributes;
    pthread_t thread;
    assert_in_range(job.len, 1, TEXT_MAX * UNIT_MAX);
    job.text = malloc(TEXT_MAX * UNIT_MAX);
    assert_non_null(job.text);
    for (size_t i = 0; i < count; i++)
        memcpy(job.text + i * strlen(unit), unit, strlen(unit));
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, ENGINE_STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, tokenize, &job), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(job.count >= 0);
    (void)pthread_attr_destroy(&attributes);
    free(job.text);
}

static void no_stack_is_used_up_by_what_may_come(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "gpt-4o",   "tekken", "deepseek-llm", "deepseek-v3", "deepseek-coder", "default",  "exaone-moe",
        "minicpm5", "bloom",  "llama-bpe",    "qwen2",       "youtu",          "superbpe", "afmoe"};
    static const char *const units[] = {"a",  "A",  "7", " ", "\n", "-", "\xc3\xa9", "\xe4\xb8\x80",
                                        "a ", "a-", "1a"};
    struct err_note note;
    int fd = mkstemp(vocabulary);
    assert_true(fd >= 0);
    (void)close(fd);
    for (size_t i = 0; i < test_count(patterns); i++) {
        struct llama_model_params params = llama_model_default_params();
        params.vocab_only = true;
        vocabulary_write(patterns[i]);
        struct llama_model *model = llama_model_load_from_file(vocabulary, params);
        assert_non_null(model);
        for (size_t k = 0; k < test_count(units); k++) {
            size_t most = 1;
            while (check(units[k], most + 1, &note) == ERR_OK)
                most += most == 1 ? 2047 : 2048;
            tokenized(llama_model_get_vocab(model), units[k], most);
        }
        llama_model_free(model);
    }
    (void)unlink(vocabulary);
}

static void say_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_have_an_end),
        cmocka_unit_test(what_people_write_passes),
        cmocka_unit_test(no_stack_is_used_up_by_what_may_come),
    };
    llama_log_set(say_nothing, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
