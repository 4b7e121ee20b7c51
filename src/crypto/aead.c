/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM (SP 800-38D) and ChaCha20-Poly1305 (RFC 8439). */
#include "base/secret.h"
#include "crypto/library.h"

/* libcrypto counts in int. */
enum { AEAD_STEP = 1 << 30 };

struct crypto_aead_key {
    EVP_CIPHER_CTX *context;
};

enum err crypto_aead_open(enum crypto_aead a, const uint8_t key[static CRYPTO_AEAD_KEY_SIZE],
                          struct crypto_aead_key **k)
{
    *k = NULL;
    if ((unsigned)a >= CRYPTO_AEAD_COUNT || crypto_library.aead[a] == NULL)
        return ERR_CRYPTO;
    struct crypto_aead_key *opened = secret_alloc(sizeof *opened);
    if (opened == NULL)
        return ERR_CRYPTO;
    opened->context = EVP_CIPHER_CTX_new();
    if (opened->context == NULL ||
        EVP_CipherInit_ex2(opened->context, crypto_library.aead[a], key, NULL, 1, NULL) != 1) {
        crypto_aead_close(opened);
        return crypto_failed(ERR_CRYPTO);
    }
    *k = opened;
    return ERR_OK;
}

void crypto_aead_close(struct crypto_aead_key *k)
{
    if (k == NULL)
        return;
    EVP_CIPHER_CTX_free(k->context);
    secret_free(k);
}

/* out NULL: the input is associated data. */
static bool aead_update(EVP_CIPHER_CTX *context, struct bytes in, uint8_t *out)
{
    for (size_t done = 0; done < in.len;) {
        int step = in.len - done < AEAD_STEP ? (int)(in.len - done) : AEAD_STEP;
        int written;
        if (EVP_CipherUpdate(context, out == NULL ? NULL : out + done, &written, in.ptr + done, step) != 1)
            return false;
        done += (size_t)step;
    }
    return true;
}

/* Only the nonce is new; the key schedule stays. */
static bool aead_start(const struct crypto_aead_key *k, const uint8_t *nonce, int encrypt)
{
    return EVP_CipherInit_ex2(k->context, NULL, NULL, nonce, encrypt, NULL) == 1;
}

enum err crypto_aead_seal_parts(struct crypto_aead_key *k, const uint8_t nonce[static CRYPTO_AEAD_NONCE_SIZE],
                                struct bytes ad, const struct bytes *parts, size_t count, uint8_t *out)
{
    uint8_t none[1];
    int written;
    size_t size = 0;
    bool sealed = aead_start(k, nonce, 1) && aead_update(k->context, ad, NULL);
    for (size_t i = 0; i < count; i++) {
        sealed = sealed && aead_update(k->context, parts[i], out + size);
        size += parts[i].len;
    }
    if (sealed && EVP_CipherFinal_ex(k->context, none, &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(k->context, EVP_CTRL_AEAD_GET_TAG, CRYPTO_AEAD_TAG_SIZE, out + size) == 1)
        return ERR_OK;
    secret_wipe(out, size + CRYPTO_AEAD_TAG_SIZE);
    return crypto_failed(ERR_CRYPTO);
}

enum err crypto_aead_seal(struct crypto_aead_key *k, const uint8_t nonce[static CRYPTO_AEAD_NONCE_SIZE],
                          struct bytes ad, struct bytes plain, uint8_t *out)
{
    return crypto_aead_seal_parts(k, nonce, ad, &plain, 1, out);
}

enum err crypto_aead_unseal(struct crypto_aead_key *k, const uint8_t nonce[static CRYPTO_AEAD_NONCE_SIZE],
                            struct bytes ad, struct bytes sealed, uint8_t *out)
{
    uint8_t none[1];
    uint8_t tag[CRYPTO_AEAD_TAG_SIZE];
    int written;
    enum err e = ERR_CRYPTO;
    if (sealed.len < CRYPTO_AEAD_TAG_SIZE)
        return ERR_AUTH;
    const struct bytes body = bytes_of(sealed.ptr, sealed.len - CRYPTO_AEAD_TAG_SIZE);
    memcpy(tag, sealed.ptr + body.len, sizeof tag);
    if (aead_start(k, nonce, 0) &&
        EVP_CIPHER_CTX_ctrl(k->context, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
        aead_update(k->context, ad, NULL) && aead_update(k->context, body, out))
        e = EVP_CipherFinal_ex(k->context, none, &written) == 1 ? ERR_OK : ERR_AUTH;
    if (e == ERR_OK)
        return ERR_OK;
    secret_wipe(out, body.len);
    return crypto_failed(e);
}
