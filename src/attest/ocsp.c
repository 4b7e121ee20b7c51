/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/ocsp.h"

#include "attest/x509_parts.h"

#define OID(storage, name, ...)                                                                              \
    static const uint8_t name##_octets[] = {__VA_ARGS__};                                                    \
    storage const struct bytes name = {name##_octets, sizeof name##_octets}

OID(static, oid_basic, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01); /* 1.3.6.1.5.5.7.48.1.1 */
OID(, ocsp_oid_nonce, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02);  /* 1.3.6.1.5.5.7.48.1.2 */
OID(, ocsp_oid_sha256, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01);
OID(, ocsp_oid_sha384, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02);

enum {
    SUCCESSFUL = 0,
    STATUS_MAX = 6,
    REASON_MAX = 10,
    REASON_UNUSED = 7,
    VERSION_1 = 0,
    /* CHOICEs and tags of section 4.2.1, IMPLICIT where they are not 0xa0 + n */
    BY_NAME = 0xa1,
    BY_KEY = 0xa2,
    KEY_HASH_SIZE = 20,
    STATUS_GOOD = 0x80,
    STATUS_REVOKED = 0xa1,
    STATUS_UNKNOWN = 0x82,
};

static void malformed(struct reader *r)
{
    reader_fail(r, ERR_CERTIFICATE);
}

static void closed(struct reader *r, const struct reader *inner)
{
    if (reader_status(inner) == ERR_UNKNOWN)
        reader_fail(r, ERR_UNKNOWN);
    der_close(r, inner);
}

/* ---- extensions: of all of them the nonce is known ---- */

static void extension_read(struct reader *r, struct bytes *nonce)
{
    struct der_extension extension = der_extension(r);
    struct reader value = reader_over(extension.value);
    if (!bytes_equal(extension.oid, ocsp_oid_nonce)) {
        if (extension.critical)
            reader_fail(r, ERR_UNKNOWN);
        return;
    }
    if (nonce == NULL || nonce->len != 0) /* section 4.4.1: of the response, and once */
        malformed(r);
    else
        *nonce = der_value(&value, DER_OCTET_STRING);
    der_close(r, &value);
}

/* [1] EXPLICIT Extensions, when it is next. */
static void extensions_read(struct reader *r, struct bytes *nonce)
{
    if (!der_peek(r, DER_CONTEXT + 1))
        return;
    struct reader outer = der_open(r, DER_CONTEXT + 1);
    struct reader list = der_open(&outer, DER_SEQUENCE);
    if (list.left == 0)
        malformed(&list);
    while (list.left > 0)
        extension_read(&list, nonce);
    closed(&outer, &list);
    closed(r, &outer);
}

/* ---- SingleResponse, section 4.2.1 ---- */

static void certificate_id_read(struct reader *r, struct ocsp_certificate_id *id)
{
    struct reader seq = der_open(r, DER_SEQUENCE);
    struct reader algorithm = der_open(&seq, DER_SEQUENCE);
    id->hash = der_value(&algorithm, DER_OID);
    if (der_peek(&algorithm, DER_NULL))
        der_null(&algorithm);
    der_close(&seq, &algorithm);
    id->name_digest = der_value(&seq, DER_OCTET_STRING);
    id->key_digest = der_value(&seq, DER_OCTET_STRING);
    id->serial = x509_serial_read(&seq);
    der_close(r, &seq);
}

/* RevokedInfo: when, and why. */
static void revoked_read(struct reader *r, struct ocsp_answer *answer)
{
    struct reader seq = der_open(r, STATUS_REVOKED);
    (void)der_generalized_time(&seq);
    if (der_peek(&seq, DER_CONTEXT + 0)) {
        struct reader outer = der_open(&seq, DER_CONTEXT + 0);
        struct bytes reason = der_value(&outer, DER_ENUMERATED);
        if (reason.len != 1 || reason.ptr[0] > REASON_MAX || reason.ptr[0] == REASON_UNUSED)
            malformed(&outer);
        else
            answer->reason = reason.ptr[0];
        der_close(&seq, &outer);
    }
    der_close(r, &seq);
    answer->status = OCSP_REVOKED;
}

static void status_read(struct reader *r, struct ocsp_answer *answer)
{
    answer->reason = OCSP_REASON_NONE;
    if (der_peek(r, STATUS_REVOKED)) {
        revoked_read(r, answer);
        return;
    }
    answer->status = der_peek(r, STATUS_GOOD) ? OCSP_GOOD : OCSP_UNKNOWN;
    if (der_value(r, answer->status == OCSP_GOOD ? STATUS_GOOD : STATUS_UNKNOWN).len != 0)
        malformed(r);
}

void ocsp_answer_next(struct reader *r, struct ocsp_certificate_id *id, struct ocsp_answer *answer)
{
    struct reader seq = der_open(r, DER_SEQUENCE);
    certificate_id_read(&seq, id);
    status_read(&seq, answer);
    answer->this_update = der_generalized_time(&seq);
    answer->has_next_update = der_peek(&seq, DER_CONTEXT + 0);
    answer->next_update = 0;
    if (answer->has_next_update) {
        struct reader outer = der_open(&seq, DER_CONTEXT + 0);
        answer->next_update = der_generalized_time(&outer);
        der_close(&seq, &outer);
    }
    extensions_read(&seq, NULL);
    closed(r, &seq);
}

/* ---- ResponseData ---- */

static void responder_read(struct reader *r, struct ocsp_response *response)
{
    struct bytes common_name;
    bool by_name = der_peek(r, BY_NAME);
    struct reader outer = der_open(r, by_name ? BY_NAME : BY_KEY);
    if (by_name)
        response->responder_name = x509_name_read(&outer, &common_name);
    else if (der_value(&outer, DER_OCTET_STRING).len != KEY_HASH_SIZE)
        malformed(&outer);
    der_close(r, &outer);
}

static void answers_read(struct reader *r, struct ocsp_response *response)
{
    struct ocsp_certificate_id id;
    struct ocsp_answer answer;
    struct reader list = der_open(r, DER_SEQUENCE);
    struct reader all = list;
    response->answers = reader_rest(&all);
    if (list.left == 0)
        malformed(&list);
    while (list.left > 0)
        ocsp_answer_next(&list, &id, &answer);
    closed(r, &list);
}

static const char *data_read(struct reader *r, struct ocsp_response *response)
{
    if (der_peek(r, DER_CONTEXT + 0)) /* the one version is the default, and so not written */
        malformed(r);
    if (r->failed != ERR_OK)
        return "version";
    responder_read(r, response);
    if (r->failed != ERR_OK)
        return "responderID";
    response->produced_at = der_generalized_time(r);
    if (r->failed != ERR_OK)
        return "producedAt";
    answers_read(r, response);
    if (r->failed != ERR_OK)
        return "responses";
    extensions_read(r, &response->nonce);
    return "responseExtensions";
}

/* ---- BasicOCSPResponse ---- */

static void certificates_read(struct reader *r, struct ocsp_response *response)
{
    if (!der_peek(r, DER_CONTEXT + 0))
        return;
    struct reader outer = der_open(r, DER_CONTEXT + 0);
    struct reader list = der_open(&outer, DER_SEQUENCE);
    struct reader all = list;
    response->certificates = reader_rest(&all);
    while (list.left > 0)
        (void)der_whole(&list, DER_SEQUENCE);
    der_close(&outer, &list);
    der_close(r, &outer);
}

static const char *basic_read(struct reader *r, struct ocsp_response *response)
{
    struct bytes algorithm;
    struct reader start = *r;
    response->tbs = der_whole(r, DER_SEQUENCE);
    struct reader data = der_open(&start, DER_SEQUENCE);
    const char *part = data_read(&data, response);
    closed(r, &data);
    if (r->failed != ERR_OK)
        return part;
    response->algorithm = x509_algorithm_read(r, &algorithm);
    if (r->failed != ERR_OK)
        return "signatureAlgorithm";
    response->signature = der_bits(r);
    certificates_read(r, response);
    return "signature";
}

/* Section 4.2.1: OCSPResponse { responseStatus ENUMERATED, [0] EXPLICIT { responseType OID, response OCTET STRING } }. */
enum err ocsp_parse(struct bytes der, struct ocsp_response *response, struct err_note *note)
{
    memset(response, 0, sizeof *response);
    if (der.len > OCSP_SIZE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "OCSP response of %zu bytes, at most %d are taken", der.len,
                         OCSP_SIZE_MAX);
    struct reader r = reader_over(der);
    struct reader outer = der_open(&r, DER_SEQUENCE);
    struct bytes status = der_value(&outer, DER_ENUMERATED);
    if (reader_finish(&r) != ERR_OK || status.len != 1 || status.ptr[0] > STATUS_MAX)
        return err_noted(ERR_CERTIFICATE, note, "OCSP response: not one DER structure of %zu bytes", der.len);
    if (status.ptr[0] != SUCCESSFUL)
        return err_noted(ERR_REFUSED, note, "OCSP response: the responder gave the error %u", status.ptr[0]);
    struct reader context = der_open(&outer, DER_CONTEXT + 0);
    struct reader typed = der_open(&context, DER_SEQUENCE);
    struct bytes type = der_value(&typed, DER_OID);
    struct bytes content = der_value(&typed, DER_OCTET_STRING);
    der_close(&context, &typed);
    der_close(&outer, &context);
    if (reader_finish(&outer) != ERR_OK)
        return err_noted(ERR_CERTIFICATE, note, "OCSP response.responseBytes: malformed");
    if (!bytes_equal(type, oid_basic))
        return err_noted(ERR_UNKNOWN, note, "OCSP response.responseType: not the basic one");

    struct reader all = reader_over(content);
    struct reader basic = der_open(&all, DER_SEQUENCE);
    const char *part = basic_read(&basic, response);
    enum err e = reader_finish(&basic);
    if (e == ERR_OK)
        e = reader_finish(&all);
    if (e != ERR_OK)
        return err_noted(e == ERR_UNKNOWN ? e : ERR_CERTIFICATE, note, "OCSP response.%s: %s", part,
                         err_text(e));
    return ERR_OK;
}

/* ---- the questions ---- */

/* Section 4.1.1: the hash of the issuer's name, and of its key: the BIT STRING's octets. */
enum err ocsp_certificate_id_of(enum crypto_hash hash, const struct x509 *certificate,
                                const struct x509 *issuer, uint8_t room[static OCSP_ID_ROOM],
                                struct ocsp_certificate_id *id)
{
    const size_t size = crypto_hash_size(hash);
    if (hash != CRYPTO_SHA256 && hash != CRYPTO_SHA384)
        return ERR_VALUE;
    struct reader spki = reader_over(issuer->spki);
    struct reader seq = der_open(&spki, DER_SEQUENCE);
    (void)der_whole(&seq, DER_SEQUENCE);
    struct bytes key = der_bits(&seq);
    if (reader_finish(&seq) != ERR_OK)
        return ERR_CERTIFICATE;
    *id = (struct ocsp_certificate_id){.hash = hash == CRYPTO_SHA256 ? ocsp_oid_sha256 : ocsp_oid_sha384,
                                       .name_digest = bytes_of(room, size),
                                       .key_digest = bytes_of(room + size, size),
                                       .serial = certificate->serial};
    enum err e = crypto_hash_parts(hash, &issuer->subject, 1, room);
    return e == ERR_OK ? crypto_hash_parts(hash, &key, 1, room + size) : e;
}

static bool is_about(const struct ocsp_certificate_id *said, const struct x509 *certificate,
                     const struct x509 *issuer)
{
    uint8_t room[OCSP_ID_ROOM];
    struct ocsp_certificate_id wanted;
    const enum crypto_hash hash = bytes_equal(said->hash, ocsp_oid_sha256) ? CRYPTO_SHA256 : CRYPTO_SHA384;
    return ocsp_certificate_id_of(hash, certificate, issuer, room, &wanted) == ERR_OK &&
           bytes_equal(said->hash, wanted.hash) && bytes_equal(said->name_digest, wanted.name_digest) &&
           bytes_equal(said->key_digest, wanted.key_digest) && bytes_equal(said->serial, wanted.serial);
}

bool ocsp_answers(const struct ocsp_response *response, const struct x509 *certificate,
                  const struct x509 *issuer, struct ocsp_answer *answer)
{
    struct ocsp_certificate_id id;
    for (struct reader list = reader_over(response->answers); list.left > 0;) {
        ocsp_answer_next(&list, &id, answer);
        if (is_about(&id, certificate, issuer))
            return true;
    }
    return false;
}

static bool is_named(const struct ocsp_response *response, const struct x509 *responder)
{
    return response->responder_name.len == 0 || bytes_equal(response->responder_name, responder->subject);
}

/* Section 4.2.2.2: appointed by this issuer itself, for this purpose. Whether the appointment was revoked cannot be asked without end: it is short. */
static enum err check_appointed(const struct x509 *one, const struct x509 *issuer,
                                const struct crypto_public_key *issuer_key, int64_t now,
                                struct err_note *note)
{
    if (!bytes_equal(one->issuer, issuer->subject))
        return err_noted(ERR_CERTIFICATE, note, "the responder was appointed by another issuer");
    if (!one->ocsp_signing)
        return err_noted(ERR_CERTIFICATE, note, "the responder's certificate is not for signing responses");
    if (now < one->not_before || now > one->not_after)
        return err_noted(ERR_CERTIFICATE, note, "the responder's certificate is not valid now");
    enum err e = x509_verify(one, issuer_key);
    return e == ERR_OK ? e : err_noted(e, note, "the responder was not appointed by the issuer");
}

static enum err verify_by(const struct ocsp_response *response, const struct x509 *responder,
                          struct err_note *note)
{
    struct crypto_public_key *key = NULL;
    enum err e = crypto_public_key_from_spki(responder->spki, &key);
    if (e == ERR_OK)
        e = x509_verify_signed(response->algorithm, response->tbs, response->signature, key);
    crypto_public_key_free(key);
    return e == ERR_OK ? e : err_noted(e, note, "the response is not signed by its responder");
}

/* The responder's own certificate comes first among those in the response. */
enum err ocsp_verify(const struct ocsp_response *response, const struct x509 *issuer,
                     const struct crypto_public_key *issuer_key, int64_t now, struct err_note *note)
{
    struct x509 responder;
    struct reader list = reader_over(response->certificates);
    if (list.left == 0 || (is_named(response, issuer) && response->responder_name.len != 0)) {
        if (!is_named(response, issuer))
            return err_noted(ERR_CERTIFICATE, note, "the response is of another responder");
        return verify_by(response, issuer, note);
    }
    struct bytes first = der_whole(&list, DER_SEQUENCE);
    if (bytes_equal(first, issuer->der))
        return verify_by(response, issuer, note);
    enum err e = x509_parse(first, &responder, note);
    if (e == ERR_OK && !is_named(response, &responder))
        e = err_noted(ERR_CERTIFICATE, note, "the response is of another responder");
    if (e == ERR_OK)
        e = check_appointed(&responder, issuer, issuer_key, now, note);
    return e == ERR_OK ? verify_by(response, &responder, note) : e;
}

enum err ocsp_check_window(const struct ocsp_response *response, const struct ocsp_answer *answer,
                           int64_t now, struct err_note *note)
{
    if (now < answer->this_update || now < response->produced_at)
        return err_noted(ERR_CERTIFICATE, note, "the response is not valid yet");
    if (!answer->has_next_update)
        return err_noted(ERR_CERTIFICATE, note, "the response does not say until when it is true");
    if (now > answer->next_update)
        return err_noted(ERR_CERTIFICATE, note, "the response is out of date");
    return ERR_OK;
}
