/* SPDX-License-Identifier: Apache-2.0 */
/* From Intel's Provisioning Certification Service: all collateral of a TDX platform. */
#include "attest/collateral.h"
#include "attest/evidence_file.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "cli/collateral_fetch.h"
#include "cli/curl.h"
#include "evidence/collateral_wanted.h"

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
    enum err e = fetch_get(f, COLLATERAL_DOCUMENT_MAX, url, about, &body, &headers);
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
    enum err e = fetch_url(url, f->note, "%s/tdx/certification/v4/tcb?fmspc=%s", base, fmspc);
    if (e == ERR_OK)
        e = part_get(f, url, about, c, tcb_headers, c);
    if (e == ERR_OK)
        e = fetch_url(url, f->note, "%s/tdx/certification/v4/qe/identity", base);
    if (e == ERR_OK)
        e = part_get(f, url, about, c, qe_headers, qe_issuers);
    if (e == ERR_OK)
        e = fetch_url(url, f->note, "%s/sgx/certification/v4/pckcrl?ca=%s&encoding=der", base,
                      key->processor_ca ? "processor" : "platform");
    if (e == ERR_OK)
        e = part_get(f, url, about, c, NULL, NULL);
    /* Intel hands the root's list out where the root's certificate says, a caching service of one's own under rootcacrl. */
    if (e == ERR_OK)
        e = strcmp(base, COLLATERAL_INTEL_URL) == 0
                ? fetch_url(url, f->note, "%s", COLLATERAL_INTEL_ROOT_CRL)
                : fetch_url(url, f->note, "%s/sgx/certification/v4/rootcacrl", base);
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
    const struct collateral_subject subject = {.quote = quote_bytes,
                                               .roots.processor = f->options->policy->tdx.simulated_root};
    struct bytes held = {0};
    memset(&about, 0, sizeof about);
    enum err e = collateral_tdx_key(quote, &key, f->note);
    if (e == ERR_OK)
        e = fetch_held(f, &key, &subject, &held);
    if (e != ERR_OK || held.len != 0)
        return e;
    collateral_init(&c);
    collateral_init(&qe_issuers);
    e = parts_get(f, &key, &about, &c, &qe_issuers);
    if (e == ERR_OK) {
        c.tdx.qe_identity_issuer = qe_issuers.tdx.tcb_info_issuer;
        e = collateral_write(&c.tdx, &text, &len, f->note);
    }
    if (e == ERR_OK)
        e = fetch_keep(f, &key, &subject, bytes_of(text, len), &about);
    collateral_release(&qe_issuers);
    collateral_release(&c);
    return e;
}

enum err fetch_tdx(struct fetch *f, struct bytes evidence)
{
    struct evidence_file file;
    struct tdx_quote quote;
    enum err e = evidence_file_open(evidence, &file, f->note);
    if (e != ERR_OK)
        return e;
    struct bytes quote_bytes = evidence_tdx_find(file.content);
    e = tdx_quote_parse(quote_bytes, &quote, f->note);
    if (e == ERR_OK)
        e = tdx_fetch(f, &quote, quote_bytes);
    evidence_file_release(&file);
    return e;
}
