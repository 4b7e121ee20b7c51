/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up chain as text: three certificates and three private keys in the order ARK, ASK, VCEK, as PEM (RFC 7468). */
#include <stdio.h>

#include "attest/x509.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"
#include "evidence/simulated_chain_internal.h"

enum { KEY_DER_MAX = 4096, ASK_PREFIX_LEN = 4 /* "SEV-" */ };

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

enum err simulated_certificate_pem(const struct simulated_der *certificate, char *text, size_t size,
                                   size_t *len)
{
    struct writer w = writer_into(text, size);
    *len = 0;
    enum err e = encoding_pem_write(&w, label_certificate, bytes_of(certificate->der, certificate->len));
    return e == ERR_OK ? text_finish(&w, len) : e;
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

enum err simulated_chain_write(const struct simulated_chain *chain, char *text, size_t size, size_t *len)
{
    const struct simulated_der *const certificates[] = {&chain->ark_der, &chain->ask_der, &chain->vcek_der};
    const struct crypto_private_key *const keys[] = {chain->ark_key, chain->ask_key, chain->vcek_key};
    struct writer w = writer_into(text, size);
    enum err e = ERR_OK;
    *len = 0;
    for (size_t i = 0; e == ERR_OK && i < 3; i++)
        e = encoding_pem_write(&w, label_certificate, bytes_of(certificates[i]->der, certificates[i]->len));
    for (size_t i = 0; e == ERR_OK && i < 3; i++)
        e = key_write(&w, keys[i]);
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

/* What the chip is, from its certificate: product, HWID and the start of validity. */
static enum err identity_read(struct simulated_chain *chain, int64_t *start)
{
    static const uint8_t hwid[] = {0x2b, 0x06, 0x01, 0x04, 0x01,
                                   0x9c, 0x78, 0x01, 0x04}; /* 1.3.6.1.4.1.3704.1.4 */
    struct x509 vcek;
    enum err e = x509_parse(bytes_of(chain->vcek_der.der, chain->vcek_der.len), &vcek, NULL);
    if (e != ERR_OK)
        return e;
    const struct x509_extension *x = x509_extension(&vcek, bytes_of(hwid, sizeof hwid));
    if (x == NULL || x->value.len > sizeof chain->chip_id || vcek.issuer_cn.len <= ASK_PREFIX_LEN ||
        vcek.issuer_cn.len - ASK_PREFIX_LEN >= sizeof chain->product)
        return ERR_CERTIFICATE;
    struct reader cn = reader_over(vcek.issuer_cn);
    (void)reader_bytes(&cn, ASK_PREFIX_LEN);
    struct bytes product = reader_rest(&cn);
    memcpy(chain->product, product.ptr, product.len);
    memcpy(chain->chip_id, x->value.ptr, x->value.len);
    *start = vcek.not_before;
    return ERR_OK;
}

enum err simulated_chain_read(struct bytes text, struct simulated_chain **out)
{
    int64_t start = 0;
    enum err e = ERR_OK;
    *out = NULL;
    struct simulated_chain *chain = secret_alloc(sizeof *chain);
    if (chain == NULL)
        return ERR_MEMORY;
    struct simulated_der *const certificates[] = {&chain->ark_der, &chain->ask_der, &chain->vcek_der};
    for (size_t i = 0; e == ERR_OK && i < 3; i++)
        e = encoding_pem_next(&text, label_certificate, certificates[i]->der, sizeof certificates[i]->der,
                              &certificates[i]->len);
    if (e == ERR_OK)
        e = key_read(&text, CRYPTO_KEY_RSA, &chain->ark_key);
    if (e == ERR_OK)
        e = key_read(&text, CRYPTO_KEY_RSA, &chain->ask_key);
    if (e == ERR_OK)
        e = key_read(&text, CRYPTO_KEY_P384, &chain->vcek_key);
    if (e == ERR_OK)
        e = identity_read(chain, &start);
    if (e == ERR_OK)
        e = simulated_chain_fields(chain, start);
    if (e == ERR_OK)
        *out = chain;
    else
        simulated_chain_free(chain);
    return e;
}
