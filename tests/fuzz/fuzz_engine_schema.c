/* SPDX-License-Identifier: Apache-2.0 */
/* A schema as a user may send it: through our own check, llama.cpp's converter and its reader of grammars; then its grammar's first step. */
#include <stdio.h>
#include <stdlib.h>

#include <llama.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "engine/llama_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

static const struct llama_vocab *vocabulary(void)
{
    static const struct llama_vocab *vocab;
    if (vocab == NULL) {
        struct llama_model_params params = llama_model_default_params();
        params.vocab_only = true;
        strict_json_init();
        llama_log_set(say_nothing, NULL);
        struct llama_model *model = llama_model_load_from_file(ENCLUME_DEMO_MODEL, params);
        if (model == NULL) {
            (void)fprintf(stderr, "%s is missing; deps/model makes it\n", ENCLUME_DEMO_MODEL);
            exit(77);
        }
        vocab = llama_model_get_vocab(model);
    }
    return vocab;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct llama_vocab *vocab = vocabulary();
    const struct generation g = {.format = GENERATION_FORMAT_SCHEMA, .schema = bytes_of(data, size)};
    struct engine_plan *plan = NULL;
    struct err_note note = {{0}};
    size_t live = secret_stats().live;
    if (engine_schema_check(g.schema, "tools", &note) == ERR_OK &&
        engine_plan_make(NULL, vocab, &g, NULL, &plan, &note) == ERR_OK) {
        struct engine_constraint *c = NULL;
        bool allowed = false;
        if (engine_constraint_open(plan, &c) != ERR_OK)
            abort();
        if (engine_constraint_allows(c, llama_vocab_eos(vocab), &allowed) != ERR_OK)
            abort();
        engine_constraint_close(c);
    }
    engine_plan_close(plan);
    if (secret_stats().live != live)
        abort();
    return 0;
}
