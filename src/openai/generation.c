/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/generation.h"

#include <stddef.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/parse.h"

static const char *const role_names[GENERATION_ROLE_COUNT] = {
    [GENERATION_SYSTEM] = "system",       [GENERATION_DEVELOPER] = "developer", [GENERATION_USER] = "user",
    [GENERATION_ASSISTANT] = "assistant", [GENERATION_TOOL] = "tool",
};

const char *generation_role_name(enum generation_role role)
{
    return role_names[role];
}

const char *generation_effort_name(enum generation_effort effort)
{
    return effort == GENERATION_EFFORT_DEFAULT ? NULL : parse_effort_words[effort - GENERATION_EFFORT_NONE];
}

uint32_t generation_choices(const struct generation *g)
{
    if (g->api == API_TOKENS)
        return 0;
    return g->api == API_COMPLETIONS ? (uint32_t)g->prompt_count * g->n : g->n;
}

/* ---- parsing ---- */

static const struct {
    const struct parse_field *fields;
    enum err (*finish)(struct parse *p);
    uint32_t max_tokens; /* when nothing is said */
} parsers[API_COUNT] = {
    [API_CHAT] = {generation_chat_fields, NULL, 0},
    [API_COMPLETIONS] = {generation_completions_fields, NULL, 16},
    [API_EMBEDDINGS] = {generation_embeddings_fields, NULL, 0},
    [API_RESPONSES] = {generation_responses_fields, generation_responses_finish, 0},
    [API_MESSAGES] = {generation_messages_fields, generation_messages_finish, 0},
    [API_TOKENS] = {generation_tokens_fields, generation_messages_finish, 0},
};

static enum err parse_document(struct parse *p, struct bytes json)
{
    struct generation *g = p->g;
    enum err e =
        strict_json_parse_within(json, API_BODY_MAX, API_BODY_MEMORY, &p->storage->document, p->note);
    if (e == ERR_JSON)
        return ERR_REQUEST;
    if (e != ERR_OK)
        return e;
    if (!json_is_object(p->storage->document))
        return err_noted(ERR_REQUEST, p->note, "the request is not a JSON object");
    e = parse_object(p, p->storage->document, parsers[g->api].fields, g);
    if (e == ERR_OK && parsers[g->api].finish != NULL)
        e = parsers[g->api].finish(p);
    return e == ERR_OK ? parse_check(p) : e;
}

enum err generation_parse(enum api api, struct bytes json, struct generation *g, struct err_note *note)
{
    struct err_note unwanted;
    *g = (struct generation){
        .api = api,
        .sampling = {.temperature = 1, .top_p = 1, .repeat_penalty = 1},
        .n = 1,
        .max_tokens = parsers[api].max_tokens,
        .parallel_tool_calls = true,
    };
    struct generation_storage *storage = secret_alloc(sizeof *storage);
    if (storage == NULL)
        return ERR_MEMORY;
    g->storage = storage;
    struct parse p = {.g = g, .storage = storage, .note = note != NULL ? note : &unwanted};
    enum err e = parse_document(&p, json);
    if (e != ERR_OK)
        generation_release(g);
    return e;
}

void generation_release(struct generation *g)
{
    struct generation_storage *storage = g->storage;
    if (storage != NULL) {
        parse_release(storage);
        json_decref(storage->document);
        secret_free(storage);
    }
    /* The model's name, too, came from the client. */
    secret_wipe(g, sizeof *g);
}

/* ---- copying into one block ---- */

/* Counts when there is no block yet, and else copies. */
struct packer {
    uint8_t *block;
    size_t used;
};

enum { PACK_ALIGN = 16 };

static void *pack(struct packer *k, const void *from, size_t size)
{
    size_t place = (k->used + PACK_ALIGN - 1) / PACK_ALIGN * PACK_ALIGN;
    k->used = place + size;
    if (k->block == NULL)
        return NULL;
    if (size != 0)
        memcpy(k->block + place, from, size);
    return k->block + place;
}

