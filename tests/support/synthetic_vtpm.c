/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_vtpm.h"

#include <stdio.h>

#include "base/encoding.h"
#include "support/synthetic_der.h"
#include "support/synthetic_event_log.h"

enum { MODULUS_SIZE = 256, SPKI_MAX = 512, EXPONENT_END = 5, AREA_SIZE = 1184, REPORT_DATA = 64 };

void synthetic_vtpm_keys_make(struct synthetic_vtpm_keys *keys)
{
    synthetic_key_make(CRYPTO_KEY_RSA, 2048, "vtpm-ak", &keys->ak);
    synthetic_key_make(CRYPTO_KEY_RSA, 2048, "vtpm-other", &keys->other);
    synthetic_key_make(CRYPTO_KEY_RSA, 2048, "vtpm-root", &keys->root);
    synthetic_key_make(CRYPTO_KEY_RSA, 2048, "vtpm-ca", &keys->ca);
}

void synthetic_vtpm_keys_release(struct synthetic_vtpm_keys *keys)
{
    crypto_private_key_free(keys->ak);
    crypto_private_key_free(keys->other);
    crypto_private_key_free(keys->root);
    crypto_private_key_free(keys->ca);
}

/* ---- runtime data ---- */

/* RFC 8017 appendix A.1.1: the modulus stands before INTEGER 65537, at the end. */
static void put_key(struct synthetic_text *t, const char *id, struct bytes spki, size_t modulus_len,
                    const char *exponent)
{
    char modulus[ENCODING_BASE64URL_SIZE(MODULUS_SIZE)];
    encoding_base64url(bytes_of(spki.ptr + spki.len - EXPONENT_END - MODULUS_SIZE, modulus_len), modulus);
    synthetic_print(t, "{\"kid\":\"%s\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"%s\",\"n\":\"%s\"}",
                    id, exponent, modulus);
}

static struct bytes runtime_build(struct synthetic_vtpm *v)
{
    struct synthetic_text t = {v->text, sizeof v->text, 0};
    uint8_t spki[SPKI_MAX];
    size_t len;
    if (v->json != NULL)
        return bytes_str(v->json);
    synthetic_must(crypto_private_key_spki(v->ak, spki, sizeof spki, &len));
    const struct bytes own = bytes_of(spki, len);
    synthetic_print(&t, "{\"keys\":[");
    for (int i = 0; i < v->ak_count; i++) {
        put_key(&t, "HCLAkPub", v->ak_spki.len != 0 ? v->ak_spki : own, v->modulus_len, v->exponent);
        synthetic_print(&t, ",");
    }
    put_key(&t, "HCLEkPub", own, MODULUS_SIZE, "AQAB");
    synthetic_print(&t, "%s],\"vm-configuration\":{%s}", v->more_keys, v->configuration);
    if (v->user_data != NULL)
        synthetic_print(&t, ",\"user-data\":\"%s\"", v->user_data);
    synthetic_print(&t, "%s}", v->more);
    return bytes_of(t.at, t.used);
}

/* ---- HCL report ---- */

static void report_data_of(const struct synthetic_vtpm *v, struct bytes runtime,
                           uint8_t out[static REPORT_DATA])
{
    enum crypto_hash hash = v->hash_type == HCL_SHA384   ? CRYPTO_SHA384
                            : v->hash_type == HCL_SHA512 ? CRYPTO_SHA512
                                                         : CRYPTO_SHA256;
    memset(out, 0, REPORT_DATA);
    synthetic_must(crypto_hash_parts(hash, &runtime, 1, out));
    out[REPORT_DATA - 1] ^= v->behind_hash;
    out[0] ^= v->wrong_report_data;
}

