/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_tdx.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/reader.h"

void synthetic_tdx_keys_make(struct synthetic_tdx_keys *keys)
{
    struct crypto_private_key **const all[] = {&keys->root, &keys->ca,          &keys->pck,
                                               &keys->tcb,  &keys->attestation, &keys->other};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        synthetic_must(crypto_private_key_new(CRYPTO_KEY_P256, 0, all[i]));
    synthetic_must(crypto_private_key_new(CRYPTO_KEY_P384, 0, &keys->p384));
}

void synthetic_tdx_keys_release(struct synthetic_tdx_keys *keys)
{
    struct crypto_private_key *const all[] = {keys->root,        keys->ca,    keys->pck, keys->tcb,
                                              keys->attestation, keys->other, keys->p384};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        crypto_private_key_free(all[i]);
}

/* ---- certificates ---- */

#define INTEL_OID(...) SYNTHETIC_OID(0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, __VA_ARGS__)

static void put_oid(struct writer *w, const uint8_t *oid, size_t len)
{
    synthetic_put(w, 0x06, oid, len);
}

static void put_uint16(struct writer *w, int value)
{
    const uint8_t octets[] = {(uint8_t)(value >> 8), (uint8_t)value};
    if (value < 0x100)
        synthetic_put_uint8(w, value);
    else
        synthetic_put(w, 0x02, octets, sizeof octets);
}

static void put_octets_member(struct writer *w, uint8_t number, const uint8_t *value, size_t len)
{
    size_t seq = synthetic_begin(w, 0x30);
    put_oid(w, INTEL_OID(number));
    synthetic_put(w, 0x04, value, len);
    synthetic_end(w, seq);
}

static void put_tcb(struct writer *w, const struct synthetic_tdx *t)
{
    size_t member = synthetic_begin(w, 0x30);
    put_oid(w, INTEL_OID(2));
    size_t list = synthetic_begin(w, 0x30);
    for (uint8_t i = 1; i <= t->components; i++) {
        size_t item = synthetic_begin(w, 0x30);
        put_oid(w, INTEL_OID(2, i));
        if (i <= PCK_COMPONENTS)
            synthetic_put_uint8(w, t->platform.component[i - 1]);
        else if (i == 17)
            put_uint16(w, t->platform.pce_svn);
        else
            synthetic_put(w, 0x04, t->platform.cpu_svn, sizeof t->platform.cpu_svn);
        synthetic_end(w, item);
    }
    synthetic_end(w, list);
    synthetic_end(w, member);
}

static void put_pck_extension(struct writer *w, const struct synthetic_tdx *t)
{
    uint8_t value[1024];
    const uint8_t type[] = {(uint8_t)t->sgx_type};
    struct writer v = writer_into(value, sizeof value);
    size_t list = synthetic_begin(&v, 0x30);
    put_octets_member(&v, 1, t->platform.ppid, sizeof t->platform.ppid);
    put_tcb(&v, t);
    put_octets_member(&v, 3, t->platform.pce_id, sizeof t->platform.pce_id);
    put_octets_member(&v, 4, t->platform.fmspc, sizeof t->platform.fmspc);
    size_t member = synthetic_begin(&v, 0x30);
    put_oid(&v, INTEL_OID(5));
    synthetic_put(&v, 0x0a, type, 1);
    synthetic_end(&v, member);
    synthetic_end(&v, list);
    synthetic_put_extension(w, (const uint8_t[]){0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01}, 9,
                            false, value, v.used);
}

static void put_extensions(struct writer *w, const struct synthetic_tdx *t,
                           const struct synthetic_tdx_cert *c)
{
    size_t outer = synthetic_begin(w, 0xa3);
    size_t list = synthetic_begin(w, 0x30);
    synthetic_put_ca(w, c->is_ca, c->path_length, c->key_usage);
    if (c->pck_extension)
        put_pck_extension(w, t);
    synthetic_end(w, list);
    synthetic_end(w, outer);
}

static void put_algorithm(struct writer *w)
{
    size_t seq = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
    synthetic_end(w, seq);
}

