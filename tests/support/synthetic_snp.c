/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_snp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/synthetic_der.h"

void synthetic_key_make(enum crypto_key_kind kind, unsigned bits, const char *name,
                        struct crypto_private_key **key)
{
    enum { KEY_MAX = 4096 };
    char path[512];
    char unfinished[544];
    uint8_t der[KEY_MAX];
    size_t len = 0;
    const char *folder = getenv("ENCLUME_TEST_KEYS");
    (void)snprintf(path, sizeof path, "%s/%s", folder == NULL ? "" : folder, name);
    FILE *file = folder == NULL ? NULL : fopen(path, "rb");
    if (file != NULL) {
        len = fread(der, 1, sizeof der, file);
        (void)fclose(file);
        synthetic_must(crypto_private_key_read(kind, bytes_of(der, len), key));
        return;
    }
    synthetic_must(crypto_private_key_new(kind, bits, key));
    /* Another program may be about the same. */
    (void)snprintf(unfinished, sizeof unfinished, "%s.%ld", path, (long)getpid());
    file = folder == NULL ? NULL : fopen(unfinished, "wb");
    if (file == NULL)
        return;
    synthetic_must(crypto_private_key_write(*key, der, sizeof der, &len));
    if (fwrite(der, 1, len, file) != len || fclose(file) != 0 || rename(unfinished, path) != 0)
        synthetic_must(ERR_FILE);
}

void synthetic_keys_make(struct synthetic_keys *keys)
{
    synthetic_key_make(CRYPTO_KEY_RSA, 4096, "ark", &keys->ark);
    synthetic_key_make(CRYPTO_KEY_RSA, 4096, "ask", &keys->ask);
    synthetic_key_make(CRYPTO_KEY_RSA, 2048, "small", &keys->small);
    synthetic_key_make(CRYPTO_KEY_P384, 0, "vcek", &keys->vcek);
    synthetic_key_make(CRYPTO_KEY_P256, 0, "p256", &keys->p256);
}

void synthetic_keys_release(struct synthetic_keys *keys)
{
    crypto_private_key_free(keys->ark);
    crypto_private_key_free(keys->ask);
    crypto_private_key_free(keys->small);
    crypto_private_key_free(keys->vcek);
    crypto_private_key_free(keys->p256);
}

#define AMD_OID(...) SYNTHETIC_OID(0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, __VA_ARGS__)

static void put_amd_integer(struct writer *w, const uint8_t *oid, size_t oid_len, int value)
{
    uint8_t buffer[8];
    struct writer v = writer_into(buffer, sizeof buffer);
    if (value == SYNTHETIC_NONE)
        return;
    synthetic_put_uint8(&v, value);
    synthetic_put_extension(w, oid, oid_len, false, buffer, v.used);
}

static void put_amd_extensions(struct writer *w, const struct synthetic_snp *s)
{
    uint8_t buffer[256];
    struct writer name = writer_into(buffer, sizeof buffer);
    put_amd_integer(w, AMD_OID(0x01), s->struct_version);
    synthetic_put(&name, 0x16, s->product, strlen(s->product));
    synthetic_put_extension(w, AMD_OID(0x02), false, buffer, name.used);
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
        synthetic_put_extension(w, AMD_OID(0x04), false, s->hwid, (size_t)s->hwid_len);
    if (s->csp_id != NULL) {
        struct writer id = writer_into(buffer, sizeof buffer);
        synthetic_put(&id, 0x16, s->csp_id, strlen(s->csp_id));
        synthetic_put_extension(w, AMD_OID(0x05), false, buffer, id.used);
    }
    if (s->unknown_amd_extension)
        synthetic_put_extension(w, AMD_OID(0x06), false, "\x05", 1);
}

static void put_extensions(struct writer *w, const struct synthetic_snp *s, const struct synthetic_cert *c)
{
    uint8_t buffer[16];
    size_t outer = synthetic_begin(w, 0xa3);
    size_t list = synthetic_begin(w, 0x30);
    if (c->is_ca) {
        struct writer v = writer_into(buffer, sizeof buffer);
        size_t seq = synthetic_begin(&v, 0x30);
        synthetic_put(&v, 0x01, "\xff", 1);
        if (c->path_length != SYNTHETIC_NONE)
            synthetic_put_uint8(&v, c->path_length);
        synthetic_end(&v, seq);
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x13), true, buffer, v.used);
    }
    if (c->key_usage != SYNTHETIC_NONE) {
        const uint8_t bits[] = {0x03, 0x02, 0x01, (uint8_t)c->key_usage};
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x0f), true, bits, sizeof bits);
        if (c->duplicate_extension)
            synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x0f), true, bits, sizeof bits);
    }
    if (c->unknown_critical)
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x24), true, "\x30\x00", 2);
    if (c->amd_extensions)
        put_amd_extensions(w, s);
    synthetic_end(w, list);
    synthetic_end(w, outer);
}

