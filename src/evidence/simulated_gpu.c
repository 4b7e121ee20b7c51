/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_gpu.h"

#include <stdio.h>

#include "attest/x509.h"
#include "base/encoding.h"
#include "base/secret.h"

enum { DAY = 86400, DAYS_DEVICE = 9131, DAYS_SIGNER = 730, DAYS_WORD = 365 };
/* The places of the GPU's chain. */
enum { LEAF, DEVICE, PROVISIONER, IDENTITY, ROOT };

#define DRIVER_VERSION "580.95.05"
#define VBIOS_VERSION  "96.00.9F.00.01"

static const struct kind {
    const char *chip;
    enum simulated_nv_fwid fwid;
    uint32_t flags; /* notConfigured (0), fixedWidth (31), which every Blackwell has */
} kinds[] = {
    [SIMULATED_HOPPER] = {"GH100", SIMULATED_FWID_COMPOSITE, 0},
    [SIMULATED_BLACKWELL] = {"GB100", SIMULATED_FWID_TCB_INFO, 1U << 31 | 1U << 0},
};

/* ---- the fields of a good one ---- */

/* A form with at most one %s, for the chip. */
static void name_fill(char out[static SIMULATED_GPU_NAME_SIZE], const char *form, const char *chip)
{
    const char *mark = strstr(form, "%s");
    int before = mark == NULL ? (int)strlen(form) : (int)(mark - form);
    (void)snprintf(out, SIMULATED_GPU_NAME_SIZE, "%.*s%s%s", before, form, mark == NULL ? "" : chip,
                   mark == NULL ? "" : mark + 2);
}

static void names_fill(struct simulated_gpu *g)
{
    static const char *const device[] = {"%s A01 GSP FMC LF", "%s A01 GSP BROM",
                                         "NVIDIA %s Provisioner ICA 1", "NVIDIA %s Identity",
                                         "NVIDIA Device Identity CA"};
    static const char *const signer[] = {"HCC RIM L4 Signer", "NVIDIA Reference Value L3 %s 001",
                                         "NVIDIA Reference Value %s CA", "NVIDIA CoRIM signing Root CA"};
    for (size_t i = 0; i < SIMULATED_GPU_CHAIN; i++)
        name_fill(g->names[i], device[i], kinds[g->kind].chip);
    for (size_t i = 0; i < SIMULATED_RIM_CHAIN; i++)
        name_fill(g->signer_names[i], signer[i], kinds[g->kind].chip);
}

static void authority_fields(struct simulated_nv_certificate *c, bool is_leaf)
{
    c->is_ca = !is_leaf;
    c->path_length = SIMULATED_NV_NO_LIMIT;
    c->key_usage = is_leaf ? X509_USAGE_DIGITAL_SIGNATURE : X509_USAGE_CERT_SIGN | X509_USAGE_CRL_SIGN;
}

static void certificate_fields(struct simulated_gpu *g, int64_t now)
{
    for (size_t i = 0; i < SIMULATED_GPU_CHAIN; i++) {
        size_t issuer = i == ROOT ? ROOT : i + 1;
        struct simulated_nv_certificate *c = &g->device[i];
        *c = (struct simulated_nv_certificate){.issuer_cn = g->names[issuer],
                                               .subject_cn = g->names[i],
                                               .serial = 0x1000 + i,
                                               .not_before = now - DAY,
                                               .not_after = now + (int64_t)DAYS_DEVICE * DAY,
                                               .key = g->device_keys[i],
                                               .signer = g->device_keys[issuer]};
        authority_fields(c, i == LEAF);
    }
    g->device[LEAF].fwid_form = kinds[g->kind].fwid;
    g->device[LEAF].tcb_flags = kinds[g->kind].flags;
    memset(g->device[LEAF].fwid, 0xf1, sizeof g->device[LEAF].fwid);
    for (size_t i = 0; i < SIMULATED_RIM_CHAIN; i++) {
        size_t issuer = i + 1 == SIMULATED_RIM_CHAIN ? i : i + 1;
        struct simulated_nv_certificate *c = &g->signer[i];
        *c = (struct simulated_nv_certificate){.issuer_cn = g->signer_names[issuer],
                                               .subject_cn = g->signer_names[i],
                                               .serial = 0x2000 + i,
                                               .not_before = now - DAY,
                                               .not_after = now + (int64_t)DAYS_SIGNER * DAY,
                                               .key = g->signer_keys[i],
                                               .signer = g->signer_keys[issuer]};
        authority_fields(c, i == LEAF);
    }
    g->signer[1].path_length = 0;
    g->signer[2].generalized_times = true;
    g->report_key = g->device_keys[LEAF];
    g->rim_key = g->signer_keys[LEAF];
}

