/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/llama_vision.h"

#include <exception>
#include <memory>
#include <new>
#include <vector>

#include <mtmd-helper.h>
#include <mtmd.h>

/* libmtmd's helper would also take sound and video for an image file, and start programs for some; so the reader of pictures inside it is called
 * by its own names (stb_image.h). */
extern "C" {
unsigned char *stbi_load_from_memory(const unsigned char *buffer, int len, int *x, int *y, int *channels,
                                     int wanted);
int stbi_info_from_memory(const unsigned char *buffer, int len, int *x, int *y, int *channels);
void stbi_image_free(void *pixels);
}

namespace {

void say_nothing(enum ggml_log_level, const char *, void *) {}

template <typename Function> enum err guarded(enum err otherwise, Function &&function) noexcept
{
    try {
        return function();
    } catch (const std::bad_alloc &) {
        return ERR_MEMORY;
    } catch (...) {
        return otherwise;
    }
}

enum { CHANNELS = 3 };

/* stb_image knows ten formats, most of them rare and little tested. */
bool is_png_or_jpeg(struct bytes file)
{
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
    static const unsigned char jpeg[] = {0xff, 0xd8, 0xff};
    return (file.len > sizeof png && memcmp(file.ptr, png, sizeof png) == 0) ||
           (file.len > sizeof jpeg && memcmp(file.ptr, jpeg, sizeof jpeg) == 0);
}

struct pixels_free {
    void operator()(unsigned char *pixels) const { stbi_image_free(pixels); }
};

enum err read_picture(struct bytes file, size_t i, mtmd::bitmap *out, struct err_note *note)
{
    int x = 0;
    int y = 0;
    int channels = 0;
    if (!is_png_or_jpeg(file) || file.len > INT32_MAX)
        return err_noted(ERR_REQUEST, note, "messages: image %zu is neither PNG nor JPEG", i);
    const int len = static_cast<int>(file.len);
    if (stbi_info_from_memory(file.ptr, len, &x, &y, &channels) == 0 || x <= 0 || y <= 0)
        return err_noted(ERR_REQUEST, note, "messages: image %zu cannot be read", i);
    if (x > ENGINE_VISION_SIDE_MAX || y > ENGINE_VISION_SIDE_MAX ||
        static_cast<int64_t>(x) * y > ENGINE_VISION_PIXELS_MAX)
        return err_noted(ERR_REQUEST, note, "messages: image %zu has more than %d pixels", i,
                         ENGINE_VISION_PIXELS_MAX);
    const std::unique_ptr<unsigned char, pixels_free> pixels(
        stbi_load_from_memory(file.ptr, len, &x, &y, &channels, CHANNELS));
    if (pixels == nullptr)
        return err_noted(ERR_REQUEST, note, "messages: image %zu cannot be read", i);
    out->ptr.reset(mtmd_bitmap_init(static_cast<uint32_t>(x), static_cast<uint32_t>(y), pixels.get()));
    return out->ptr == nullptr ? ERR_MEMORY : ERR_OK;
}

} // namespace

enum err engine_vision_open(const char *path, const struct llama_model *model, const char *marker, int threads,
                            bool (*observe)(struct ggml_tensor *node, bool ask, void *user), void *user,
                            struct mtmd_context **out)
{
    *out = nullptr;
    return guarded(ERR_MODEL, [&] {
        mtmd_helper_log_set(say_nothing, nullptr);
        mtmd_context_params params = mtmd_context_params_default();
        params.use_gpu = false;
        params.print_timings = false;
        params.warmup = false;
        params.n_threads = threads;
        params.media_marker = marker;
        params.cb_eval = observe;
        params.cb_eval_user_data = user;
        mtmd::context_ptr v(mtmd_init_from_file(path, model, params));
        if (v == nullptr || !mtmd_support_vision(v.get()))
            return ERR_MODEL;
        *out = v.release();
        return ERR_OK;
    });
}

void engine_vision_close(struct mtmd_context *v)
{
    if (v != nullptr)
        mtmd_free(v);
}

enum err engine_vision_tokenize(const struct mtmd_context *v, struct bytes text, const struct bytes *images,
                                size_t count, struct mtmd_input_chunks **chunks, struct err_note *note)
{
    *chunks = nullptr;
    return guarded(ERR_ENGINE, [&] {
        std::vector<mtmd::bitmap> bitmaps(count);
        std::vector<const mtmd_bitmap *> pointers(count);
        for (size_t i = 0; i < count; i++) {
            const enum err e = read_picture(images[i], i, &bitmaps[i], note);
            if (e != ERR_OK)
                return e;
            pointers[i] = bitmaps[i].ptr.get();
        }
        const mtmd_input_text input = {reinterpret_cast<const char *>(text.ptr), text.len, true, true};
        mtmd::input_chunks_ptr made(mtmd_input_chunks_init());
        if (made == nullptr)
            return ERR_MEMORY;
        if (mtmd_tokenize(v, made.get(), &input, pointers.data(), count) != 0)
            return err_noted(ERR_REQUEST, note,
                             "messages: the model's chat template does not carry these images");
        *chunks = made.release();
        return ERR_OK;
    });
}

enum err engine_vision_encode(struct mtmd_context *v, const struct mtmd_input_chunk *chunk, float **vectors)
{
    return guarded(ERR_ENGINE, [&] {
        if (mtmd_encode_chunk(v, chunk) != 0)
            return ERR_ENGINE;
        *vectors = mtmd_get_output_embd(v);
        return *vectors == nullptr ? ERR_ENGINE : ERR_OK;
    });
}
