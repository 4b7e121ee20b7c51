/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Images in prompts. A projector (a second file of weights) turns an image into vectors, which take the place of tokens in the prompt. Which weights did that is
 * part of what the enclave says about itself, so with a projector the model's digest is one over both (docs/protocol.md, section 6).
 *
 * One image is read in one go, between two steps: those who stream wait for it.
 */

#include <stdio.h>
#include <stdlib.h>

#include <ggml-backend.h>
#include <mtmd.h>

#include "base/secret.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"
#include "engine/llama_vision.h"

enum { MARKER_RANDOM = 16, PATH_SIZE = 64 };

struct engine_projector {
    struct mtmd_context *vision;
    char marker[sizeof "<image->" + 2 * (size_t)MARKER_RANDOM];
    struct engine_traces traces; /* of its own graphs: the buffers alone */
};

/* ---- open ---- */

/* Nobody can write it into a message. */
static enum err make_marker(struct engine_projector *p)
{
    uint8_t random[MARKER_RANDOM];
    enum err e = crypto_random(random, sizeof random);
    int n = snprintf(p->marker, sizeof p->marker, "<image-");
    for (size_t i = 0; i < sizeof random; i++)
        n += snprintf(p->marker + n, sizeof p->marker - (size_t)n, "%02x", random[i]);
    (void)snprintf(p->marker + n, sizeof p->marker - (size_t)n, ">");
    return e;
}

static enum err digest_of_both(uint8_t digest[static CRYPTO_SHA256_SIZE],
                               const uint8_t projector[static CRYPTO_SHA256_SIZE])
{
    static const char label[] = "enclume model and projector v1"; /* with its NUL */
    struct crypto_hash_stream *hash = NULL;
    enum err e = crypto_hash_open(CRYPTO_SHA256, &hash);
    if (e != ERR_OK)
        return e;
    e = crypto_hash_feed(hash, bytes_of(label, sizeof label));
    if (e == ERR_OK)
        e = crypto_hash_feed(hash, bytes_of(digest, CRYPTO_SHA256_SIZE));
    if (e == ERR_OK)
        e = crypto_hash_feed(hash, bytes_of(projector, CRYPTO_SHA256_SIZE));
    enum err closed = crypto_hash_close(hash, e == ERR_OK ? digest : NULL);
    return e == ERR_OK ? closed : e;
}

enum err engine_images_open(struct engine_llama *e, const struct engine_llama_options *options,
                            struct err_note *note)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char path[PATH_SIZE];
    FILE *file = NULL;
    if (options->projector_path == NULL)
        return ERR_OK;
    if (e->templates == NULL)
        return err_noted(ERR_MODEL, note, "--projector: the model has no chat template that could carry images");
    e->projector = calloc(1, sizeof *e->projector);
    if (e->projector == NULL)
        return ERR_MEMORY;
    enum err result = make_marker(e->projector);
    if (result == ERR_OK)
        result = engine_model_read(options->projector_path, "projector", &file, digest, note);
    if (result != ERR_OK)
        return result;
    /* libmtmd opens a path; this is the sealed memory that was hashed. */
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    result = engine_vision_open(path, e->model, e->projector->marker, (int)e->threads_count, engine_wipe_observe,
                                &e->projector->traces, &e->projector->vision);
    (void)fclose(file);
    if (result == ERR_MODEL)
        return err_noted(result, note, "--projector: the file is none that reads images for this model");
    if (result != ERR_OK)
        return result;
    e->info.images = true;
    return digest_of_both(e->info.digest, digest);
}

void engine_images_close(struct engine_llama *e)
{
    if (e->projector != NULL)
        engine_vision_close(e->projector->vision);
    free(e->projector);
    e->projector = NULL;
}

const char *engine_images_marker(const struct engine_projector *p)
{
    return p == NULL ? NULL : p->marker;
}

/* ---- a prompt ---- */

static size_t list_images(const struct generation *g, struct bytes *images)
{
    size_t n = 0;
    for (size_t i = 0; i < g->message_count; i++)
        for (size_t k = 0; k < g->messages[i].part_count; k++)
            if (g->messages[i].parts[k].kind == GENERATION_IMAGE && n < GENERATION_IMAGES_MAX)
                images[n++] = g->messages[i].parts[k].bytes;
    return n;
}

