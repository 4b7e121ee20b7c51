/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/evidence_file.h"

#include <stdlib.h>

#include "attest/certificate_table.h"
#include "attest/der.h"
#include "attest/gpu_evidence.h"
#include "attest/hcl_report.h"
#include "attest/nvgpu_report.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "attest/xml.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/strict_json.h"

/* ---- text ---- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_base64(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '/' || c == '-' || c == '_' || c == '=';
}

/* What is not white space, packed into out, which has room for all of it: how much. 0 where a character stands that no encoding here has: it is not looked
 * at any further. */
static size_t packed_text(struct bytes text, uint8_t *out)
{
    size_t used = 0;
    for (struct reader r = reader_over(text); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (is_blank(c))
            continue;
        if (!is_base64(c)) /* every hexadecimal digit is one of these, and so is the x before them */
            return 0;
        out[used++] = c;
    }
    return used;
}

static bool is_all(struct bytes text, bool (*is)(uint8_t))
{
    for (struct reader r = reader_over(text); r.left > 0;)
        if (!is(reader_u8(&r)))
            return false;
    return text.len > 0;
}

/* The mark that some editors put in front of UTF-8. */
static struct bytes without_mark(struct bytes file)
{
    struct reader r = reader_over(file);
    return bytes_is_str(reader_bytes(&r, 3), "\xef\xbb\xbf") ? reader_rest(&r) : file;
}

/* A JSON string without escapes is what stands between its quotation marks. */
static struct bytes without_quotes(struct bytes text)
{
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    struct reader r = reader_over(text);
    struct reader next = r;
    while (is_blank(reader_u8(&next)))
        r = next;
    if (reader_u8(&r) != '"' || r.left == 0 || text.ptr[text.len - 1] != '"')
        return text;
    return reader_bytes(&r, r.left - 1);
}

static struct bytes without_0x(struct bytes text)
{
    struct reader r = reader_over(text);
    struct bytes prefix = reader_bytes(&r, 2);
    return bytes_is_str(prefix, "0x") || bytes_is_str(prefix, "0X") ? reader_rest(&r) : text;
}

/* Of either alphabet, with its padding or without: all four are written by libraries in use. text is changed. */
static enum err base64_decode(uint8_t *text, size_t text_len, uint8_t *out, size_t *len)
{
    size_t digits = text_len;
    bool standard = false;
    bool url = false;
    while (digits > 0 && text_len - digits < 2 && text[digits - 1] == '=')
        digits--;
    for (size_t i = 0; i < digits; i++) {
        standard = standard || text[i] == '+' || text[i] == '/';
        url = url || text[i] == '-' || text[i] == '_';
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    if ((standard && url) || (digits != text_len && text_len % 4 != 0))
        return ERR_ENCODING;
    return encoding_unbase64url(bytes_of(text, digits), out, text_len, len);
}

/* packed: the file without white space, characters of base64 all of them, is changed; empty: it is no text. out: as large. */
static enum err text_decode(uint8_t *packed, size_t packed_len, struct evidence_file *f, uint8_t *out,
                            struct err_note *note)
{
    struct bytes digits = without_0x(bytes_of(packed, packed_len));
    size_t len = 0;
    enum err e = ERR_OK;
    if (is_all(digits, is_hex)) {
        f->encoding = EVIDENCE_HEX;
        len = digits.len / 2;
        e = encoding_unhex(digits, out, len);
    } else if (packed_len > 0) {
        f->encoding = EVIDENCE_BASE64;
        e = base64_decode(packed, packed_len, out, &len);
    }
    if (e != ERR_OK)
        return err_noted(e, note, "text that looks like %s, and is not", evidence_encoding_name(f->encoding));
    if (f->encoding != EVIDENCE_RAW)
        f->content = bytes_of(out, len);
    return ERR_OK;
}

static bool holds_pem(struct bytes file)
{
    static const char begin[] = "-----BEGIN ";
    return file.len != 0 && memmem(file.ptr, file.len, begin, sizeof begin - 1) != NULL;
}

/* The line of a header that Intel's service sends its chains in, from their beginning; empty: there is none. */
static struct bytes escaped_pem(struct bytes file)
{
    static const char begin[] = "-----BEGIN%20";
    const uint8_t *at = memmem(file.ptr, file.len, begin, sizeof begin - 1);
    if (at == NULL)
        return (struct bytes){0};
    struct bytes line = bytes_of(at, file.len - (size_t)(at - file.ptr));
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == '\r' || line.ptr[i] == '\n')
            line.len = i;
    return line;
}

