/* SPDX-License-Identifier: Apache-2.0 */
/* A schema as a user may send it: through our own check, llama.cpp's converter and its reader of grammars; then its grammar's first step. */
#include <stdlib.h>

#include <llama.h>

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct llama_vocab *vocab;
    if (vocab == NULL)
        vocab = llama_model_get_vocab(fuzz_model_open());
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
