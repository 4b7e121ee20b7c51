/* SPDX-License-Identifier: Apache-2.0 */
/* From AMD's Key Distribution Service: certificates and revocation list of a chip. */
#include <stdio.h>

#include "attest/anchors.h"
#include "attest/certificate_table.h"
#include "attest/evidence_file.h"
#include "attest/snp_certificates.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "cli/collateral_fetch.h"
#include "evidence/collateral_wanted.h"

static const struct snp_product *product_of(const struct fetch *f, const struct snp_report *report)
{
    const struct snp_product *stated = report->version >= SNP_REPORT_VERSION_CPUID
                                           ? anchors_snp_by_cpuid(report->cpuid_family, report->cpuid_model)
                                           : NULL;
    return stated != NULL || f->options->product == NULL
               ? stated
               : anchors_snp_by_name(bytes_str(f->options->product));
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    struct reader r = reader_over(bytes_of(bytes, len));
    reader_zeros(&r, len);
    return reader_status(&r) == ERR_OK;
}

/* Parameters of the request, in the order that AMD's examples have; where a level stands in TCB_VERSION, the product says. */
static const struct {
    const char *name;
    enum snp_component component;
} levels[] = {
    {"fmcSPL", SNP_FMC},      {"blSPL", SNP_BOOTLOADER},   {"teeSPL", SNP_TEE},
    {"snpSPL", SNP_FIRMWARE}, {"ucodeSPL", SNP_MICROCODE},
};

static enum err vcek_url(const struct fetch *f, const struct snp_product *product,
                         const struct snp_report *report, char url[static COLLATERAL_URL_MAX])
{
    char chip[ENCODING_HEX_SIZE(SNP_CHIP_ID_SIZE)];
    encoding_hex(bytes_of(report->chip_id, product->chip_id_size), chip);
    enum err e = fetch_url(url, f->note, "%s/vcek/v1/%s/%s", f->options->amd_url, product->name, chip);
    char separator = '?';
    for (size_t i = 0; e == ERR_OK && i < sizeof levels / sizeof *levels; i++) {
        const uint8_t at = product->tcb[levels[i].component];
        size_t used = strlen(url);
        if (at == SNP_COMPONENT_NONE)
            continue;
        int n = snprintf(url + used, COLLATERAL_URL_MAX - used, "%c%s=%02u", separator, levels[i].name,
                         report->reported_tcb.raw[at]);
        if (n < 0 || (size_t)n >= COLLATERAL_URL_MAX - used)
            e = err_noted(ERR_USAGE, f->note, "a URL that is too long");
        separator = '&';
    }
    return e;
}

/* One document, as certificates. */
static enum err certificates_get(struct fetch *f, const char *url, struct collateral_document *about,
                                 struct snp_certificates *set)
{
    struct bytes body;
    struct bytes headers;
    struct err_note why = {{0}};
    enum err e = fetch_get(f, COLLATERAL_DOCUMENT_MAX, url, about, &body, &headers);
    if (e != ERR_OK)
        return e;
    if (snp_certificates_add(set, body, &why) != ERR_OK)
        e = err_noted(ERR_REFUSED, f->note, "%.100s: %.140s", url, why.text);
    secret_free(bytes_owned(body));
    secret_free(bytes_owned(headers));
    return e;
}

/* The key's own certificate: a VCEK from the service; a VLEK, which only the provider has, from the files that were given. */
static enum err leaf_get(struct fetch *f, const struct snp_product *product, const struct snp_report *report,
                         bool vlek, struct collateral_document *about, struct snp_certificates *set)
{
    char url[COLLATERAL_URL_MAX];
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < f->options->certificates.count; i++)
        e = snp_certificates_add(set, f->options->certificates.contents[i], f->note);
    if (e != ERR_OK || set->vcek.len + set->vlek.len != 0)
        return e;
    if (vlek)
        return err_noted(
            ERR_USAGE, f->note,
            "the report is signed with a VLEK, whose certificate only the provider hands out, beside the "
            "report: give it with --certs");
    if (is_zero(report->chip_id, sizeof report->chip_id))
        return err_noted(
            ERR_USAGE, f->note,
            "the report does not say which chip it is of (CHIP_ID is masked): give its VCEK with --certs");
    e = vcek_url(f, product, report, url);
    return e == ERR_OK ? certificates_get(f, url, about, set) : e;
}

static enum err table_make(const struct snp_certificates *set, bool vlek, struct bytes *table)
{
    struct certificate_table t = {.vcek = vlek ? (struct bytes){0} : set->vcek,
                                  .vlek = vlek ? set->vlek : (struct bytes){0},
                                  .ask = vlek ? set->asvk : set->ask,
                                  .ark = set->ark};
    size_t len = 0;
    uint8_t *out = secret_alloc(COLLATERAL_DOCUMENT_MAX);
    if (out == NULL)
        return ERR_MEMORY;
    enum err e = certificate_table_write(&t, out, COLLATERAL_DOCUMENT_MAX, &len);
    if (e == ERR_OK)
        *table = bytes_of(out, len);
    else
        secret_free(out);
    return e;
}

