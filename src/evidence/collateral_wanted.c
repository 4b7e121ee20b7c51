/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_wanted.h"

#include <stdio.h>

#include "attest/anchors.h"
#include "attest/pck.h"
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/reader.h"

#define PCK_PROCESSOR_CA "Intel SGX PCK Processor CA"
#define ARK_NAME         "ARK-"

static void product_put(struct collateral_key *key, const char *name)
{
    (void)snprintf(key->product, sizeof key->product, "%s", name);
}

void collateral_snp_keys(const struct snp_report *report, struct collateral_key *certificates,
                         struct collateral_key *crl)
{
    const struct snp_product *product = report->version >= SNP_REPORT_VERSION_CPUID
                                            ? anchors_snp_by_cpuid(report->cpuid_family, report->cpuid_model)
                                            : NULL;
    const bool vlek = (report->key_info >> 2 & 7U) == SNP_KEY_VLEK;
    *crl = (struct collateral_key){.kind = COLLATERAL_SNP_CRL, .vlek = vlek};
    product_put(crl, product != NULL ? product->name : COLLATERAL_ANY_PRODUCT);
    *certificates = *crl;
    certificates->kind = COLLATERAL_SNP_CERTIFICATES;
    if (!vlek)
        memcpy(certificates->chip_id, report->chip_id, sizeof certificates->chip_id);
    memcpy(certificates->tcb, report->reported_tcb.raw, sizeof certificates->tcb);
}

void collateral_snp_product_of_root(struct bytes ark, struct collateral_key *crl)
{
    struct x509 cert;
    if (strcmp(crl->product, COLLATERAL_ANY_PRODUCT) != 0 || x509_parse(ark, &cert, NULL) != ERR_OK)
        return;
    struct reader r = reader_over(cert.subject_cn);
    if (!bytes_is_str(reader_bytes(&r, sizeof ARK_NAME - 1), ARK_NAME))
        return;
    const struct snp_product *product = anchors_snp_by_name(reader_rest(&r));
    if (product != NULL)
        product_put(crl, product->name);
}

enum err collateral_tdx_key(const struct tdx_quote *quote, struct collateral_key *key, struct err_note *note)
{
    uint8_t der[X509_SIZE_MAX];
    size_t len;
    struct x509 cert;
    struct pck pck;
    struct bytes text = quote->pck_chain;
    *key = (struct collateral_key){.kind = COLLATERAL_TDX};
    enum err e = encoding_pem_next(&text, "CERTIFICATE", der, sizeof der, &len);
    if (e != ERR_OK)
        return err_noted(e, note, "the quote carries no PCK certificate: %s", err_text(e));
    e = x509_parse(bytes_of(der, len), &cert, note);
    if (e == ERR_OK)
        e = pck_parse(&cert, &pck, note);
    if (e != ERR_OK)
        return e;
    key->processor_ca = bytes_is_str(cert.issuer_cn, PCK_PROCESSOR_CA);
    memcpy(key->fmspc, pck.fmspc, sizeof key->fmspc);
    return ERR_OK;
}

enum err collateral_rim_key(const char *id, struct collateral_key *key, struct err_note *note)
{
    char name[COLLATERAL_NAME_MAX];
    *key = (struct collateral_key){.kind = COLLATERAL_RIM};
    const size_t len = strlen(id);
    if (len < sizeof key->id)
        memcpy(key->id, id, len);
    return collateral_key_write(key, name) == ERR_OK
               ? ERR_OK
               : err_noted(ERR_VALUE, note,
                           "reference values with a name of %zu characters that is none of NVIDIA's", len);
}

_Static_assert((int)NVGPU_SERIAL_MAX == (int)COLLATERAL_SERIAL_MAX &&
                   (int)CRYPTO_SHA256_SIZE == (int)COLLATERAL_DIGEST_SIZE,
               "the one holds the other");

void collateral_ocsp_key(const struct nvgpu_certificate_id *id, struct collateral_key *key)
{
    *key = (struct collateral_key){.kind = COLLATERAL_OCSP, .serial_len = id->serial_len};
    memcpy(key->serial, id->serial, id->serial_len);
    memcpy(key->issuer_name, id->name_digest, sizeof key->issuer_name);
    memcpy(key->issuer_key, id->key_digest, sizeof key->issuer_key);
}