static struct bytes cert_build(const struct synthetic_tdx *t, const struct synthetic_tdx_cert *c,
                               uint8_t out[static SYNTHETIC_TDX_CERT_MAX])
{
    uint8_t tbs[SYNTHETIC_TDX_CERT_MAX];
    uint8_t spki[256];
    uint8_t rs[96];
    size_t len;
    struct writer w = writer_into(tbs, sizeof tbs);
    size_t seq = synthetic_begin(&w, 0x30);
    size_t version = synthetic_begin(&w, 0xa0);
    synthetic_put_uint8(&w, 2);
    synthetic_end(&w, version);
    synthetic_put_uint8(&w, c->serial);
    put_algorithm(&w);
    synthetic_put_name(&w, c->issuer_cn);
    size_t validity = synthetic_begin(&w, 0x30);
    synthetic_put(&w, 0x17, c->not_before, strlen(c->not_before));
    synthetic_put(&w, 0x17, c->not_after, strlen(c->not_after));
    synthetic_end(&w, validity);
    synthetic_put_name(&w, c->subject_cn);
    synthetic_must(crypto_private_key_spki(c->key, spki, sizeof spki, &len));
    writer_bytes(&w, bytes_of(spki, len));
    put_extensions(&w, t, c);
    synthetic_end(&w, seq);

    synthetic_must(crypto_ecdsa_sign_raw(c->signer, CRYPTO_SHA256, bytes_of(tbs, w.used), rs));
    struct writer o = writer_into(out, SYNTHETIC_TDX_CERT_MAX);
    seq = synthetic_begin(&o, 0x30);
    writer_bytes(&o, bytes_of(tbs, w.used));
    put_algorithm(&o);
    size_t bits = synthetic_begin(&o, 0x03);
    writer_u8(&o, 0);
    size_t both = synthetic_begin(&o, 0x30);
    synthetic_put_number(&o, bytes_of(rs, 32));
    synthetic_put_number(&o, bytes_of(rs + 32, 32));
    synthetic_end(&o, both);
    synthetic_end(&o, bits);
    synthetic_end(&o, seq);
    return bytes_of(out, o.used);
}

/* ---- the signed documents ---- */

static void put_head(struct synthetic_text *t, const struct synthetic_tdx_document *d)
{
    synthetic_print(t,
                    "{%s\"id\":\"%s\",\"version\":%d,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
                    "\"tcbEvaluationDataNumber\":%d,",
                    d->more, d->id, d->version, d->issue_date, d->next_update, d->evaluation_number);
}

static void put_status(struct synthetic_text *t, const struct synthetic_tdx_level *l)
{
    synthetic_print(t, "\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"%s\"", l->status);
    if (l->advisories != NULL)
        synthetic_print(t, ",\"advisoryIDs\":%s", l->advisories);
    synthetic_print(t, "}");
}

static void put_isv_levels(struct synthetic_text *t, const struct synthetic_tdx_level *levels, size_t count)
{
    synthetic_print(t, "\"tcbLevels\":[");
    for (size_t i = 0; i < count; i++) {
        synthetic_print(t, "%s{\"tcb\":{\"isvsvn\":%d},", i == 0 ? "" : ",", levels[i].svn[0]);
        put_status(t, &levels[i]);
    }
    synthetic_print(t, "]");
}

static void put_components(struct synthetic_text *t, const char *key, const int *svn, int count)
{
    synthetic_print(t, "\"%s\":[", key);
    for (int i = 0; i < count; i++)
        synthetic_print(t, "%s{\"svn\":%d}", i == 0 ? "" : ",", svn[i]);
    synthetic_print(t, "]");
}

