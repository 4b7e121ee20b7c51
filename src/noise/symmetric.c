/* SPDX-License-Identifier: Apache-2.0 */

/* The SymmetricState (section 5.2). */

#include "noise/symmetric.h"

#include "base/secret.h"

/* HKDF(chaining_key, input_key_material, 2), section 4.3. Outputs: HASHLEN bytes each; out1 may be ck. */
static enum err hkdf2(enum crypto_hash hash, const uint8_t *ck, struct bytes material, uint8_t *out1,
                      uint8_t *out2)
{
    static const uint8_t one = 0x01;
    static const uint8_t two = 0x02;
    uint8_t temp_key[NOISE_HASH_MAX];
    size_t len = crypto_hash_size(hash);

    enum err e = crypto_hmac(hash, bytes_of(ck, len), &material, 1, temp_key);
    if (e != ERR_OK)
        goto out;
    struct bytes first = bytes_of(&one, 1);
    e = crypto_hmac(hash, bytes_of(temp_key, len), &first, 1, out1);
    if (e != ERR_OK)
        goto out;
    struct bytes second[] = {bytes_of(out1, len), bytes_of(&two, 1)};
    e = crypto_hmac(hash, bytes_of(temp_key, len), second, 2, out2);
out:
    secret_wipe(temp_key, sizeof temp_key);
    return e;
}

enum err noise_symmetric_init(struct noise_symmetric *s, const struct noise_protocol *protocol,
                              const char *name)
{
    struct bytes text = bytes_str(name);
    s->hash = protocol->hash;
    s->aead = protocol->aead;
    s->hash_len = crypto_hash_size(protocol->hash);
    if (text.len <= s->hash_len) {
        memcpy(s->h, text.ptr, text.len); /* padded with the zeros that are there */
    } else {
        enum err e = crypto_hash_parts(s->hash, &text, 1, s->h);
        if (e != ERR_OK)
            return e;
    }
    memcpy(s->ck, s->h, s->hash_len);
    return ERR_OK;
}

void noise_symmetric_wipe(struct noise_symmetric *s)
{
    noise_cipher_wipe(&s->cipher);
    s->has_key = false;
    secret_wipe(s->ck, sizeof s->ck);
}

enum err noise_symmetric_mix_key(struct noise_symmetric *s, const uint8_t material[static NOISE_KEY_SIZE])
{
    uint8_t temp_k[NOISE_HASH_MAX];
    enum err e = hkdf2(s->hash, s->ck, bytes_of(material, NOISE_KEY_SIZE), s->ck, temp_k);
    if (e == ERR_OK) {
        /* "If HASHLEN is 64, then truncates temp_k to 32 bytes." */
        noise_cipher_init(&s->cipher, s->aead, temp_k);
        s->has_key = true;
    }
    secret_wipe(temp_k, sizeof temp_k);
    return e;
}

enum err noise_symmetric_mix_hash(struct noise_symmetric *s, struct bytes data)
{
    struct bytes parts[] = {bytes_of(s->h, s->hash_len), data};
    return crypto_hash_parts(s->hash, parts, 2, s->h);
}

size_t noise_symmetric_tag(const struct noise_symmetric *s)
{
    return s->has_key ? NOISE_TAG_SIZE : 0;
}

enum err noise_symmetric_encrypt(struct noise_symmetric *s, struct bytes plain, struct writer *w)
{
    size_t len = plain.len + noise_symmetric_tag(s);
    uint8_t *sealed = writer_reserve(w, len);
    if (sealed == NULL)
        return ERR_NO_SPACE;
    if (s->has_key) {
        enum err e = noise_cipher_encrypt(&s->cipher, bytes_of(s->h, s->hash_len), plain, sealed);
        if (e != ERR_OK)
            return e;
    } else if (len > 0) {
        memcpy(sealed, plain.ptr, len);
    }
    return noise_symmetric_mix_hash(s, bytes_of(sealed, len));
}

enum err noise_symmetric_decrypt(struct noise_symmetric *s, struct bytes sealed, uint8_t *out)
{
    if (sealed.len < noise_symmetric_tag(s))
        return ERR_NOISE_MESSAGE;
    if (s->has_key) {
        enum err e = noise_cipher_decrypt(&s->cipher, bytes_of(s->h, s->hash_len), sealed, out);
        if (e != ERR_OK)
            return e;
    } else if (sealed.len > 0) {
        memcpy(out, sealed.ptr, sealed.len);
    }
    return noise_symmetric_mix_hash(s, sealed);
}

enum err noise_symmetric_split(const struct noise_symmetric *s, uint8_t k1[static NOISE_KEY_SIZE],
                               uint8_t k2[static NOISE_KEY_SIZE])
{
    uint8_t temp_k1[NOISE_HASH_MAX];
    uint8_t temp_k2[NOISE_HASH_MAX];
    enum err e = hkdf2(s->hash, s->ck, bytes_of(NULL, 0), temp_k1, temp_k2);
    if (e == ERR_OK) {
        memcpy(k1, temp_k1, NOISE_KEY_SIZE);
        memcpy(k2, temp_k2, NOISE_KEY_SIZE);
    }
    secret_wipe(temp_k1, sizeof temp_k1);
    secret_wipe(temp_k2, sizeof temp_k2);
    return e;
}
