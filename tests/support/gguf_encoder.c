/* SPDX-License-Identifier: Apache-2.0 */
#include "support/gguf_encoder.h"

#include <stdio.h>
#include <string.h>

#include <ggml.h>
#include <gguf.h>

enum { WIDTH = GGUF_ENCODER_WIDTH, INNER = 2 * WIDTH, LAYERS = 2, HEADS = 4, TENSORS = 64, ROOM = 32 << 20 };

struct writer {
    struct gguf_context *out;
    struct ggml_context *tensors;
    uint32_t seed;
};

/* Between -0.5 and 0.5. */
static float next(struct writer *w)
{
    w->seed = w->seed * 1664525U + 1013904223U;
    return (float)(w->seed >> 8) / (float)(1 << 24) - 0.5F;
}

/* rows 0: a vector. at_least: what is added to each value. */
static void add(struct writer *w, const char *name, int64_t width, int64_t rows, float at_least)
{
    struct ggml_tensor *t = rows == 0 ? ggml_new_tensor_1d(w->tensors, GGML_TYPE_F32, width)
                                      : ggml_new_tensor_2d(w->tensors, GGML_TYPE_F32, width, rows);
    float *values = ggml_get_data_f32(t);
    for (int64_t i = 0; i < ggml_nelements(t); i++)
        values[i] = next(w) + at_least;
    ggml_set_name(t, name);
    gguf_add_tensor(w->out, t);
}

static void add_norm(struct writer *w, const char *name)
{
    char full[96];
    (void)snprintf(full, sizeof full, "%s.weight", name);
    add(w, full, WIDTH, 0, 1);
    (void)snprintf(full, sizeof full, "%s.bias", name);
    add(w, full, WIDTH, 0, 0);
}

static void add_layer(struct writer *w, int layer)
{
    static const struct {
        const char *name;
        int64_t width, rows;
    } matrices[] = {{"attn_q.weight", WIDTH, WIDTH}, {"attn_k.weight", WIDTH, WIDTH},
                    {"attn_v.weight", WIDTH, WIDTH}, {"attn_output.weight", WIDTH, WIDTH},
                    {"ffn_up.weight", WIDTH, INNER}, {"ffn_down.weight", INNER, WIDTH}};
    char name[64];
    for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
        (void)snprintf(name, sizeof name, "blk.%d.%s", layer, matrices[i].name);
        add(w, name, matrices[i].width, matrices[i].rows, 0);
    }
    (void)snprintf(name, sizeof name, "blk.%d.attn_output_norm", layer);
    add_norm(w, name);
    (void)snprintf(name, sizeof name, "blk.%d.layer_output_norm", layer);
    add_norm(w, name);
}

static void describe(struct gguf_context *out)
{
    static const struct {
        const char *key;
        uint32_t value;
    } numbers[] = {{"bert.context_length", GGUF_ENCODER_CONTEXT}, {"bert.embedding_length", WIDTH},
                   {"bert.feed_forward_length", INNER},           {"bert.block_count", LAYERS},
                   {"bert.attention.head_count", HEADS},          {"bert.pooling_type", 1}, /* the mean */
                   {"tokenizer.ggml.token_type_count", 2}};
    gguf_set_val_str(out, "general.architecture", "bert");
    gguf_set_val_str(out, "general.name", "An encoder");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        gguf_set_val_u32(out, numbers[i].key, numbers[i].value);
    gguf_set_val_f32(out, "bert.attention.layer_norm_epsilon", 1e-6F);
    gguf_set_val_bool(out, "bert.attention.causal", false);
}

bool gguf_encoder_write(const char *from, const char *to)
{
    struct gguf_context *in = gguf_init_from_file(from, (struct gguf_init_params){.no_alloc = true});
    if (in == NULL)
        return false;
    int64_t words = (int64_t)gguf_get_arr_n(in, gguf_find_key(in, "tokenizer.ggml.tokens"));
    struct writer w = {.out = gguf_init_empty(), .seed = 1};
    w.tensors = ggml_init((struct ggml_init_params){.mem_size = ROOM + TENSORS * ggml_tensor_overhead()});
    bool written = false;
    if (w.tensors != NULL) {
        gguf_set_kv(w.out, in);
        describe(w.out);
        add(&w, "token_embd.weight", WIDTH, words, 0);
        add(&w, "position_embd.weight", WIDTH, GGUF_ENCODER_CONTEXT, 0);
        add(&w, "token_types.weight", WIDTH, 2, 0);
        add_norm(&w, "token_embd_norm");
        for (int i = 0; i < LAYERS; i++)
            add_layer(&w, i);
        written = gguf_write_to_file(w.out, to, false);
        ggml_free(w.tensors);
    }
    gguf_free(w.out);
    gguf_free(in);
    return written;
}
