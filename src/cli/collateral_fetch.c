/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral.h"

#include <stdarg.h>
#include <stdio.h>

#include "attest/anchors.h"
#include "attest/certificate_table.h"
#include "attest/collateral.h"
#include "attest/evidence_file.h"
#include "attest/snp_certificates.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "cli/curl.h"
#include "evidence/collateral_check.h"
#include "evidence/collateral_directory.h"
#include "evidence/collateral_wanted.h"

/* What is under way: documents that were checked, and not yet written. */
struct fetch {
    const struct collateral_fetch *options;
    struct collateral_fetched *fetched;
    struct collateral_key keys[COLLATERAL_FETCHED_MAX];
    struct bytes contents[COLLATERAL_FETCHED_MAX]; /* secret memory */
    struct err_note *note;
};

/* ---- getting ---- */

static enum err get(struct fetch *f, const char *url, struct collateral_document *of, struct bytes *body,
                    struct bytes *headers)
{
    const struct curl_request r = {
        .url = url, .allow_http = true, .max = COLLATERAL_DOCUMENT_MAX, .directory = f->options->directory};
    if (of->source_count < COLLATERAL_SOURCES_MAX)
        (void)snprintf(of->sources[of->source_count++], COLLATERAL_URL_MAX, "%s", url);
    return curl_get(&r, body, headers, f->note);
}

static enum err url_make(char out[static COLLATERAL_URL_MAX], struct err_note *note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err url_make(char out[static COLLATERAL_URL_MAX], struct err_note *note, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out, COLLATERAL_URL_MAX, format, args);
    va_end(args);
    return n > 0 && n < COLLATERAL_URL_MAX ? ERR_OK : err_noted(ERR_USAGE, note, "a URL that is too long");
}

/* ---- keeping ---- */

/* Takes content over. */
static enum err keep(struct fetch *f, const struct collateral_key *key,
                     const struct collateral_subject *subject, struct bytes content,
                     const struct collateral_document *about)
{
    struct collateral_fetched *all = f->fetched;
    struct collateral_document *d = &all->documents[all->count];
    *d = *about;
    enum err e = collateral_check(key, subject, content, f->options->now, &d->expires, f->note);
    if (e == ERR_CERTIFICATE || e == ERR_SIGNATURE) /* whatever is wrong with what came: it is not kept */
        e = ERR_REFUSED;
    if (e == ERR_OK)
        e = collateral_key_write(key, d->name);
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA256, &content, 1, d->sha256);
    if (e != ERR_OK) {
        secret_free(bytes_owned(content));
        return e;
    }
    f->keys[all->count] = *key;
    f->contents[all->count++] = content;
    return ERR_OK;
}

static enum err write_all(struct fetch *f)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < f->fetched->count; i++)
        e = collateral_directory_write(f->options->directory, &f->keys[i], f->contents[i], f->note);
    return e;
}

static void fetch_release(struct fetch *f)
{
    for (size_t i = 0; i < f->fetched->count; i++)
        secret_free(bytes_owned(f->contents[i]));
}

/* ---- AMD ---- */

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
    enum err e = url_make(url, f->note, "%s/vcek/v1/%s/%s", f->options->amd_url, product->name, chip);
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
    enum err e = get(f, url, about, &body, &headers);
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

static enum err copy(struct bytes from, struct bytes *to)
{
    uint8_t *out = secret_alloc(from.len + 1);
    if (out == NULL)
        return ERR_MEMORY;
    if (from.len != 0)
        memcpy(out, from.ptr, from.len);
    *to = bytes_of(out, from.len);
    return ERR_OK;
}

