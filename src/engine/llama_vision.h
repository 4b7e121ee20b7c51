/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LLAMA_VISION_H
#define ENGINE_LLAMA_VISION_H

/*
 * A thin layer over llama.cpp's libmtmd, which is C++: image files to pixels, pixels to what stands for them in a prompt, and that to the vectors that the
 * model reads. No C++ exception crosses. What it holds of an image lies on the heap, whose blocks are overwritten when they are released.
 */

#ifdef __cplusplus
extern "C" { /* the headers of C rooms say nothing of C++ */
#endif

#include "base/bytes.h"
#include "base/error.h"

enum {
    ENGINE_VISION_SIDE_MAX = 8192, /* pixels */
    ENGINE_VISION_PIXELS_MAX = 16 * 1024 * 1024,
};

struct llama_model;
struct ggml_tensor;
struct mtmd_context;
struct mtmd_input_chunk;
struct mtmd_input_chunks;

/* path: the projector's file. observe: sees every graph (llama_wipe.c). ERR_MODEL: it is none, or not this model's, or one for sound. */
ERR_MUST_USE enum err engine_vision_open(const char *path, const struct llama_model *model, const char *marker,
                                         int threads,
                                         bool (*observe)(struct ggml_tensor *node, bool ask, void *user),
                                         void *user, struct mtmd_context **out);
void engine_vision_close(struct mtmd_context *v); /* NULL does nothing */
/* The text's markers, one for each image, become the images. images: PNG or JPEG files. ERR_REQUEST with a note: an image that is neither, too large or
 * broken; ERR_MEMORY. Release with mtmd_input_chunks_free. Thread safe. */
ERR_MUST_USE enum err engine_vision_tokenize(const struct mtmd_context *v, struct bytes text,
                                             const struct bytes *images, size_t count,
                                             struct mtmd_input_chunks **chunks, struct err_note *note);
/* The vectors stay valid until the next call. ERR_ENGINE, ERR_MEMORY. */
ERR_MUST_USE enum err engine_vision_encode(struct mtmd_context *v, const struct mtmd_input_chunk *chunk,
                                           float **vectors);

#ifdef __cplusplus
}
#endif

#endif
