/* SPDX-License-Identifier: Apache-2.0 */

/*
 * llama2c_to_gguf: turns a llama2.c checkpoint into a GGUF file that llama.cpp loads.
 *
 * Enclume's tests and its demonstration need a model that is small, real and freely licensed. The
 * TinyStories models trained with llama2.c are; their checkpoints are a bare header and float32
 * arrays. This program gives the arrays the names and metadata of the "llama" architecture, takes
 * the vocabulary from a vocabulary-only GGUF, and quantises the matrices to Q8_0 (norms stay F32).
 *
 * The checkpoint is the first ("legacy") llama2.c format: seven int32 (dim, hidden_dim, n_layers,
 * n_heads, n_kv_heads, vocab_size, seq_len; a negative vocab_size says that the output matrix is
 * its own and not the embedding), then the arrays in the order of `layout` below, little-endian.
 * llama2.c and the llama architecture rotate the same pairs of each head (2i, 2i+1), so the query
 * and key matrices need no permutation.
 *
 * The output depends on the inputs alone: same inputs, same bytes.
 *
 * This runs while the dependencies are being built, before any part of Enclume is; so it stands
 * alone, on the C library and ggml.
 */

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ggml.h>
#include <gguf.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "both formats are read in place");
_Static_assert(sizeof(float) == 4, "both formats hold IEEE single precision");

enum {
    HEADER_FIELDS = 7,
    HEADER_SIZE = HEADER_FIELDS * 4,
    MAX_LAYERS = 256,
    MAX_DIM = 1 << 16,
    MAX_VOCAB = 1 << 20,
    MAX_CONTEXT = 1 << 20,
    TENSORS_PER_LAYER = 9,
    TENSORS_OUTSIDE_LAYERS = 3, /* embedding, final norm, output */
};

static const float rms_epsilon = 1e-5F;       /* run.c, rmsnorm() */
static const float rope_freq_base = 10000.0F; /* run.c, forward() */

struct options {
    const char *model;
    const char *vocab;
    const char *out;
    const char *name;
    const char *license;
    const char *chat_template; /* NULL: none */
};

struct shape {
    uint32_t dim;
    uint32_t hidden;
    uint32_t layers;
    uint32_t heads;
    uint32_t kv_heads;
    uint32_t vocab;
    uint32_t context;
    bool shared_output;
};

/* The sizes a tensor's axes can have, by name; ONE marks a vector. */
enum axis { ONE, DIM, KV_DIM, HIDDEN, VOCAB, ROPE, AXES };

/*
 * The arrays of a checkpoint in file order. A per-layer array holds all layers one after the
 * other. An array without a name is skipped (tables that can be computed). As in ggml, `in` is the
 * axis whose elements are adjacent.
 */
static const struct array {
    const char *name; /* with %u for the layer */
    enum axis in, out;
    bool per_layer;
    bool own_output_only;
} layout[] = {
    {"token_embd.weight", DIM, VOCAB, false, false},
    {"blk.%u.attn_norm.weight", DIM, ONE, true, false},
    {"blk.%u.attn_q.weight", DIM, DIM, true, false},
    {"blk.%u.attn_k.weight", DIM, KV_DIM, true, false},
    {"blk.%u.attn_v.weight", DIM, KV_DIM, true, false},
    {"blk.%u.attn_output.weight", DIM, DIM, true, false},
    {"blk.%u.ffn_norm.weight", DIM, ONE, true, false},
    {"blk.%u.ffn_gate.weight", DIM, HIDDEN, true, false},
    {"blk.%u.ffn_down.weight", HIDDEN, DIM, true, false},
    {"blk.%u.ffn_up.weight", DIM, HIDDEN, true, false},
    {"output_norm.weight", DIM, ONE, false, false},
    {NULL, ROPE, ONE, false, false}, /* cosines */
    {NULL, ROPE, ONE, false, false}, /* sines */
    {"output.weight", DIM, VOCAB, false, true},
};

enum { ARRAYS = sizeof layout / sizeof layout[0] };

/* What has not been read yet of a file held in memory. */
struct input {
    const uint8_t *next;
    size_t left;
};

__attribute__((format(printf, 1, 2))) static bool complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("llama2c_to_gguf: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return false;
}