static struct bytes tcb_info_build(struct synthetic_tdx *s)
{
    struct synthetic_text t = {s->json[0], sizeof s->json[0], 0};
    put_head(&t, &s->tcb_info);
    synthetic_print(&t,
                    "\"fmspc\":\"%s\",\"pceId\":\"%s\",\"tcbType\":%d,"
                    "\"tdxModule\":{\"mrsigner\":\"%s\",\"attributes\":\"%s\",\"attributesMask\":\"%s\"},",
                    s->fmspc, s->pce_id, s->tcb_type, s->module_signer, s->module_attributes, s->module_mask);
    if (!s->no_modules) {
        synthetic_print(&t,
                        "\"tdxModuleIdentities\":[{\"id\":\"%s\",\"mrsigner\":\"%s\",\"attributes\":\"%s\","
                        "\"attributesMask\":\"%s\",",
                        s->module_id, s->module_signer, s->module_attributes, s->module_mask);
        put_isv_levels(&t, s->module_levels, s->module_level_count);
        synthetic_print(&t, "}],");
    }
    synthetic_print(&t, "\"tcbLevels\":[");
    for (size_t i = 0; i < s->tcb_info.level_count; i++) {
        const struct synthetic_tdx_level *l = &s->tcb_info.levels[i];
        synthetic_print(&t, "%s{\"tcb\":{", i == 0 ? "" : ",");
        put_components(&t, "sgxtcbcomponents", l->svn, PCK_COMPONENTS);
        synthetic_print(&t, ",\"pcesvn\":%d,", l->pce_svn);
        put_components(&t, "tdxtcbcomponents", l->tdx, s->tdx_components);
        synthetic_print(&t, "},");
        put_status(&t, l);
    }
    synthetic_print(&t, "]}");
    return bytes_of(t.at, t.used);
}

static struct bytes qe_identity_build(struct synthetic_tdx *s)
{
    struct synthetic_text t = {s->json[1], sizeof s->json[1], 0};
    put_head(&t, &s->qe_identity);
    synthetic_print(
        &t,
        "\"miscselect\":\"%s\",\"miscselectMask\":\"%s\",\"attributes\":\"%s\",\"attributesMask\":\"%s\","
        "\"mrsigner\":\"%s\",\"isvprodid\":%d,",
        s->miscselect, s->miscselect_mask, s->attributes, s->attributes_mask, s->mrsigner, s->isv_prod_id);
    put_isv_levels(&t, s->qe_identity.levels, s->qe_identity.level_count);
    synthetic_print(&t, "}");
    return bytes_of(t.at, t.used);
}

static void document_sign(struct synthetic_tdx *s, const struct synthetic_tdx_document *d, struct bytes body,
                          struct intel_document *out, struct tdx_issuer *issuer, size_t first)
{
    out->body = body;
    synthetic_must(crypto_ecdsa_sign_raw(d->signer, CRYPTO_SHA256, body, out->signature));
    issuer->signer = cert_build(s, &d->certificate, s->certs[first]);
    /* Signatures are made with random numbers: the same root is the same octets, when nothing in it differs. */
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c): one is a copy of the other, padding included */
    if (memcmp(&d->root, &s->root, sizeof s->root) == 0)
        issuer->root = s->root_der;
    else
        issuer->root = cert_build(s, &d->root, s->certs[first + 1]);
}

/* ---- the quote ---- */

/* x || y: the end of the SubjectPublicKeyInfo. */
static void attestation_key(const struct synthetic_tdx *t, uint8_t xy[static TDX_POINT_SIZE])
{
    uint8_t spki[256];
    size_t len;
    synthetic_must(crypto_private_key_spki(t->quote_signer, spki, sizeof spki, &len));
    memcpy(xy, spki + len - TDX_POINT_SIZE, TDX_POINT_SIZE);
    xy[TDX_POINT_SIZE - 1] = (uint8_t)(xy[TDX_POINT_SIZE - 1] ^ t->point_off_curve);
}

/* Over a number that is right, what the test wants to stand there. */
static void put_at(struct writer *w, size_t at, int octets, size_t value)
{
    struct writer field = writer_into(w->start + at, (size_t)octets);
    if (octets == 2)
        writer_u16le(&field, (uint16_t)value);
    else
        writer_u32le(&field, (uint32_t)value);
}

