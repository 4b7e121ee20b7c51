/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_nv_certificate.h"

#include "evidence/der_writer.h"

enum { VERSION_3 = 2, SPKI_MAX = 256, RAW_SIZE = 96, HALF = RAW_SIZE / 2, VALUE_MAX = 512 };

static const uint8_t oid_ecdsa_sha384[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
static const uint8_t oid_sha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_organization[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_extended_key_usage[] = {0x55, 0x1d, 0x25};
static const uint8_t oid_ocsp_signing[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09};
static const uint8_t oid_identity[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01}; /* of either form */

#define CONTENT(array) bytes_of((array), sizeof(array))

/* ---- the signature ---- */

static void algorithm_write(struct writer *w)
{
    size_t seq = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid_ecdsa_sha384));
    der_end(w, seq);
}

enum err simulated_nv_signature_write(struct writer *w, const struct crypto_private_key *signer,
                                      struct bytes message)
{
    uint8_t raw[RAW_SIZE];
    uint8_t buffer[RAW_SIZE + 16];
    struct bytes pair;
    enum err e = crypto_ecdsa_sign_raw(signer, CRYPTO_SHA384, message, raw);
    if (e != ERR_OK)
        return e;
    struct writer value = writer_into(buffer, sizeof buffer);
    size_t seq = der_begin(&value, DER_SEQUENCE);
    der_put_big_uint(&value, bytes_of(raw, HALF));
    der_put_big_uint(&value, bytes_of(raw + HALF, HALF));
    der_end(&value, seq);
    e = writer_finish(&value, &pair);
    algorithm_write(w);
    der_put_bits(w, pair);
    return e;
}

/* ---- extensions ---- */

static void extension_write(struct writer *w, struct bytes oid, bool critical, const struct writer *value)
{
    static const uint8_t true_octet = 0xff;
    size_t seq = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, oid);
    if (critical)
        der_put(w, DER_BOOLEAN, bytes_of(&true_octet, 1));
    der_put(w, DER_OCTET_STRING, bytes_of(value->start, value->used));
    der_end(w, seq);
    w->failed = w->failed || value->failed;
}

static void basic_constraints_write(struct writer *w, const struct simulated_nv_certificate *c)
{
    static const uint8_t true_octet = 0xff;
    uint8_t buffer[VALUE_MAX];
    struct writer value = writer_into(buffer, sizeof buffer);
    size_t seq = der_begin(&value, DER_SEQUENCE);
    if (c->is_ca)
        der_put(&value, DER_BOOLEAN, bytes_of(&true_octet, 1));
    if (c->is_ca && c->path_length != SIMULATED_NV_NO_LIMIT)
        der_put_uint(&value, (uint64_t)c->path_length);
    der_end(&value, seq);
    extension_write(w, CONTENT(oid_basic_constraints), true, &value);
}

static void key_usage_write(struct writer *w, const struct simulated_nv_certificate *c)
{
    uint8_t buffer[VALUE_MAX];
    struct writer value = writer_into(buffer, sizeof buffer);
    der_put_flags(&value, c->key_usage);
    extension_write(w, CONTENT(oid_key_usage), true, &value);
}

static void ocsp_signing_write(struct writer *w)
{
    uint8_t buffer[VALUE_MAX];
    struct writer value = writer_into(buffer, sizeof buffer);
    size_t seq = der_begin(&value, DER_SEQUENCE);
    der_put(&value, DER_OID, CONTENT(oid_ocsp_signing));
    der_end(&value, seq);
    extension_write(w, CONTENT(oid_extended_key_usage), true, &value);
}

static void fwid_write(struct writer *w, const uint8_t fwid[static SIMULATED_NV_FWID_SIZE])
{
    size_t seq = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid_sha384));
    der_put(w, DER_OCTET_STRING, bytes_of(fwid, SIMULATED_NV_FWID_SIZE));
    der_end(w, seq);
}

static void composite_write(struct writer *w, const struct simulated_nv_certificate *c, struct bytes spki)
{
    uint8_t buffer[VALUE_MAX];
    struct writer value = writer_into(buffer, sizeof buffer);
    size_t seq = der_begin(&value, DER_SEQUENCE);
    der_put_uint(&value, 1);
    writer_bytes(&value, spki);
    fwid_write(&value, c->fwid);
    der_end(&value, seq);
    extension_write(w, CONTENT(oid_identity), false, &value);
}