static enum err snp_keep(struct fetch *f, const struct snp_report *report, const struct snp_product *product,
                         const struct snp_certificates *set, struct bytes report_bytes,
                         const struct collateral_document about[static 2])
{
    struct collateral_key certificates;
    struct collateral_key crl;
    struct bytes content = {0};
    struct collateral_subject subject = {.roots.processor = f->options->policy->simulated_root};
    collateral_snp_keys(report, &certificates, &crl);
    snp_certificates_into(set, certificates.vlek ? SNP_KEY_VLEK : SNP_KEY_VCEK, &subject.snp);
    subject.snp.report = report_bytes;
    enum err e = table_make(set, certificates.vlek, &content);
    if (e == ERR_OK)
        e = fetch_keep(f, &certificates, &subject, content, &about[0]);
    /* A report of version 2 says no product; its list is kept under the product's name all the same. */
    (void)snprintf(crl.product, sizeof crl.product, "%s", product->name);
    if (e == ERR_OK && set->crl_count == 0)
        e = err_noted(ERR_REFUSED, f->note, "the service gave no revocation list");
    if (e == ERR_OK)
        e = fetch_copy(set->crls[0], &content);
    return e == ERR_OK ? fetch_keep(f, &crl, &subject, content, &about[1]) : e;
}

/* Both documents, or neither: the list is judged by the certificates. */
static enum err snp_held(struct fetch *f, const struct snp_report *report, const struct snp_product *product,
                         struct bytes report_bytes, bool *held)
{
    struct collateral_key certificates;
    struct collateral_key crl;
    struct certificate_table table;
    struct collateral_subject subject = {.snp.report = report_bytes,
                                         .roots.processor = f->options->policy->simulated_root};
    struct bytes content;
    *held = false;
    collateral_snp_keys(report, &certificates, &crl);
    (void)snprintf(crl.product, sizeof crl.product, "%s", product->name);
    const size_t before = f->fetched->count;
    enum err e = fetch_held(f, &certificates, &subject, &content);
    if (e != ERR_OK || content.len == 0 || certificate_table_parse(content, &table) != ERR_OK)
        return e;
    subject.snp.vek = certificates.vlek ? table.vlek : table.vcek;
    subject.snp.ask = table.ask;
    subject.snp.ark = table.ark;
    e = fetch_held(f, &crl, &subject, &content);
    *held = e == ERR_OK && content.len != 0;
    if (!*held)
        fetch_forget(f, before);
    return e;
}

static enum err snp_fetch(struct fetch *f, const struct snp_report *report, struct bytes report_bytes,
                          struct bytes table)
{
    struct snp_certificates set = {0};
    static struct collateral_document about[2];
    char url[COLLATERAL_URL_MAX];
    const struct snp_product *product = product_of(f, report);
    const bool vlek = (report->key_info >> 2 & 7) == SNP_KEY_VLEK;
    const char *kind = vlek ? "vlek" : "vcek";
    memset(about, 0, sizeof about);
    if (product == NULL)
        return err_noted(ERR_USAGE, f->note,
                         "a report of version %u does not say of which product it is: give --product Milan, "
                         "Genoa or Turin",
                         report->version);
    bool held = false;
    enum err e = snp_held(f, report, product, report_bytes, &held);
    if (e != ERR_OK || held)
        return e;
    if (table.len != 0)
        e = snp_certificates_add(&set, table, f->note);
    if (e == ERR_OK)
        e = leaf_get(f, product, report, vlek, &about[0], &set);
    if (e == ERR_OK)
        e = fetch_url(url, f->note, "%s/%s/v1/%s/cert_chain", f->options->amd_url, kind, product->name);
    if (e == ERR_OK)
        e = certificates_get(f, url, &about[0], &set);
    if (e == ERR_OK)
        e = fetch_url(url, f->note, "%s/%s/v1/%s/crl", f->options->amd_url, kind, product->name);
    if (e == ERR_OK)
        e = certificates_get(f, url, &about[1], &set);
    if (e == ERR_OK)
        e = snp_keep(f, report, product, &set, report_bytes, about);
    snp_certificates_release(&set);
    return e;
}

enum err fetch_snp(struct fetch *f, struct bytes evidence)
{
    struct evidence_file file;
    struct evidence_snp snp;
    struct snp_report report;
    enum err e = evidence_file_open(evidence, &file, f->note);
    if (e != ERR_OK)
        return e;
    evidence_snp_find(file.content, &snp);
    e = snp_report_parse(snp.report, &report, f->note);
    if (e == ERR_OK)
        e = snp_fetch(f, &report, snp.report, snp.certificates);
    evidence_file_release(&file);
    return e;
}
