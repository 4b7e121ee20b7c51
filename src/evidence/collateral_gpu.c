/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_gpu.h"

#include "attest/der.h"
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/writer.h"

/* ---- times ---- */

enum { UTC_TIME_LEN = 13, CENTURY_LEN = 2, YEAR_GENERALIZED = 50 /* 2050 */ };

/* GeneralizedTime of any year of this century and later: OCSP has no other (RFC 6960), and NVIDIA's certificates have it too. der_time takes it for years
 * from 2050 on alone (RFC 5280); 20YYMMDDHHMMSSZ before that is the UTCTime of the same second behind its first two digits. */
static int64_t generalized_time(struct reader *r)
{
    uint8_t utc[2 + UTC_TIME_LEN] = {DER_UTC_TIME, UTC_TIME_LEN};
    struct reader look = *r;
    struct reader text = reader_over(der_value(&look, DER_GENERALIZED_TIME));
    bool is_2000s = bytes_is_str(reader_bytes(&text, CENTURY_LEN), "20");
    struct reader year = text;
    if (!der_peek(r, DER_GENERALIZED_TIME)) {
        reader_fail(r, ERR_VALUE);
        return 0;
    }
    if (!is_2000s || reader_u8(&year) >= '0' + YEAR_GENERALIZED / 10)
        return der_time(r);
    *r = look;
    reader_copy(&text, utc + 2, UTC_TIME_LEN);
    struct reader as_utc = reader_over(bytes_of(utc, sizeof utc));
    int64_t seconds = der_time(&as_utc);
    if (reader_finish(&text) != ERR_OK || reader_finish(&as_utc) != ERR_OK)
        reader_fail(r, ERR_VALUE);
    return seconds;
}

static int64_t time_of(struct reader *r)
{
    return der_peek(r, DER_GENERALIZED_TIME) ? generalized_time(r) : der_time(r);
}

/* ---- reference integrity manifests ---- */

enum { RIM_CERTIFICATES_MAX = 8, RIM_VERSION_MAX = 64 };

