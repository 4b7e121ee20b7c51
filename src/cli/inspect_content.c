/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "attest/bundle.h"
#include "attest/evidence_file.h"
#include "attest/gpu_evidence.h"
#include "attest/hcl_report.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/inspect.h"

/* ---- JSON documents: they name their own fields ---- */

static json_t *document(struct bytes content)
{
    json_t *doc = NULL;
    struct err_note note = {{0}};
    enum err e = strict_json_parse_nul(content, EVIDENCE_FILE_MAX, &doc, &note);
    if (e == ERR_OK)
        return doc;
    json_t *object = json_object();
    inspect_put_error(object, e, &note);
    return object;
}

static struct bytes text_of(const json_t *value)
{
    return json_is_string(value) ? bytes_of(json_string_value(value), json_string_length(value))
                                 : (struct bytes){0};
}

/* Text in a member, taken apart in its turn: what that is, its content says. */
static json_t *nested(const json_t *value)
{
    bool known = false;
    struct bytes text = text_of(value);
    json_t *inner = text.len == 0 ? NULL : inspect_file(text, &known);
    return inner != NULL && known ? inner : json_deep_copy(value);
}

/* Collateral, all in one: documents and chains as text, lists as hexadecimal. The documents are bare, without the envelope that is recognised. */
static json_t *inspect_collateral(struct bytes content)
{
    static const char *const bare[] = {"tcb_info", "qe_identity"};
    json_t *doc = document(content);
    json_t *object = json_object();
    const char *key;
    json_t *value;
    json_object_foreach(doc, key, value)
    {
        bool is_bare = false;
        for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
            is_bare = is_bare || strcmp(key, bare[i]) == 0;
        inspect_put(object, key, is_bare ? document(text_of(value)) : nested(value));
    }
    json_decref(doc);
    return object;
}

/* [media type, base64url value] */
static json_t *message(const struct bundle_item *item)
{
    bool known = false;
    json_t *object = json_object();
    inspect_put_text(object, "media type", "%s", item->media_type);
    json_t *inner = inspect_file(item->value, &known);
    if (inner != NULL && known)
        inspect_put(object, "content", inner);
    else
        inspect_put_hex(object, "content", item->value);
    return object;
}

static json_t *messages(const struct bundle_item *items, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, message(&items[i]));
    return list;
}

static json_t *inspect_bundle(struct bytes content)
{
    struct bundle b;
    struct err_note note = {{0}};
    json_t *object = json_object();
    enum err e = bundle_parse(content, &b, &note);
    inspect_put_error(object, e, &note);
    if (e == ERR_OK) {
        json_t *doc = document(content);
        inspect_put_text(object, "platform", "%s", b.platform);
        inspect_put(object, "statement", document(b.statement));
        inspect_put(object, "evidence", messages(b.evidence, b.evidence_count));
        inspect_put(object, "endorsements", messages(b.endorsements, b.endorsement_count));
        inspect_put(object, "freshness", json_deep_copy(json_object_get(doc, "freshness")));
        if (b.has_challenge)
            inspect_put_hex(object, "challenge", bytes_of(b.challenge, sizeof b.challenge));
        json_decref(doc);
    }
    bundle_release(&b);
    return object;
}

/* ---- what a virtual TPM carries ---- */

static json_t *inspect_hcl_report(struct bytes content)
{
    struct hcl_report report;
    struct err_note note = {{0}};
    bool known = false;
    json_t *object = json_object();
    enum err e = hcl_report_parse(content, &report, &note);
    inspect_put_error(object, e, &note);
    if (e != ERR_OK)
        return object;
    inspect_put_text(object, "version", "%u", report.version);
    inspect_put_text(object, "report type (2 SNP, 4 TDX)", "%u", report.kind);
    inspect_put_text(object, "hash type (1 SHA-256, 2 SHA-384, 3 SHA-512)", "%u", report.hash_type);
    json_t *hardware = inspect_file(report.hardware, &known);
    if (hardware != NULL && known)
        inspect_put(object, "hardware report", hardware);
    else
        inspect_put_hex(object, "hardware report", report.hardware);
    inspect_put(object, "runtime data", document(report.runtime));
    return object;
}

/* ---- what NVIDIA's SDK collects ---- */

static json_t *part(struct bytes content)
{
    bool known = false;
    json_t *inner = inspect_file(content, &known);
    if (inner != NULL && known)
        return inner;
    json_t *object = json_object();
    inspect_put_hex(object, "content", content);
    return object;
}

static json_t *inspect_gpu_evidence(struct bytes content)
{
    struct gpu_evidence g;
    struct err_note note = {{0}};
    json_t *object = json_object();
    json_t *list = json_array();
    enum err e = gpu_evidence_open(content, &g, &note);
    inspect_put_error(object, e, &note);
    for (size_t i = 0; e == ERR_OK && i < g.count; i++) {
        json_t *one = json_object();
        inspect_put(one, "evidence", part(g.reports[i].content));
        inspect_put(one, "certificate", part(g.certificates[i].content));
        (void)json_array_append_new(list, one);
    }
    inspect_put(object, "GPUs", list);
    gpu_evidence_release(&g);
    return object;
}

/* ---- by content ---- */

static json_t *(*const inspectors[EVIDENCE_KIND_COUNT])(struct bytes content) = {
    [EVIDENCE_SNP_REPORT] = inspect_snp_report,
    [EVIDENCE_CERTIFICATE_TABLE] = inspect_certificate_table,
    [EVIDENCE_TD_QUOTE] = inspect_td_quote,
    [EVIDENCE_SGX_QUOTE] = inspect_sgx_quote,
    [EVIDENCE_TD_REPORT] = inspect_td_report,
    [EVIDENCE_HCL_REPORT] = inspect_hcl_report,
    [EVIDENCE_GPU_REPORT] = inspect_gpu_report,
    [EVIDENCE_GPU_EVIDENCE] = inspect_gpu_evidence,
    [EVIDENCE_RIM] = inspect_rim,
    [EVIDENCE_RIM_ANSWER] = inspect_rim_answer,
    [EVIDENCE_OCSP] = inspect_ocsp,
    [EVIDENCE_CERTIFICATES] = inspect_certificates,
    [EVIDENCE_CERTIFICATE] = inspect_certificate,
    [EVIDENCE_CRL] = inspect_crl,
    [EVIDENCE_PEM] = inspect_pem,
    [EVIDENCE_TCB_INFO] = document,
    [EVIDENCE_QE_IDENTITY] = document,
    [EVIDENCE_COLLATERAL] = inspect_collateral,
    [EVIDENCE_BUNDLE] = inspect_bundle,
    [EVIDENCE_STATEMENT] = document,
    [EVIDENCE_POLICY] = document,
};

/* The levels of documents in documents are few: a bundle holds collateral, which holds chains. */
json_t *inspect_file(struct bytes file, bool *known)
{
    struct evidence_file f;
    json_t *object = NULL;
    *known = false;
    if (evidence_file_open(file, &f, NULL) != ERR_OK)
        return NULL;
    enum evidence_kind kind = evidence_file_kind(f.content);
    if (inspectors[kind] != NULL) {
        *known = true;
        json_t *inner = inspectors[kind](f.content);
        object = json_object();
        inspect_put_text(object, "what", "%s", evidence_kind_name(kind));
        if (f.encoding != EVIDENCE_RAW)
            inspect_put_text(object, "encoding", "%s", evidence_encoding_name(f.encoding));
        inspect_put(object, "fields", inner);
    }
    evidence_file_release(&f);
    return object;
}