static struct bytes cert_build(const struct synthetic_snp *s, const struct synthetic_cert *c,
                               uint8_t out[static SYNTHETIC_CERT_MAX])
{
    uint8_t tbs[SYNTHETIC_CERT_MAX];
    uint8_t spki[1024];
    uint8_t signature[512];
    size_t len;
    struct writer w = writer_into(tbs, sizeof tbs);
    size_t seq = synthetic_begin(&w, 0x30);
    size_t version = synthetic_begin(&w, 0xa0);
    synthetic_put_uint8(&w, c->version);
    synthetic_end(&w, version);
    synthetic_put_uint8(&w, c->serial);
    synthetic_put_pss(&w, c->salt);
    synthetic_put_name(&w, c->issuer_cn);
    size_t validity = synthetic_begin(&w, 0x30);
    synthetic_put(&w, 0x17, c->not_before, strlen(c->not_before));
    synthetic_put(&w, 0x17, c->not_after, strlen(c->not_after));
    synthetic_end(&w, validity);
    synthetic_put_name(&w, c->subject_cn);
    synthetic_must(crypto_private_key_spki(c->key, spki, sizeof spki, &len));
    if (c->damaged_key)
        spki[len - 1] ^= 1;
    writer_bytes(&w, bytes_of(spki, len));
    put_extensions(&w, s, c);
    synthetic_end(&w, seq);

    struct bytes value = synthetic_sign_pss(c->signer, c->salt, bytes_of(tbs, w.used), signature);
    struct writer o = writer_into(out, SYNTHETIC_CERT_MAX);
    seq = synthetic_begin(&o, 0x30);
    writer_bytes(&o, bytes_of(tbs, w.used));
    synthetic_put_pss(&o, c->salt);
    size_t bits = synthetic_begin(&o, 0x03);
    writer_u8(&o, 0);
    writer_bytes(&o, value);
    synthetic_end(&o, bits);
    synthetic_end(&o, seq);
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
    s->ark = s->ask = s->vek = common;
    s->ark.issuer_cn = s->ark.subject_cn = s->ask.issuer_cn = "ARK-Genoa";
    s->ask.subject_cn = s->vek.issuer_cn = "SEV-Genoa";
    s->vek.subject_cn = "SEV-VCEK"; /* serial 0, as AMD's */
    s->ark.serial = 16;
    s->ask.serial = 18;
    s->ark.is_ca = s->ask.is_ca = true;
    s->ask.path_length = 0;
    s->ark.key_usage = USAGE_CERT_AND_CRL_SIGN;
    s->ask.key_usage = USAGE_CERT_SIGN;
    s->vek.amd_extensions = true;
    s->ark.key = s->ark.signer = s->ask.signer = keys->ark;
    s->ask.key = s->vek.signer = keys->ask;
    s->vek.key = keys->vcek;

    synthetic_crl_init(&s->crl, "ARK-Genoa", keys->ark);
    s->crl_count = 1;

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
    s->ask.subject_cn = s->vek.issuer_cn = "SEV-Turin";
    s->crl.issuer_cn = "ARK-Turin";
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

void synthetic_snp_init_vlek(struct synthetic_snp *s, const struct synthetic_keys *keys)
{
    synthetic_snp_init(s, keys);
    s->ask.subject_cn = s->vek.issuer_cn = "SEV-VLEK-Genoa";
    s->vek.subject_cn = "SEV-VLEK";
    s->hwid_len = SYNTHETIC_NONE;
    s->csp_id = "CN=cloud.example";
    s->report.key_info = SNP_KEY_VLEK << 2;
    memset(s->report.chip_id, 0, sizeof s->report.chip_id);
}

static void report_sign(struct synthetic_snp *s)
{
    enum { PART = 48, R_AT = 0x2a0, S_AT = 0x2e8 };
    uint8_t rs[2 * PART];
    synthetic_must(crypto_ecdsa_sign_raw(s->vek.key, CRYPTO_SHA384,
                                         bytes_of(s->report_bytes, SNP_REPORT_SIGNED_SIZE), rs));
    for (size_t i = 0; i < PART; i++) {
        s->report_bytes[R_AT + i] = rs[PART - 1 - i];
        s->report_bytes[S_AT + i] = rs[2 * PART - 1 - i];
    }
}

void synthetic_snp_build(struct synthetic_snp *s)
{
    synthetic_must(snp_report_write(&s->report, s->report_bytes));
    s->report_bytes[s->patch_signed_at] =
        s->patch_signed != 0 ? s->patch_signed : s->report_bytes[s->patch_signed_at];
    report_sign(s);
    s->report_bytes[s->patch_after_at] ^= s->patch_after;
    s->evidence.report = bytes_of(s->report_bytes, sizeof s->report_bytes);
    s->evidence.ark = cert_build(s, &s->ark, s->buffers[0]);
    s->evidence.ask = cert_build(s, &s->ask, s->buffers[1]);
    s->evidence.vek = cert_build(s, &s->vek, s->buffers[2]);
    s->evidence.crl_count = s->crl_count;
    for (size_t i = 0; i < s->crl_count && i < SNP_CRLS_MAX; i++)
        s->evidence.crls[i] = synthetic_crl_build(&s->crl, s->crl_buffer);
}
