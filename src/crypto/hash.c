/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes (FIPS 180-4, RFC 7693).
 *
 * A Noise handshake hashes a hundred short strings, for which making a context costs more than hashing. So each thread
 * keeps one context for each hash. Between calls a context is always in its initial state: what it hashed last is gone,
 * and the next call need not reset it.
 */
#include <pthread.h>

#include "base/secret.h"
#include "crypto/library.h"

static const struct {
    size_t size;
    size_t block;
} hash_rows[CRYPTO_HASH_COUNT] = {
    [CRYPTO_SHA256] = {CRYPTO_SHA256_SIZE, 64},
    [CRYPTO_SHA384] = {CRYPTO_SHA384_SIZE, 128},
    [CRYPTO_SHA512] = {CRYPTO_SHA512_SIZE, 128},
    [CRYPTO_BLAKE2S] = {CRYPTO_BLAKE2S_SIZE, 64},
};

size_t crypto_hash_size(enum crypto_hash h)
{
    return (unsigned)h < CRYPTO_HASH_COUNT ? hash_rows[h].size : 0;
}

size_t crypto_hash_block(enum crypto_hash h)
{
    return (unsigned)h < CRYPTO_HASH_COUNT ? hash_rows[h].block : 0;
}

/* ---- the contexts of a thread ---- */

struct thread_contexts {
    EVP_MD_CTX *of[CRYPTO_HASH_COUNT];
};

static pthread_key_t contexts_key;

static void contexts_free(void *value)
{
    struct thread_contexts *contexts = value;
    for (int h = 0; h < CRYPTO_HASH_COUNT; h++)
        EVP_MD_CTX_free(contexts->of[h]);
    secret_free(contexts);
}

enum err crypto_hash_init(void)
{
    return pthread_key_create(&contexts_key, contexts_free) == 0 ? ERR_OK : ERR_CRYPTO;
}

static EVP_MD_CTX *context_new(enum crypto_hash h)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestInit_ex2(context, crypto_library.hash[h], NULL) == 1)
        return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

/* Where the thread's context stands; NULL without memory. */
static EVP_MD_CTX **context_of_thread(enum crypto_hash h)
{
    struct thread_contexts *contexts = pthread_getspecific(contexts_key);
    if (contexts == NULL) {
        contexts = secret_alloc(sizeof *contexts);
        if (contexts == NULL || pthread_setspecific(contexts_key, contexts) != 0) {
            secret_free(contexts);
            return NULL;
        }
    }
    if (contexts->of[h] == NULL)
        contexts->of[h] = context_new(h);
    return contexts->of[h] == NULL ? NULL : &contexts->of[h];
}

static bool context_feed(EVP_MD_CTX *context, struct bytes part)
{
    return part.len == 0 || EVP_DigestUpdate(context, part.ptr, part.len) == 1;
}

/* ---- one call ---- */

enum err crypto_hash_joined(enum crypto_hash h, struct bytes first, const struct bytes *parts, size_t count,
                            uint8_t *out)
{
    if ((unsigned)h >= CRYPTO_HASH_COUNT || crypto_library.hash[h] == NULL)
        return ERR_CRYPTO;
    EVP_MD_CTX **slot = context_of_thread(h);
    if (slot == NULL)
        return crypto_failed(ERR_CRYPTO);
    bool good = context_feed(*slot, first);
    for (size_t i = 0; good && i < count; i++)
        good = context_feed(*slot, parts[i]);
    good = good && EVP_DigestFinal_ex(*slot, out, NULL) == 1;
    good = good && EVP_DigestInit_ex2(*slot, crypto_library.hash[h], NULL) == 1;
    if (good)
        return ERR_OK;
    EVP_MD_CTX_free(*slot);
    *slot = NULL;
    return crypto_failed(ERR_CRYPTO);
}

enum err crypto_hash_parts(enum crypto_hash h, const struct bytes *parts, size_t count, uint8_t *out)
{
    return crypto_hash_joined(h, (struct bytes){0}, parts, count, out);
}

/* ---- streams ---- */

struct crypto_hash_stream {
    EVP_MD_CTX *context;
};

enum err crypto_hash_open(enum crypto_hash h, struct crypto_hash_stream **s)
{
    *s = NULL;
    if ((unsigned)h >= CRYPTO_HASH_COUNT || crypto_library.hash[h] == NULL)
        return ERR_CRYPTO;
    struct crypto_hash_stream *stream = secret_alloc(sizeof *stream);
    if (stream == NULL)
        return ERR_CRYPTO;
    stream->context = context_new(h);
    if (stream->context == NULL) {
        secret_free(stream);
        return crypto_failed(ERR_CRYPTO);
    }
    *s = stream;
    return ERR_OK;
}

enum err crypto_hash_feed(struct crypto_hash_stream *s, struct bytes part)
{
    return context_feed(s->context, part) ? ERR_OK : crypto_failed(ERR_CRYPTO);
}

enum err crypto_hash_close(struct crypto_hash_stream *s, uint8_t *out)
{
    if (s == NULL)
        return ERR_OK;
    bool good = out == NULL || EVP_DigestFinal_ex(s->context, out, NULL) == 1;
    EVP_MD_CTX_free(s->context);
    secret_free(s);
    return good ? ERR_OK : crypto_failed(ERR_CRYPTO);
}