static void blob_build(struct synthetic_vtpm *v, struct bytes hardware, struct bytes runtime)
{
    enum { REQUEST_DATA = 20, HEADER = 32 };
    struct writer w = writer_into(v->blob, sizeof v->blob);
    size_t data_size = REQUEST_DATA + runtime.len;
    writer_str(&w, v->hcl_signature);
    writer_u32le(&w, v->version);
    writer_u32le(&w, (uint32_t)(HEADER + AREA_SIZE + data_size) + (uint32_t)v->size_off);
    writer_u32le(&w, v->request_type);
    writer_u32le(&w, v->status);
    writer_u32le(&w, v->reserved);
    writer_zeros(&w, 8);
    writer_bytes(&w, hardware);
    if (hardware.len < AREA_SIZE) {
        writer_zeros(&w, AREA_SIZE - hardware.len - 1);
        writer_u8(&w, v->behind_td_report);
    }
    writer_u32le(&w, (uint32_t)data_size + (uint32_t)v->data_size_off);
    writer_u32le(&w, v->data_version);
    writer_u32le(&w, v->kind);
    writer_u32le(&w, v->hash_type);
    writer_u32le(&w, (uint32_t)runtime.len);
    writer_bytes(&w, runtime);
    writer_zeros(&w, v->padding);
    if (v->last_octet != 0)
        writer_u8(&w, v->last_octet);
    synthetic_must(writer_finish(&w, &v->evidence.hcl_report));
}

/* ---- quote ---- */

static void log_build(struct synthetic_vtpm *v)
{
    const struct synthetic_algorithm algorithms[] = {synthetic_sha1, synthetic_sha256};
    struct writer w = writer_into(v->log, sizeof v->log);
    synthetic_log_begin(&w, algorithms, 2);
    synthetic_log_locality(&w, algorithms, 2, 3);
    synthetic_log_event(&w, 0, SYNTHETIC_EV_SEPARATOR, algorithms, 2, bytes_str("firmware"));
    synthetic_log_event(&w, 7, SYNTHETIC_EV_SEPARATOR, algorithms, 2, bytes_str("keys"));
    synthetic_log_event(&w, 4, SYNTHETIC_EV_SEPARATOR, algorithms, 2, bytes_str("boot loader"));
    if (v->more_events != NULL)
        synthetic_log_event(&w, 4, SYNTHETIC_EV_SEPARATOR, algorithms, 2, bytes_str(v->more_events));
    if (v->log_malformed)
        writer_u8(&w, 1);
    synthetic_must(writer_finish(&w, &v->evidence.event_log));
    if (v->without_log)
        v->evidence.event_log = (struct bytes){0};
}

static void values_build(struct synthetic_vtpm *v)
{
    struct writer w = writer_into(v->values, sizeof v->values);
    for (size_t i = 0; i < TPM_PCR_COUNT; i++)
        if ((v->pcrs >> i & 1) != 0)
            writer_bytes(&w, bytes_of(v->pcr_values[i], TPM_PCR_SIZE));
    v->evidence.pcr_values = bytes_of(v->values, w.used + (size_t)v->values_off);
}

static void put_selection(struct writer *w, const struct synthetic_vtpm *v)
{
    writer_u16be(w, v->bank);
    writer_u8(w, v->select_size);
    for (unsigned i = 0; i < v->select_size; i++)
        writer_u8(w, (uint8_t)(i < 4 ? v->pcrs >> 8 * i : 0));
}

