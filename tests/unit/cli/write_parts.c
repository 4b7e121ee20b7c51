/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes sound evidence under made-up roots into the current directory, as separate files, for tests that start programs:
 *
 *   genoa-, turin-, vlek-   report.bin, vek.der, ask.der, ark.der, crl.der
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
#include "crypto/crypto.h"
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

static void snp_write(const char *prefix, struct synthetic_snp *s)
{
    /* For programs that take the time from the clock. */
    s->ark.not_after = s->ask.not_after = s->vek.not_after = "491231235959Z";
    s->crl.next_update = "481231235959Z";
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
    return 0;
}
