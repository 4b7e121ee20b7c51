/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_certificate.h"

#include "evidence/der_writer.h"

#define CONTENT(array) bytes_of((array), sizeof(array))

/* The extensions' identifiers: 2.5.29.n, and AMD's arc 1.3.6.1.4.1.3704.1 (documents 57230 and 58369). */
static struct writer oid_of(unsigned name, uint8_t out[static SIMULATED_OID_MAX])
{
    static const uint8_t standard[] = {0x55, 0x1d};
    static const uint8_t amd[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01};
    static const uint8_t last[] = {
        [SIMULATED_EXTENSION_BASIC_CONSTRAINTS] = 19,
        [SIMULATED_EXTENSION_KEY_USAGE] = 15,
        [SIMULATED_EXTENSION_SUBJECT_KEY_ID] = 14,
        [SIMULATED_EXTENSION_AUTHORITY_KEY_ID] = 35,
        [SIMULATED_EXTENSION_CRL_DISTRIBUTION] = 31,
        [SIMULATED_EXTENSION_STRUCT_VERSION] = 1,
        [SIMULATED_EXTENSION_PRODUCT] = 2,
        [SIMULATED_EXTENSION_HWID] = 4,
        [SIMULATED_EXTENSION_SPL] = 3,
    };
    struct writer w = writer_into(out, SIMULATED_OID_MAX);
    writer_bytes(&w, name < SIMULATED_EXTENSION_STRUCT_VERSION ? CONTENT(standard) : CONTENT(amd));
    writer_u8(&w, last[name < SIMULATED_EXTENSION_SPL ? name : SIMULATED_EXTENSION_SPL]);
    if (name >= SIMULATED_EXTENSION_SPL)
        writer_u8(&w, (uint8_t)(name - SIMULATED_EXTENSION_SPL));
    return w;
}

/* ---- extensions as a list ---- */

bool simulated_extension_add(struct simulated_certificate *c, unsigned name, bool critical,
                             struct bytes value)
{
    if (c->extension_count == SIMULATED_EXTENSIONS_MAX || value.len > SIMULATED_VALUE_MAX)
        return false;
    struct simulated_extension *x = &c->extensions[c->extension_count++];
    *x = (struct simulated_extension){.critical = critical, .value_len = value.len};
    x->oid_len = oid_of(name, x->oid).used;
    memcpy(x->value, value.ptr, value.len);
    return true;
}

struct simulated_extension *simulated_extension_find(struct simulated_certificate *c, unsigned name)
{
    uint8_t oid[SIMULATED_OID_MAX];
    size_t len = oid_of(name, oid).used;
    for (size_t i = 0; i < c->extension_count; i++)
        if (bytes_equal(bytes_of(c->extensions[i].oid, c->extensions[i].oid_len), bytes_of(oid, len)))
            return &c->extensions[i];
    return NULL;
}

/* ---- the parts of a certificate ---- */

/* Intel's: 1.2.840.113741.1.13.1. */
static void sgx_extension_write(struct writer *w, struct bytes value)
{
    static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
    if (value.len == 0)
        return;
    size_t one = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid));
    der_put(w, DER_OCTET_STRING, value);
    der_end(w, one);
}

static void extensions_write(struct writer *w, const struct simulated_certificate *c)
{
    static const uint8_t true_octet = 0xff;
    if (c->extension_count == 0 && c->sgx_extension.len == 0)
        return;
    size_t outer = der_begin(w, DER_CONTEXT + 3);
    size_t list = der_begin(w, DER_SEQUENCE);
    for (size_t i = 0; i < c->extension_count; i++) {
        const struct simulated_extension *x = &c->extensions[i];
        size_t one = der_begin(w, DER_SEQUENCE);
        der_put(w, DER_OID, bytes_of(x->oid, x->oid_len));
        if (x->critical)
            der_put(w, DER_BOOLEAN, bytes_of(&true_octet, 1));
        der_put(w, DER_OCTET_STRING, bytes_of(x->value, x->value_len));
        der_end(w, one);
    }
    sgx_extension_write(w, c->sgx_extension);
    der_end(w, list);
    der_end(w, outer);
}

