/* SPDX-License-Identifier: Apache-2.0 */
/* An answer as a model may give it, which a user can make it give: read in pieces by the templates with tools and with reasoning. The first byte says which, and how large pieces are. */
#include <stdlib.h>

#include <llama.h>

#include "engine/llama_internal.h"
#include "model.h"
#include "unit/engine/templates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUEST                                                                                              \
    "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{" \
    "\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{}}}}}]}"

static struct engine_plan *plans[2];

static void make_plan(const struct llama_model *model, const char *source, const char *body,
                      struct engine_plan **plan)
{
    static struct generation g;
    struct engine_templates *t = NULL;
    if (generation_parse(API_CHAT, bytes_str(body), &g, NULL) != ERR_OK ||
        engine_templates_open(model, source, &t, NULL) != ERR_OK ||
        engine_plan_make(t, llama_model_get_vocab(model), &g, NULL, plan, NULL) != ERR_OK)
        abort();
    engine_templates_close(t);
    generation_release(&g);
}

static void make_plans(void)
{
    const struct llama_model *model = fuzz_model_open();
    make_plan(model, TEMPLATE_TOOLS, REQUEST, &plans[0]);
    make_plan(model, TEMPLATE_THINK, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", &plans[1]);
}

/* Calls are numbered without a gap, and their arguments come after them. */
static enum err take(void *owner, const struct engine_piece *piece)
{
    uint32_t *calls = owner;
    if (piece->kind == ENGINE_PIECE_CALL && (piece->call != (*calls)++ || piece->name.len == 0))
        abort();
    if (piece->kind == ENGINE_PIECE_ARGUMENTS && piece->call >= *calls)
        abort();
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct engine_parser *parser = NULL;
    uint32_t calls = 0;
    enum err e = ERR_OK;
    if (plans[0] == NULL)
        make_plans();
    if (size < 2)
        return 0;
    size_t step = 1 + (data[0] >> 2);
    if (engine_parser_open(plans[data[0] & 1], &parser) != ERR_OK)
        abort();
    for (size_t at = 1; e == ERR_OK && at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        enum engine_parser_step last = (data[0] & 2) != 0 ? ENGINE_PARSER_CUT : ENGINE_PARSER_END;
        e = engine_parser_push(parser, bytes_of(data + at, n), at + n < size ? ENGINE_PARSER_MORE : last,
                               take, &calls);
    }
    if (e != ERR_OK && e != ERR_ENGINE)
        abort();
    engine_parser_close(parser);
    return 0;
}
