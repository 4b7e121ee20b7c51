/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_snp.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/writer.h"

/* A test that cannot make its evidence has nothing to say. */
static void must(enum err e)
{
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "synthetic evidence: %s\n", err_text(e));
    abort();
}

void synthetic_keys_make(struct synthetic_keys *keys)
{
    must(crypto_private_key_new(CRYPTO_KEY_RSA, 4096, &keys->ark));
    must(crypto_private_key_new(CRYPTO_KEY_RSA, 4096, &keys->ask));
    must(crypto_private_key_new(CRYPTO_KEY_RSA, 2048, &keys->small));
    must(crypto_private_key_new(CRYPTO_KEY_P384, 0, &keys->vcek));
    must(crypto_private_key_new(CRYPTO_KEY_P256, 0, &keys->p256));
}

void synthetic_keys_release(struct synthetic_keys *keys)
{
    crypto_private_key_free(keys->ark);
    crypto_private_key_free(keys->ask);
    crypto_private_key_free(keys->small);
    crypto_private_key_free(keys->vcek);
    crypto_private_key_free(keys->p256);
}

/* ---- DER: an element is opened, filled and closed, and its content moved up when the length needs more octets ---- */

static size_t open_tag(struct writer *w, uint8_t tag)
{
    writer_u8(w, tag);
    return w->used;
}

static void close_tag(struct writer *w, size_t start)
{
    size_t len = w->used - start;
    uint8_t header[4];
    struct writer h = writer_into(header, sizeof header);
    if (len < 0x80) {
        writer_u8(&h, (uint8_t)len);
    } else if (len < 0x100) {
        writer_u8(&h, 0x81);
        writer_u8(&h, (uint8_t)len);
    } else {
        writer_u8(&h, 0x82);
        writer_u16be(&h, (uint16_t)len);
    }
    writer_zeros(w, h.used);
    if (w->failed)
        must(ERR_NO_SPACE);
    memmove(w->start + start + h.used, w->start + start, len);
    memcpy(w->start + start, header, h.used);
}

static void put(struct writer *w, uint8_t tag, const void *value, size_t len)
{
    size_t at = open_tag(w, tag);
    writer_bytes(w, bytes_of(value, len));
    close_tag(w, at);
}

static void put_small_integer(struct writer *w, int value)
{
    const uint8_t octets[] = {0, (uint8_t)value};
    size_t zeros = value < 0x80 ? 1 : 0;
    put(w, 0x02, octets + zeros, sizeof octets - zeros);
}

#define PUT_OID(w, ...) put(w, 0x06, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void put_sha384(struct writer *w)
{
    size_t seq = open_tag(w, 0x30);
    PUT_OID(w, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02);
    put(w, 0x05, "", 0);
    close_tag(w, seq);
}

static void put_pss(struct writer *w, int salt)
{
    size_t seq = open_tag(w, 0x30);
    PUT_OID(w, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a);
    size_t params = open_tag(w, 0x30);
    size_t hash = open_tag(w, 0xa0);
    put_sha384(w);
    close_tag(w, hash);
    size_t mask = open_tag(w, 0xa1);
    size_t mgf = open_tag(w, 0x30);
    PUT_OID(w, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08);
    put_sha384(w);
    close_tag(w, mgf);
    close_tag(w, mask);
    size_t salt_tag = open_tag(w, 0xa2);
    put_small_integer(w, salt);
    close_tag(w, salt_tag);
    close_tag(w, params);
    close_tag(w, seq);
}

static void put_name_part(struct writer *w, uint8_t type, const char *text)
{
    size_t set = open_tag(w, 0x31);
    size_t seq = open_tag(w, 0x30);
    PUT_OID(w, 0x55, 0x04, type);
    put(w, 0x0c, text, strlen(text));
    close_tag(w, seq);
    close_tag(w, set);
}

static void put_name(struct writer *w, const char *common_name)
{
    size_t seq = open_tag(w, 0x30);
    put_name_part(w, 0x0a, "Synthetic test evidence");
    put_name_part(w, 0x03, common_name);
    close_tag(w, seq);
}

static void put_extension(struct writer *w, const uint8_t *oid, size_t oid_len, bool critical,
                          const void *value, size_t len)
{
    size_t seq = open_tag(w, 0x30);
    put(w, 0x06, oid, oid_len);
    if (critical)
        put(w, 0x01, "\xff", 1);
    put(w, 0x04, value, len);
    close_tag(w, seq);
}

#define OID_OF(...)  (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define AMD_OID(...) OID_OF(0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, __VA_ARGS__)

static void put_amd_integer(struct writer *w, const uint8_t *oid, size_t oid_len, int value)
{
    uint8_t buffer[8];
    struct writer v = writer_into(buffer, sizeof buffer);
    if (value == SYNTHETIC_NONE)
        return;
    put_small_integer(&v, value);
    put_extension(w, oid, oid_len, false, buffer, v.used);
}