/* Moves r behind the next occurrence of text; what stands before it in *before. */
static bool find(struct reader *r, const char *text, struct bytes *before)
{
    struct bytes wanted = bytes_str(text);
    struct reader at = *r;
    for (; at.left >= wanted.len; (void)reader_u8(&at)) {
        struct reader look = at;
        if (!bytes_equal(reader_bytes(&look, wanted.len), wanted))
            continue;
        *before = reader_bytes(r, r->left - at.left);
        *r = look;
        return true;
    }
    return false;
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

/* Does the identifier end in "_" and the version, with its dots or without? "NV_GPU_DRIVER_GH100_550.144.03", "NV_GPU_VBIOS_1010_0200_882_96005E0001". */
static bool id_ends_in(const char *id, struct bytes version)
{
    size_t at = strlen(id);
    for (size_t i = version.len; i > 0; i--) {
        struct reader r = reader_over(version);
        (void)reader_bytes(&r, i - 1);
        uint8_t c = reader_u8(&r);
        if (at == 0)
            return false;
        if (upper((uint8_t)id[at - 1]) == upper(c))
            at--;
        else if (c != '.')
            return false;
    }
    return version.len > 0 && at > 0 && id[at - 1] == '_';
}

static enum err rim_version(const struct collateral_key *key, struct bytes document, struct err_note *note)
{
    struct reader r = reader_over(document);
    struct bytes before;
    struct bytes version;
    if (!find(&r, "<SoftwareIdentity", &before) || !find(&r, "colloquialVersion=\"", &before) ||
        !find(&r, "\"", &version) || version.len == 0 || version.len > RIM_VERSION_MAX)
        return err_noted(ERR_VALUE, note, "it is not a reference integrity manifest with a version");
    if (!id_ends_in(key->id, version))
        return err_noted(ERR_REFUSED, note, "it is of another version than %s", key->id);
    return ERR_OK;
}

/* The end of a certificate's validity (RFC 5280 section 4.1.2.5). No more of it is read here than that needs. */
static enum err certificate_end(struct bytes der, int64_t *end)
{
    struct reader r = reader_over(der);
    struct reader certificate = der_open(&r, DER_SEQUENCE);
    struct reader tbs = der_open(&certificate, DER_SEQUENCE);
    (void)der_value(&tbs, DER_CONTEXT);  /* version */
    (void)der_value(&tbs, DER_INTEGER);  /* serial number */
    (void)der_value(&tbs, DER_SEQUENCE); /* signature algorithm */
    (void)der_value(&tbs, DER_SEQUENCE); /* issuer */
    struct reader validity = der_open(&tbs, DER_SEQUENCE);
    (void)time_of(&validity);
    *end = time_of(&validity);
    der_close(&tbs, &validity);
    return reader_status(&tbs);
}

/* The base64 of a certificate, which XML breaks into lines. */
static enum err rim_certificate(struct bytes text, int64_t *expires, struct err_note *note)
{
    uint8_t packed[2 * X509_SIZE_MAX];
    uint8_t der[X509_SIZE_MAX];
    struct writer w = writer_into(packed, sizeof packed);
    struct bytes base64;
    int64_t end = 0;
    size_t len;
    for (struct reader r = reader_over(text); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            writer_u8(&w, c);
    }
    enum err e = writer_finish(&w, &base64);
    if (e == ERR_OK)
        e = encoding_unbase64(base64, der, sizeof der, &len);
    if (e != ERR_OK)
        return err_noted(e, note, "a certificate in it is not base64");
    e = certificate_end(bytes_of(der, len), &end);
    if (e != ERR_OK)
        return err_noted(ERR_CERTIFICATE, note, "a certificate in it is malformed: %s", err_text(e));
    if (end < *expires)
        *expires = end;
    return ERR_OK;
}

static enum err rim_certificates(struct bytes document, int64_t *expires, struct err_note *note)
{
    struct reader r = reader_over(document);
    struct bytes before;
    struct bytes text;
    size_t count = 0;
    while (find(&r, "X509Certificate>", &before)) {
        if (++count > RIM_CERTIFICATES_MAX)
            return err_noted(ERR_TOO_LARGE, note, "more than %d certificates", RIM_CERTIFICATES_MAX);
        if (!find(&r, "</", &text) || !find(&r, "X509Certificate>", &before))
            return err_noted(ERR_VALUE, note, "a certificate without an end");
        enum err e = rim_certificate(text, expires, note);
        if (e != ERR_OK)
            return e;
    }
    return count > 0 ? ERR_OK : err_noted(ERR_VALUE, note, "a manifest without certificates");
}

enum err collateral_check_rim(const struct collateral_key *key, const struct collateral_subject *subject,
                              struct bytes document, int64_t now, int64_t *expires, struct err_note *note)
{
    (void)subject;
    (void)now;
    enum err e = rim_version(key, document, note);
    return e == ERR_OK ? rim_certificates(document, expires, note) : e;
}

/* ---- OCSP ---- */

enum {
    OCSP_GOOD = 0x80,    /* [0] IMPLICIT NULL */
    OCSP_REVOKED = 0xa1, /* [1] IMPLICIT RevokedInfo */
    OCSP_UNKNOWN = 0x82, /* [2] IMPLICIT NULL */
};

/* id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1 */
static const uint8_t ocsp_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};

struct ocsp {
    struct bytes serial;
    int64_t this_update;
    int64_t next_update; /* 0: none */
};

