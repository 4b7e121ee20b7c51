/* SPDX-License-Identifier: Apache-2.0 */
#include "support/gguf_template.h"

#include <ggml.h>
#include <gguf.h>

bool gguf_string_copy(const char *from, const char *to, const char *key, const char *value)
{
    struct ggml_context *tensors = NULL;
    struct gguf_context *in =
        gguf_init_from_file(from, (struct gguf_init_params){.no_alloc = false, .ctx = &tensors});
    if (in == NULL)
        return false;
    struct gguf_context *out = gguf_init_empty();
    gguf_set_kv(out, in);
    gguf_set_val_str(out, key, value);
    for (int64_t i = 0; i < gguf_get_n_tensors(in); i++)
        gguf_add_tensor(out, ggml_get_tensor(tensors, gguf_get_tensor_name(in, i)));
    bool written = gguf_write_to_file(out, to, false);
    gguf_free(out);
    gguf_free(in);
    ggml_free(tensors);
    return written;
}

bool gguf_template_copy(const char *from, const char *to, const char *chat_template)
{
    return gguf_string_copy(from, to, "tokenizer.chat_template", chat_template);
}