/* The fields that a driver of today writes. False when there is no room. */
static bool report_fields(struct simulated_gpu *g)
{
    static const uint8_t vbios[] = {0x00, 0x9f, 0x00, 0x96, 0x01, 0, 0, 0};
    static const uint8_t off[] = {NVGPU_OFF};
    static const uint8_t on[] = {NVGPU_ON};
    static const uint8_t version[] = {1, 0, 0, 0};
    static const uint8_t feature[] = {0, 0, 0, 0};
    uint8_t counts[SIMULATED_GPU_BLOCKS * 4];
    struct simulated_gpu_report *r = &g->report;
    *r = (struct simulated_gpu_report){
        .request = {SPDM_VERSION_11, SPDM_GET_MEASUREMENTS, SPDM_SIGNATURE_REQUESTED, SPDM_ALL_MEASUREMENTS},
        .response = {SPDM_VERSION_11, SPDM_MEASUREMENTS},
        .blocks = SIMULATED_GPU_BLOCKS};
    for (size_t i = 0; i < SIMULATED_GPU_BLOCKS; i++) {
        bool measured = i % 2 == 1;
        memset(r->measurements[i], measured ? (int)i : 0, SIMULATED_GPU_VALUE_SIZE);
        memset(counts + i * 4, 0, 4);
        counts[i * 4] = measured;
    }
    const struct {
        uint16_t type;
        struct bytes value;
    } fields[] = {
        {NVGPU_VBIOS_VERSION, bytes_of(vbios, sizeof vbios)},
        {NVGPU_CHIP_SKU, bytes_of("882\0", 4)},
        {NVGPU_PROJECT, bytes_of("1010", 5)},
        {NVGPU_PROJECT_SKU, bytes_of("0200", 5)},
        {NVGPU_DRIVER_VERSION, bytes_of(DRIVER_VERSION, sizeof DRIVER_VERSION)},
        {NVGPU_MEASUREMENT_COUNTS, bytes_of(counts, sizeof counts)},
        {NVGPU_NVDEC0_STATUS, bytes_of(on, sizeof on)},
        {NVGPU_FWID, bytes_of(g->device[LEAF].fwid, sizeof g->device[LEAF].fwid)},
        {NVGPU_PROTECTED_PCIE, bytes_of(off, sizeof off)},
        {NVGPU_OPAQUE_VERSION, bytes_of(version, sizeof version)},
        {NVGPU_FEATURE_FLAG, bytes_of(feature, sizeof feature)},
    };
    bool room = true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        room = simulated_gpu_field_add(r, fields[i].type, fields[i].value) != NULL && room;
    return room;
}