static void quote_build(struct synthetic_vtpm *v)
{
    enum { NAME_SIZE = 34 };
    uint8_t digest[32];
    struct writer w = writer_into(v->attest + 2, sizeof v->attest - 2);
    writer_u32be(&w, v->magic);
    writer_u16be(&w, v->type);
    writer_u16be(&w, NAME_SIZE);
    writer_u16be(&w, TPM_ALG_SHA256);
    writer_zeros(&w, NAME_SIZE - 2);
    writer_u16be(&w, (uint16_t)v->nonce_len);
    writer_bytes(&w, bytes_of(v->nonce_bytes, v->nonce_len));
    writer_u64be(&w, 1234567);
    writer_u32be(&w, v->reset_count);
    writer_u32be(&w, v->restart_count);
    writer_u8(&w, v->safe);
    writer_u64be(&w, 0x2020031200120003);
    writer_u32be(&w, (uint32_t)v->banks);
    for (int i = 0; i < v->banks; i++)
        put_selection(&w, v);
    synthetic_must(crypto_hash_parts(CRYPTO_SHA256, &v->evidence.pcr_values, 1, digest));
    digest[0] ^= v->digest_of_others;
    writer_u16be(&w, sizeof digest);
    writer_bytes(&w, bytes_of(digest, sizeof digest));
    writer_zeros(&w, (size_t)v->trailing);
    struct bytes attest;
    synthetic_must(writer_finish(&w, &attest));
    v->attest[0] = (uint8_t)(attest.len >> 8);
    v->attest[1] = (uint8_t)attest.len;
    v->evidence.quote = v->wrapped ? bytes_of(v->attest, attest.len + 2) : attest;

    uint8_t signature[MODULUS_SIZE];
    size_t len;
    synthetic_must(
        crypto_rsa_pkcs1_sign(v->signer, CRYPTO_SHA256, attest, signature, sizeof signature, &len));
    len -= (size_t)v->signature_short;
    w = writer_into(v->signature, sizeof v->signature);
    if (!v->raw_signature) {
        writer_u16be(&w, v->scheme);
        writer_u16be(&w, v->signature_hash);
        writer_u16be(&w, (uint16_t)len);
    }
    writer_bytes(&w, bytes_of(signature, len));
    synthetic_must(writer_finish(&w, &v->evidence.signature));
    v->nonce = bytes_of(v->nonce_bytes, SYNTHETIC_VTPM_NONCE);
}

/* ---- certificates of the AK ---- */

static void put_algorithm(struct writer *w, bool sha384)
{
    size_t seq = synthetic_begin(w, 0x30);
    const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, sha384 ? 0x0c : 0x0b};
    synthetic_put(w, 0x06, oid, sizeof oid);
    synthetic_put(w, 0x05, "", 0);
    synthetic_end(w, seq);
}

static void put_extensions(struct writer *w, const struct synthetic_vtpm_cert *c)
{
    size_t outer = synthetic_begin(w, 0xa3);
    size_t list = synthetic_begin(w, 0x30);
    synthetic_put_ca(w, c->is_ca, c->path_length, c->key_usage);
    synthetic_end(w, list);
    synthetic_end(w, outer);
}

static struct bytes cert_build(const struct synthetic_vtpm_cert *c,
                               uint8_t out[static SYNTHETIC_VTPM_CERT_MAX])
{
    enum { ALGORITHM_AT = 6 }; /* behind two SEQUENCEs */
    uint8_t spki[SPKI_MAX];
    uint8_t signature[MODULUS_SIZE];
    size_t len;
    struct bytes whole;
    struct writer w = writer_into(out, SYNTHETIC_VTPM_CERT_MAX);
    size_t outer = synthetic_begin(&w, 0x30);
    size_t tbs_at = w.used;
    size_t tbs = synthetic_begin(&w, 0x30);
    size_t version = synthetic_begin(&w, 0xa0);
    synthetic_put_uint8(&w, 2);
    synthetic_end(&w, version);
    synthetic_put_uint8(&w, 7);
    put_algorithm(&w, c->sha384);
    synthetic_put_name(&w, c->issuer_cn);
    size_t validity = synthetic_begin(&w, 0x30);
    synthetic_put(&w, 0x17, c->not_before, strlen(c->not_before));
    synthetic_put(&w, 0x17, c->not_after, strlen(c->not_after));
    synthetic_end(&w, validity);
    synthetic_put_name(&w, c->subject_cn);
    synthetic_must(crypto_private_key_spki(c->key, spki, sizeof spki, &len));
    spki[ALGORITHM_AT] ^= c->damaged_key;
    writer_bytes(&w, bytes_of(spki, len));
    put_extensions(&w, c);
    synthetic_end(&w, tbs);
    synthetic_must(crypto_rsa_pkcs1_sign(c->signer, c->sha384 ? CRYPTO_SHA384 : CRYPTO_SHA256,
                                         bytes_of(w.start + tbs_at, w.used - tbs_at), signature,
                                         sizeof signature, &len));
    put_algorithm(&w, c->sha384);
    size_t bits = synthetic_begin(&w, 0x03);
    writer_u8(&w, 0);
    writer_bytes(&w, bytes_of(signature, len));
    synthetic_end(&w, bits);
    synthetic_end(&w, outer);
    synthetic_must(writer_finish(&w, &whole));
    out[0] ^= c->damaged;
    return whole;
}

