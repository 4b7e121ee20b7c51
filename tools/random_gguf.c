/* SPDX-License-Identifier: Apache-2.0 */

/*
 * random_gguf: writes a model of random weights as Q8_0, always the same ones for a shape.
 *
 * How fast a model is depends on its shape and not on what it has learnt, so a benchmark needs no weights of anybody's. The shapes are those of common models, here
 * with a vocabulary of 32000 and a shared output matrix; the vocabulary comes from a GGUF file that holds nothing else.
 *
 * The rows of the tokens below FIRST_TEXT_TOKEN (unknown, beginning, end, and single bytes) are zero: greedy sampling takes none of them, so that each answer is as long
 * as was asked for and every token is text of its own.
 */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ggml.h>
#include <gguf.h>

enum {
    VOCABULARY = 32000,
    CONTEXT = 4096,
    FIRST_TEXT_TOKEN = 259,
    BLOCK = 32, /* weights of a Q8_0 block: a scale in half precision, then a byte each */
    BLOCK_SIZE = 2 + BLOCK,
    FILE_TYPE_MOSTLY_Q8_0 = 7, /* llama.h, enum llama_ftype */
    TENSORS_PER_LAYER = 9,
    TENSORS_OUTSIDE_LAYERS = 2,
};

static const float rms_epsilon = 1e-5F;
static const float rope_freq_base = 10000.0F;
static const char chat_template[] = "{% for message in messages %}{{ message['content'] }}{% endfor %}";

