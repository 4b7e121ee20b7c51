/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes sound evidence under made-up roots into the current directory, as separate files, for tests that start programs:
 *
 *   genoa-, turin-, vlek-   report.bin, vek.der, ask.der, ark.der, crl.der
 *   hopper-, blackwell-     report.bin, chain.pem, chain.der, driver.xml, vbios.xml, ocsp0.der to ocsp5.der (three of the GPU's, three of the signer's),
 *                           roots.pem; the nonce is 32 times d0
 *   hopper2-                another GPU of hopper-'s maker: report.bin, chain.pem, ocsp0.der
 *   hopper-wrong-           report.bin with other measurements, revoked.der: the GPU's certificate is revoked
 *   tdx5-, tdx4-            quote.bin, collateral.json, tcb_info.json, qe_identity.json, signer.der, root.der, root_crl.der, pck_crl.der
 *   vtpm_snp-, vtpm_tdx-    hcl_report.bin, tpm_quote.bin, signature.bin, pcrs.bin, event_log.bin, nonce.bin, ak0.der to ak2.der; and as above what the
 *                           hardware's report in it needs
 */
#include <stdio.h>
#include <stdlib.h>

#include "attest/collateral.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "evidence/simulated_gpu.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"
#include "support/synthetic_vtpm.h"

static void put(const char *prefix, const char *name, struct bytes content)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s-%s", prefix, name);
    if (file_write(path, content, NULL) != ERR_OK) {
        (void)fprintf(stderr, "write_parts: %s cannot be written\n", path);
        exit(1);
    }
}

static void snp_put(const char *prefix, const struct synthetic_snp *s)
{
    put(prefix, "report.bin", s->evidence.report);
    put(prefix, "vek.der", s->evidence.vek);
    put(prefix, "ask.der", s->evidence.ask);
    put(prefix, "ark.der", s->evidence.ark);
    put(prefix, "crl.der", s->evidence.crls[0]);
}

/* For programs that take the time from the clock. */
static void snp_prolong(struct synthetic_snp *s)
{
    s->ark.not_after = s->ask.not_after = s->vek.not_after = "491231235959Z";
    s->crl.next_update = "481231235959Z";
}

static void snp_write(const char *prefix, struct synthetic_snp *s)
{
    snp_prolong(s);
    synthetic_snp_build(s);
    snp_put(prefix, s);
}

static void document_write(const char *prefix, const char *name, const char *member,
                           const struct intel_document *document)
{
    char hex[ENCODING_HEX_SIZE(INTEL_SIGNATURE_SIZE)];
    char *text = NULL;
    encoding_hex(bytes_of(document->signature, sizeof document->signature), hex);
    int len = asprintf(&text, "{\"%s\":%.*s,\"signature\":\"%s\"}", member, (int)document->body.len,
                       (const char *)document->body.ptr, hex);
    if (len < 0)
        exit(1);
    put(prefix, name, bytes_of(text, (size_t)len));
    free(text);
}

static void tdx_put(const char *prefix, const struct synthetic_tdx *t)
{
    char *text = NULL;
    size_t len = 0;
    const struct tdx_collateral *c = &t->collateral;
    put(prefix, "quote.bin", t->quote);
    document_write(prefix, "tcb_info.json", "tcbInfo", &c->tcb_info);
    document_write(prefix, "qe_identity.json", "enclaveIdentity", &c->qe_identity);
    put(prefix, "signer.der", c->tcb_info_issuer.signer);
    put(prefix, "root.der", c->tcb_info_issuer.root);
    put(prefix, "root_crl.der", c->root_crl);
    put(prefix, "pck_crl.der", c->pck_crl);
    if (collateral_write(c, &text, &len, NULL) != ERR_OK)
        exit(1);
    put(prefix, "collateral.json", bytes_of(text, len));
    secret_free(text);
}

static void tdx_write(const char *prefix, struct synthetic_tdx *t)
{
    synthetic_tdx_build(t);
    tdx_put(prefix, t);
}

static void vtpm_put(const char *prefix, const struct synthetic_vtpm *t)
{
    const struct vtpm_evidence *e = &t->evidence;
    put(prefix, "hcl_report.bin", e->hcl_report);
    put(prefix, "tpm_quote.bin", e->quote);
    put(prefix, "signature.bin", e->signature);
    put(prefix, "pcrs.bin", e->pcr_values);
    put(prefix, "event_log.bin", e->event_log);
    put(prefix, "nonce.bin", t->nonce);
    for (size_t i = 0; i < e->ak_certificate_count; i++) {
        char name[] = "ak0.der";
        name[2] = (char)('0' + i);
        put(prefix, name, e->ak_certificates[i]);
    }
}

static void vtpm_write(const struct synthetic_keys *snp_keys, const struct synthetic_tdx_keys *tdx_keys)
{
    static struct synthetic_vtpm_keys keys;
    static struct synthetic_vtpm vtpm;
    static struct synthetic_snp snp;
    static struct synthetic_tdx tdx;
    synthetic_vtpm_keys_make(&keys);
    synthetic_vtpm_init(&vtpm, &keys);
    synthetic_snp_init(&snp, snp_keys);
    snp_prolong(&snp);
    synthetic_vtpm_build_snp(&vtpm, &snp);
    vtpm_put("vtpm_snp", &vtpm);
    snp_put("vtpm_snp", &snp);
    synthetic_vtpm_init(&vtpm, &keys);
    vtpm.kind = HCL_KIND_TDX;
    synthetic_tdx_init(&tdx, tdx_keys);
    synthetic_vtpm_build_tdx(&vtpm, &tdx);
    vtpm_put("vtpm_tdx", &vtpm);
    tdx_put("vtpm_tdx", &tdx);
    synthetic_vtpm_keys_release(&keys);
}

