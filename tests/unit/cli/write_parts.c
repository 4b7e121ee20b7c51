/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes sound evidence under made-up roots into the current directory, as separate files, for tests that start programs:
 *
 *   genoa-, turin-, vlek-   report.bin, vek.der, ask.der, ark.der, crl.der
 *   tdx5-, tdx4-            quote.bin, collateral.json, tcb_info.json, qe_identity.json, signer.der, root.der, root_crl.der, pck_crl.der
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

static void put(const char *prefix, const char *name, struct bytes content)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s-%s", prefix, name);
    if (file_write(path, content, NULL) != ERR_OK) {
        (void)fprintf(stderr, "write_parts: %s cannot be written\n", path);
        exit(1);
    }
}

static void snp_write(const char *prefix, struct synthetic_snp *s)
{
    /* For programs that take the time from the clock. */
    s->ark.not_after = s->ask.not_after = s->vek.not_after = "491231235959Z";
    s->crl.next_update = "481231235959Z";
    synthetic_snp_build(s);
    put(prefix, "report.bin", s->evidence.report);
    put(prefix, "vek.der", s->evidence.vek);
    put(prefix, "ask.der", s->evidence.ask);
    put(prefix, "ark.der", s->evidence.ark);
    put(prefix, "crl.der", s->evidence.crls[0]);
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

static void tdx_write(const char *prefix, struct synthetic_tdx *t)
{
    char *text = NULL;
    size_t len = 0;
    synthetic_tdx_build(t);
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
    synthetic_keys_release(&keys);
    synthetic_tdx_keys_make(&tdx_keys);
    synthetic_tdx_init(&tdx, &tdx_keys);
    tdx_write("tdx5", &tdx);
    synthetic_tdx_init_4(&tdx, &tdx_keys);
    tdx_write("tdx4", &tdx);
    synthetic_tdx_keys_release(&tdx_keys);
    return 0;
}