static void single_read(struct reader *r, struct ocsp *o)
{
    struct reader single = der_open(r, DER_SEQUENCE);
    struct reader id = der_open(&single, DER_SEQUENCE);
    (void)der_value(&id, DER_SEQUENCE); /* hash algorithm */
    (void)der_value(&id, DER_OCTET_STRING);
    (void)der_value(&id, DER_OCTET_STRING);
    o->serial = der_big_uint(&id);
    der_close(&single, &id);
    uint8_t status = der_peek(&single, OCSP_GOOD)      ? OCSP_GOOD
                     : der_peek(&single, OCSP_REVOKED) ? OCSP_REVOKED
                                                       : OCSP_UNKNOWN;
    (void)der_value(&single, status);
    o->this_update = generalized_time(&single);
    if (der_peek(&single, DER_CONTEXT)) {
        struct reader next = der_open(&single, DER_CONTEXT);
        o->next_update = generalized_time(&next);
        der_close(&single, &next);
    }
    if (der_peek(&single, DER_CONTEXT + 1))
        (void)der_value(&single, DER_CONTEXT + 1);
    der_close(r, &single);
}

static void response_data_read(struct reader *r, struct ocsp *o)
{
    struct reader data = der_open(r, DER_SEQUENCE);
    if (der_peek(&data, DER_CONTEXT))
        (void)der_value(&data, DER_CONTEXT); /* version */
    (void)der_value(&data,
                    der_peek(&data, DER_CONTEXT + 1) ? DER_CONTEXT + 1 : DER_CONTEXT + 2); /* responder */
    (void)generalized_time(&data);
    struct reader responses = der_open(&data, DER_SEQUENCE);
    single_read(&responses, o);
    der_close(&data, &responses); /* one, no more */
    if (der_peek(&data, DER_CONTEXT + 1))
        (void)der_value(&data, DER_CONTEXT + 1);
    der_close(r, &data);
}

static void basic_read(struct bytes octets, struct reader *outer, struct ocsp *o)
{
    struct reader r = reader_over(octets);
    struct reader basic = der_open(&r, DER_SEQUENCE);
    response_data_read(&basic, o);
    (void)der_value(&basic, DER_SEQUENCE); /* signature algorithm */
    (void)der_bits(&basic);
    if (der_peek(&basic, DER_CONTEXT))
        (void)der_value(&basic, DER_CONTEXT); /* certificates */
    der_close(&r, &basic);
    if (reader_finish(&r) != ERR_OK)
        reader_fail(outer, ERR_VALUE);
}

static enum err ocsp_parse(struct bytes document, struct ocsp *o, struct err_note *note)
{
    struct reader r = reader_over(document);
    struct reader response = der_open(&r, DER_SEQUENCE);
    struct bytes status = der_value(&response, DER_ENUMERATED);
    static const uint8_t successful[] = {0};
    if (reader_status(&response) == ERR_OK && !bytes_equal(status, bytes_of(successful, sizeof successful)))
        return err_noted(ERR_REFUSED, note, "the OCSP responder did not answer");
    struct reader outer = der_open(&response, DER_CONTEXT);
    struct reader typed = der_open(&outer, DER_SEQUENCE);
    if (!bytes_equal(der_value(&typed, DER_OID), bytes_of(ocsp_basic, sizeof ocsp_basic)))
        reader_fail(&typed, ERR_UNKNOWN);
    basic_read(der_value(&typed, DER_OCTET_STRING), &typed, o);
    der_close(&outer, &typed);
    der_close(&response, &outer);
    der_close(&r, &response);
    enum err e = reader_finish(&r);
    return e == ERR_OK ? e : err_noted(e, note, "it is not an OCSP response about one certificate");
}

enum err collateral_check_ocsp(const struct collateral_key *key, const struct collateral_subject *subject,
                               struct bytes document, int64_t now, int64_t *expires, struct err_note *note)
{
    struct ocsp o = {0};
    (void)subject;
    enum err e = ocsp_parse(document, &o, note);
    if (e != ERR_OK)
        return e;
    if (!bytes_equal(o.serial, bytes_of(key->serial, key->serial_len)))
        return err_noted(ERR_REFUSED, note, "the OCSP response is about another certificate");
    if (o.next_update == 0)
        return err_noted(ERR_REFUSED, note, "the OCSP response does not say until when it is good");
    if (o.this_update > now)
        return err_noted(ERR_REFUSED, note, "the OCSP response is from the future");
    *expires = o.next_update;
    return ERR_OK;
}
