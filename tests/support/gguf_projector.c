/* SPDX-License-Identifier: Apache-2.0 */
#include "support/gguf_projector.h"

#include <stdio.h>
#include <string.h>

#include <ggml.h>
#include <gguf.h>

enum { EMBD = 64, FF = 128, LAYERS = 2, HEADS = 2, SIDE = 56, PATCH = 14, RGB = 3, MEMORY = 8 * 1024 * 1024 };

struct making {
    struct ggml_context *tensors;
    struct gguf_context *file;
    uint32_t state;
};

/* Numerical Recipes' generator, so that the file is the same each time. */
static float next(struct making *m)
{
    m->state = m->state * 1664525U + 1013904223U;
    return (float)(m->state >> 8) / (float)(1 << 23) - 1.0F;
}

static void add(struct making *m, const char *name, float scale, float shift, const int64_t *shape, int count)
{
    struct ggml_tensor *t = ggml_new_tensor(m->tensors, GGML_TYPE_F32, count, shape);
    ggml_set_name(t, name);
    float *data = t->data;
    for (int64_t i = 0; i < ggml_nelements(t); i++)
        data[i] = shift + scale * next(m);
    gguf_add_tensor(m->file, t);
}

static void add_matrix(struct making *m, const char *name, int64_t in, int64_t out)
{
    char full[128];
    (void)snprintf(full, sizeof full, "%s.weight", name);
    add(m, full, 0.3F, 0, (const int64_t[]){in, out}, 2);
    (void)snprintf(full, sizeof full, "%s.bias", name);
    add(m, full, 0.1F, 0, (const int64_t[]){out}, 1);
}

static void add_norm(struct making *m, const char *name)
{
    char full[128];
    (void)snprintf(full, sizeof full, "%s.weight", name);
    add(m, full, 0, 1, (const int64_t[]){EMBD}, 1);
    (void)snprintf(full, sizeof full, "%s.bias", name);
    add(m, full, 0, 0, (const int64_t[]){EMBD}, 1);
}

static void add_layer(struct making *m, int i)
{
    static const struct {
        const char *name;
        int64_t in, out;
    } matrices[] = {{"attn_q", EMBD, EMBD},   {"attn_k", EMBD, EMBD}, {"attn_v", EMBD, EMBD},
                    {"attn_out", EMBD, EMBD}, {"ffn_up", EMBD, FF},   {"ffn_down", FF, EMBD}};
    char name[64];
    for (size_t k = 0; k < sizeof matrices / sizeof *matrices; k++) {
        (void)snprintf(name, sizeof name, "v.blk.%d.%s", i, matrices[k].name);
        add_matrix(m, name, matrices[k].in, matrices[k].out);
    }
    (void)snprintf(name, sizeof name, "v.blk.%d.ln1", i);
    add_norm(m, name);
    (void)snprintf(name, sizeof name, "v.blk.%d.ln2", i);
    add_norm(m, name);
}

static void add_members(struct gguf_context *file, int width)
{
    static const float half[] = {0.5F, 0.5F, 0.5F};
    static const struct {
        const char *key;
        uint32_t value;
    } numbers[] = {{"clip.vision.embedding_length", EMBD}, {"clip.vision.feed_forward_length", FF},
                   {"clip.vision.block_count", LAYERS},    {"clip.vision.attention.head_count", HEADS},
                   {"clip.vision.image_size", SIDE},       {"clip.vision.patch_size", PATCH}};
    gguf_set_val_str(file, "general.architecture", "clip");
    gguf_set_val_bool(file, "clip.has_vision_encoder", true);
    gguf_set_val_str(file, "clip.projector_type", "mlp");
    gguf_set_val_bool(file, "clip.use_gelu", true);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        gguf_set_val_u32(file, numbers[i].key, numbers[i].value);
    gguf_set_val_u32(file, "clip.vision.projection_dim", (uint32_t)width);
    gguf_set_val_f32(file, "clip.vision.attention.layer_norm_epsilon", 1e-5F);
    gguf_set_arr_data(file, "clip.vision.image_mean", GGUF_TYPE_FLOAT32, half, RGB);
    gguf_set_arr_data(file, "clip.vision.image_std", GGUF_TYPE_FLOAT32, half, RGB);
}

