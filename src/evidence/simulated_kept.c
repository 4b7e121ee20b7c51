/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_kept.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/writer.h"

enum { KEY_DER_MAX = 4096 };

static const char label_certificate[] = "CERTIFICATE";
static const char label_key[] = "PRIVATE KEY";

/* The terminating NUL, which is not counted. */
static enum err text_finish(struct writer *w, size_t *len)
{
    struct bytes out;
    writer_u8(w, 0);
    enum err e = writer_finish(w, &out);
    *len = e == ERR_OK ? out.len - 1 : 0;
    return e;
}

static enum err key_write(struct writer *w, const struct crypto_private_key *key)
{
    size_t len;
    uint8_t *der = secret_alloc(KEY_DER_MAX);
    if (der == NULL)
        return ERR_MEMORY;
    enum err e = crypto_private_key_write(key, der, KEY_DER_MAX, &len);
    if (e == ERR_OK)
        e = encoding_pem_write(w, label_key, bytes_of(der, len));
    secret_free(der);
    return e;
}

enum err simulated_kept_write(const struct simulated_kept *kept, char *text, size_t size, size_t *len)
{
    struct writer w = writer_into(text, size);
    enum err e = ERR_OK;
    *len = 0;
    for (size_t i = 0; e == ERR_OK && i < kept->certificate_count; i++) {
        const struct simulated_der *c = kept->certificates[i];
        e = encoding_pem_write(&w, label_certificate, bytes_of(c->der, c->len));
    }
    for (size_t i = 0; e == ERR_OK && i < kept->key_count; i++)
        e = key_write(&w, *kept->keys[i].key);
    return e == ERR_OK ? text_finish(&w, len) : e;
}

/* ---- reading ---- */

static enum err key_read(struct bytes *text, enum crypto_key_kind kind, struct crypto_private_key **key)
{
    size_t len;
    uint8_t *der = secret_alloc(KEY_DER_MAX);
    if (der == NULL)
        return ERR_MEMORY;
    enum err e = encoding_pem_next(text, label_key, der, KEY_DER_MAX, &len);
    if (e == ERR_OK)
        e = crypto_private_key_read(kind, bytes_of(der, len), key);
    secret_free(der);
    return e;
}

enum err simulated_kept_read(struct bytes text, const struct simulated_kept *kept)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < kept->certificate_count; i++) {
        struct simulated_der *c = kept->certificates[i];
        e = encoding_pem_next(&text, label_certificate, c->der, sizeof c->der, &c->len);
    }
    for (size_t i = 0; e == ERR_OK && i < kept->key_count; i++)
        e = key_read(&text, kept->keys[i].kind, kept->keys[i].key);
    return e;
}
