/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_maker.h"

#include "evidence/der_writer.h"

enum { TRAILER_BC = 1, P256_HALF = 32 };

/* ---- object identifiers: content octets (X.690 section 8.19) ---- */

static const uint8_t oid_rsassa_pss[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                         0x0d, 0x01, 0x01, 0x0a}; /* 1.2.840.113549.1.1.10 */
static const uint8_t oid_mgf1[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                   0x0d, 0x01, 0x01, 0x08}; /* 1.2.840.113549.1.1.8 */
static const uint8_t oid_sha384[] = {0x60, 0x86, 0x48, 0x01, 0x65,
                                     0x03, 0x04, 0x02, 0x02}; /* 2.16.840.1.101.3.4.2.2 */
static const uint8_t oid_ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce,
                                           0x3d, 0x04, 0x03, 0x02}; /* 1.2.840.10045.4.3.2 */
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_country[] = {0x55, 0x04, 0x06};
static const uint8_t oid_locality[] = {0x55, 0x04, 0x07};
static const uint8_t oid_state[] = {0x55, 0x04, 0x08};
static const uint8_t oid_organization[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_unit[] = {0x55, 0x04, 0x0b};

/* A constant expression, which bytes_of is not. */
#define OID(array)                                                                                           \
    {                                                                                                        \
        (array), sizeof(array)                                                                               \
    }
#define CONTENT(array) bytes_of((array), sizeof(array))

void simulated_name_write(struct writer *w, const struct simulated_maker *maker, const char *common_name)
{
    size_t name = der_begin(w, DER_SEQUENCE);
    for (size_t i = 0; i < SIMULATED_ATTRIBUTES_MAX && maker->name[i].oid.len != 0; i++) {
        const struct simulated_attribute *a = &maker->name[i];
        size_t set = der_begin(w, DER_SET);
        size_t attribute = der_begin(w, DER_SEQUENCE);
        der_put(w, DER_OID, a->oid);
        der_put(w, a->type, bytes_str(a->value != NULL ? a->value : common_name));
        der_end(w, attribute);
        der_end(w, set);
    }
    der_end(w, name);
}

/* ---- AMD ---- */

static void hash_write(struct writer *w)
{
    size_t seq = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid_sha384));
    der_put(w, DER_NULL, (struct bytes){0});
    der_end(w, seq);
}

/* RSASSA-PSS-params (RFC 4055 section 3.1), the trailer field written out as in AMD's certificates for Milan and Genoa. */
static void pss_write(struct writer *w, unsigned salt_size)
{
    size_t algorithm = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid_rsassa_pss));
    size_t params = der_begin(w, DER_SEQUENCE);

    size_t hash = der_begin(w, DER_CONTEXT + 0);
    hash_write(w);
    der_end(w, hash);

    size_t mask = der_begin(w, DER_CONTEXT + 1);
    size_t mgf = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid_mgf1));
    hash_write(w);
    der_end(w, mgf);
    der_end(w, mask);

    size_t salt = der_begin(w, DER_CONTEXT + 2);
    der_put_uint(w, salt_size);
    der_end(w, salt);

    size_t trailer = der_begin(w, DER_CONTEXT + 3);
    der_put_uint(w, TRAILER_BC);
    der_end(w, trailer);

    der_end(w, params);
    der_end(w, algorithm);
}

static enum err pss_sign(const struct crypto_private_key *signer, unsigned salt_size, struct bytes message,
                         uint8_t *signature, size_t *len)
{
    return crypto_rsa_pss_sign(signer, CRYPTO_SHA384, salt_size, message, signature, SIMULATED_SIGNATURE_MAX,
                               len);
}

const struct simulated_maker simulated_amd = {
    .name = {{OID(oid_unit), DER_UTF8_STRING, "Engineering"},
             {OID(oid_country), DER_PRINTABLE_STRING, "US"},
             {OID(oid_locality), DER_UTF8_STRING, "Santa Clara"},
             {OID(oid_state), DER_UTF8_STRING, "CA"},
             {OID(oid_organization), DER_UTF8_STRING, "Advanced Micro Devices"},
             {OID(oid_common_name), DER_UTF8_STRING, NULL}},
    .algorithm_write = pss_write,
    .sign = pss_sign,
};

/* ---- Intel ---- */

static void ecdsa_write(struct writer *w, unsigned salt_size)
{
    (void)salt_size;
    size_t seq = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, CONTENT(oid_ecdsa_sha256));
    der_end(w, seq);
}

/* Ecdsa-Sig-Value (RFC 3279 section 2.2.3). */
static enum err ecdsa_sign(const struct crypto_private_key *signer, unsigned salt_size, struct bytes message,
                           uint8_t *signature, size_t *len)
{
    uint8_t rs[2 * P256_HALF];
    struct bytes written;
    (void)salt_size;
    *len = 0;
    enum err e = crypto_ecdsa_sign_raw(signer, CRYPTO_SHA256, message, rs);
    if (e != ERR_OK)
        return e;
    struct writer w = writer_into(signature, SIMULATED_SIGNATURE_MAX);
    size_t seq = der_begin(&w, DER_SEQUENCE);
    der_put_big_uint(&w, bytes_of(rs, P256_HALF));
    der_put_big_uint(&w, bytes_of(rs + P256_HALF, P256_HALF));
    der_end(&w, seq);
    e = writer_finish(&w, &written);
    *len = written.len;
    return e;
}

/* Intel SGX PCK Certificate and Certificate Revocation List Profile Specification, sections 1.1 to 1.4. */
const struct simulated_maker simulated_intel = {
    .name = {{OID(oid_common_name), DER_UTF8_STRING, NULL},
             {OID(oid_organization), DER_UTF8_STRING, "Intel Corporation"},
             {OID(oid_locality), DER_UTF8_STRING, "Santa Clara"},
             {OID(oid_state), DER_UTF8_STRING, "CA"},
             {OID(oid_country), DER_PRINTABLE_STRING, "US"}},
    .algorithm_write = ecdsa_write,
    .sign = ecdsa_sign,
};