static void put_amd_extensions(struct writer *w, const struct synthetic_snp *s)
{
    uint8_t buffer[64];
    struct writer name = writer_into(buffer, sizeof buffer);
    put_amd_integer(w, AMD_OID(0x01), s->struct_version);
    put(&name, 0x16, s->product, strlen(s->product));
    put_extension(w, AMD_OID(0x02), false, buffer, name.used);
    put_amd_integer(w, AMD_OID(0x03, 0x01), s->level[SNP_BOOTLOADER]);
    put_amd_integer(w, AMD_OID(0x03, 0x02), s->level[SNP_TEE]);
    put_amd_integer(w, AMD_OID(0x03, 0x04), s->reserved_level);
    put_amd_integer(w, AMD_OID(0x03, 0x05), s->reserved_level);
    put_amd_integer(w, AMD_OID(0x03, 0x06), s->reserved_level);
    put_amd_integer(w, AMD_OID(0x03, 0x07), s->reserved_level);
    put_amd_integer(w, AMD_OID(0x03, 0x03), s->level[SNP_FIRMWARE]);
    put_amd_integer(w, AMD_OID(0x03, 0x08), s->level[SNP_MICROCODE]);
    put_amd_integer(w, AMD_OID(0x03, 0x09), s->level[SNP_FMC]);
    if (s->hwid_len != SYNTHETIC_NONE)
        put_extension(w, AMD_OID(0x04), false, s->hwid, (size_t)s->hwid_len);
    if (s->has_csp_id)
        put_extension(w, AMD_OID(0x05), false,
                      "\x16\x03"
                      "csp",
                      5);
    if (s->unknown_amd_extension)
        put_extension(w, AMD_OID(0x06), false, "\x05", 1);
}

static void put_extensions(struct writer *w, const struct synthetic_snp *s, const struct synthetic_cert *c)
{
    uint8_t buffer[16];
    size_t outer = open_tag(w, 0xa3);
    size_t list = open_tag(w, 0x30);
    if (c->is_ca) {
        struct writer v = writer_into(buffer, sizeof buffer);
        size_t seq = open_tag(&v, 0x30);
        put(&v, 0x01, "\xff", 1);
        if (c->path_length != SYNTHETIC_NONE)
            put_small_integer(&v, c->path_length);
        close_tag(&v, seq);
        put_extension(w, OID_OF(0x55, 0x1d, 0x13), true, buffer, v.used);
    }
    if (c->key_usage != SYNTHETIC_NONE) {
        const uint8_t bits[] = {0x03, 0x02, 0x01, (uint8_t)c->key_usage};
        put_extension(w, OID_OF(0x55, 0x1d, 0x0f), true, bits, sizeof bits);
        if (c->duplicate_extension)
            put_extension(w, OID_OF(0x55, 0x1d, 0x0f), true, bits, sizeof bits);
    }
    if (c->unknown_critical)
        put_extension(w, OID_OF(0x55, 0x1d, 0x24), true, "\x30\x00", 2);
    if (c->amd_extensions)
        put_amd_extensions(w, s);
    close_tag(w, list);
    close_tag(w, outer);
}

static struct bytes cert_build(const struct synthetic_snp *s, const struct synthetic_cert *c,
                               uint8_t out[static SYNTHETIC_CERT_MAX])
{
    uint8_t tbs[SYNTHETIC_CERT_MAX];
    uint8_t spki[1024];
    uint8_t signature[512];
    size_t len;
    struct writer w = writer_into(tbs, sizeof tbs);
    size_t seq = open_tag(&w, 0x30);
    size_t version = open_tag(&w, 0xa0);
    put_small_integer(&w, c->version);
    close_tag(&w, version);
    put_small_integer(&w, 0); /* as in AMD's VCEKs */
    put_pss(&w, c->salt);
    put_name(&w, c->issuer_cn);
    size_t validity = open_tag(&w, 0x30);
    put(&w, 0x17, c->not_before, strlen(c->not_before));
    put(&w, 0x17, c->not_after, strlen(c->not_after));
    close_tag(&w, validity);
    put_name(&w, c->subject_cn);
    must(crypto_private_key_spki(c->key, spki, sizeof spki, &len));
    writer_bytes(&w, bytes_of(spki, len));
    put_extensions(&w, s, c);
    close_tag(&w, seq);

    must(crypto_rsa_pss_sign(c->signer, CRYPTO_SHA384, (size_t)c->salt, bytes_of(tbs, w.used), signature,
                             sizeof signature, &len));
    struct writer o = writer_into(out, SYNTHETIC_CERT_MAX);
    seq = open_tag(&o, 0x30);
    writer_bytes(&o, bytes_of(tbs, w.used));
    put_pss(&o, c->salt);
    size_t bits = open_tag(&o, 0x03);
    writer_u8(&o, 0);
    writer_bytes(&o, bytes_of(signature, len));
    close_tag(&o, bits);
    close_tag(&o, seq);
    return bytes_of(out, o.used);
}

/* ---- a sound chain and report ---- */

enum { USAGE_CERT_SIGN = 0x04, USAGE_CERT_AND_CRL_SIGN = 0x06 };