/* ---- GPUs ---- */

enum { GPU_NOW = 1767225600 /* 2026-01-01 */ };
static const int64_t gpu_until = 2400000000; /* 2046: for programs that take the time from the clock */

static void must(enum err e)
{
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "write_parts: %s\n", err_text(e));
    exit(1);
}

static struct simulated_gpu *gpu_make(enum simulated_gpu_kind kind)
{
    struct simulated_gpu *g = NULL;
    must(simulated_gpu_new(kind, GPU_NOW, &g));
    for (size_t i = 0; i < SIMULATED_GPU_CHAIN; i++)
        g->device[i].not_after = gpu_until;
    for (size_t i = 0; i < SIMULATED_RIM_CHAIN; i++)
        g->signer[i].not_after = gpu_until;
    for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++)
        g->ocsp[i].next_update = gpu_until;
    return g;
}

static void report_write(const char *prefix, struct simulated_gpu *g)
{
    static uint8_t report[SIMULATED_GPU_REPORT_MAX];
    uint8_t nonce[NVGPU_NONCE_SIZE];
    size_t len = 0;
    memset(nonce, 0xd0, sizeof nonce);
    must(simulated_gpu_answer(g, nonce, report, sizeof report, &len));
    put(prefix, "report.bin", bytes_of(report, len));
    put(prefix, "chain.pem", bytes_of(g->pem, g->pem_len));
}

static void ocsp_write(const char *prefix, const struct simulated_gpu *g, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[sizeof "ocsp0.der"];
        (void)snprintf(name, sizeof name, "ocsp%zu.der", i % 10);
        put(prefix, name, bytes_of(g->ocsp_der[i], g->ocsp_len[i]));
    }
}

static void roots_write(const char *prefix, const struct simulated_gpu *g)
{
    const struct simulated_nv_der *roots[] = {&g->device_der[SIMULATED_GPU_CHAIN - 1],
                                              &g->signer_der[SIMULATED_RIM_CHAIN - 1]};
    static uint8_t room[16 * 1024];
    struct writer w = writer_into(room, sizeof room);
    struct bytes all;
    for (size_t i = 0; i < 2; i++)
        must(encoding_pem_write(&w, "CERTIFICATE", bytes_of(roots[i]->der, roots[i]->len)));
    must(writer_finish(&w, &all));
    put(prefix, "roots.pem", all);
}

static void gpu_write(const char *prefix, struct simulated_gpu *g)
{
    static uint8_t room[16 * 1024];
    struct writer w = writer_into(room, sizeof room);
    struct bytes chain;
    must(simulated_gpu_build(g));
    report_write(prefix, g);
    for (size_t i = 0; i < SIMULATED_GPU_CHAIN; i++)
        writer_bytes(&w, bytes_of(g->device_der[i].der, g->device_der[i].len));
    must(writer_finish(&w, &chain));
    put(prefix, "chain.der", chain);
    put(prefix, "driver.xml", bytes_of(g->rim_text[SIMULATED_GPU_DRIVER], g->rim_len[SIMULATED_GPU_DRIVER]));
    put(prefix, "vbios.xml", bytes_of(g->rim_text[SIMULATED_GPU_VBIOS], g->rim_len[SIMULATED_GPU_VBIOS]));
    ocsp_write(prefix, g, SIMULATED_GPU_OCSP);
    roots_write(prefix, g);
}

static void second_write(const struct simulated_gpu *maker)
{
    struct simulated_gpu *g = gpu_make(SIMULATED_HOPPER);
    simulated_gpu_adopt(g, maker);
    must(simulated_gpu_build(g));
    report_write("hopper2", g);
    ocsp_write("hopper2", g, 1);
    simulated_gpu_free(g);
}

static void wrong_write(struct simulated_gpu *g)
{
    g->report.measurements[1][0] ^= 1;  /* of the VBIOS */
    g->report.measurements[61][0] ^= 1; /* of the driver */
    report_write("hopper-wrong", g);
    g->ocsp[0].status = SIMULATED_OCSP_REVOKED;
    g->ocsp[0].reason = 1;
    must(simulated_gpu_build(g));
    put("hopper-wrong", "revoked.der", bytes_of(g->ocsp_der[0], g->ocsp_len[0]));
}

static void gpus_write(void)
{
    struct simulated_gpu *hopper = gpu_make(SIMULATED_HOPPER);
    struct simulated_gpu *blackwell = gpu_make(SIMULATED_BLACKWELL);
    gpu_write("hopper", hopper);
    gpu_write("blackwell", blackwell);
    second_write(hopper);
    wrong_write(hopper);
    simulated_gpu_free(blackwell);
    simulated_gpu_free(hopper);
}

int main(void)
{
    static struct synthetic_keys keys;
    static struct synthetic_tdx_keys tdx_keys;
    static struct synthetic_snp snp;
    static struct synthetic_tdx tdx;
    if (crypto_init() != ERR_OK)
        return 1;
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    snp_write("genoa", &snp);
    synthetic_snp_init_turin(&snp, &keys);
    snp_write("turin", &snp);
    synthetic_snp_init_vlek(&snp, &keys);
    snp_write("vlek", &snp);
    synthetic_tdx_keys_make(&tdx_keys);
    synthetic_tdx_init(&tdx, &tdx_keys);
    tdx_write("tdx5", &tdx);
    synthetic_tdx_init_4(&tdx, &tdx_keys);
    tdx_write("tdx4", &tdx);
    vtpm_write(&keys, &tdx_keys);
    synthetic_keys_release(&keys);
    synthetic_tdx_keys_release(&tdx_keys);
    gpus_write();
    return 0;
}