/* The next `size` bytes, or NULL (and nothing taken) when there are fewer. */
static const uint8_t *take(struct input *in, uint64_t size)
{
    const uint8_t *bytes = in->next;

    if (size > in->left)
        return NULL;
    in->next += size;
    in->left -= (size_t)size;
    return bytes;
}

/* Reads a whole file into memory that the caller frees. */
static bool read_file(const char *path, uint8_t **bytes, size_t *size)
{
    bool ok = false;
    long end = 0;
    FILE *f = fopen(path, "rb");

    *bytes = NULL;
    if (f == NULL)
        return complain("%s: %s", path, strerror(errno));
    if (fseek(f, 0, SEEK_END) != 0 || (end = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0) {
        complain("%s: %s", path, strerror(errno));
        goto out;
    }
    *size = (size_t)end;
    *bytes = malloc(*size > 0 ? *size : 1);
    if (*bytes == NULL) {
        complain("%s: no memory for its %zu bytes", path, *size);
        goto out;
    }
    if (fread(*bytes, 1, *size, f) != *size) {
        complain("%s: could not be read to its end", path);
        goto out;
    }
    ok = true;
out:
    if (!ok) {
        free(*bytes);
        *bytes = NULL;
    }
    fclose(f);
    return ok;
}

static bool parse_header(struct input *in, const char *path, struct shape *shape)
{
    static const struct {
        const char *name;
        int32_t max;
    } fields[HEADER_FIELDS] = {
        {"dim", MAX_DIM},        {"hidden_dim", MAX_DIM},   {"n_layers", MAX_LAYERS}, {"n_heads", MAX_DIM},
        {"n_kv_heads", MAX_DIM}, {"vocab_size", MAX_VOCAB}, {"seq_len", MAX_CONTEXT},
    };
    int32_t v[HEADER_FIELDS];
    const uint8_t *header = take(in, HEADER_SIZE);

    if (header == NULL)
        return complain("%s: too short for a llama2.c header", path);
    memcpy(v, header, HEADER_SIZE);
    shape->shared_output = v[5] > 0;
    if (v[5] < 0 && v[5] >= -MAX_VOCAB)
        v[5] = -v[5];
    for (int i = 0; i < HEADER_FIELDS; i++) {
        if (v[i] < 1 || v[i] > fields[i].max)
            return complain("%s: %s is %d, not within 1 and %d", path, fields[i].name, (int)v[i],
                            (int)fields[i].max);
    }
    shape->dim = (uint32_t)v[0];
    shape->hidden = (uint32_t)v[1];
    shape->layers = (uint32_t)v[2];
    shape->heads = (uint32_t)v[3];
    shape->kv_heads = (uint32_t)v[4];
    shape->vocab = (uint32_t)v[5];
    shape->context = (uint32_t)v[6];
    if (shape->dim % shape->heads != 0 || (shape->dim / shape->heads) % 2 != 0 ||
        shape->heads % shape->kv_heads != 0)
        return complain("%s: %u dimensions, %u heads and %u key heads do not go together", path, shape->dim,
                        shape->heads, shape->kv_heads);
    return true;
}

static uint64_t axis_size(const struct shape *shape, enum axis axis)
{
    const uint32_t head = shape->dim / shape->heads;
    const uint64_t sizes[AXES] = {
        [ONE] = 1,
        [DIM] = shape->dim,
        [KV_DIM] = (uint64_t)head * shape->kv_heads,
        [HIDDEN] = shape->hidden,
        [VOCAB] = shape->vocab,
        [ROPE] = (uint64_t)shape->context * (head / 2),
    };

    return sizes[axis];
}

/* A matrix whose rows are whole Q8_0 blocks is quantised; everything else stays as it is. */
static enum ggml_type stored_type(const struct array *array, uint64_t row)
{
    const bool blocks = row % (uint64_t)ggml_blck_size(GGML_TYPE_Q8_0) == 0;

    return array->out != ONE && blocks ? GGML_TYPE_Q8_0 : GGML_TYPE_F32;
}

/* Adds one tensor, its data in `ctx`, to the file. `floats` need not be aligned. */
static bool add_tensor(struct gguf_context *file, struct ggml_context *ctx, const char *name,
                       enum ggml_type type, uint64_t row, uint64_t rows, const uint8_t *floats)
{
    const size_t size = (size_t)(row * rows * sizeof(float));
    struct ggml_tensor *t = rows == 1 ? ggml_new_tensor_1d(ctx, type, (int64_t)row)
                                      : ggml_new_tensor_2d(ctx, type, (int64_t)row, (int64_t)rows);
    float *source = NULL;

    if (t == NULL)
        return complain("no memory for %s", name);
    ggml_set_name(t, name);
    if (type == GGML_TYPE_F32) {
        memcpy(t->data, floats, size);
    } else {
        source = malloc(size);
        if (source == NULL)
            return complain("no memory to quantise %s", name);
        memcpy(source, floats, size);
        ggml_quantize_chunk(type, source, t->data, 0, (int64_t)rows, (int64_t)row, NULL);
        free(source);
    }
    gguf_add_tensor(file, t);
    return true;
}

static bool convert_arrays(struct input *in, const char *path, const struct shape *shape,
                           struct gguf_context *file, struct ggml_context *ctx)
{
    for (size_t i = 0; i < ARRAYS; i++) {
        const struct array *array = &layout[i];
        const uint64_t row = axis_size(shape, array->in);
        const uint64_t rows = axis_size(shape, array->out);
        const uint32_t copies = array->per_layer ? shape->layers : 1;

        if (array->own_output_only && shape->shared_output)
            continue;
        for (uint32_t layer = 0; layer < copies; layer++) {
            char name[GGML_MAX_NAME] = "a position table";
            const uint8_t *floats = take(in, row * rows * sizeof(float));

            if (array->name != NULL) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are those of `layout` */
                snprintf(name, sizeof name, array->name, layer);
#pragma GCC diagnostic pop
            }
            if (floats == NULL)
                return complain("%s: ends before the end of %s", path, name);
            if (array->name != NULL &&
                !add_tensor(file, ctx, name, stored_type(array, row), row, rows, floats))
                return false;
        }
    }
    if (in->left != 0)
        return complain("%s: %zu bytes too long for its header", path, in->left);
    return true;
}