static struct bytes sign(const struct crypto_private_key *key, struct bytes message,
                         uint8_t rs[static TDX_POINT_SIZE])
{
    synthetic_must(crypto_ecdsa_sign_raw(key, CRYPTO_SHA256, message, rs));
    return bytes_of(rs, TDX_POINT_SIZE);
}

static struct bytes signed_part(const struct synthetic_tdx *t, uint8_t *out, size_t size)
{
    struct writer w = writer_into(out, size);
    tdx_signed_part_write(&w, &t->quote_fields);
    if (t->quote_fields.version == TDX_VERSION_5) {
        put_at(&w, TDX_HEADER_SIZE, 2, (size_t)t->body_type);
        put_at(&w, TDX_HEADER_SIZE + 2, 4, (size_t)t->body_size);
    }
    return bytes_of(out, w.used);
}

static struct bytes qe_report(const struct synthetic_tdx *t, struct bytes key,
                              uint8_t out[static SGX_REPORT_SIZE])
{
    struct sgx_report report = t->quote_fields.qe_report;
    struct writer w = writer_into(out, SGX_REPORT_SIZE);
    if (!t->keep_qe_report_data) {
        const struct bytes parts[] = {key, bytes_of(t->authentication, 32)};
        memset(report.report_data, 0, sizeof report.report_data);
        synthetic_must(crypto_hash_parts(CRYPTO_SHA256, parts, 2, report.report_data));
    }
    sgx_report_write(&w, &report);
    return bytes_of(out, w.used);
}

static struct bytes chain_text(struct synthetic_tdx *t, uint8_t *out, size_t size)
{
    const struct bytes chain[] = {cert_build(t, &t->pck, t->certs[0]), cert_build(t, &t->ca, t->certs[1]),
                                  t->root_der, t->root_der};
    struct writer w = writer_into(out, size);
    for (int i = 0; i < t->certificates; i++)
        synthetic_must(encoding_pem_write(&w, "CERTIFICATE", chain[i]));
    writer_str(&w, t->after_chain);
    writer_zeros(&w, !t->no_nul);
    return bytes_of(out, w.used);
}

static void quote_build(struct synthetic_tdx *t)
{
    enum {
        QE_TYPE = 4 + 2 * TDX_POINT_SIZE,
        CHAIN_TYPE = QE_TYPE + 6 + SGX_REPORT_SIZE + TDX_POINT_SIZE + 2
    };
    uint8_t signed_bytes[TDX_HEADER_SIZE + TDX_BODY_DESCRIPTOR_SIZE + TDX_BODY_15_SIZE];
    uint8_t xy[TDX_POINT_SIZE];
    uint8_t report[SGX_REPORT_SIZE];
    uint8_t rs[2][TDX_POINT_SIZE];
    static uint8_t chain[SYNTHETIC_TDX_QUOTE_MAX];
    struct tdx_quote q = t->quote_fields;
    attestation_key(t, xy);
    q.signed_part = signed_part(t, signed_bytes, sizeof signed_bytes);
    q.signature = sign(t->quote_signer, q.signed_part, rs[0]);
    q.attestation_key = bytes_of(xy, sizeof xy);
    q.qe_report_bytes = qe_report(t, q.attestation_key, report);
    q.qe_signature = sign(t->qe_report_signer, q.qe_report_bytes, rs[1]);
    q.qe_authentication = bytes_of(t->authentication, sizeof t->authentication);
    q.pck_chain = chain_text(t, chain, sizeof chain);

    struct writer w = writer_into(t->quote_bytes, sizeof t->quote_bytes);
    tdx_quote_write(&w, &q);
    const size_t data = q.signed_part.len;
    put_at(&w, data, 4, w.used - data - 4 + (size_t)t->length_off);
    put_at(&w, data + QE_TYPE, 2, (size_t)t->qe_type);
    put_at(&w, data + CHAIN_TYPE + sizeof t->authentication, 2, (size_t)t->chain_type);
    writer_zeros(&w, t->padding);
    if (t->last_octet != 0)
        writer_u8(&w, (uint8_t)t->last_octet);
    synthetic_must(writer_finish(&w, &t->quote));
}

/* ---- all of it ---- */