/* RFC 5280 section 4.1: TBSCertificate. */
static void tbs_write(struct writer *w, const struct simulated_certificate *c)
{
    size_t tbs = der_begin(w, DER_SEQUENCE);
    size_t version = der_begin(w, DER_CONTEXT + 0);
    der_put_uint(w, c->version);
    der_end(w, version);
    der_put_uint(w, c->serial);
    c->maker->algorithm_write(w, c->salt_size);
    simulated_name_write(w, c->maker, c->issuer_cn);
    size_t validity = der_begin(w, DER_SEQUENCE);
    der_put_time(w, c->not_before);
    der_put_time(w, c->not_after);
    der_end(w, validity);
    simulated_name_write(w, c->maker, c->subject_cn);
    writer_bytes(w, bytes_of(c->spki, c->spki_len));
    extensions_write(w, c);
    der_end(w, tbs);
}

/* SEQUENCE { what is signed, AlgorithmIdentifier, BIT STRING }. */
static enum err signed_write(const struct simulated_maker *maker, struct bytes tbs, unsigned salt_size,
                             const struct crypto_private_key *signer, uint8_t *der, size_t size, size_t *len)
{
    uint8_t signature[SIMULATED_SIGNATURE_MAX];
    size_t signature_len;
    struct bytes out;
    *len = 0;
    enum err e = maker->sign(signer, salt_size, tbs, signature, &signature_len);
    if (e != ERR_OK)
        return e;
    struct writer w = writer_into(der, size);
    size_t outer = der_begin(&w, DER_SEQUENCE);
    writer_bytes(&w, tbs);
    maker->algorithm_write(&w, salt_size);
    der_put_bits(&w, bytes_of(signature, signature_len));
    der_end(&w, outer);
    e = writer_finish(&w, &out);
    *len = out.len;
    return e;
}

enum err simulated_certificate_sign(const struct simulated_certificate *c,
                                    const struct crypto_private_key *signer, uint8_t *der, size_t size,
                                    size_t *len)
{
    uint8_t buffer[SIMULATED_CERTIFICATE_MAX * 2];
    struct bytes tbs;
    struct writer w = writer_into(buffer, sizeof buffer);
    *len = 0;
    tbs_write(&w, c);
    enum err e = writer_finish(&w, &tbs);
    return e == ERR_OK ? signed_write(c->maker, tbs, c->salt_size, signer, der, size, len) : e;
}

enum err simulated_list_sign(const struct simulated_list *list, const struct crypto_private_key *signer,
                             uint8_t *der, size_t size, size_t *len)
{
    enum { VERSION_2 = 1, SALT_SIZE = 48 };
    static const uint8_t oid_crl_number[] = {0x55, 0x1d, 0x14};
    uint8_t buffer[SIMULATED_CERTIFICATE_MAX];
    struct bytes tbs;
    struct writer w = writer_into(buffer, sizeof buffer);
    *len = 0;
    /* RFC 5280 section 5.1: TBSCertList. */
    size_t whole = der_begin(&w, DER_SEQUENCE);
    der_put_uint(&w, VERSION_2);
    list->maker->algorithm_write(&w, SALT_SIZE);
    simulated_name_write(&w, list->maker, list->issuer_cn);
    der_put_time(&w, list->this_update);
    der_put_time(&w, list->next_update);
    size_t outer = der_begin(&w, DER_CONTEXT + 0);
    size_t all = der_begin(&w, DER_SEQUENCE);
    size_t one = der_begin(&w, DER_SEQUENCE);
    der_put(&w, DER_OID, CONTENT(oid_crl_number));
    size_t value = der_begin(&w, DER_OCTET_STRING);
    der_put_uint(&w, list->number);
    der_end(&w, value);
    der_end(&w, one);
    der_end(&w, all);
    der_end(&w, outer);
    der_end(&w, whole);
    enum err e = writer_finish(&w, &tbs);
    return e == ERR_OK ? signed_write(list->maker, tbs, SALT_SIZE, signer, der, size, len) : e;
}

enum err simulated_certificate_key(struct simulated_certificate *c, const struct crypto_private_key *key)
{
    return crypto_private_key_spki(key, c->spki, sizeof c->spki, &c->spki_len);
}

enum err simulated_key_id(const struct simulated_certificate *c, uint8_t id[static SIMULATED_KEY_ID_SIZE])
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    const struct bytes spki = bytes_of(c->spki, c->spki_len);
    enum err e = crypto_hash_parts(CRYPTO_SHA256, &spki, 1, digest);
    if (e == ERR_OK)
        memcpy(id, digest, SIMULATED_KEY_ID_SIZE);
    return e;
}