/* RFC 3986 section 2.1. out: as large as the text. */
static enum err percent_decode(struct bytes text, struct evidence_file *f, uint8_t *out,
                               struct err_note *note)
{
    size_t used = 0;
    f->encoding = EVIDENCE_PERCENT;
    for (struct reader r = reader_over(text); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (c == '%' && encoding_unhex(reader_bytes(&r, 2), &c, 1) != ERR_OK)
            return err_noted(ERR_ENCODING, note,
                             "URL-encoded text with a %% that is not followed by two digits");
        out[used++] = c;
    }
    f->content = bytes_of(out, used);
    return ERR_OK;
}

enum err evidence_file_open(struct bytes file, struct evidence_file *f, struct err_note *note)
{
    file = without_mark(file);
    *f = (struct evidence_file){.content = file};
    if (file.len > EVIDENCE_FILE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "%zu bytes, at most %d are taken", file.len, EVIDENCE_FILE_MAX);
    if (file.len == 0 || holds_pem(file))
        return ERR_OK;
    uint8_t *packed = malloc(file.len); /* evidence is public */
    f->storage = malloc(file.len);
    enum err e = packed == NULL || f->storage == NULL ? ERR_MEMORY : ERR_OK; /* equivalent: no memory */
    const struct bytes escaped = escaped_pem(file);
    if (e == ERR_OK && escaped.len != 0)
        e = percent_decode(escaped, f, f->storage, note);
    else if (e == ERR_OK)
        e = text_decode(packed, packed_text(without_quotes(file), packed), f, f->storage, note);
    free(packed);
    if (e != ERR_OK || f->encoding == EVIDENCE_RAW) {
        free(f->storage);
        f->storage = NULL;
    }
    return e;
}

bool evidence_is_json(struct bytes content)
{
    struct reader r = reader_over(content);
    uint8_t c;
    do
        c = reader_u8(&r);
    while (is_blank(c));
    return c == '[' || c == '{';
}

void evidence_file_release(struct evidence_file *f)
{
    free(f->storage);
    *f = (struct evidence_file){.storage = NULL};
}

const char *evidence_encoding_name(enum evidence_encoding encoding)
{
    static const char *const names[] = {[EVIDENCE_RAW] = "binary",
                                        [EVIDENCE_HEX] = "hexadecimal",
                                        [EVIDENCE_BASE64] = "base64",
                                        [EVIDENCE_PERCENT] = "URL-encoded"};
    return names[encoding];
}

/* ---- SNP reports ---- */

enum { RESPONSE_HEADER_SIZE = 32, RESPONSE_RESERVED = 24 };

static bool is_table(struct bytes area)
{
    struct certificate_table t;
    return certificate_table_parse(area, &t) == ERR_OK &&
           t.vcek.len + t.vlek.len + t.ask.len + t.ark.len + t.crl.len != 0;
}

/* A report, and behind it a table; how many bytes of header stand before the report has been read. */
static bool is_extended(struct reader *r, struct evidence_snp *found)
{
    struct bytes report = reader_bytes(r, SNP_REPORT_SIZE);
    struct bytes rest = reader_rest(r);
    if (reader_status(r) != ERR_OK || !is_table(rest))
        return false;
    found->report = report;
    found->certificates = rest;
    return true;
}

static bool read_header(struct reader *r)
{
    uint32_t status = reader_u32le(r);
    uint32_t size = reader_u32le(r);
    reader_zeros(r, RESPONSE_RESERVED);
    return reader_status(r) == ERR_OK && status == 0 && size == SNP_REPORT_SIZE;
}