static void certificates_build(struct synthetic_vtpm *v)
{
    v->evidence.ak_certificate_count = v->certificate_count;
    for (size_t i = 0; i < SYNTHETIC_VTPM_CERTIFICATES; i++)
        v->evidence.ak_certificates[i] = cert_build(&v->certificates[i], v->certs[i]);
    v->root_der = v->evidence.ak_certificates[SYNTHETIC_VTPM_CERTIFICATES - 1];
}

/* ---- all of it ---- */

static void software_build(struct synthetic_vtpm *v)
{
    log_build(v);
    values_build(v);
    quote_build(v);
    certificates_build(v);
}

void synthetic_vtpm_build_snp(struct synthetic_vtpm *v, struct synthetic_snp *snp)
{
    struct bytes runtime = runtime_build(v);
    report_data_of(v, runtime, snp->report.report_data);
    synthetic_snp_build(snp);
    blob_build(v, bytes_of(snp->report_bytes, sizeof snp->report_bytes), runtime);
    v->evidence.snp = snp->evidence;
    v->evidence.snp.report = (struct bytes){0};
    software_build(v);
}

/* TDREPORT_STRUCT of the body that is quoted. */
static void put_td_report(struct writer *w, const struct synthetic_vtpm *v, const struct tdx_body *body)
{
    struct tdx_body b = *body;
    b.mrtd[0] ^= v->other_mrtd;
    b.rtmr[3][47] ^= v->other_rtmr;
    writer_u8(w, v->td_type);
    writer_u8(w, 0);
    writer_u8(w, v->td_version);
    writer_zeros(w, 13 + 16 + 96);
    writer_bytes(w, bytes_of(b.report_data, sizeof b.report_data));
    writer_zeros(w, 32);
    for (int i = 0; i < 32; i++) /* the MAC, which only the processor can check */
        writer_u8(w, 0xac);
    writer_u64le(w, 0x301ff);
    writer_bytes(w, bytes_of(b.tee_tcb_svn, sizeof b.tee_tcb_svn));
    writer_bytes(w, bytes_of(b.mrseam, sizeof b.mrseam));
    writer_bytes(w, bytes_of(b.mrsignerseam, sizeof b.mrsignerseam));
    writer_u64le(w, b.seam_attributes);
    writer_bytes(w, bytes_of(b.tee_tcb_svn_2, sizeof b.tee_tcb_svn_2));
    writer_zeros(w, 95 + 17);
    writer_u64le(w, b.attributes);
    writer_u64le(w, b.xfam);
    writer_bytes(w, bytes_of(b.mrtd, sizeof b.mrtd));
    writer_bytes(w, bytes_of(b.mrconfigid, sizeof b.mrconfigid));
    writer_bytes(w, bytes_of(b.mrowner, sizeof b.mrowner));
    writer_bytes(w, bytes_of(b.mrownerconfig, sizeof b.mrownerconfig));
    writer_bytes(w, bytes_of(b.rtmr, sizeof b.rtmr));
    writer_bytes(w, bytes_of(b.mrservicetd, sizeof b.mrservicetd));
    writer_zeros(w, TD_REPORT_SIZE - w->used);
}