bool gguf_projector_write(const char *path, int width)
{
    struct making m = {.tensors = ggml_init((struct ggml_init_params){.mem_size = MEMORY}),
                       .file = gguf_init_empty(),
                       .state = 7};
    add_members(m.file, width);
    add(&m, "v.patch_embd.weight", 0.2F, 0, (const int64_t[]){PATCH, PATCH, RGB, EMBD}, 4);
    add(&m, "v.class_embd", 0.2F, 0, (const int64_t[]){EMBD}, 1);
    add(&m, "v.position_embd.weight", 0.2F, 0, (const int64_t[]){EMBD, GGUF_PROJECTOR_TOKENS + 1}, 2);
    for (int i = 0; i < LAYERS; i++)
        add_layer(&m, i);
    add_matrix(&m, "mm.0", EMBD, width);
    add_matrix(&m, "mm.2", width, width);
    bool written = gguf_write_to_file(m.file, path, false);
    gguf_free(m.file);
    ggml_free(m.tensors);
    return written;
}

/* ---- PNG (RFC 2083), with zlib's stored blocks (RFC 1950, 1951) ---- */

struct png {
    uint8_t *out;
    size_t room, len;
    bool failed;
};

static void put(struct png *p, const void *bytes, size_t len)
{
    p->failed = p->failed || len > p->room - p->len;
    if (p->failed)
        return;
    memcpy(p->out + p->len, bytes, len);
    p->len += len;
}

static void put32(struct png *p, uint32_t v)
{
    put(p, (const uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 4);
}

static uint32_t crc(const uint8_t *bytes, size_t len)
{
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        c ^= bytes[i];
        for (int k = 0; k < 8; k++)
            c = (c & 1) != 0 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    }
    return ~c;
}

/* The chunk's content was put after its length and type, which begin at `at`. */
static void end_chunk(struct png *p, size_t at)
{
    if (p->failed)
        return;
    uint32_t len = (uint32_t)(p->len - at - 8);
    struct png head = {.out = p->out, .room = p->room, .len = at};
    put32(&head, len);
    put32(p, crc(p->out + at + 4, len + 4));
}

static size_t begin_chunk(struct png *p, const char *type)
{
    size_t at = p->len;
    put32(p, 0);
    put(p, type, 4);
    return at;
}

size_t png_write(uint8_t *out, size_t room, uint32_t side, const uint8_t *pixels, size_t pixels_len)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
    struct png p = {.room = room};
    p.out = out;
    uint32_t a = 1;
    uint32_t b = 0;
    const size_t row = 1 + (size_t)side * RGB;
    put(&p, signature, sizeof signature);
    size_t at = begin_chunk(&p, "IHDR");
    put32(&p, side);
    put32(&p, side);
    put(&p, (const uint8_t[]){8, 2, 0, 0, 0}, 5);
    end_chunk(&p, at);
    at = begin_chunk(&p, "IDAT");
    put(&p, (const uint8_t[]){0x78, 0x01}, 2);
    for (uint32_t y = 0; y < side; y++) { /* one stored block a row */
        put(&p,
            (const uint8_t[]){y + 1 == side, (uint8_t)row, (uint8_t)(row >> 8), (uint8_t)~row,
                              (uint8_t)(~row >> 8)},
            5);
        for (size_t i = 0; i < row; i++) {
            uint8_t v = i == 0 ? 0 : pixels[(i - 1) % pixels_len];
            put(&p, &v, 1);
            a = (a + v) % 65521;
            b = (b + a) % 65521;
        }
    }
    put32(&p, b << 16 | a);
    end_chunk(&p, at);
    end_chunk(&p, begin_chunk(&p, "IEND"));
    return p.failed ? 0 : p.len;
}