void evidence_snp_find(struct bytes content, struct evidence_snp *found)
{
    *found = (struct evidence_snp){.report = content, .wrapping = "bare"};
    if (content.len == SNP_REPORT_SIZE)
        return;
    struct bytes inner = snp_report_unwrap(content);
    if (inner.len != content.len) {
        found->report = inner;
        found->wrapping = inner.ptr == content.ptr ? "before the header of Azure's runtime data"
                                                   : "behind the header of MSG_REPORT_RSP";
        return;
    }
    struct reader bare = reader_over(content);
    struct reader behind = reader_over(content);
    if (is_extended(&bare, found))
        found->wrapping = "extended, with a table of certificates";
    else if (read_header(&behind) && is_extended(&behind, found))
        found->wrapping = "behind the header of MSG_REPORT_RSP, with a table of certificates";
}

/* ---- TD quotes ---- */

struct bytes evidence_tdx_find(struct bytes content)
{
    struct reader r = reader_over(content);
    uint64_t version = reader_u64le(&r);
    uint64_t status = reader_u64le(&r);
    (void)reader_u32le(&r); /* of the request, which the quote has overwritten */
    uint32_t size = reader_u32le(&r);
    struct bytes quote = reader_bytes(&r, size);
    return reader_status(&r) == ERR_OK && version == 1 && status == 0 && size != 0 ? quote : content;
}

/* ---- NVIDIA's reference values ---- */

static struct bytes member_text(const json_t *doc, const char *name)
{
    const json_t *value = json_object_get(doc, name);
    return json_is_string(value) ? bytes_of(json_string_value(value), json_string_length(value))
                                 : (struct bytes){0};
}

static enum err rim_decode(const json_t *doc, struct evidence_rim *rim, struct err_note *note)
{
    const struct bytes text = member_text(doc, "rim");
    const struct bytes id = member_text(doc, "id");
    size_t len = 0;
    if (text.len == 0 || id.len == 0)
        return err_noted(ERR_JSON, note, "no text in \"%s\" of the answer", text.len == 0 ? "rim" : "id");
    rim->storage = malloc(text.len + id.len); /* reference values are public */
    if (rim->storage == NULL)
        return ERR_MEMORY;
    memcpy(rim->storage, id.ptr, id.len);
    if (encoding_unbase64(text, rim->storage + id.len, text.len, &len) != ERR_OK)
        return err_noted(ERR_ENCODING, note, "\"rim\" of the answer is not base64");
    rim->id = bytes_of(rim->storage, id.len);
    rim->document = bytes_of(rim->storage + id.len, len);
    return ERR_OK;
}

enum err evidence_rim_open(struct bytes content, struct evidence_rim *rim, struct err_note *note)
{
    struct reader r = reader_over(content);
    json_t *doc = NULL;
    *rim = (struct evidence_rim){.document = content};
    struct reader next = r;
    while (is_blank(reader_u8(&next)))
        r = next;
    if (reader_u8(&r) != '{')
        return ERR_OK;
    enum err e = strict_json_parse(content, EVIDENCE_FILE_MAX, &doc, note);
    if (e == ERR_OK)
        e = rim_decode(doc, rim, note);
    json_decref(doc);
    if (e != ERR_OK)
        evidence_rim_release(rim);
    return e;
}

void evidence_rim_release(struct evidence_rim *rim)
{
    free(rim->storage);
    *rim = (struct evidence_rim){.storage = NULL};
}

/* ---- what it is: the first row that says yes ---- */

static bool is_snp_report(struct bytes content)
{
    enum { VERSION_MAX = 15, UP_TO_SIGNATURE_ALGO = 0x34 };
    struct evidence_snp found;
    evidence_snp_find(content, &found);
    struct reader r = reader_over(found.report);
    uint32_t version = reader_u32le(&r);
    (void)reader_bytes(&r, UP_TO_SIGNATURE_ALGO - 4);
    return reader_u32le(&r) == 1 && version >= 1 && version <= VERSION_MAX &&
           found.report.len == SNP_REPORT_SIZE;
}