/* Copies the tokenizer out of the vocabulary file, and nothing else. */
static bool copy_vocabulary(struct gguf_context *file, const char *path, uint32_t size)
{
    static const char prefix[] = "tokenizer.";
    bool ok = false;
    int64_t tokens = -1;
    struct gguf_init_params params = {.no_alloc = true, .ctx = NULL};
    struct gguf_context *vocab = gguf_init_from_file(path, params);

    if (vocab == NULL)
        return complain("%s: not a GGUF file that can be read", path);
    tokens = gguf_find_key(vocab, "tokenizer.ggml.tokens");
    if (tokens < 0 || gguf_get_kv_type(vocab, tokens) != GGUF_TYPE_ARRAY) {
        complain("%s: holds no vocabulary", path);
        goto out;
    }
    if (gguf_get_arr_n(vocab, tokens) != size) {
        complain("%s: holds %zu tokens, the model has %u", path, gguf_get_arr_n(vocab, tokens), size);
        goto out;
    }
    for (int64_t i = gguf_get_n_kv(vocab) - 1; i >= 0; i--) {
        const char *key = gguf_get_key(vocab, i);

        if (strncmp(key, prefix, sizeof prefix - 1) != 0) {
            char *doomed = strdup(key); /* removal frees the key it is given a pointer to */

            if (doomed == NULL) {
                complain("no memory");
                goto out;
            }
            gguf_remove_key(vocab, doomed);
            free(doomed);
        }
    }
    gguf_set_kv(file, vocab);
    ok = true;
out:
    gguf_free(vocab);
    return ok;
}