static enum err snp_keep(struct fetch *f, const struct snp_report *report, const struct snp_product *product,
                         const struct snp_certificates *set, struct bytes report_bytes,
                         const struct collateral_document about[static 2])
{
    struct collateral_key certificates;
    struct collateral_key crl;
    struct bytes content = {0};
    struct collateral_subject subject = {.root = f->options->root};
    collateral_snp_keys(report, &certificates, &crl);
    snp_certificates_into(set, certificates.vlek ? SNP_KEY_VLEK : SNP_KEY_VCEK, &subject.snp);
    subject.snp.report = report_bytes;
    enum err e = table_make(set, certificates.vlek, &content);
    if (e == ERR_OK)
        e = keep(f, &certificates, &subject, content, &about[0]);
    /* A report of version 2 says no product; its list is kept under the product's name all the same. */
    (void)snprintf(crl.product, sizeof crl.product, "%s", product->name);
    if (e == ERR_OK && set->crl_count == 0)
        e = err_noted(ERR_REFUSED, f->note, "the service gave no revocation list");
    if (e == ERR_OK)
        e = copy(set->crls[0], &content);
    return e == ERR_OK ? keep(f, &crl, &subject, content, &about[1]) : e;
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
    enum err e = table.len != 0 ? snp_certificates_add(&set, table, f->note) : ERR_OK;
    if (e == ERR_OK)
        e = leaf_get(f, product, report, vlek, &about[0], &set);
    if (e == ERR_OK)
        e = url_make(url, f->note, "%s/%s/v1/%s/cert_chain", f->options->amd_url, kind, product->name);
    if (e == ERR_OK)
        e = certificates_get(f, url, &about[0], &set);
    if (e == ERR_OK)
        e = url_make(url, f->note, "%s/%s/v1/%s/crl", f->options->amd_url, kind, product->name);
    if (e == ERR_OK)
        e = certificates_get(f, url, &about[1], &set);
    if (e == ERR_OK)
        e = snp_keep(f, report, product, &set, report_bytes, about);
    snp_certificates_release(&set);
    return e;
}

enum err collateral_fetch_snp(const struct collateral_fetch *options, struct bytes evidence,
                              struct collateral_fetched *fetched, struct err_note *note)
{
    struct fetch f = {.options = options, .fetched = fetched, .note = note};
    struct evidence_file file;
    struct evidence_snp snp;
    struct snp_report report;
    fetched->count = 0;
    enum err e = evidence_file_open(evidence, &file, note);
    if (e != ERR_OK)
        return e;
    evidence_snp_find(file.content, &snp);
    e = snp_report_parse(snp.report, &report, note);
    if (e == ERR_OK)
        e = snp_fetch(&f, &report, snp.report, snp.certificates);
    if (e == ERR_OK)
        e = write_all(&f);
    fetch_release(&f);
    evidence_file_release(&file);
    return e;
}

/* ---- Intel ---- */

/* Percent-encoding undone (RFC 3986, section 2.1): issuer chains come in headers. out: text.len bytes. */
static enum err percent_decode(struct bytes text, uint8_t *out, size_t *len)
{
    *len = 0;
    for (struct reader r = reader_over(text); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (c == '%' && encoding_unhex(reader_bytes(&r, 2), &c, 1) != ERR_OK)
            return ERR_ENCODING;
        out[(*len)++] = c;
    }
    return ERR_OK;
}

static enum err chain_add(struct bytes headers, const char *const names[static 2], struct collateral *c,
                          struct err_note *note)
{
    struct bytes value = curl_header(headers, names[0]);
    size_t len = 0;
    if (value.len == 0)
        value = curl_header(headers, names[1]);
    if (value.len == 0)
        return err_noted(ERR_REFUSED, note, "the answer has no header %s", names[0]);
    uint8_t *text = secret_alloc(value.len);
    if (text == NULL)
        return ERR_MEMORY;
    enum err e = percent_decode(value, text, &len);
    e = e == ERR_OK ? collateral_add(c, bytes_of(text, len), note)
                    : err_noted(ERR_REFUSED, note, "the header %s is not percent-encoded text", names[0]);
    secret_free(text);
    return e;
}

/* Adds what this URL gives; the issuer chain, where there are names of a header for it, to issuers. */
static enum err part_get(struct fetch *f, const char *url, struct collateral_document *about,
                         struct collateral *c, const char *const *header_names, struct collateral *issuers)
{
    struct bytes body;
    struct bytes headers;
    struct err_note why = {{0}};
    struct evidence_file file;
    enum err e = get(f, url, about, &body, &headers);
    if (e != ERR_OK)
        return e;
    e = evidence_file_open(body, &file, &why);
    if (e == ERR_OK)
        e = collateral_add(c, file.content, &why);
    if (e == ERR_OK && header_names != NULL)
        e = chain_add(headers, header_names, issuers, &why);
    evidence_file_release(&file);
    secret_free(bytes_owned(body));
    secret_free(bytes_owned(headers));
    return e == ERR_OK ? ERR_OK : err_noted(ERR_REFUSED, f->note, "%.100s: %.140s", url, why.text);
}