void synthetic_snp_init(struct synthetic_snp *s, const struct synthetic_keys *keys)
{
    const struct synthetic_cert common = {
        .not_before = "250101000000Z",
        .not_after = "341231235959Z",
        .path_length = SYNTHETIC_NONE,
        .key_usage = SYNTHETIC_NONE,
        .version = 2,
        .salt = 48,
    };
    memset(s, 0, sizeof *s);
    s->ark = s->ask = s->vcek = common;
    s->ark.issuer_cn = s->ark.subject_cn = s->ask.issuer_cn = "ARK-Genoa";
    s->ask.subject_cn = s->vcek.issuer_cn = "SEV-Genoa";
    s->vcek.subject_cn = "SEV-VCEK";
    s->ark.is_ca = s->ask.is_ca = true;
    s->ask.path_length = 0;
    s->ark.key_usage = USAGE_CERT_AND_CRL_SIGN;
    s->ask.key_usage = USAGE_CERT_SIGN;
    s->vcek.amd_extensions = true;
    s->ark.key = s->ark.signer = s->ask.signer = keys->ark;
    s->ask.key = s->vcek.signer = keys->ask;
    s->vcek.key = keys->vcek;

    s->product = "Genoa";
    s->level[SNP_FMC] = SYNTHETIC_NONE;
    s->level[SNP_BOOTLOADER] = 10;
    s->level[SNP_FIRMWARE] = 0x1b;
    s->level[SNP_MICROCODE] = 0xdb;
    s->hwid_len = 64;
    for (size_t i = 0; i < sizeof s->hwid; i++)
        s->hwid[i] = (uint8_t)(i + 2); /* begins like an INTEGER: it is none */

    static const struct snp_tcb tcb = {{10, 0, 0, 0, 0, 0, 0x1b, 0xdb}};
    struct snp_report *r = &s->report;
    r->version = 3;
    r->policy = 0x30000;
    r->signature_algorithm = 1;
    r->current_tcb = r->reported_tcb = r->committed_tcb = r->launch_tcb = tcb;
    r->platform_info = 0x25;
    memset(r->report_data, 0xd0, sizeof r->report_data);
    memset(r->measurement, 0x3e, sizeof r->measurement);
    memset(r->report_id, 0x77, sizeof r->report_id);
    memset(r->report_id_ma, 0xff, sizeof r->report_id_ma);
    r->cpuid_family = 0x19;
    r->cpuid_model = 0x11;
    r->cpuid_stepping = 1;
    memcpy(r->chip_id, s->hwid, sizeof r->chip_id);
}

void synthetic_snp_init_turin(struct synthetic_snp *s, const struct synthetic_keys *keys)
{
    static const struct snp_tcb tcb = {{1, 2, 3, 4, 0, 0, 0, 0x51}};
    synthetic_snp_init(s, keys);
    s->ark.issuer_cn = s->ark.subject_cn = s->ask.issuer_cn = "ARK-Turin";
    s->ask.subject_cn = s->vcek.issuer_cn = "SEV-Turin";
    s->product = "Turin";
    s->struct_version = 1;
    s->hwid_len = 8;
    s->level[SNP_FMC] = 1;
    s->level[SNP_BOOTLOADER] = 2;
    s->level[SNP_TEE] = 3;
    s->level[SNP_FIRMWARE] = 4;
    s->level[SNP_MICROCODE] = 0x51;
    struct snp_report *r = &s->report;
    r->version = 5;
    r->launch_mitigations = r->current_mitigations = 3;
    r->current_tcb = r->reported_tcb = r->committed_tcb = r->launch_tcb = tcb;
    r->cpuid_family = 0x1a;
    r->cpuid_model = 0x02;
    memset(r->chip_id, 0, sizeof r->chip_id);
    memcpy(r->chip_id, s->hwid, 8);
}

static void report_sign(struct synthetic_snp *s)
{
    enum { PART = 48, R_AT = 0x2a0, S_AT = 0x2e8 };
    uint8_t rs[2 * PART];
    must(crypto_ecdsa_sign_raw(s->vcek.key, CRYPTO_SHA384, bytes_of(s->report_bytes, SNP_REPORT_SIGNED_SIZE),
                               rs));
    for (size_t i = 0; i < PART; i++) {
        s->report_bytes[R_AT + i] = rs[PART - 1 - i];
        s->report_bytes[S_AT + i] = rs[2 * PART - 1 - i];
    }
}

void synthetic_snp_build(struct synthetic_snp *s)
{
    must(snp_report_write(&s->report, s->report_bytes));
    s->report_bytes[s->patch_signed_at] =
        s->patch_signed != 0 ? s->patch_signed : s->report_bytes[s->patch_signed_at];
    report_sign(s);
    s->report_bytes[s->patch_after_at] =
        s->patch_after != 0 ? s->patch_after : s->report_bytes[s->patch_after_at];
    s->evidence.report = bytes_of(s->report_bytes, sizeof s->report_bytes);
    s->evidence.ark = cert_build(s, &s->ark, s->buffers[0]);
    s->evidence.ask = cert_build(s, &s->ask, s->buffers[1]);
    s->evidence.vcek = cert_build(s, &s->vcek, s->buffers[2]);
}
