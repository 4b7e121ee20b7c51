/* SPDX-License-Identifier: Apache-2.0 */

/* The CipherState (section 5.1) and the cipher functions AESGCM and ChaChaPoly (section 12.3, 12.4). */

#include "base/secret.h"
#include "base/writer.h"
#include "noise/noise_internal.h"

/* Section 5.1: the largest nonce is never used for a message, section 4.2 keeps it for REKEY. */
static const uint64_t nonce_reserved = UINT64_MAX;

/* Sections 12.3 and 12.4: 32 zero bits, then n in 64, in the byte order that each cipher is used with elsewhere. */
static void put_nonce(enum crypto_aead aead, uint64_t n, uint8_t nonce[static CRYPTO_AEAD_NONCE_SIZE])
{
    struct writer w = writer_into(nonce, CRYPTO_AEAD_NONCE_SIZE);
    writer_u32be(&w, 0);
    if (aead == CRYPTO_AES256_GCM)
        writer_u64be(&w, n);
    else
        writer_u64le(&w, n);
}

static enum err ensure_open(struct noise_cipher *c)
{
    return c->key != NULL ? ERR_OK : crypto_aead_open(c->aead, c->k, &c->key);
}

void noise_cipher_init(struct noise_cipher *c, enum crypto_aead aead,
                       const uint8_t key[static NOISE_KEY_SIZE])
{
    crypto_aead_close(c->key);
    c->aead = aead;
    memcpy(c->k, key, sizeof c->k);
    c->n = 0;
    c->key = NULL;
}

void noise_cipher_wipe(struct noise_cipher *c)
{
    crypto_aead_close(c->key);
    c->key = NULL; /* also where wiping is switched off: this may be called again */
    secret_wipe(c, sizeof *c);
}

enum err noise_cipher_new(enum crypto_aead aead, const uint8_t key[static NOISE_KEY_SIZE],
                          struct noise_cipher **c)
{
    struct noise_cipher *made = secret_alloc(sizeof *made);
    *c = NULL;
    if (made == NULL)
        return ERR_MEMORY;
    noise_cipher_init(made, aead, key);
    enum err e = ensure_open(made);
    if (e != ERR_OK) {
        noise_cipher_free(made);
        return e;
    }
    *c = made;
    return ERR_OK;
}

void noise_cipher_free(struct noise_cipher *c)
{
    if (c == NULL)
        return;
    noise_cipher_wipe(c);
    secret_free(c);
}

enum err noise_cipher_encrypt_parts(struct noise_cipher *c, struct bytes ad, const struct bytes *parts,
                                    size_t count, uint8_t *out)
{
    uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE];
    if (c->n == nonce_reserved)
        return ERR_NOISE_NONCE;
    enum err e = ensure_open(c);
    if (e != ERR_OK)
        return e;
    put_nonce(c->aead, c->n, nonce);
    /* Spent from here on, whatever happens: a nonce must not serve two plaintexts. */
    c->n++;
    return crypto_aead_seal_parts(c->key, nonce, ad, parts, count, out);
}

enum err noise_cipher_encrypt(struct noise_cipher *c, struct bytes ad, struct bytes plain, uint8_t *out)
{
    return noise_cipher_encrypt_parts(c, ad, &plain, 1, out);
}

enum err noise_cipher_decrypt(struct noise_cipher *c, struct bytes ad, struct bytes sealed, uint8_t *out)
{
    uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE];
    if (c->n == nonce_reserved)
        return ERR_NOISE_NONCE;
    if (sealed.len < NOISE_TAG_SIZE)
        return ERR_AUTH;
    enum err e = ensure_open(c);
    if (e != ERR_OK)
        return e;
    put_nonce(c->aead, c->n, nonce);
    e = crypto_aead_unseal(c->key, nonce, ad, sealed, out);
    if (e == ERR_OK)
        c->n++;
    return e;
}

/* Section 4.2: the first 32 bytes of ENCRYPT(k, maxnonce, zerolen, zeros). */
enum err noise_cipher_rekey(struct noise_cipher *c)
{
    uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE];
    uint8_t sealed[NOISE_KEY_SIZE + NOISE_TAG_SIZE] = {0};
    struct crypto_aead_key *key = NULL;

    enum err e = ensure_open(c);
    if (e != ERR_OK)
        goto out;
    put_nonce(c->aead, nonce_reserved, nonce);
    e = crypto_aead_seal(c->key, nonce, bytes_of(NULL, 0), bytes_of(sealed, NOISE_KEY_SIZE), sealed);
    if (e != ERR_OK)
        goto out;
    e = crypto_aead_open(c->aead, sealed, &key);
    if (e != ERR_OK)
        goto out;
    crypto_aead_close(c->key);
    c->key = key;
    memcpy(c->k, sealed, sizeof c->k);
out:
    secret_wipe(sealed, sizeof sealed);
    return e;
}

uint64_t noise_cipher_nonce(const struct noise_cipher *c)
{
    return c->n;
}