void synthetic_vtpm_build_tdx(struct synthetic_vtpm *v, struct synthetic_tdx *tdx)
{
    uint8_t td_report[TD_REPORT_SIZE];
    struct writer w = writer_into(td_report, sizeof td_report);
    struct bytes hardware;
    struct bytes runtime = runtime_build(v);
    report_data_of(v, runtime, tdx->quote_fields.body.report_data);
    synthetic_tdx_build(tdx);
    put_td_report(&w, v, &tdx->quote_fields.body);
    synthetic_must(writer_finish(&w, &hardware));
    blob_build(v, hardware, runtime);
    v->evidence.td_quote = tdx->quote;
    v->evidence.tdx = tdx->collateral;
    software_build(v);
}

static void init_certificates(struct synthetic_vtpm *v, const struct synthetic_vtpm_keys *keys)
{
    const struct synthetic_vtpm_cert common = {
        .not_before = "250601000000Z", .not_after = "341231235959Z", .path_length = SYNTHETIC_LEFT_OUT};
    struct synthetic_vtpm_cert *c = v->certificates;
    c[0] = c[1] = c[2] = common;
    c[2].issuer_cn = c[2].subject_cn = c[1].issuer_cn = "Azure Virtual TPM Root Certificate Authority 0";
    c[1].subject_cn = c[0].issuer_cn = "Synthetic Virtual TPM CA";
    c[0].subject_cn = "Synthetic AK";
    c[1].is_ca = c[2].is_ca = true;
    c[1].key_usage = c[2].key_usage = 0x06;
    c[0].key_usage = 0x80;
    c[1].path_length = 0;
    c[1].sha384 = true;
    c[2].key = c[2].signer = c[1].signer = keys->root;
    c[1].key = c[0].signer = keys->ca;
    c[0].key = keys->ak;
    v->certificate_count = SYNTHETIC_VTPM_CERTIFICATES;
}

void synthetic_vtpm_init(struct synthetic_vtpm *v, const struct synthetic_vtpm_keys *keys)
{
    enum { PCR_LOCALITY_3 = 3 };
    memset(v, 0, sizeof *v);
    v->hcl_signature = "HCLA";
    v->version = HCL_VERSION_2;
    v->request_type = 2;
    v->data_version = 1;
    v->kind = HCL_KIND_SNP;
    v->hash_type = HCL_SHA256;
    v->padding = 100;
    v->ak_count = 1;
    v->ak = v->signer = keys->ak;
    v->modulus_len = MODULUS_SIZE;
    v->exponent = "AQAB";
    v->more_keys = v->more = "";
    v->configuration = "\"console-enabled\":false,\"secure-boot\":true,\"tpm-enabled\":true,"
                       "\"vmUniqueId\":\"D270E56B-F668-4990-A5BC-9B624576841D\"";
    v->td_type = 0x81;

    v->magic = TPM_QUOTE_MAGIC;
    v->type = TPM_QUOTE_TYPE;
    memset(v->nonce_bytes, 0x4e, sizeof v->nonce_bytes);
    v->nonce_len = SYNTHETIC_VTPM_NONCE;
    v->pcrs = 1U << 0 | 1U << 4 | 1U << 7 | 1U << 11;
    v->bank = TPM_ALG_SHA256;
    v->banks = 1;
    v->select_size = 3;
    v->pcr_values[0][TPM_PCR_SIZE - 1] = PCR_LOCALITY_3;
    synthetic_extend(v->pcr_values[0], TPM_PCR_SIZE, "firmware");
    synthetic_extend(v->pcr_values[7], TPM_PCR_SIZE, "keys");
    synthetic_extend(v->pcr_values[4], TPM_PCR_SIZE, "boot loader");
    synthetic_extend(v->pcr_values[11], TPM_PCR_SIZE, "kernel");
    v->safe = 1;
    v->reset_count = 3;
    v->scheme = 0x0014;
    v->signature_hash = TPM_ALG_SHA256;
    init_certificates(v, keys);
}