static bool quote_of(struct bytes content, struct tdx_quote *q)
{
    enum { VERSION_3 = 3 };
    return tdx_quote_header_parse(evidence_tdx_find(content), q, NULL) == ERR_OK && q->version >= VERSION_3 &&
           q->version <= TDX_VERSION_5 &&
           (q->key_type == TDX_KEY_TYPE_P256 || q->key_type == TDX_KEY_TYPE_P256 + 1);
}

static bool is_td_quote(struct bytes content)
{
    struct tdx_quote q;
    return quote_of(content, &q) && q.tee_type == TDX_TEE_TYPE;
}

static bool is_sgx_quote(struct bytes content)
{
    struct tdx_quote q;
    return quote_of(content, &q) && q.tee_type == 0;
}

/* TDREPORT_STRUCT: REPORTTYPE is TYPE 0x81, SUBTYPE 0, VERSION, reserved. */
static bool is_td_report(struct bytes content)
{
    enum { SIZE = 1024 };
    struct reader r = reader_over(content);
    uint8_t type = reader_u8(&r);
    uint8_t subtype = reader_u8(&r);
    (void)reader_u8(&r);
    uint8_t reserved = reader_u8(&r);
    return type == TDX_TEE_TYPE && subtype == 0 && reserved == 0 && content.len == SIZE;
}

static bool is_hcl_report(struct bytes content)
{
    struct reader r = reader_over(content);
    return bytes_is_str(reader_bytes(&r, 4), "HCLA");
}

/* How an SPDM 1.1 GET_MEASUREMENTS request and the response to it begin. */
static bool is_gpu_report(struct bytes content)
{
    struct reader r = reader_over(content);
    uint16_t request = reader_u16be(&r);
    (void)reader_bytes(&r, NVGPU_REQUEST_SIZE - 2);
    return request == (SPDM_VERSION_11 << 8 | SPDM_GET_MEASUREMENTS) &&
           reader_u16be(&r) == (SPDM_VERSION_11 << 8 | SPDM_MEASUREMENTS);
}

static bool is_gpu_evidence(struct bytes content)
{
    struct gpu_evidence g;
    if (!evidence_is_json(content) || gpu_evidence_open(content, &g, NULL) != ERR_OK)
        return false;
    gpu_evidence_release(&g);
    return true;
}

static bool is_rim(struct bytes content)
{
    struct xml_document *d;
    if (xml_parse(content, &d, NULL) != ERR_OK)
        return false;
    const bool is = bytes_is_str(d->nodes[0].local, "SoftwareIdentity");
    xml_free(d);
    return is;
}

/* OCSPResponse begins with its status, an ENUMERATED; nothing else here does. */
static bool is_ocsp(struct bytes content)
{
    struct reader r = reader_over(content);
    struct reader outer = der_open(&r, DER_SEQUENCE);
    return reader_finish(&r) == ERR_OK && der_peek(&outer, DER_ENUMERATED);
}

/* One DER structure whose signed part begins with [0], the version of a certificate, or with an INTEGER, that of a list. */
static bool is_der(struct bytes content, uint8_t first)
{
    struct reader r = reader_over(content);
    struct reader outer = der_open(&r, DER_SEQUENCE);
    struct reader signed_part = der_open(&outer, DER_SEQUENCE);
    return reader_status(&r) == ERR_OK && der_peek(&signed_part, first);
}

static bool is_certificate(struct bytes content)
{
    return is_der(content, DER_CONTEXT + 0);
}

static bool is_certificates(struct bytes content)
{
    struct reader r = reader_over(content);
    (void)der_whole(&r, DER_SEQUENCE);
    return is_certificate(content) && is_certificate(reader_rest(&r));
}

static bool is_crl(struct bytes content)
{
    return is_der(content, DER_INTEGER);
}