static const struct shape {
    const char *name;
    const char *title;
    uint32_t dim, hidden, layers, heads, key_heads;
} shapes[] = {
    {"135m", "Random 135M", 576, 1536, 30, 9, 3},
    {"1b", "Random 1B", 2048, 5632, 22, 32, 4},
    {"7b", "Random 7B", 4096, 14336, 32, 32, 8},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

enum axis { ONE, DIM, KEY_DIM, HIDDEN, WORDS, AXES };

/* In the order of the file. `in` is the axis whose elements are adjacent. The strength, divided by the root of `in`, keeps what goes through a layer about as large
 * as it was. */
static const struct tensor {
    const char *name; /* with %u for the layer */
    enum axis in, out;
    float strength;
} outside[] = {{"token_embd.weight", DIM, WORDS, 0.96F}, {"output_norm.weight", DIM, ONE, 0}},
  layer[] = {
      {"blk.%u.attn_norm.weight", DIM, ONE, 0},       {"blk.%u.attn_q.weight", DIM, DIM, 1.44F},
      {"blk.%u.attn_k.weight", DIM, KEY_DIM, 1.44F},  {"blk.%u.attn_v.weight", DIM, KEY_DIM, 1.44F},
      {"blk.%u.attn_output.weight", DIM, DIM, 0.48F}, {"blk.%u.ffn_norm.weight", DIM, ONE, 0},
      {"blk.%u.ffn_gate.weight", DIM, HIDDEN, 1.44F}, {"blk.%u.ffn_down.weight", HIDDEN, DIM, 0.78F},
      {"blk.%u.ffn_up.weight", DIM, HIDDEN, 1.44F},
};
_Static_assert(sizeof outside / sizeof *outside == TENSORS_OUTSIDE_LAYERS, "the table");
_Static_assert(sizeof layer / sizeof *layer == TENSORS_PER_LAYER, "the table");

static uint32_t axis_size(const struct shape *s, enum axis axis)
{
    const uint32_t sizes[AXES] = {[ONE] = 1,
                                  [DIM] = s->dim,
                                  [KEY_DIM] = s->dim / s->heads * s->key_heads,
                                  [HIDDEN] = s->hidden,
                                  [WORDS] = VOCABULARY};
    return sizes[axis];
}

static bool complain(const char *what, const char *of)
{
    (void)fprintf(stderr, "random_gguf: %s: %s\n", of, what);
    return false;
}

/* ---- what is said of the tensors ---- */

static bool add_tensor(struct gguf_context *file, struct ggml_context *ctx, const struct shape *s,
                       const struct tensor *t, uint32_t number)
{
    const int64_t in = axis_size(s, t->in);
    const int64_t out = axis_size(s, t->out);
    struct ggml_tensor *made = t->out == ONE ? ggml_new_tensor_1d(ctx, GGML_TYPE_F32, in)
                                             : ggml_new_tensor_2d(ctx, GGML_TYPE_Q8_0, in, out);
    if (made == NULL)
        return complain("no memory", t->name);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are those of the tables */
    (void)ggml_format_name(made, t->name, number);
#pragma GCC diagnostic pop
    gguf_add_tensor(file, made);
    return true;
}

static bool add_tensors(struct gguf_context *file, struct ggml_context *ctx, const struct shape *s)
{
    bool good = true;
    for (size_t i = 0; good && i < TENSORS_OUTSIDE_LAYERS; i++)
        good = add_tensor(file, ctx, s, &outside[i], 0);
    for (uint32_t n = 0; n < s->layers; n++)
        for (size_t i = 0; good && i < TENSORS_PER_LAYER; i++)
            good = add_tensor(file, ctx, s, &layer[i], n);
    return good;
}

static void set_metadata(struct gguf_context *file, const struct shape *s)
{
    gguf_set_val_str(file, "general.architecture", "llama");
    gguf_set_val_str(file, "general.type", "model");
    gguf_set_val_str(file, "general.name", s->title);
    gguf_set_val_str(file, "general.license", "CC0-1.0");
    gguf_set_val_u32(file, "general.file_type", FILE_TYPE_MOSTLY_Q8_0);
    gguf_set_val_u32(file, "general.quantization_version", GGML_QNT_VERSION);
    gguf_set_val_u32(file, "llama.context_length", CONTEXT);
    gguf_set_val_u32(file, "llama.embedding_length", s->dim);
    gguf_set_val_u32(file, "llama.feed_forward_length", s->hidden);
    gguf_set_val_u32(file, "llama.block_count", s->layers);
    gguf_set_val_u32(file, "llama.vocab_size", VOCABULARY);
    gguf_set_val_u32(file, "llama.attention.head_count", s->heads);
    gguf_set_val_u32(file, "llama.attention.head_count_kv", s->key_heads);
    gguf_set_val_f32(file, "llama.attention.layer_norm_rms_epsilon", rms_epsilon);
    gguf_set_val_u32(file, "llama.rope.dimension_count", s->dim / s->heads);
    gguf_set_val_f32(file, "llama.rope.freq_base", rope_freq_base);
    gguf_set_val_str(file, "tokenizer.chat_template", chat_template);
}

/* ---- the data ---- */

static uint64_t state = 0x9e3779b97f4a7c15U;

/* xorshift64*. */
static uint64_t next_random(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dU;
}

static void fill_block(uint8_t block[static BLOCK_SIZE], ggml_fp16_t scale)
{
    memcpy(block, &scale, sizeof scale);
    for (size_t i = sizeof scale; i < BLOCK_SIZE; i += sizeof(uint64_t)) {
        const uint64_t eight = next_random();
        memcpy(block + i, &eight, sizeof eight);
        for (size_t k = i; k < i + sizeof eight; k++)
            block[k] = block[k] == 0x80 ? 0 : block[k]; /* -128 is no value of the format's */
    }
}

static bool write_row(FILE *out, uint32_t in, float scale, bool zero)
{
    static uint8_t row[1 << 16];
    const ggml_fp16_t step = ggml_fp32_to_fp16(scale / 127);
    const size_t size = (size_t)in / BLOCK * BLOCK_SIZE;
    if (zero)
        memset(row, 0, size);
    for (size_t at = 0; !zero && at < size; at += BLOCK_SIZE)
        fill_block(row + at, step);
    return fwrite(row, size, 1, out) == 1;
}

static bool write_ones(FILE *out, uint32_t count)
{
    const float one = 1;
    bool good = true;
    for (uint32_t i = 0; good && i < count; i++)
        good = fwrite(&one, sizeof one, 1, out) == 1;
    return good;
}

/* Every size here is a multiple of the alignment, so nothing stands between two tensors. */
static bool write_tensor(FILE *out, const struct shape *s, const struct tensor *t)
{
    const uint32_t in = axis_size(s, t->in);
    const uint32_t rows = axis_size(s, t->out);
    bool good = t->out != ONE || write_ones(out, in);
    for (uint32_t i = 0; good && t->out != ONE && i < rows; i++)
        good = write_row(out, in, t->strength / sqrtf((float)in), t->out == WORDS && i < FIRST_TEXT_TOKEN);
    return good && ftello(out) % GGUF_DEFAULT_ALIGNMENT == 0;
}

static bool write_data(const char *path, const struct shape *s)
{
    FILE *out = fopen(path, "ab");
    bool good = out != NULL;
    for (size_t i = 0; good && i < TENSORS_OUTSIDE_LAYERS; i++)
        good = write_tensor(out, s, &outside[i]);
    for (uint32_t n = 0; n < s->layers; n++)
        for (size_t i = 0; good && i < TENSORS_PER_LAYER; i++)
            good = write_tensor(out, s, &layer[i]);
    if (out != NULL)
        good = fclose(out) == 0 && good;
    return good || complain("cannot be written", path);
}

static bool make(const struct shape *s, const char *vocabulary, const char *path)
{
    const size_t tensors = (size_t)s->layers * TENSORS_PER_LAYER + TENSORS_OUTSIDE_LAYERS;
    const struct gguf_init_params of_file = {.no_alloc = true, .ctx = NULL};
    const struct ggml_init_params params = {.mem_size = (tensors + 1) * ggml_tensor_overhead(),
                                            .no_alloc = true};
    struct ggml_context *ctx = ggml_init(params);
    struct gguf_context *file = gguf_init_from_file(vocabulary, of_file);
    bool good = false;
    if (ctx == NULL || file == NULL) {
        complain("not a GGUF file that can be read", vocabulary);
        goto out;
    }
    const int64_t tokens = gguf_find_key(file, "tokenizer.ggml.tokens");
    if (tokens < 0 || gguf_get_arr_n(file, tokens) != VOCABULARY || gguf_get_n_tensors(file) != 0) {
        complain("not a vocabulary of 32000 tokens, and nothing else", vocabulary);
        goto out;
    }
    set_metadata(file, s);
    good = add_tensors(file, ctx, s) &&
           (gguf_write_to_file(file, path, true) || complain("cannot be written", path)) &&
           write_data(path, s);
out:
    if (ctx != NULL)
        ggml_free(ctx);
    if (file != NULL)
        gguf_free(file);
    return good;
}

int main(int argc, char **argv)
{
    const struct shape *s = NULL;
    for (size_t i = 0; argc == 4 && i < SHAPES; i++)
        if (strcmp(argv[1], shapes[i].name) == 0)
            s = &shapes[i];
    if (s == NULL) {
        (void)fputs("usage: random_gguf 135m|1b|7b VOCABULARY OUT\n\nWrites a model of random weights as "
                    "Q8_0 (133 MB, 1.1 GB, 7.5 GB), with the vocabulary of a GGUF "
                    "file that holds nothing else.\n",
                    stderr);
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2;
    }
    return make(s, argv[2], argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