/* vendor [0], model [1], fwids [6], flags [7] of the twelve members; the second firmware is none, and the flags have a fixed width, as on a Blackwell. */
static void tcb_info_write(struct writer *w, const struct simulated_nv_certificate *c)
{
    enum { VENDOR = 0x80, MODEL = 0x81, FWIDS = 0xa6, FLAGS = 0x87, FLAG_COUNT = 32, OCTET_BITS = 8 };
    static const uint8_t none[SIMULATED_NV_FWID_SIZE];
    uint8_t buffer[VALUE_MAX];
    struct writer value = writer_into(buffer, sizeof buffer);
    size_t seq = der_begin(&value, DER_SEQUENCE);
    der_put(&value, VENDOR, bytes_str("NVIDIA"));
    der_put(&value, MODEL, bytes_str("simulated"));
    size_t list = der_begin(&value, FWIDS);
    fwid_write(&value, c->fwid);
    fwid_write(&value, none);
    der_end(&value, list);
    if (c->tcb_flags != 0) {
        uint8_t bits[1 + FLAG_COUNT / OCTET_BITS] = {0};
        for (unsigned i = 0; i < FLAG_COUNT; i++)
            if ((c->tcb_flags >> i & 1U) != 0)
                bits[1 + i / OCTET_BITS] |= (uint8_t)(0x80U >> i % OCTET_BITS);
        der_put(&value, FLAGS, CONTENT(bits));
    }
    der_end(&value, seq);
    extension_write(w, CONTENT(oid_identity), false, &value);
}

static void extensions_write(struct writer *w, const struct simulated_nv_certificate *c, struct bytes spki)
{
    size_t outer = der_begin(w, DER_CONTEXT + 3);
    size_t list = der_begin(w, DER_SEQUENCE);
    basic_constraints_write(w, c);
    if (c->key_usage != 0)
        key_usage_write(w, c);
    if (c->ocsp_signing)
        ocsp_signing_write(w);
    if (c->fwid_form == SIMULATED_FWID_COMPOSITE)
        composite_write(w, c, spki);
    else if (c->fwid_form == SIMULATED_FWID_TCB_INFO)
        tcb_info_write(w, c);
    der_end(w, list);
    der_end(w, outer);
}

/* ---- the certificate ---- */

static void attribute_write(struct writer *w, struct bytes oid, const char *text)
{
    size_t set = der_begin(w, DER_SET);
    size_t attribute = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, oid);
    der_put(w, DER_UTF8_STRING, bytes_str(text));
    der_end(w, attribute);
    der_end(w, set);
}

static void name_write(struct writer *w, const char *common_name)
{
    size_t name = der_begin(w, DER_SEQUENCE);
    attribute_write(w, CONTENT(oid_common_name), common_name);
    attribute_write(w, CONTENT(oid_organization), "Simulated NVIDIA");
    der_end(w, name);
}

/* RFC 5280 section 4.1: TBSCertificate. */
static void tbs_write(struct writer *w, const struct simulated_nv_certificate *c, struct bytes spki)
{
    void (*time_write)(struct writer * w, int64_t seconds) =
        c->generalized_times ? der_put_generalized_time : der_put_time;
    size_t tbs = der_begin(w, DER_SEQUENCE);
    size_t version = der_begin(w, DER_CONTEXT + 0);
    der_put_uint(w, VERSION_3);
    der_end(w, version);
    der_put_uint(w, c->serial);
    algorithm_write(w);
    name_write(w, c->issuer_cn);
    size_t validity = der_begin(w, DER_SEQUENCE);
    time_write(w, c->not_before);
    time_write(w, c->not_after);
    der_end(w, validity);
    name_write(w, c->subject_cn);
    writer_bytes(w, spki);
    extensions_write(w, c, spki);
    der_end(w, tbs);
}

enum err simulated_nv_certificate_sign(const struct simulated_nv_certificate *c, struct simulated_nv_der *out)
{
    uint8_t spki[SPKI_MAX];
    uint8_t buffer[SIMULATED_NV_DER_MAX];
    size_t spki_len;
    struct bytes tbs;
    struct bytes whole;
    out->len = 0;
    enum err e = crypto_private_key_spki(c->key, spki, sizeof spki, &spki_len);
    if (e != ERR_OK)
        return e;
    struct writer w = writer_into(buffer, sizeof buffer);
    tbs_write(&w, c, bytes_of(spki, spki_len));
    e = writer_finish(&w, &tbs);
    if (e != ERR_OK)
        return e;
    w = writer_into(out->der, sizeof out->der);
    size_t outer = der_begin(&w, DER_SEQUENCE);
    writer_bytes(&w, tbs);
    e = simulated_nv_signature_write(&w, c->signer, tbs);
    der_end(&w, outer);
    if (e == ERR_OK)
        e = writer_finish(&w, &whole);
    out->len = e == ERR_OK ? whole.len : 0;
    return e;
}
