/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/strict_json.h"

static void say_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

const struct llama_model *fuzz_model_open(void)
{
    struct llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    strict_json_init();
    llama_log_set(say_nothing, NULL);
    const struct llama_model *model = llama_model_load_from_file(ENCLUME_DEMO_MODEL, params);
    if (model == NULL) {
        (void)fprintf(stderr, "%s is missing; deps/model makes it\n", ENCLUME_DEMO_MODEL);
        exit(EXIT_FAILURE);
    }
    return model;
}