/* A range in the copy, as it stands there, gets bytes of its own. */
static void pack_bytes(struct packer *k, struct bytes *range)
{
    if (range->len == 0) {
        *range = (struct bytes){0};
        return;
    }
    const void *copy = pack(k, range->ptr, range->len);
    if (copy != NULL)
        range->ptr = copy;
}

enum { PACK_ELEMENT_MAX = 128 };
_Static_assert(sizeof(struct generation_message) <= PACK_ELEMENT_MAX, "the largest element of an array");

/* The array in the copy, whose elements then get what they point to. Returns where the array stands: there, or while counting where it stood. */
static void *pack_array(struct packer *k, void *array, size_t count, size_t size,
                        void (*pack_element)(struct packer *k, void *element))
{
    uint8_t *copies = pack(k, array, count * size);
    for (size_t i = 0; i < count; i++) {
        _Alignas(max_align_t) uint8_t counted[PACK_ELEMENT_MAX];
        if (copies == NULL)
            memcpy(counted, (uint8_t *)array + i * size, size);
        pack_element(k, copies == NULL ? counted : copies + i * size);
    }
    return copies == NULL ? array : copies;
}

static void pack_part(struct packer *k, void *element)
{
    struct generation_part *part = element;
    pack_bytes(k, &part->bytes);
}

static void pack_call(struct packer *k, void *element)
{
    struct generation_call *call = element;
    pack_bytes(k, &call->id);
    pack_bytes(k, &call->name);
    pack_bytes(k, &call->arguments);
}

static void pack_message(struct packer *k, void *element)
{
    struct generation_message *m = element;
    pack_bytes(k, &m->name);
    m->parts = pack_array(k, m->parts, m->part_count, sizeof *m->parts, pack_part);
    pack_bytes(k, &m->reasoning);
    m->calls = pack_array(k, m->calls, m->call_count, sizeof *m->calls, pack_call);
    pack_bytes(k, &m->call_id);
}

static void pack_tool(struct packer *k, void *element)
{
    struct generation_tool *tool = element;
    pack_bytes(k, &tool->name);
    pack_bytes(k, &tool->description);
    pack_bytes(k, &tool->parameters);
}

static void pack_prompt(struct packer *k, void *element)
{
    struct generation_prompt *prompt = element;
    pack_bytes(k, &prompt->text);
    if (prompt->tokens == NULL)
        return;
    const int32_t *tokens = pack(k, prompt->tokens, prompt->token_count * sizeof *tokens);
    if (tokens != NULL)
        prompt->tokens = tokens;
}

static void pack_nothing(struct packer *k, void *element)
{
    (void)k;
    (void)element;
}

static void pack_all(struct packer *k, struct generation *g)
{
    const struct generation_storage storage = {0};
    g->storage = pack(k, &storage, sizeof storage);
    g->messages = pack_array(k, g->messages, g->message_count, sizeof *g->messages, pack_message);
    g->prompts = pack_array(k, g->prompts, g->prompt_count, sizeof *g->prompts, pack_prompt);
    g->tools = pack_array(k, g->tools, g->tool_count, sizeof *g->tools, pack_tool);
    pack_bytes(k, &g->tool_choice_name);
    pack_bytes(k, &g->schema_name);
    pack_bytes(k, &g->schema);
    g->sampling.biases =
        pack_array(k, g->sampling.biases, g->sampling.bias_count, sizeof *g->sampling.biases, pack_nothing);
    for (size_t i = 0; i < g->stop_count; i++)
        pack_bytes(k, &g->stops[i]);
    pack_bytes(k, &g->instructions);
    pack_bytes(k, &g->metadata);
}

enum err generation_copy(const struct generation *from, struct generation *to)
{
    struct packer k = {0};
    *to = *from;
    pack_all(&k, to);
    size_t size = k.used;
    k = (struct packer){.block = secret_alloc(size)};
    *to = (struct generation){0};
    if (k.block == NULL)
        return ERR_MEMORY;
    *to = *from;
    /* The storage stands first, so that releasing it releases the block. */
    pack_all(&k, to);
    return ERR_OK;
}
