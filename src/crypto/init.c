/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <pthread.h>

#include "base/secret.h"
#include "crypto/library.h"

struct crypto_library crypto_library;

enum err crypto_failed(enum err e)
{
    ERR_clear_error();
    return e;
}

const char *crypto_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

/* ---- libcrypto's heap ---- */

static void *heap_alloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return secret_alloc(size);
}

static void *heap_realloc(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size != 0)
        return secret_realloc(block, size);
    secret_free(block);
    return NULL;
}

static void heap_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    secret_free(block);
}

/* libcrypto refuses once it has allocated anything by itself: somebody used it before us. */
static bool heap_is_ours(void)
{
    CRYPTO_malloc_fn malloc_in_place;
    CRYPTO_realloc_fn realloc_in_place;
    CRYPTO_free_fn free_in_place;
    (void)CRYPTO_set_mem_functions(heap_alloc, heap_realloc, heap_free);
    CRYPTO_get_mem_functions(&malloc_in_place, &realloc_in_place, &free_in_place);
    return malloc_in_place == heap_alloc && realloc_in_place == heap_realloc && free_in_place == heap_free;
}

/* ---- algorithms ---- */

static const char *const hash_names[CRYPTO_HASH_COUNT] = {
    [CRYPTO_SHA256] = "SHA2-256",
    [CRYPTO_SHA384] = "SHA2-384",
    [CRYPTO_SHA512] = "SHA2-512",
    [CRYPTO_BLAKE2S] = "BLAKE2S-256",
};

static const char *const aead_names[CRYPTO_AEAD_COUNT] = {
    [CRYPTO_AES256_GCM] = "AES-256-GCM",
    [CRYPTO_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

const char *crypto_hash_name(enum crypto_hash h)
{
    return (unsigned)h < CRYPTO_HASH_COUNT ? hash_names[h] : NULL;
}

static bool has_key_type(const char *name)
{
    EVP_KEYMGMT *type = EVP_KEYMGMT_fetch(NULL, name, NULL);
    EVP_KEYMGMT_free(type);
    return type != NULL;
}

static bool fetch_algorithms(void)
{
    static const char *const key_types[] = {"X25519", "ML-KEM-768", "EC", "RSA", "ED25519"};
    bool all = true;
    for (int h = 0; h < CRYPTO_HASH_COUNT; h++) {
        crypto_library.hash[h] = EVP_MD_fetch(NULL, hash_names[h], NULL);
        all = all && crypto_library.hash[h] != NULL;
    }
    for (int a = 0; a < CRYPTO_AEAD_COUNT; a++) {
        crypto_library.aead[a] = EVP_CIPHER_fetch(NULL, aead_names[a], NULL);
        all = all && crypto_library.aead[a] != NULL;
    }
    for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++)
        all = all && has_key_type(key_types[i]);
    return all;
}

static enum err init_result = ERR_CRYPTO;

static void init_once(void)
{
    uint8_t first[CRYPTO_X25519_SIZE];
    if (!heap_is_ours())
        return;
    /* No configuration file decides anything. Nothing is torn down at exit, where other threads may still be at work. */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
        return;
    if (!fetch_algorithms() || crypto_hash_init() != ERR_OK || crypto_public_key_init() != ERR_OK)
        return;
    /* Seeds the generator now, before a sandbox closes. */
    if (crypto_random(first, sizeof first) != ERR_OK)
        return;
    secret_wipe(first, sizeof first);
    init_result = ERR_OK;
}

enum err crypto_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (pthread_once(&once, init_once) != 0)
        return ERR_CRYPTO;
    return init_result == ERR_OK ? ERR_OK : crypto_failed(init_result);
}