void synthetic_tdx_build(struct synthetic_tdx *t)
{
    t->root_der = cert_build(t, &t->root, t->certs[2]);
    quote_build(t);
    document_sign(t, &t->tcb_info, tcb_info_build(t), &t->collateral.tcb_info, &t->collateral.tcb_info_issuer,
                  3);
    document_sign(t, &t->qe_identity, qe_identity_build(t), &t->collateral.qe_identity,
                  &t->collateral.qe_identity_issuer, 5);
    t->collateral.root_crl = synthetic_crl_build(&t->root_crl, t->crls[0]);
    t->collateral.pck_crl = synthetic_crl_build(&t->pck_crl, t->crls[1]);
}

#define ZEROS_48                                                                                             \
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"

static void init_certificates(struct synthetic_tdx *t, const struct synthetic_tdx_keys *keys)
{
    const struct synthetic_tdx_cert common = {
        .not_before = "250601000000Z", .not_after = "341231235959Z", .path_length = SYNTHETIC_LEFT_OUT};
    t->root = t->ca = t->pck = t->tcb_info.certificate = common;
    t->root.issuer_cn = t->root.subject_cn = t->ca.issuer_cn = "Intel SGX Root CA";
    t->ca.subject_cn = t->pck.issuer_cn = "Intel SGX PCK Platform CA";
    t->pck.subject_cn = "Intel SGX PCK Certificate";
    t->root.is_ca = t->ca.is_ca = true;
    t->root.path_length = 1;
    t->ca.path_length = 0;
    t->root.key_usage = t->ca.key_usage = 0x06;
    t->pck.key_usage = 0x80;
    t->pck.pck_extension = true;
    t->root.serial = 1;
    t->ca.serial = 2;
    t->pck.serial = 3;
    t->root.key = t->root.signer = t->ca.signer = keys->root;
    t->ca.key = t->pck.signer = keys->ca;
    t->pck.key = keys->pck;

    struct synthetic_tdx_cert *c = &t->tcb_info.certificate;
    c->issuer_cn = t->root.subject_cn;
    c->subject_cn = "Intel SGX TCB Signing";
    c->key_usage = 0x80;
    c->serial = 4;
    c->key = keys->tcb;
    c->signer = keys->root;
    t->qe_identity.certificate = *c;
    t->tcb_info.root = t->qe_identity.root = t->root;
    synthetic_crl_init(&t->root_crl, t->root.subject_cn, keys->root);
    synthetic_crl_init(&t->pck_crl, t->ca.subject_cn, keys->ca);
    t->root_crl.ecdsa_sha256 = t->pck_crl.ecdsa_sha256 = true;
    t->root_crl.serials[t->root_crl.serial_count++] = 100;
    t->pck_crl.serials[t->pck_crl.serial_count++] = 101;
}