static void set_metadata(struct gguf_context *file, const struct options *options, const struct shape *shape)
{
    enum { FILE_TYPE_MOSTLY_Q8_0 = 7 }; /* llama.h, enum llama_ftype */

    gguf_set_val_str(file, "general.architecture", "llama");
    gguf_set_val_str(file, "general.type", "model");
    gguf_set_val_str(file, "general.name", options->name);
    gguf_set_val_str(file, "general.license", options->license);
    gguf_set_val_u32(file, "general.file_type", FILE_TYPE_MOSTLY_Q8_0);
    gguf_set_val_u32(file, "general.quantization_version", GGML_QNT_VERSION);
    gguf_set_val_u32(file, "llama.context_length", shape->context);
    gguf_set_val_u32(file, "llama.embedding_length", shape->dim);
    gguf_set_val_u32(file, "llama.feed_forward_length", shape->hidden);
    gguf_set_val_u32(file, "llama.block_count", shape->layers);
    gguf_set_val_u32(file, "llama.vocab_size", shape->vocab);
    gguf_set_val_u32(file, "llama.attention.head_count", shape->heads);
    gguf_set_val_u32(file, "llama.attention.head_count_kv", shape->kv_heads);
    gguf_set_val_f32(file, "llama.attention.layer_norm_rms_epsilon", rms_epsilon);
    gguf_set_val_u32(file, "llama.rope.dimension_count", shape->dim / shape->heads);
    gguf_set_val_f32(file, "llama.rope.freq_base", rope_freq_base);
}

static bool convert(const struct options *options)
{
    bool ok = false;
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct shape shape = {0};
    struct input in = {0};
    struct gguf_context *file = NULL;
    struct ggml_context *ctx = NULL;

    if (!read_file(options->model, &bytes, &size))
        return false;
    in = (struct input){.next = bytes, .left = size};
    if (!parse_header(&in, options->model, &shape))
        goto out;

    /* No tensor grows: the float32 input bounds the data, and each tensor has its overhead. */
    const size_t tensors = (size_t)shape.layers * TENSORS_PER_LAYER + TENSORS_OUTSIDE_LAYERS;
    struct ggml_init_params params = {
        .mem_size = size + tensors * (ggml_tensor_overhead() + GGML_MEM_ALIGN),
        .mem_buffer = NULL,
        .no_alloc = false,
    };
    file = gguf_init_empty();
    ctx = ggml_init(params);
    if (file == NULL || ctx == NULL) {
        complain("no memory for the tensors");
        goto out;
    }
    set_metadata(file, options, &shape);
    if (!copy_vocabulary(file, options->vocab, shape.vocab) ||
        !convert_arrays(&in, options->model, &shape, file, ctx))
        goto out;
    if (options->chat_template != NULL)
        gguf_set_val_str(file, "tokenizer.chat_template", options->chat_template);
    if (!gguf_write_to_file(file, options->out, false)) {
        complain("%s: could not be written", options->out);
        goto out;
    }
    ok = true;
out:
    if (ctx != NULL)
        ggml_free(ctx);
    if (file != NULL)
        gguf_free(file);
    free(bytes);
    return ok;
}

static void print_usage(FILE *to)
{
    fputs("usage: llama2c_to_gguf [--name NAME] [--license LICENSE] MODEL VOCAB OUT\n"
          "\n"
          "Converts a llama2.c checkpoint to GGUF, its matrices as Q8_0.\n"
          "\n"
          "  MODEL    llama2.c model.bin (first format, float32)\n"
          "  VOCAB    GGUF file with the vocabulary (ggml-vocab-llama-spm.gguf of llama.cpp)\n"
          "  OUT      GGUF file to write\n"
          "\n"
          "  --name NAME         general.name of the result (default: TinyStories 15M)\n"
          "  --license LICENSE   general.license of the result (default: mit)\n"
          "  --chat-template T   a chat template (Jinja) for the result (default: none)\n"
          "  --help              this text\n",
          to);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"name", required_argument, NULL, 'n'},
        {"license", required_argument, NULL, 'l'},
        {"chat-template", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    enum { EXIT_USAGE = 2 };
    struct options options = {.name = "TinyStories 15M", .license = "mit"};
    int c = 0;

    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (c) {
        case 'n':
            options.name = optarg;
            break;
        case 'l':
            options.license = optarg;
            break;
        case 't':
            options.chat_template = optarg;
            break;
        case 'h':
            print_usage(stdout);
            return EXIT_SUCCESS;
        default:
            print_usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (argc - optind != 3) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    options.model = argv[optind];
    options.vocab = argv[optind + 1];
    options.out = argv[optind + 2];
    return convert(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
