/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/x509.h"

#include "attest/x509_parts.h"

/* ---- object identifiers: content octets (X.690 section 8.19) ---- */

#define OID(name, ...)                                                                                       \
    static const uint8_t name##_octets[] = {__VA_ARGS__};                                                    \
    static const struct bytes name = {name##_octets, sizeof name##_octets}

OID(oid_rsassa_pss, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a); /* 1.2.840.113549.1.1.10 */
OID(oid_mgf1, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08);       /* 1.2.840.113549.1.1.8 */
OID(oid_sha384, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02);     /* 2.16.840.1.101.3.4.2.2 */
OID(oid_ecdsa_sha256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);     /* 1.2.840.10045.4.3.2 */
OID(oid_ecdsa_sha384, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03);     /* 1.2.840.10045.4.3.3 */
OID(oid_rsa_sha256, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b); /* 1.2.840.113549.1.1.11 */
OID(oid_rsa_sha384, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c); /* 1.2.840.113549.1.1.12 */
OID(oid_common_name, 0x55, 0x04, 0x03);                                    /* 2.5.4.3 */
OID(oid_subject_key_id, 0x55, 0x1d, 0x0e);                                 /* 2.5.29.14 */
OID(oid_key_usage, 0x55, 0x1d, 0x0f);                                      /* 2.5.29.15 */
OID(oid_basic_constraints, 0x55, 0x1d, 0x13);                              /* 2.5.29.19 */
OID(oid_crl_distribution, 0x55, 0x1d, 0x1f);                               /* 2.5.29.31 */
OID(oid_authority_key_id, 0x55, 0x1d, 0x23);                               /* 2.5.29.35 */
OID(oid_extended_key_usage, 0x55, 0x1d, 0x25);                             /* 2.5.29.37 */
/* 2.23.133.5.4.1, .4.1.1 and .4.4: what the TCG's DICE says of a device's firmware; attest/nv_chain.c reads it */
OID(oid_dice_identity, 0x67, 0x81, 0x05, 0x05, 0x04, 0x01);
OID(oid_dice_tcb_info, 0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01);
OID(oid_dice_ueid, 0x67, 0x81, 0x05, 0x05, 0x04, 0x04);
OID(oid_ocsp_signing, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09); /* 1.3.6.1.5.5.7.3.9 */

enum { VERSION_3 = 2, PSS_SALT_SIZE = 48, PSS_TRAILER_BC = 1, PATH_LENGTH_MAX = 255 };

static void malformed(struct reader *r)
{
    reader_fail(r, ERR_CERTIFICATE);
}

/* ---- AlgorithmIdentifier ---- */

/* RFC 4055 section 2.1: the parameters are NULL; verifiers also take their absence. */
static void sha384_read(struct reader *r)
{
    struct reader seq = der_open(r, DER_SEQUENCE);
    if (!bytes_equal(der_value(&seq, DER_OID), oid_sha384))
        malformed(&seq);
    if (der_peek(&seq, DER_NULL))
        der_null(&seq);
    der_close(r, &seq);
}

/* RSASSA-PSS-params, RFC 4055 section 3.1, with the one choice that AMD made. Its certificates for Milan and Genoa write out the trailer field's
 * default value, those for Turin leave it out. */
static void pss_params_read(struct reader *r)
{
    struct reader seq = der_open(r, DER_SEQUENCE);
    struct reader hash = der_open(&seq, DER_CONTEXT + 0);
    sha384_read(&hash);
    der_close(&seq, &hash);

    struct reader mask = der_open(&seq, DER_CONTEXT + 1);
    struct reader mgf = der_open(&mask, DER_SEQUENCE);
    if (!bytes_equal(der_value(&mgf, DER_OID), oid_mgf1))
        malformed(&mgf);
    sha384_read(&mgf);
    der_close(&mask, &mgf);
    der_close(&seq, &mask);

    struct reader salt = der_open(&seq, DER_CONTEXT + 2);
    if (der_uint(&salt, UINT64_MAX) != PSS_SALT_SIZE)
        malformed(&salt);
    der_close(&seq, &salt);

    if (der_peek(&seq, DER_CONTEXT + 3)) {
        struct reader trailer = der_open(&seq, DER_CONTEXT + 3);
        if (der_uint(&trailer, UINT64_MAX) != PSS_TRAILER_BC)
            malformed(&trailer);
        der_close(&seq, &trailer);
    }
    der_close(r, &seq);
}

/* What is not known fails with ERR_UNKNOWN. */
static enum x509_algorithm algorithm_content_read(struct reader *r)
{
    enum x509_algorithm algorithm = X509_RSA_PSS_SHA384;
    struct reader seq = der_open(r, DER_SEQUENCE);
    struct bytes oid = der_value(&seq, DER_OID);
    if (bytes_equal(oid, oid_rsassa_pss))
        pss_params_read(&seq);
    else if (bytes_equal(oid, oid_ecdsa_sha256))
        algorithm = X509_ECDSA_SHA256; /* RFC 5758 section 3.2: no parameters */
    else if (bytes_equal(oid, oid_ecdsa_sha384))
        algorithm = X509_ECDSA_SHA384;
    else if (bytes_equal(oid, oid_rsa_sha256) || bytes_equal(oid, oid_rsa_sha384)) {
        algorithm = bytes_equal(oid, oid_rsa_sha256) ? X509_RSA_PKCS1_SHA256 : X509_RSA_PKCS1_SHA384;
        der_null(&seq); /* RFC 4055 section 5: the parameters must be NULL */
    } else
        reader_fail(&seq, ERR_UNKNOWN);
    if (reader_status(&seq) == ERR_UNKNOWN)
        reader_fail(r, ERR_UNKNOWN);
    der_close(r, &seq);
    return algorithm;
}

enum x509_algorithm x509_algorithm_read(struct reader *r, struct bytes *whole)
{
    struct reader start = *r;
    *whole = der_whole(r, DER_SEQUENCE);
    enum x509_algorithm algorithm = algorithm_content_read(&start);
    if (reader_status(r) == ERR_OK && reader_status(&start) != ERR_OK)
        reader_fail(r, start.failed);
    return algorithm;
}

/* ---- Name ---- */

static struct bytes string_read(struct reader *r)
{
    static const uint8_t types[] = {DER_UTF8_STRING, DER_PRINTABLE_STRING, DER_IA5_STRING};
    for (size_t i = 0; i < sizeof types; i++)
        if (der_peek(r, types[i]))
            return der_value(r, types[i]);
    malformed(r);
    return (struct bytes){0};
}

/* Relative names of one attribute each, and exactly one common name: so that nobody can be misled about which is meant. */
struct bytes x509_name_read(struct reader *r, struct bytes *common_name)
{
    struct reader start = *r;
    struct bytes whole = der_whole(r, DER_SEQUENCE);
    struct reader names = der_open(&start, DER_SEQUENCE);
    size_t found = 0;
    while (names.left > 0) {
        struct reader set = der_open(&names, DER_SET);
        struct reader attribute = der_open(&set, DER_SEQUENCE);
        struct bytes type = der_value(&attribute, DER_OID);
        struct bytes value = string_read(&attribute);
        der_close(&set, &attribute);
        der_close(&names, &set);
        if (bytes_equal(type, oid_common_name)) {
            *common_name = value;
            found++;
        }
    }
    der_close(r, &names);
    if (found != 1)
        malformed(r);
    return whole;
}

/* ---- extensions ---- */

/* RFC 5280 section 4.2.1.9. cA FALSE is the default and so not written. */
static void basic_constraints_read(struct reader *r, struct x509 *cert)
{
    struct reader seq = der_open(r, DER_SEQUENCE);
    if (der_peek(&seq, DER_BOOLEAN)) {
        cert->is_ca = der_bool(&seq);
        if (!cert->is_ca)
            malformed(&seq);
    }
    cert->has_path_length = cert->is_ca && der_peek(&seq, DER_INTEGER);
    if (cert->has_path_length)
        cert->path_length = (uint32_t)der_uint(&seq, PATH_LENGTH_MAX);
    der_close(r, &seq);
}

static void key_usage_read(struct reader *r, struct x509 *cert)
{
    cert->has_key_usage = true;
    cert->key_usage = der_flags(r);
}

/* RFC 5280 section 4.2.1.12. The one purpose that is known is signing OCSP responses (RFC 6960 section 4.2.2.2). */
static void extended_key_usage_read(struct reader *r, struct x509 *cert)
{
    struct reader seq = der_open(r, DER_SEQUENCE);
    cert->has_extended_usage = true;
    if (seq.left == 0)
        malformed(&seq);
    while (seq.left > 0)
        if (bytes_equal(der_value(&seq, DER_OID), oid_ocsp_signing))
            cert->ocsp_signing = true;
    der_close(r, &seq);
}

/* Says nothing that is used here: keys are found by name and signature, CRLs come with the bundle. */
static void informative_read(struct reader *r, struct x509 *cert)
{
    (void)cert;
    (void)reader_rest(r);
}

static const struct {
    const struct bytes *oid;
    void (*read)(struct reader *r, struct x509 *cert);
} standard_extensions[] = {
    {&oid_basic_constraints, basic_constraints_read},
    {&oid_key_usage, key_usage_read},
    {&oid_subject_key_id, informative_read},
    {&oid_authority_key_id, informative_read},
    {&oid_crl_distribution, informative_read},
    {&oid_extended_key_usage, extended_key_usage_read},
    {&oid_dice_identity, informative_read},
    {&oid_dice_tcb_info, informative_read},
    {&oid_dice_ueid, informative_read},
};

static void extension_read(struct reader *r, struct x509 *cert)
{
    const struct der_extension extension = der_extension(r);
    if (reader_status(r) != ERR_OK)
        return;
    if (cert->extension_count == X509_EXTENSIONS_MAX || x509_extension(cert, extension.oid) != NULL) {
        malformed(r);
        return;
    }
    cert->extensions[cert->extension_count++] = extension;

    for (size_t i = 0; i < sizeof standard_extensions / sizeof *standard_extensions; i++) {
        if (bytes_equal(extension.oid, *standard_extensions[i].oid)) {
            struct reader value = reader_over(extension.value);
            standard_extensions[i].read(&value, cert);
            der_close(r, &value);
            if (extension.critical && bytes_equal(extension.oid, oid_extended_key_usage) &&
                !cert->ocsp_signing) /* for a purpose that is not known */
                reader_fail(r, ERR_UNKNOWN);
            return;
        }
    }
    if (extension.critical)
        reader_fail(r, ERR_UNKNOWN);
}

static void extensions_read(struct reader *r, struct x509 *cert)
{
    struct reader outer = der_open(r, DER_CONTEXT + 3);
    struct reader list = der_open(&outer, DER_SEQUENCE);
    if (list.left == 0)
        malformed(&list);
    while (list.left > 0)
        extension_read(&list, cert);
    if (reader_status(&list) == ERR_UNKNOWN)
        reader_fail(r, ERR_UNKNOWN);
    der_close(&outer, &list);
    der_close(r, &outer);
}

/* ---- Certificate ---- */

struct bytes x509_serial_read(struct reader *r)
{
    struct bytes serial = der_big_uint(r);
    if (serial.len > X509_SERIAL_MAX + 1 || (serial.len == X509_SERIAL_MAX + 1 && serial.ptr[0] != 0))
        malformed(r);
    return serial;
}

static void validity_read(struct reader *r, struct x509 *cert)
{
    struct reader seq = der_open(r, DER_SEQUENCE);
    cert->not_before = der_time_any(&seq);
    cert->not_after = der_time_any(&seq);
    der_close(r, &seq);
}

/* RFC 5280 section 4.1: the parts of TBSCertificate in their order, each with the name for the note. */
static const char *tbs_read(struct reader *r, struct x509 *cert, struct bytes *algorithm)
{
    struct reader version = der_open(r, DER_CONTEXT + 0);
    if (der_uint(&version, UINT64_MAX) != VERSION_3)
        malformed(&version);
    der_close(r, &version);
    if (r->failed != ERR_OK)
        return "version";
    cert->serial = x509_serial_read(r);
    if (r->failed != ERR_OK)
        return "serialNumber";
    cert->algorithm = x509_algorithm_read(r, algorithm);
    if (r->failed != ERR_OK)
        return "signature";
    cert->issuer = x509_name_read(r, &cert->issuer_cn);
    if (r->failed != ERR_OK)
        return "issuer";
    validity_read(r, cert);
    if (r->failed != ERR_OK)
        return "validity";
    cert->subject = x509_name_read(r, &cert->subject_cn);
    if (r->failed != ERR_OK)
        return "subject";
    cert->spki = der_whole(r, DER_SEQUENCE);
    if (r->failed != ERR_OK)
        return "subjectPublicKeyInfo";
    extensions_read(r, cert);
    return "extensions";
}

enum err x509_parse(struct bytes der, struct x509 *cert, struct err_note *note)
{
    struct bytes algorithm = {0};
    memset(cert, 0, sizeof *cert);
    if (der.len > X509_SIZE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "certificate of %zu bytes, at most %d are taken", der.len,
                         X509_SIZE_MAX);
    struct reader r = reader_over(der);
    struct reader outer = der_open(&r, DER_SEQUENCE);
    if (reader_finish(&r) != ERR_OK)
        return err_noted(ERR_CERTIFICATE, note, "certificate: not one DER structure of %zu bytes", der.len);
    cert->der = der;

    struct reader start = outer;
    cert->tbs = der_whole(&outer, DER_SEQUENCE);
    struct reader tbs = der_open(&start, DER_SEQUENCE);
    const char *part = tbs_read(&tbs, cert, &algorithm);
    enum err e = reader_finish(&tbs);
    if (e != ERR_OK)
        return err_noted(e == ERR_UNKNOWN ? e : ERR_CERTIFICATE, note, "certificate.%s at 0x%zx: %s", part,
                         tbs.offset, err_text(e));

    /* RFC 5280 section 4.1.1.2: the same algorithm outside, where nothing is signed, as inside. */
    struct bytes outer_algorithm = der_whole(&outer, DER_SEQUENCE);
    if (!bytes_equal(outer_algorithm, algorithm))
        return err_noted(ERR_CERTIFICATE, note, "certificate.signatureAlgorithm: not the one that is signed");
    cert->signature = der_bits(&outer);
    if (reader_finish(&outer) != ERR_OK)
        return err_noted(ERR_CERTIFICATE, note, "certificate.signatureValue: malformed");
    return ERR_OK;
}

const struct der_extension *x509_extension(const struct x509 *cert, struct bytes oid)
{
    for (size_t i = 0; i < cert->extension_count; i++)
        if (bytes_equal(cert->extensions[i].oid, oid))
            return &cert->extensions[i];
    return NULL;
}

enum err x509_verify_signed(enum x509_algorithm algorithm, struct bytes tbs, struct bytes signature,
                            const struct crypto_public_key *key)
{
    switch (algorithm) {
    case X509_RSA_PSS_SHA384:
        return crypto_rsa_pss_verify(key, CRYPTO_SHA384, PSS_SALT_SIZE, tbs, signature);
    case X509_ECDSA_SHA256:
        return crypto_ecdsa_verify(key, CRYPTO_SHA256, tbs, signature);
    case X509_ECDSA_SHA384:
        return crypto_ecdsa_verify(key, CRYPTO_SHA384, tbs, signature);
    case X509_RSA_PKCS1_SHA256:
        return crypto_rsa_pkcs1_verify(key, CRYPTO_SHA256, tbs, signature);
    case X509_RSA_PKCS1_SHA384:
        return crypto_rsa_pkcs1_verify(key, CRYPTO_SHA384, tbs, signature);
    }
    return ERR_SIGNATURE;
}

enum err x509_verify(const struct x509 *cert, const struct crypto_public_key *issuer_key)
{
    return x509_verify_signed(cert->algorithm, cert->tbs, cert->signature, issuer_key);
}