/* By what is in it; or, of a JSON object, by two members that it has. */
static const struct row {
    enum evidence_kind kind;
    bool (*is)(struct bytes content);
    const char *members[2];
    const char *name;
} rows[] = {
    {EVIDENCE_SNP_REPORT, is_snp_report, {NULL}, "an SEV-SNP attestation report"},
    {EVIDENCE_TD_QUOTE, is_td_quote, {NULL}, "a TD quote"},
    {EVIDENCE_SGX_QUOTE, is_sgx_quote, {NULL}, "a quote of an SGX enclave"},
    {EVIDENCE_TD_REPORT, is_td_report, {NULL}, "a TDREPORT"},
    {EVIDENCE_HCL_REPORT, is_hcl_report, {NULL}, "the report of a virtual TPM, by Azure's paravisor"},
    {EVIDENCE_CERTIFICATE_TABLE, is_table, {NULL}, "a table of certificates"},
    {EVIDENCE_GPU_REPORT, is_gpu_report, {NULL}, "the report of an NVIDIA GPU"},
    {EVIDENCE_GPU_EVIDENCE, is_gpu_evidence, {NULL}, "reports of NVIDIA GPUs with their certificates"},
    {EVIDENCE_RIM, is_rim, {NULL}, "reference values of NVIDIA's (RIM)"},
    {EVIDENCE_RIM_ANSWER, NULL, {"id", "rim"}, "reference values, as NVIDIA's service answers"},
    {EVIDENCE_OCSP, is_ocsp, {NULL}, "an OCSP response"},
    {EVIDENCE_CERTIFICATES, is_certificates, {NULL}, "certificates, one behind the other"},
    {EVIDENCE_CERTIFICATE, is_certificate, {NULL}, "a certificate"},
    {EVIDENCE_CRL, is_crl, {NULL}, "a list of revoked certificates"},
    {EVIDENCE_TCB_INFO, NULL, {"tcbInfo", "signature"}, "Intel's TCB info"},
    {EVIDENCE_QE_IDENTITY, NULL, {"enclaveIdentity", "signature"}, "Intel's identity of a quoting enclave"},
    {EVIDENCE_COLLATERAL, NULL, {"tcb_info", "qe_identity"}, "TDX collateral, all in one"},
    {EVIDENCE_BUNDLE, NULL, {"evidence", "endorsements"}, "an evidence bundle"},
    {EVIDENCE_STATEMENT, NULL, {"noise_static", "model"}, "a key statement"},
    {EVIDENCE_POLICY, NULL, {"version", "sev-snp"}, "an appraisal policy"},
    {EVIDENCE_POLICY, NULL, {"version", "snp"}, "an appraisal policy"},
    {EVIDENCE_POLICY, NULL, {"version", "tdx"}, "an appraisal policy"},
    {EVIDENCE_POLICY, NULL, {"version", "gpu"}, "an appraisal policy"},
    /* Last: quotes and documents hold chains in PEM. */
    {EVIDENCE_PEM, holds_pem, {NULL}, "PEM"},
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

static bool is_row(const struct row *row, struct bytes content, const json_t *doc)
{
    if (row->is != NULL)
        return row->is(content);
    return json_object_get(doc, row->members[0]) != NULL && json_object_get(doc, row->members[1]) != NULL;
}

enum evidence_kind evidence_file_kind(struct bytes content)
{
    enum evidence_kind kind = EVIDENCE_UNKNOWN;
    json_t *doc = NULL;
    /* equivalent: what is no JSON leaves NULL, whatever is said of it */
    (void)!strict_json_parse_nul(content, EVIDENCE_FILE_MAX, &doc, NULL);
    for (size_t i = 0; kind == EVIDENCE_UNKNOWN && i < ROW_COUNT; i++)
        if (is_row(&rows[i], content, doc))
            kind = rows[i].kind;
    json_decref(doc);
    return kind;
}

const char *evidence_kind_name(enum evidence_kind kind)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].kind == kind)
            return rows[i].name;
    return "nothing that is known";
}