static void init_documents(struct synthetic_tdx *t, const struct synthetic_tdx_keys *keys)
{
    const struct synthetic_tdx_document common = {.issue_date = "2025-12-15T00:00:00Z",
                                                  .next_update = "2026-01-15T00:00:00Z",
                                                  .evaluation_number = 17,
                                                  .more = "",
                                                  .signer = keys->tcb};
    t->tcb_info = t->qe_identity = common;
    t->tcb_info.id = "TDX";
    t->tcb_info.version = 3;
    t->fmspc = "00806F050000";
    t->pce_id = "0000";
    t->module_signer = ZEROS_48;
    t->module_attributes = "0000000000000000";
    t->module_mask = "FFFFFFFFFFFFFFFF";
    t->module_id = "TDX_01";
    t->tdx_components = TDX_SVN_SIZE;
    t->module_level_count = 2;
    t->module_levels[0] = (struct synthetic_tdx_level){.svn = {6}, .status = "UpToDate"};
    t->module_levels[1] = (struct synthetic_tdx_level){
        .svn = {4}, .status = "OutOfDate", .advisories = "[\"INTEL-SA-01036\",\"INTEL-SA-01099\"]"};
    t->tcb_info.level_count = 2;
    t->tcb_info.levels[0] = (struct synthetic_tdx_level){
        .svn = {5, 5, 2, 2, 3, 1, 0, 3}, .tdx = {3, 0, 5}, .pce_svn = 11, .status = "UpToDate"};
    t->tcb_info.levels[1] = (struct synthetic_tdx_level){.svn = {4, 4, 2, 2, 3, 1, 0, 3},
                                                         .tdx = {2, 0, 4},
                                                         .pce_svn = 5,
                                                         .status = "OutOfDate",
                                                         .advisories = "[\"INTEL-SA-00837\"]"};

    t->qe_identity.id = "TD_QE";
    t->qe_identity.version = 2;
    t->miscselect = "00000000";
    t->miscselect_mask = "FFFFFFFF";
    t->attributes = "11000000000000000000000000000000";
    t->attributes_mask = "FBFFFFFFFFFFFFFF0000000000000000";
    t->mrsigner = "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5";
    t->isv_prod_id = 2;
    t->qe_identity.level_count = 2;
    t->qe_identity.levels[0] = (struct synthetic_tdx_level){.svn = {4}, .status = "UpToDate"};
    t->qe_identity.levels[1] =
        (struct synthetic_tdx_level){.svn = {3}, .status = "OutOfDate", .advisories = "[\"INTEL-SA-01234\"]"};
}

void synthetic_tdx_init(struct synthetic_tdx *t, const struct synthetic_tdx_keys *keys)
{
    static const uint8_t vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    static const struct pck platform = {
        .component = {5, 5, 2, 2, 3, 1, 0, 3}, .pce_svn = 11, .fmspc = {0x00, 0x80, 0x6f, 0x05}};
    memset(t, 0, sizeof *t);
    init_documents(t, keys);
    init_certificates(t, keys);
    t->platform = platform;
    memset(t->platform.ppid, 0x99, sizeof t->platform.ppid);
    t->components = 18;
    t->after_chain = "";
    t->certificates = 3;

    struct tdx_quote *q = &t->quote_fields;
    q->version = TDX_VERSION_5;
    q->key_type = TDX_KEY_TYPE_P256;
    q->tee_type = TDX_TEE_TYPE;
    memcpy(q->qe_vendor, vendor, sizeof vendor);
    t->body_type = TDX_BODY_15;
    t->body_size = TDX_BODY_15_SIZE;
    t->qe_type = 6;
    t->chain_type = 5;
    t->padding = 20;
    t->quote_signer = keys->attestation;
    t->qe_report_signer = keys->pck;
    memset(t->authentication, 0xa5, sizeof t->authentication);

    struct tdx_body *b = &q->body;
    b->is_15 = true;
    memcpy(b->tee_tcb_svn, (const uint8_t[]){6, 1, 5}, 3);
    memcpy(b->tee_tcb_svn_2, (const uint8_t[]){6, 1, 5}, 3);
    memset(b->mrseam, 0x5e, sizeof b->mrseam);
    b->attributes = 0x10000000;
    b->xfam = 0x602e7;
    memset(b->mrtd, 0x3d, sizeof b->mrtd);
    memset(b->rtmr, 0x47, sizeof b->rtmr);
    memset(b->report_data, 0xd0, sizeof b->report_data);

    struct sgx_report *r = &q->qe_report;
    r->attributes[0] = 0x15;
    r->isv_prod_id = 2;
    r->isv_svn = 4;
    synthetic_must(encoding_unhex(bytes_str(t->mrsigner), r->mrsigner, sizeof r->mrsigner));
}

void synthetic_tdx_init_4(struct synthetic_tdx *t, const struct synthetic_tdx_keys *keys)
{
    synthetic_tdx_init(t, keys);
    t->quote_fields.version = TDX_VERSION_4;
    t->quote_fields.body.is_15 = false;
    memcpy(t->quote_fields.body.tee_tcb_svn, (const uint8_t[]){3, 0, 5}, 3);
    t->ca.subject_cn = t->pck.issuer_cn = t->pck_crl.issuer_cn = "Intel SGX PCK Processor CA";
}