static enum err add_text(struct engine_prompt *p, const struct mtmd_input_chunk *chunk)
{
    size_t n = 0;
    const llama_token *tokens = mtmd_input_chunk_get_tokens_text(chunk, &n);
    if (n != 0)
        memcpy(p->tokens + p->count, tokens, n * sizeof *tokens);
    p->count += (uint32_t)n;
    return ERR_OK;
}

static enum err add_image(struct engine_prompt *p, const struct mtmd_input_chunk *chunk)
{
    struct engine_image image = {.at = p->count,
                                 .tokens = (uint32_t)mtmd_input_chunk_get_n_tokens(chunk),
                                 .positions = (uint32_t)mtmd_input_chunk_get_n_pos(chunk),
                                 .chunk = chunk};
    if (mtmd_input_chunk_get_type(chunk) != MTMD_INPUT_CHUNK_TYPE_IMAGE || image.tokens == 0)
        return ERR_ENGINE;
    for (uint32_t i = 0; i < image.tokens; i++)
        p->tokens[p->count++] = LLAMA_TOKEN_NULL;
    p->images[p->image_count++] = image;
    return ERR_OK;
}

static enum err from_chunks(const struct engine_llama *e, struct engine_prompt *p)
{
    size_t count = mtmd_input_chunks_size(p->chunks);
    size_t tokens = 0;
    for (size_t i = 0; i < count; i++) {
        tokens += mtmd_input_chunk_get_n_tokens(mtmd_input_chunks_get(p->chunks, i));
        if (tokens > e->info.context)
            return ERR_CONTEXT;
    }
    p->tokens = secret_alloc(tokens * sizeof *p->tokens);
    p->images = secret_alloc(count * sizeof *p->images);
    if (p->tokens == NULL || p->images == NULL)
        return ERR_MEMORY;
    enum err result = ERR_OK;
    for (size_t i = 0; result == ERR_OK && i < count; i++) {
        const struct mtmd_input_chunk *chunk = mtmd_input_chunks_get(p->chunks, i);
        result = mtmd_input_chunk_get_type(chunk) == MTMD_INPUT_CHUNK_TYPE_TEXT ? add_text(p, chunk)
                                                                                : add_image(p, chunk);
    }
    /* An answer begins after a token. */
    if (result == ERR_OK && (p->count == 0 || p->tokens[p->count - 1] == LLAMA_TOKEN_NULL))
        result = ERR_ENGINE;
    return result;
}

enum err engine_images_tokenize(const struct engine_llama *e, struct bytes text, const struct generation *g,
                                struct engine_prompt *p, struct err_note *note)
{
    struct bytes images[GENERATION_IMAGES_MAX];
    size_t count = list_images(g, images);
    enum err result = engine_vision_tokenize(e->projector->vision, text, images, count, &p->chunks, note);
    return result == ERR_OK ? from_chunks(e, p) : result;
}

void engine_images_release(struct engine_prompt *p)
{
    if (p->chunks != NULL)
        mtmd_input_chunks_free(p->chunks);
    secret_free(p->images);
    p->chunks = NULL;
    p->images = NULL;
}

/* ---- reading one ---- */

/* The arrays of a batch of vectors, in secret memory. Four positions a token where the model has them (M-RoPE). */
struct vectors {
    llama_pos *positions;
    int32_t *counts;
    llama_seq_id **sequences;
    int8_t *outputs;
};

static bool vectors_open(struct vectors *v, size_t n)
{
    *v = (struct vectors){.positions = secret_alloc(4 * n * sizeof *v->positions),
                          .counts = secret_alloc(n * sizeof *v->counts),
                          .sequences = secret_alloc(n * sizeof *v->sequences),
                          .outputs = secret_alloc(n * sizeof *v->outputs)};
    return v->positions != NULL && v->counts != NULL && v->sequences != NULL && v->outputs != NULL;
}

