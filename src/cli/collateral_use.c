/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral_use.h"

#include <stdio.h>
#include <sys/stat.h>

#include "attest/anchors.h"
#include "attest/certificate_table.h"
#include "attest/evidence_file.h"
#include "attest/hcl_report.h"
#include "attest/pck.h"
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "evidence/collateral_directory.h"

#define ANY_PRODUCT "any"

/* ---- keys ---- */

void collateral_snp_keys(const struct snp_report *report, struct collateral_key *certificates,
                         struct collateral_key *crl)
{
    const struct snp_product *product = report->version >= SNP_REPORT_VERSION_CPUID
                                            ? anchors_snp_by_cpuid(report->cpuid_family, report->cpuid_model)
                                            : NULL;
    const bool vlek = (report->key_info >> 2 & 7) == SNP_KEY_VLEK;
    *certificates = (struct collateral_key){.kind = COLLATERAL_SNP_CERTIFICATES, .vlek = vlek};
    (void)snprintf(certificates->product, sizeof certificates->product, "%s",
                   product != NULL ? product->name : ANY_PRODUCT);
    if (!vlek)
        memcpy(certificates->chip_id, report->chip_id, sizeof certificates->chip_id);
    memcpy(certificates->tcb, report->reported_tcb.raw, sizeof certificates->tcb);
    *crl = *certificates;
    crl->kind = COLLATERAL_SNP_CRL;
}

/* The first certificate of the quote's chain. der: chain.len bytes. */
static enum err pck_of(struct bytes chain, uint8_t *der, struct x509 *cert, struct pck *pck,
                       struct err_note *note)
{
    size_t len = 0;
    enum err e = encoding_pem_next(&chain, "CERTIFICATE", der, chain.len, &len);
    if (e != ERR_OK)
        return err_noted(e, note, "the quote holds no certificate");
    e = x509_parse(bytes_of(der, len), cert, note);
    return e == ERR_OK ? pck_parse(cert, pck, note) : e;
}

enum err collateral_tdx_key(const struct tdx_quote *quote, struct collateral_key *key, struct err_note *note)
{
    struct x509 cert = {.is_ca = false};
    struct pck pck;
    *key = (struct collateral_key){.kind = COLLATERAL_TDX};
    uint8_t *der = secret_alloc(quote->pck_chain.len + 1);
    if (der == NULL)
        return ERR_MEMORY;
    enum err e = pck_of(quote->pck_chain, der, &cert, &pck, note);
    if (e == ERR_OK) {
        memcpy(key->fmspc, pck.fmspc, sizeof key->fmspc);
        key->processor_ca = bytes_is_str(cert.issuer_cn, "Intel SGX PCK Processor CA");
    }
    secret_free(der);
    return e;
}

/* ---- reading ---- */

static enum err directory_check(const char *directory, struct err_note *note)
{
    struct stat s;
    return stat(directory, &s) == 0 && S_ISDIR(s.st_mode)
               ? ERR_OK
               : err_noted(ERR_FILE, note, "%s: not a directory", directory);
}

/* What is not there is not added; added: the content, or an empty range. */
static enum err key_add(const char *directory, const struct collateral_key *key, struct files *files,
                        struct bytes *added, struct err_note *note)
{
    size_t len = 0;
    *added = (struct bytes){0};
    uint8_t *document = secret_alloc(COLLATERAL_DOCUMENT_MAX);
    if (document == NULL)
        return ERR_MEMORY;
    if (collateral_directory_read(directory, key, document, &len, NULL) == ERR_OK) {
        enum err e = files_take(files, directory, bytes_of(document, len), note);
        if (e == ERR_OK) {
            *added = bytes_of(document, len);
            return ERR_OK;
        }
        secret_free(document);
        return e;
    }
    secret_free(document);
    return ERR_OK;
}

/* A report of version 2 does not say its product; the root that came with its certificates does: "ARK-Milan". */
static void product_of_root(struct bytes table, struct collateral_key *crl)
{
    struct certificate_table t;
    struct x509 ark;
    if (certificate_table_parse(table, &t) != ERR_OK || x509_parse(t.ark, &ark, NULL) != ERR_OK)
        return;
    struct reader r = reader_over(ark.subject_cn);
    bool is_ark = bytes_is_str(reader_bytes(&r, sizeof "ARK-" - 1), "ARK-");
    struct bytes product = reader_rest(&r);
    if (!is_ark || product.len == 0 || product.len >= sizeof crl->product)
        return;
    memset(crl->product, 0, sizeof crl->product);
    memcpy(crl->product, product.ptr, product.len);
}

static enum err snp_add(const char *directory, const struct snp_report *report, struct files *files,
                        struct err_note *note)
{
    struct collateral_key certificates;
    struct collateral_key crl;
    struct bytes table = {0};
    struct bytes list = {0};
    collateral_snp_keys(report, &certificates, &crl);
    enum err e = key_add(directory, &certificates, files, &table, note);
    if (e == ERR_OK && strcmp(crl.product, ANY_PRODUCT) == 0)
        product_of_root(table, &crl);
    return e == ERR_OK ? key_add(directory, &crl, files, &list, note) : e;
}

enum err collateral_use_snp(const char *directory, struct bytes evidence, struct files *files,
                            struct err_note *note)
{
    struct evidence_file f;
    struct evidence_snp snp;
    struct snp_report report;
    enum err e = directory_check(directory, note);
    if (e != ERR_OK || evidence_file_open(evidence, &f, NULL) != ERR_OK)
        return e;
    evidence_snp_find(f.content, &snp);
    if (snp_report_parse(snp.report, &report, NULL) == ERR_OK)
        e = snp_add(directory, &report, files, note);
    evidence_file_release(&f);
    return e;
}

enum err collateral_use_hcl(const char *directory, struct bytes evidence, struct files *files,
                            struct err_note *note)
{
    struct evidence_file f;
    struct hcl_report hcl;
    struct snp_report report;
    enum err e = directory_check(directory, note);
    if (e != ERR_OK || evidence_file_open(evidence, &f, NULL) != ERR_OK)
        return e;
    if (hcl_report_parse(f.content, &hcl, NULL) == ERR_OK && hcl.kind == HCL_KIND_SNP &&
        snp_report_parse(hcl.hardware, &report, NULL) == ERR_OK)
        e = snp_add(directory, &report, files, note);
    evidence_file_release(&f);
    return e;
}

enum err collateral_use_tdx(const char *directory, struct bytes evidence, struct files *files,
                            struct err_note *note)
{
    struct evidence_file f;
    struct tdx_quote quote;
    struct collateral_key key;
    struct bytes added;
    enum err e = directory_check(directory, note);
    if (e != ERR_OK || evidence_file_open(evidence, &f, NULL) != ERR_OK)
        return e;
    if (tdx_quote_parse(evidence_tdx_find(f.content), &quote, NULL) == ERR_OK &&
        collateral_tdx_key(&quote, &key, NULL) == ERR_OK)
        e = key_add(directory, &key, files, &added, note);
    evidence_file_release(&f);
    return e;
}
