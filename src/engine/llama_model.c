/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The weights. The file stands on a disk that the host may change under our hands, so it is read once, into anonymous memory that is
 * then sealed; the digest is taken on the way, and llama.cpp loads that memory: copies it, where there is room (llama_pages.c), or maps it. What was hashed is what runs.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sealed.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"

enum { COPY_SIZE = 1 << 20 };

/* The two halves of the progress that a caller sees. */
static const float half = 0.5F;

static void report(const struct engine_llama_options *o, float fraction)
{
    if (o != NULL && o->progress != NULL)
        o->progress(o->progress_owner, fraction);
}

static bool load_progress(float fraction, void *user)
{
    report(user, half + fraction * half);
    return true;
}

static enum err read_some(int fd, uint8_t *buffer, size_t size, size_t *got)
{
    ssize_t n;
    do
        n = read(fd, buffer, size);
    while (n < 0 && errno == EINTR);
    *got = n < 0 ? 0 : (size_t)n;
    return n < 0 ? ERR_FILE : ERR_OK;
}

static enum err write_all(int fd, struct bytes data)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.ptr, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_MEMORY;
        data = bytes_of(data.ptr + n, data.len - (size_t)n);
    }
    return ERR_OK;
}

/* A file's own length is the model's; of a block device (a model volume) the length was said, since a device has whole blocks alone. */
static enum err model_length(uint64_t said, int from, uint64_t *length)
{
    struct stat info;
    if (fstat(from, &info) != 0)
        return ERR_FILE;
    *length = S_ISBLK(info.st_mode) ? said : (uint64_t)info.st_size;
    if ((!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) || *length == 0)
        return ERR_FILE;
    return said == 0 || said == *length ? ERR_OK : ERR_VALUE;
}

static enum err copy_and_hash(const struct engine_llama_options *o, int from, int to,
                              struct crypto_hash_stream *hash)
{
    uint64_t length = 0;
    enum err e = model_length(o == NULL ? 0 : o->model_size, from, &length);
    if (e != ERR_OK)
        return e;
    uint8_t *buffer = malloc(COPY_SIZE);
    if (buffer == NULL)
        return ERR_MEMORY;
    size_t got = 1;
    uint64_t done = 0;
    while (e == ERR_OK && got > 0 && done < length) {
        uint64_t left = length - done;
        e = read_some(from, buffer, left < COPY_SIZE ? (size_t)left : COPY_SIZE, &got);
        if (e == ERR_OK)
            e = crypto_hash_feed(hash, bytes_of(buffer, got));
        if (e == ERR_OK)
            e = write_all(to, bytes_of(buffer, got));
        done += got;
        report(o, (float)((double)done / (double)length) * half);
    }
    free(buffer);
    return e == ERR_OK && done != length ? ERR_FILE : e;
}

/* what: "model" or "projector". o: whose progress is told; NULL: nobody's. */
static enum err read_sealed(const char *path, const char *what, const struct engine_llama_options *o,
                            FILE **out, uint8_t digest[static CRYPTO_SHA256_SIZE], struct err_note *note)
{
    struct crypto_hash_stream *hash = NULL;
    enum err e = ERR_OK;
    int to = -1;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        e = err_noted(ERR_MODEL, note, "the %s file cannot be opened: %s", what, strerror(errno));
        goto out;
    }
    to = memfd_create("enclume-model", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (to < 0) {
        e = err_noted(ERR_MODEL, note, "no memory file for the %s: %s", what, strerror(errno));
        goto out;
    }
    e = crypto_hash_open(CRYPTO_SHA256, &hash);
    if (e != ERR_OK)
        goto out;
    e = copy_and_hash(o, from, to, hash);
    if (e != ERR_OK) {
        e = err_noted(ERR_MODEL, note, "the %s file cannot be read into memory: %s", what, err_text(e));
        goto out;
    }
    e = crypto_hash_close(hash, digest);
    hash = NULL;
    if (e != ERR_OK)
        goto out;
    if (!sealed_make(to) || lseek(to, 0, SEEK_SET) != 0) {
        e = err_noted(ERR_MODEL, note, "the %s's memory cannot be sealed: %s", what, strerror(errno));
        goto out;
    }
    *out = fdopen(to, "rb");
    if (*out == NULL)
        e = ERR_MEMORY;
    else
        to = -1;
out:
    if (hash != NULL)
        (void)!crypto_hash_close(hash, NULL);
    if (from >= 0)
        (void)close(from);
    if (to >= 0)
        (void)close(to);
    return e;
}

enum err engine_model_read(const char *path, const char *what, FILE **file,
                           uint8_t digest[static CRYPTO_SHA256_SIZE], struct err_note *note)
{
    return read_sealed(path, what, NULL, file, digest, note);
}

/* Printable ASCII of what the model calls itself, without what would need an escape in JSON. */
static void read_name(const struct llama_model *model, char *name, size_t size)
{
    if (llama_model_meta_val_str(model, "general.name", name, size) <= 0)
        (void)llama_model_desc(model, name, size);
    for (char *c = name; *c != '\0'; c++)
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
            *c = '?';
}

/* One kind of tokenizer is given blanks as they are, and llama.cpp ends the program at a word of two. */
static bool two_blanks_end_us(const struct llama_model *model)
{
    char pre[32];
    return llama_model_meta_val_str(model, "tokenizer.ggml.pre", pre, sizeof pre) > 0 &&
           strcmp(pre, "whitespace") == 0;
}

enum err engine_model_load(struct engine_llama *e, const struct engine_llama_options *options,
                           struct err_note *note)
{
    struct engine_llama_options progress = *options;
    FILE *file = NULL;
    enum err result = read_sealed(options->model_path, "model", options, &file, e->info.digest, note);
    if (result != ERR_OK)
        return result;
    static ggml_backend_dev_t no_devices[] = {NULL};
    struct llama_model_params params = llama_model_default_params();
    struct stat info;
    /* A GPU has a copy of its own, and the file's goes when it has. */
    bool room = e->gpu || (fstat(fileno(file), &info) == 0 && engine_pages_has_room((uint64_t)info.st_size));
    params.n_gpu_layers = -1; /* all */
    if (!e->gpu)
        params.devices = no_devices;
    params.load_mode = room ? LLAMA_LOAD_MODE_NONE : LLAMA_LOAD_MODE_MMAP;
    params.progress_callback = load_progress;
    params.progress_callback_user_data = &progress;
    e->model = llama_model_load_from_file_ptr(file, params);
    (void)fclose(file);
    if (e->model == NULL)
        return err_noted(ERR_MODEL, note,
                         "llama.cpp cannot load the file: not a GGUF model, cut off, in several parts, %sof "
                         "a newer kind",
                         e->gpu ? "too large for the GPU, or " : "or ");
    e->vocab = llama_model_get_vocab(e->model);
    if (llama_model_has_encoder(e->model) || !llama_model_has_decoder(e->model) ||
        llama_model_is_diffusion(e->model) || llama_vocab_n_tokens(e->vocab) <= 0)
        return err_noted(ERR_MODEL, note, "the model is not one that continues text");
    if (two_blanks_end_us(e->model))
        return err_noted(ERR_MODEL, note, "llama.cpp's tokenizer of this model (whitespace) is not safe");
    read_name(e->model, e->info.name, sizeof e->info.name);
    report(options, 1);
    return ERR_OK;
}
