/* SPDX-License-Identifier: Apache-2.0 */
/* A chat as a user may send it: through a template with tools or one with reasoning, as the first byte says, to a prompt and its tokens. */
#include <stdlib.h>

#include <llama.h>

#include "base/secret.h"
#include "engine/llama_internal.h"
#include "model.h"
#include "unit/engine/templates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct llama_vocab *vocab;
static struct engine_templates *templates[2];

static void open_templates(void)
{
    const struct llama_model *model = fuzz_model_open();
    if (engine_templates_open(model, TEMPLATE_TOOLS, &templates[0], NULL) != ERR_OK ||
        engine_templates_open(model, TEMPLATE_THINK, &templates[1], NULL) != ERR_OK)
        abort();
    vocab = llama_model_get_vocab(model);
}

/* What llama_prepare.c sees to before. */
static bool is_checked(const struct generation *g)
{
    for (size_t i = 0; i < g->tool_count; i++)
        if (engine_schema_check(g->tools[i].parameters, "tools", NULL) != ERR_OK)
            return false;
    for (size_t i = 0; i < g->message_count; i++)
        for (size_t k = 0; k < g->messages[i].call_count; k++)
            if (!engine_schema_is_shallow(g->messages[i].calls[k].arguments))
                return false;
    return g->format != GENERATION_FORMAT_SCHEMA || engine_schema_check(g->schema, "schema", NULL) == ERR_OK;
}

static void tokenize(struct bytes text)
{
    struct err_note note = {{0}};
    if (engine_runs_check(text, &note) != ERR_OK)
        return;
    /* A token is a byte at least, but for the first and the last. */
    llama_token *tokens = calloc(text.len + 8, sizeof *tokens);
    if (tokens == NULL || llama_tokenize(vocab, (const char *)text.ptr, (int32_t)text.len, tokens,
                                         (int32_t)text.len + 8, true, true) < 0)
        abort();
    free(tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct generation g;
    struct engine_plan *plan = NULL;
    struct err_note note = {{0}};
    if (vocab == NULL)
        open_templates();
    if (size == 0)
        return 0;
    size_t live = secret_stats().live;
    if (generation_parse(API_CHAT, bytes_of(data + 1, size - 1), &g, &note) != ERR_OK)
        return 0;
    if (g.image_count == 0 && is_checked(&g) &&
        engine_plan_make(templates[data[0] & 1], vocab, &g, NULL, &plan, &note) == ERR_OK)
        tokenize(engine_plan_prompt(plan));
    engine_plan_close(plan);
    generation_release(&g);
    if (secret_stats().live != live)
        abort();
    return 0;
}
