/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_ocsp.h"

#include "attest/x509.h"
#include "evidence/der_writer.h"

enum { KEY_HASH_SIZE = 20 };

static const uint8_t oid_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
static const uint8_t oid_nonce[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
static const uint8_t oid_sha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};

#define CONTENT(array) bytes_of((array), sizeof(array))

/* Section 4.1.1: CertID. */
static enum err certificate_id_write(struct writer *w, const struct simulated_ocsp *o,
                                     const struct x509 *issuer, const struct x509 *certificate)
{
    enum crypto_hash hash = o->sha256 ? CRYPTO_SHA256 : CRYPTO_SHA384;
    uint8_t name[CRYPTO_HASH_MAX];
    uint8_t key[CRYPTO_HASH_MAX];
    struct reader spki = reader_over(issuer->spki);
    struct reader seq = der_open(&spki, DER_SEQUENCE);
    (void)der_whole(&seq, DER_SEQUENCE);
    const struct bytes bits = der_bits(&seq);
    enum err e = crypto_hash_parts(hash, &issuer->subject, 1, name);
    if (e == ERR_OK)
        e = crypto_hash_parts(hash, &bits, 1, key);
    size_t id = der_begin(w, DER_SEQUENCE);
    size_t algorithm = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, o->sha256 ? CONTENT(oid_sha256) : CONTENT(oid_sha384));
    der_put(w, DER_NULL, (struct bytes){0});
    der_end(w, algorithm);
    der_put(w, DER_OCTET_STRING, bytes_of(name, crypto_hash_size(hash)));
    der_put(w, DER_OCTET_STRING, bytes_of(key, crypto_hash_size(hash)));
    der_put(w, DER_INTEGER, certificate->serial);
    der_end(w, id);
    return e;
}

static void status_write(struct writer *w, const struct simulated_ocsp *o)
{
    enum { GOOD = 0x80, REVOKED = 0xa1, UNKNOWN = 0x82 };
    if (o->status != SIMULATED_OCSP_REVOKED) {
        der_put(w, o->status == SIMULATED_OCSP_GOOD ? GOOD : UNKNOWN, (struct bytes){0});
        return;
    }
    size_t info = der_begin(w, REVOKED);
    der_put_generalized_time(w, o->this_update);
    if (o->reason != 0) {
        size_t outer = der_begin(w, DER_CONTEXT + 0);
        der_put(w, DER_ENUMERATED, bytes_of(&o->reason, 1));
        der_end(w, outer);
    }
    der_end(w, info);
}

static void nonce_write(struct writer *w, struct bytes nonce)
{
    size_t outer = der_begin(w, DER_CONTEXT + 1);
    size_t list = der_begin(w, DER_SEQUENCE);
    size_t one = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid_nonce));
    size_t value = der_begin(w, DER_OCTET_STRING);
    der_put(w, DER_OCTET_STRING, nonce);
    der_end(w, value);
    der_end(w, one);
    der_end(w, list);
    der_end(w, outer);
}

/* Section 4.2.1: ResponseData. */
static enum err data_write(struct writer *w, const struct simulated_ocsp *o, const struct x509 *issuer,
                           const struct x509 *certificate, const struct x509 *responder)
{
    static const uint8_t key_hash[KEY_HASH_SIZE];
    size_t data = der_begin(w, DER_SEQUENCE);
    size_t id = der_begin(w, o->by_key ? DER_CONTEXT + 2 : DER_CONTEXT + 1);
    if (o->by_key)
        der_put(w, DER_OCTET_STRING, CONTENT(key_hash));
    else
        writer_bytes(w, responder->subject);
    der_end(w, id);
    der_put_generalized_time(w, o->produced_at);
    size_t list = der_begin(w, DER_SEQUENCE);
    size_t one = der_begin(w, DER_SEQUENCE);
    enum err e = certificate_id_write(w, o, issuer, certificate);
    status_write(w, o);
    der_put_generalized_time(w, o->this_update);
    if (o->next_update != 0) {
        size_t outer = der_begin(w, DER_CONTEXT + 0);
        der_put_generalized_time(w, o->next_update);
        der_end(w, outer);
    }
    der_end(w, one);
    der_end(w, list);
    if (o->nonce.len != 0)
        nonce_write(w, o->nonce);
    der_end(w, data);
    return e;
}

static enum err basic_write(struct writer *w, const struct simulated_ocsp *o, struct bytes data)
{
    size_t basic = der_begin(w, DER_SEQUENCE);
    writer_bytes(w, data);
    enum err e = simulated_nv_signature_write(w, o->signer, data);
    if (o->responder.len != 0) {
        size_t outer = der_begin(w, DER_CONTEXT + 0);
        size_t list = der_begin(w, DER_SEQUENCE);
        writer_bytes(w, o->responder);
        der_end(w, list);
        der_end(w, outer);
    }
    der_end(w, basic);
    return e;
}

static void wrap(struct writer *w, uint8_t status, struct bytes basic)
{
    size_t whole = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_ENUMERATED, bytes_of(&status, 1));
    if (basic.len != 0) {
        size_t outer = der_begin(w, DER_CONTEXT + 0);
        size_t typed = der_begin(w, DER_SEQUENCE);
        der_put(w, DER_OID, CONTENT(oid_basic));
        der_put(w, DER_OCTET_STRING, basic);
        der_end(w, typed);
        der_end(w, outer);
    }
    der_end(w, whole);
}

enum err simulated_ocsp_sign(const struct simulated_ocsp *o, uint8_t *der, size_t size, size_t *len)
{
    uint8_t buffer[SIMULATED_OCSP_MAX];
    uint8_t basic_buffer[SIMULATED_OCSP_MAX];
    struct x509 issuer;
    struct x509 certificate;
    struct x509 responder;
    struct bytes data;
    struct bytes basic = {0};
    struct bytes whole;
    *len = 0;
    enum err e = x509_parse(o->issuer, &issuer, NULL);
    if (e == ERR_OK)
        e = x509_parse(o->certificate, &certificate, NULL);
    if (e == ERR_OK)
        e = x509_parse(o->responder.len != 0 ? o->responder : o->issuer, &responder, NULL);
    if (e != ERR_OK)
        return e;
    struct writer w = writer_into(buffer, sizeof buffer);
    e = data_write(&w, o, &issuer, &certificate, &responder);
    if (e == ERR_OK)
        e = writer_finish(&w, &data);
    w = writer_into(basic_buffer, sizeof basic_buffer);
    if (e == ERR_OK && o->error == 0)
        e = basic_write(&w, o, data);
    if (e == ERR_OK)
        e = writer_finish(&w, &basic);
    w = writer_into(der, size);
    wrap(&w, (uint8_t)o->error, basic);
    if (e == ERR_OK)
        e = writer_finish(&w, &whole);
    *len = e == ERR_OK ? whole.len : 0;
    return e;
}