static void vectors_close(struct vectors *v)
{
    secret_free(v->positions);
    secret_free(v->counts);
    secret_free(v->sequences);
    secret_free(v->outputs);
}

static void set_position(const struct engine_llama *e, const struct engine_slot *slot,
                         const struct engine_image *image, struct vectors *v, size_t first, size_t n, size_t i)
{
    if (!mtmd_decode_use_mrope(e->projector->vision)) {
        v->positions[i] = (llama_pos)(slot->position + first + i);
        return;
    }
    struct mtmd_decoder_pos at = mtmd_image_tokens_get_decoder_pos(
        mtmd_input_chunk_get_tokens_image(image->chunk), (llama_pos)slot->position, first + i);
    v->positions[i] = (llama_pos)at.t;
    v->positions[i + n] = (llama_pos)at.y;
    v->positions[i + 2 * n] = (llama_pos)at.x;
    v->positions[i + 3 * n] = (llama_pos)at.z;
}

static enum err decode_part(struct engine_llama *e, struct engine_slot *slot, const struct engine_image *image,
                            float *embeddings, size_t first, size_t n)
{
    struct vectors v;
    enum err result = ERR_MEMORY;
    if (!vectors_open(&v, n))
        goto out;
    for (size_t i = 0; i < n; i++) {
        set_position(e, slot, image, &v, first, n, i);
        v.counts[i] = 1;
        v.sequences[i] = &slot->sequence;
        /* As for tokens: the last one always has an output (put_prompt). */
        v.outputs[i] = i + 1 == n;
    }
    struct llama_batch batch = {.n_tokens = (int32_t)n,
                                .embd = embeddings + first * (size_t)llama_model_n_embd_inp(e->model),
                                .pos = v.positions,
                                .n_seq_id = v.counts,
                                .seq_id = v.sequences,
                                .logits = v.outputs};
    e->traces.buffer_count = 0;
    slot->rows += (uint32_t)n;
    int32_t status = llama_decode(e->context, batch);
    /* 2: aborted, because everybody cancelled. */
    result = status == 0 ? ERR_OK : status == 2 ? ERR_CANCELLED : ERR_ENGINE;
out:
    vectors_close(&v);
    return result;
}

static enum err decode_image(struct engine_llama *e, struct engine_slot *slot, const struct engine_image *image)
{
    struct engine_projector *p = e->projector;
    float *embeddings = NULL;
    p->traces.buffer_count = 0;
    enum err result = engine_vision_encode(p->vision, image->chunk, &embeddings);
    const bool all_at_once = mtmd_decode_use_non_causal(p->vision, image->chunk);
    if (result == ERR_OK && all_at_once && image->tokens > e->step_tokens)
        result = ERR_ENGINE;
    if (all_at_once)
        llama_set_causal_attn(e->context, false);
    for (size_t done = 0; result == ERR_OK && done < image->tokens; done += e->step_tokens) {
        size_t left = image->tokens - done;
        result = decode_part(e, slot, image, embeddings, done, left < e->step_tokens ? left : e->step_tokens);
    }
    if (all_at_once)
        llama_set_causal_attn(e->context, true);
    if (embeddings != NULL)
        secret_wipe(embeddings,
                    (size_t)image->tokens * (size_t)llama_model_n_embd_inp(e->model) * sizeof *embeddings);
    for (size_t i = 0; i < p->traces.buffer_count; i++)
        ggml_backend_buffer_clear(p->traces.buffers[i], 0);
    return result;
}

void engine_images_decode(struct engine_llama *e, struct engine_slot *slot)
{
    const struct engine_prompt *p = slot->prompt;
    while (slot->state == ENGINE_SLOT_PROMPT && slot->image < p->image_count &&
           p->images[slot->image].at == slot->decoded) {
        const struct engine_image *image = &p->images[slot->image];
        if (e->vectors)
            llama_set_embeddings(e->context, false);
        e->vectors = false;
        enum err result = decode_image(e, slot, image);
        if (result != ERR_OK) {
            engine_slot_end(slot, result);
            return;
        }
        slot->decoded += image->tokens;
        slot->position += image->positions;
        slot->image++;
    }
}
