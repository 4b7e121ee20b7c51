/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/upstream_models.h"

#include <stdio.h>

#include "base/strict_json.h"

static enum upstream_isolation isolation_of(struct bytes owner)
{
    static const struct {
        const char *owner;
        enum upstream_isolation isolation;
    } servers[] = {
        {"llamacpp", UPSTREAM_ISOLATION_NO_CACHE},
        {"vllm", UPSTREAM_ISOLATION_SALT},
        {"sglang", UPSTREAM_ISOLATION_SALT},
    };
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        if (bytes_is_str(owner, servers[i].owner))
            return servers[i].isolation;
    return UPSTREAM_ISOLATION_UNKNOWN;
}

static bool name_copy(struct bytes name, char *out)
{
    if (name.len == 0 || name.len >= UPSTREAM_NAME_SIZE)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] < ' ' || name.ptr[i] > '~' || name.ptr[i] == '"' || name.ptr[i] == '\\')
            return false;
    memcpy(out, name.ptr, name.len);
    out[name.len] = '\0';
    return true;
}

/* Each kind of server has its own place for it. */
static uint32_t context_of(const json_t *entry)
{
    const json_t *number = json_object_get(entry, "max_model_len");
    if (number == NULL)
        number = json_object_get(json_object_get(entry, "meta"), "n_ctx");
    json_int_t value = json_is_integer(number) ? json_integer_value(number) : 0;
    return value > 0 && value <= INT32_MAX ? (uint32_t)value : 0;
}

static enum err read_entry(const json_t *entry, struct upstream_model *model, struct err_note *note)
{
    struct bytes name;
    struct bytes owner = {0};
    if (strict_json_string(entry, "id", &name, NULL) != ERR_OK || !name_copy(name, model->name))
        return err_noted(ERR_ENGINE, note,
                         "the inference server's model has no name of 1 to %d plain characters; give it one "
                         "(--alias, --served-model-name)",
                         UPSTREAM_NAME_SIZE - 1);
    if (strict_json_string(entry, "owned_by", &owner, NULL) == ERR_OK)
        model->isolation = isolation_of(owner);
    model->context = context_of(entry);
    return ERR_OK;
}

enum err upstream_models_parse(struct bytes json, struct upstream_model *model, struct err_note *note)
{
    json_t *doc;
    struct err_note why = {{0}};
    *model = (struct upstream_model){.context = 0};
    enum err e = strict_json_parse(json, UPSTREAM_MODELS_MAX, &doc, &why);
    if (e != ERR_OK)
        return e == ERR_MEMORY
                   ? e
                   : err_noted(ERR_ENGINE, note, "the inference server's /v1/models: %.150s", why.text);
    const json_t *list = json_object_get(doc, "data");
    if (!json_is_array(list))
        e = err_noted(ERR_ENGINE, note, "the inference server's /v1/models has no list of models");
    else if (json_array_size(list) != 1)
        e = err_noted(ERR_ENGINE, note, "the inference server serves %zu models; wanted one",
                      json_array_size(list));
    else
        e = read_entry(json_array_get(list, 0), model, note);
    json_decref(doc);
    return e;
}

void upstream_isolation_member(enum upstream_isolation isolation, const char *salt, uint64_t asker,
                               char out[static UPSTREAM_ISOLATION_SIZE])
{
    out[0] = '\0';
    if (isolation == UPSTREAM_ISOLATION_NO_CACHE)
        (void)snprintf(out, UPSTREAM_ISOLATION_SIZE, ",\"cache_prompt\":false");
    if (isolation == UPSTREAM_ISOLATION_SALT)
        (void)snprintf(out, UPSTREAM_ISOLATION_SIZE, ",\"cache_salt\":\"%.32s-%llu\"", salt,
                       (unsigned long long)asker);
}

bool upstream_models_read_nothing(struct bytes json)
{
    json_t *root = NULL;
    if (strict_json_parse(json, UPSTREAM_MODELS_MAX, &root, NULL) != ERR_OK)
        return false;
    const json_t *read = json_object_get(json_object_get(root, "usage"), "cache_read_input_tokens");
    bool nothing = json_is_integer(read) && json_integer_value(read) == 0;
    json_decref(root);
    return nothing;
}
