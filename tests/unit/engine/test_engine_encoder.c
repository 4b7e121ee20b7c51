/* SPDX-License-Identifier: Apache-2.0 */

/* A model that makes vectors and nothing else (BERT and the like): its vectors are those of llama.cpp's own pooling, and it is asked for nothing else. */

#include "unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <llama.h>

#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "support/gguf_encoder.h"

enum { TOKENS_MAX = 512, BODY_MAX = 4096 };

static char directory[] = "/tmp/enclume-encoder-XXXXXX";
static char path[sizeof directory + 16];
static struct fixture *f;

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/encoder.gguf", directory);
    if (!gguf_encoder_write(FIXTURE_MODEL, path))
        return -1;
    f = fixture_open(&(struct engine_llama_options){.model_path = path, .threads = 1});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(f);
    (void)unlink(path);
    return rmdir(directory);
}

/* What llama.cpp makes of the text when it pools by itself, of length 1. */
static void pooled(const char *text, float vector[static GGUF_ENCODER_WIDTH])
{
    llama_token tokens[TOKENS_MAX];
    struct llama_model *model = llama_model_load_from_file(path, llama_model_default_params());
    assert_non_null(model);
    struct llama_context_params params = llama_context_default_params();
    params.embeddings = true;
    params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    params.n_threads = params.n_threads_batch = 1;
    struct llama_context *context = llama_init_from_model(model, params);
    assert_non_null(context);
    int32_t n = llama_tokenize(llama_model_get_vocab(model), text, (int32_t)strlen(text), tokens, TOKENS_MAX,
                               true, false);
    assert_true(n > 0);
    assert_int_equal(llama_encode(context, llama_batch_get_one(tokens, n)), 0);
    const float *v = llama_get_embeddings_seq(context, 0);
    assert_non_null(v);
    double length = 0;
    for (size_t i = 0; i < GGUF_ENCODER_WIDTH; i++)
        length += (double)v[i] * (double)v[i];
    for (size_t i = 0; i < GGUF_ENCODER_WIDTH; i++)
        vector[i] = (float)((double)v[i] / sqrt(length));
    llama_free(context);
    llama_model_free(model);
}

static void the_vector_is_that_of_the_whole_text(void **state)
{
    (void)state;
    static const char longer[] =
        "One day Tom and his mom went to the park. They saw a big bear with a red hat, and the bear had a "
        "small dog. The dog had a ball, and the ball was blue. Tom wanted to play with the ball, but the dog "
        "ran away. Mom said that they would find it again, and they went to look for it under the trees.";
    static const char *const texts[] = {"Once upon a time", longer};
    for (size_t i = 0; i < test_count(texts); i++) {
        char body[BODY_MAX];
        float wanted[GGUF_ENCODER_WIDTH];
        pooled(texts[i], wanted);
        (void)snprintf(body, sizeof body, "{\"input\":[\"%s\",\"Tom\"]}", texts[i]);
        const struct fixture_answer *a = fixture_ask_body(f, 0, API_EMBEDDINGS, body);
        assert_ok(a->result);
        json_t *document = fixture_line(a, 0);
        const json_t *first = json_array_get(json_object_get(document, "data"), 0);
        const json_t *vector = json_object_get(first, "embedding");
        assert_int_equal(json_array_size(vector), GGUF_ENCODER_WIDTH);
        for (size_t k = 0; k < GGUF_ENCODER_WIDTH; k++)
            assert_true(fabs(json_number_value(json_array_get(vector, k)) - (double)wanted[k]) < 1e-4);
        assert_true(i == 0 || a->usage.prompt_tokens > ENGINE_STEP_TOKENS_VECTOR);
        json_decref(document);
    }
}

static void a_text_longer_than_the_context_is_refused(void **state)
{
    (void)state;
    char body[BODY_MAX];
    size_t len = (size_t)snprintf(body, sizeof body, "{\"input\":[1");
    for (unsigned i = 1; i < GGUF_ENCODER_CONTEXT; i++)
        len += (size_t)snprintf(body + len, sizeof body - len, ",%u", 400 + i);
    (void)snprintf(body + len, sizeof body - len, "]}");
    assert_ok(fixture_ask_body(f, 0, API_EMBEDDINGS, body)->result);
    (void)snprintf(body + len, sizeof body - len, ",7]}");
    assert_err(fixture_ask_body(f, 0, API_EMBEDDINGS, body)->result, ERR_CONTEXT);
}

static void whatever_else_is_asked_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        enum api api;
        const char *body;
    } rows[] = {
        {API_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"},
        {API_COMPLETIONS, "{\"prompt\":\"x\"}"},
        {API_RESPONSES, "{\"input\":\"x\"}"},
        {API_MESSAGES, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1}"},
        {API_TOKENS, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"},
    };
    struct engine_info info;
    f->engine->info(f->engine, &info);
    assert_true(info.embeddings && !info.chat && !info.tools && !info.images);
    assert_int_equal(info.context, GGUF_ENCODER_CONTEXT);
    for (size_t i = 0; i < test_count(rows); i++) {
        const struct fixture_answer *a = fixture_ask_body(f, 0, rows[i].api, rows[i].body);
        assert_err(a->result, ERR_REQUEST);
        assert_string_equal(a->note.text, "the model makes embeddings and nothing else");
    }
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_is_that_of_the_whole_text),
        cmocka_unit_test(a_text_longer_than_the_context_is_refused),
        cmocka_unit_test(whatever_else_is_asked_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