static enum err parts_get(struct fetch *f, const struct collateral_key *key,
                          struct collateral_document *about, struct collateral *c,
                          struct collateral *qe_issuers)
{
    static const char *const tcb_headers[] = {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"};
    static const char *const qe_headers[] = {"SGX-Enclave-Identity-Issuer-Chain",
                                             "Enclave-Identity-Issuer-Chain"};
    const char *base = f->options->intel_url;
    char fmspc[ENCODING_HEX_SIZE(sizeof key->fmspc)];
    char url[COLLATERAL_URL_MAX];
    encoding_hex(bytes_of(key->fmspc, sizeof key->fmspc), fmspc);
    enum err e = url_make(url, f->note, "%s/tdx/certification/v4/tcb?fmspc=%s", base, fmspc);
    if (e == ERR_OK)
        e = part_get(f, url, about, c, tcb_headers, c);
    if (e == ERR_OK)
        e = url_make(url, f->note, "%s/tdx/certification/v4/qe/identity", base);
    if (e == ERR_OK)
        e = part_get(f, url, about, c, qe_headers, qe_issuers);
    if (e == ERR_OK)
        e = url_make(url, f->note, "%s/sgx/certification/v4/pckcrl?ca=%s&encoding=der", base,
                     key->processor_ca ? "processor" : "platform");
    if (e == ERR_OK)
        e = part_get(f, url, about, c, NULL, NULL);
    /* Intel hands the root's list out where the root's certificate says, a caching service of one's own under rootcacrl. */
    if (e == ERR_OK)
        e = strcmp(base, COLLATERAL_INTEL_URL) == 0
                ? url_make(url, f->note, "%s", COLLATERAL_INTEL_ROOT_CRL)
                : url_make(url, f->note, "%s/sgx/certification/v4/rootcacrl", base);
    return e == ERR_OK ? part_get(f, url, about, c, NULL, NULL) : e;
}

static enum err tdx_fetch(struct fetch *f, const struct tdx_quote *quote, struct bytes quote_bytes)
{
    static struct collateral_document about;
    struct collateral_key key;
    struct collateral c;
    struct collateral qe_issuers;
    char *text = NULL;
    size_t len = 0;
    memset(&about, 0, sizeof about);
    enum err e = collateral_tdx_key(quote, &key, f->note);
    if (e != ERR_OK)
        return e;
    collateral_init(&c);
    collateral_init(&qe_issuers);
    e = parts_get(f, &key, &about, &c, &qe_issuers);
    if (e == ERR_OK) {
        c.tdx.qe_identity_issuer = qe_issuers.tdx.tcb_info_issuer;
        e = collateral_write(&c.tdx, &text, &len, f->note);
    }
    if (e == ERR_OK) {
        const struct collateral_subject subject = {.quote = quote_bytes, .root = f->options->root};
        e = keep(f, &key, &subject, bytes_of(text, len), &about);
    }
    collateral_release(&qe_issuers);
    collateral_release(&c);
    return e;
}

enum err collateral_fetch_tdx(const struct collateral_fetch *options, struct bytes evidence,
                              struct collateral_fetched *fetched, struct err_note *note)
{
    struct fetch f = {.options = options, .fetched = fetched, .note = note};
    struct evidence_file file;
    struct tdx_quote quote;
    fetched->count = 0;
    enum err e = evidence_file_open(evidence, &file, note);
    if (e != ERR_OK)
        return e;
    struct bytes quote_bytes = evidence_tdx_find(file.content);
    e = tdx_quote_parse(quote_bytes, &quote, note);
    if (e == ERR_OK)
        e = tdx_fetch(&f, &quote, quote_bytes);
    if (e == ERR_OK)
        e = write_all(&f);
    fetch_release(&f);
    evidence_file_release(&file);
    return e;
}