/* As in NVIDIA's: every measurement has a row in both documents, and is active in one of them or in none. */
static void rim_fields(struct simulated_gpu *g)
{
    enum { FIRST_OF_DRIVER = 20 };
    for (size_t part = 0; part < SIMULATED_GPU_RIMS; part++) {
        struct simulated_rim *rim = &g->rims[part];
        *rim =
            (struct simulated_rim){.product = kinds[g->kind].chip,
                                   .version = part == SIMULATED_GPU_DRIVER ? DRIVER_VERSION : VBIOS_VERSION,
                                   .row_count = SIMULATED_GPU_BLOCKS};
        for (size_t i = 0; i < SIMULATED_GPU_BLOCKS; i++) {
            struct simulated_rim_row *row = &rim->rows[i];
            bool is_driver = i >= FIRST_OF_DRIVER;
            row->index = (uint8_t)i;
            row->alternatives = 1;
            row->active = i % 2 == 1 && is_driver == (part == SIMULATED_GPU_DRIVER);
            if (row->active)
                memcpy(row->values[0], g->report.measurements[i], SIMULATED_RIM_VALUE_SIZE);
        }
        /* One of several values, and not the first. */
        struct simulated_rim_row *several =
            &rim->rows[part == SIMULATED_GPU_DRIVER ? FIRST_OF_DRIVER + 1 : 9];
        several->alternatives = 2;
        memcpy(several->values[1], several->values[0], SIMULATED_RIM_VALUE_SIZE);
        memset(several->values[0], 0xee, SIMULATED_RIM_VALUE_SIZE);
    }
}

/* The first three are about the GPU's chain from the chip up, the others about the signer's from its leaf up. */
static void ocsp_fields(struct simulated_gpu *g, int64_t now)
{
    for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++) {
        bool is_device = i < SIMULATED_GPU_OCSP / 2;
        size_t place = is_device ? i + DEVICE : i - SIMULATED_GPU_OCSP / 2;
        g->ocsp[i] =
            (struct simulated_ocsp){.signer = is_device ? g->device[place + 1].key : g->signer[place + 1].key,
                                    .produced_at = now,
                                    .this_update = now,
                                    .next_update = now + (int64_t)DAYS_WORD * DAY};
    }
}

/* ---- building ---- */

static enum err pem_write(struct simulated_gpu *g)
{
    enum { LINE = 64 };
    struct bytes whole;
    struct writer w = writer_into(g->pem, sizeof g->pem);
    for (size_t i = 0; i < SIMULATED_GPU_CHAIN; i++) {
        char text[ENCODING_BASE64_SIZE(SIMULATED_NV_DER_MAX)];
        encoding_base64(bytes_of(g->device_der[i].der, g->device_der[i].len), text);
        writer_str(&w, "-----BEGIN CERTIFICATE-----\n");
        for (size_t at = 0; at < strlen(text); at += LINE) {
            size_t rest = strlen(text) - at;
            writer_bytes(&w, bytes_of(text + at, rest < LINE ? rest : LINE));
            writer_str(&w, "\n");
        }
        writer_str(&w, "-----END CERTIFICATE-----\n");
    }
    enum err e = writer_finish(&w, &whole);
    g->pem_len = whole.len;
    return e;
}

/* Which certificates an answer is about, unless it was said already. */
static struct simulated_ocsp ocsp_of(const struct simulated_gpu *g, size_t i)
{
    struct simulated_ocsp o = g->ocsp[i];
    bool is_device = i < SIMULATED_GPU_OCSP / 2;
    size_t place = is_device ? i + DEVICE : i - SIMULATED_GPU_OCSP / 2;
    const struct simulated_nv_der *chain = is_device ? g->device_der : g->signer_der;
    if (o.certificate.len == 0)
        o.certificate = bytes_of(chain[place].der, chain[place].len);
    if (o.issuer.len == 0)
        o.issuer = bytes_of(chain[place + 1].der, chain[place + 1].len);
    return o;
}

static enum err certificates_build(struct simulated_gpu *g)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < SIMULATED_GPU_CHAIN; i++) {
        if (g->maker != NULL && i >= PROVISIONER)
            g->device_der[i] = g->maker->device_der[i];
        else
            e = simulated_nv_certificate_sign(&g->device[i], &g->device_der[i]);
    }
    for (size_t i = 0; e == ERR_OK && i < SIMULATED_RIM_CHAIN; i++) {
        if (g->maker != NULL)
            g->signer_der[i] = g->maker->signer_der[i];
        else
            e = simulated_nv_certificate_sign(&g->signer[i], &g->signer_der[i]);
    }
    return e == ERR_OK ? pem_write(g) : e;
}

enum err simulated_gpu_build(struct simulated_gpu *g)
{
    enum err e = certificates_build(g);
    for (size_t i = 0; e == ERR_OK && i < SIMULATED_GPU_RIMS; i++)
        e = simulated_rim_sign(&g->rims[i], g->signer_der, g->rim_key, g->rim_text[i], sizeof g->rim_text[i],
                               &g->rim_len[i]);
    for (size_t i = 0; e == ERR_OK && i < SIMULATED_GPU_OCSP; i++) {
        const struct simulated_ocsp o = ocsp_of(g, i);
        e = simulated_ocsp_sign(&o, g->ocsp_der[i], sizeof g->ocsp_der[i], &g->ocsp_len[i]);
    }
    return e;
}

enum err simulated_gpu_answer(struct simulated_gpu *g, const uint8_t nonce[static NVGPU_NONCE_SIZE],
                              uint8_t *out, size_t size, size_t *len)
{
    memcpy(g->report.nonce, nonce, NVGPU_NONCE_SIZE);
    enum err e = crypto_random(g->report.response_nonce, sizeof g->report.response_nonce);
    if (e == ERR_OK)
        e = simulated_gpu_report_write(&g->report, out, size, len);
    return e == ERR_OK ? simulated_gpu_report_sign(g->report_key, out, size, len) : e;
}

/* ---- making one ---- */

static enum err make_keys(struct simulated_gpu *g)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < SIMULATED_GPU_CHAIN; i++)
        e = crypto_private_key_new(CRYPTO_KEY_P384, 0, &g->device_keys[i]);
    for (size_t i = 0; e == ERR_OK && i < SIMULATED_RIM_CHAIN; i++)
        e = crypto_private_key_new(CRYPTO_KEY_P384, 0, &g->signer_keys[i]);
    return e;
}

enum err simulated_gpu_new(enum simulated_gpu_kind kind, int64_t now, struct simulated_gpu **out)
{
    *out = NULL;
    struct simulated_gpu *g = secret_alloc(sizeof *g);
    if (g == NULL)
        return ERR_MEMORY;
    g->kind = kind;
    enum err e = make_keys(g);
    names_fill(g);
    certificate_fields(g, now);
    if (e == ERR_OK && !report_fields(g))
        e = ERR_NO_SPACE;
    rim_fields(g);
    ocsp_fields(g, now);
    if (e == ERR_OK)
        e = simulated_gpu_build(g);
    if (e == ERR_OK)
        *out = g;
    else
        simulated_gpu_free(g);
    return e;
}

void simulated_gpu_free(struct simulated_gpu *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < SIMULATED_GPU_CHAIN; i++)
        crypto_private_key_free(g->device_keys[i]);
    for (size_t i = 0; i < SIMULATED_RIM_CHAIN; i++)
        crypto_private_key_free(g->signer_keys[i]);
    secret_free(g);
}

void simulated_gpu_adopt(struct simulated_gpu *g, const struct simulated_gpu *maker)
{
    g->maker = maker;
    g->rim_key = maker->rim_key;
    g->device[DEVICE].issuer_cn = maker->device[PROVISIONER].subject_cn;
    g->device[DEVICE].signer = maker->device[PROVISIONER].key;
    g->device[LEAF].serial = maker->device[LEAF].serial + 0x100;
    g->device[DEVICE].serial = maker->device[DEVICE].serial + 0x100;
    for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++)
        g->ocsp[i].signer = maker->ocsp[i].signer;
}
