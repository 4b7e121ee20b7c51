/* SPDX-License-Identifier: Apache-2.0 */
/* Intel TDX DCAP Quoting Library API, appendix A; Intel TDX Module ABI Reference, TDREPORT_STRUCT. The names are the manuals'. */
#include <stddef.h>

#include "attest/evidence_file.h"
#include "attest/tdx_policy.h"
#include "attest/tdx_quote.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "cli/inspect.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct inspect_bit attribute_bits[] = {
    {TDX_DEBUG, TDX_DEBUG, "DEBUG"},
    {1, 7, "TUD, rest of the group"},
    {TDX_LASS, TDX_LASS, "LASS"},
    {TDX_SEPT_VE_DISABLE, TDX_SEPT_VE_DISABLE, "SEPT_VE_DISABLE"},
    {TDX_MIGRATABLE, TDX_MIGRATABLE, "MIGRATABLE"},
    {TDX_PKS, TDX_PKS, "PKS"},
    {TDX_KEY_LOCKER, TDX_KEY_LOCKER, "KL"},
    {TDX_PERFMON, TDX_PERFMON, "PERFMON"},
};

/* Intel SDM, volume 1, section 13.1: state components. */
static const struct inspect_bit xfam_bits[] = {
    {0, 0, "x87"},     {1, 1, "SSE"},   {2, 2, "AVX"},     {3, 4, "MPX"},   {5, 7, "AVX-512"},
    {8, 8, "PT"},      {9, 9, "PKRU"},  {10, 10, "PASID"}, {11, 12, "CET"}, {13, 13, "HDC"},
    {14, 14, "UINTR"}, {15, 15, "LBR"}, {16, 16, "HWP"},   {17, 18, "AMX"},
};

static const struct inspect_bit none[1];

#define OF(type, name, member, kind)                                                                         \
    {                                                                                                        \
        name, offsetof(struct type, member), sizeof(((struct type *)0)->member), kind                        \
    }

static const struct inspect_field header_fields[] = {
    OF(tdx_quote, "Version", version, INSPECT_U16),
    OF(tdx_quote, "Attestation Key Type", key_type, INSPECT_U16),
    OF(tdx_quote, "TEE Type", tee_type, INSPECT_U32),
    OF(tdx_quote, "QE SVN", qe_svn, INSPECT_U16),
    OF(tdx_quote, "PCE SVN", pce_svn, INSPECT_U16),
    OF(tdx_quote, "QE Vendor ID", qe_vendor, INSPECT_HEX),
    OF(tdx_quote, "User Data", user_data, INSPECT_HEX),
};

static const struct inspect_field body_fields_1[] = {
    OF(tdx_body, "TEE_TCB_SVN", tee_tcb_svn, INSPECT_HEX),
    OF(tdx_body, "MRSEAM", mrseam, INSPECT_HEX),
    OF(tdx_body, "MRSIGNERSEAM", mrsignerseam, INSPECT_HEX),
};
static const struct inspect_field body_fields_2[] = {
    OF(tdx_body, "MRTD", mrtd, INSPECT_HEX),
    OF(tdx_body, "MRCONFIGID", mrconfigid, INSPECT_HEX),
    OF(tdx_body, "MROWNER", mrowner, INSPECT_HEX),
    OF(tdx_body, "MROWNERCONFIG", mrownerconfig, INSPECT_HEX),
    OF(tdx_body, "RTMR0", rtmr[0], INSPECT_HEX),
    OF(tdx_body, "RTMR1", rtmr[1], INSPECT_HEX),
    OF(tdx_body, "RTMR2", rtmr[2], INSPECT_HEX),
    OF(tdx_body, "RTMR3", rtmr[3], INSPECT_HEX),
    OF(tdx_body, "REPORTDATA", report_data, INSPECT_HEX),
};
static const struct inspect_field body_fields_15[] = {
    OF(tdx_body, "TEE_TCB_SVN_2", tee_tcb_svn_2, INSPECT_HEX),
    OF(tdx_body, "MRSERVICETD", mrservicetd, INSPECT_HEX),
};

static const struct inspect_field qe_fields[] = {
    OF(sgx_report, "MISCSELECT", miscselect, INSPECT_U32),
    OF(sgx_report, "ATTRIBUTES", attributes, INSPECT_HEX),
    OF(sgx_report, "MRENCLAVE", mrenclave, INSPECT_HEX),
    OF(sgx_report, "MRSIGNER", mrsigner, INSPECT_HEX),
    OF(sgx_report, "ISVPRODID", isv_prod_id, INSPECT_U16),
    OF(sgx_report, "ISVSVN", isv_svn, INSPECT_U16),
    OF(sgx_report, "REPORTDATA", report_data, INSPECT_HEX),
};

static void put_body(json_t *object, const struct tdx_body *b)
{
    json_t *inner = json_object();
    inspect_put_text(inner, "form", "TDX %s", b->is_15 ? "1.5" : "1.0");
    inspect_put_fields(inner, b, body_fields_1, COUNT(body_fields_1));
    inspect_put_bits(inner, "SEAMATTRIBUTES", b->seam_attributes, 64, none, 0);
    inspect_put_bits(inner, "TDATTRIBUTES", b->attributes, 64, attribute_bits, COUNT(attribute_bits));
    inspect_put_bits(inner, "XFAM", b->xfam, 64, xfam_bits, COUNT(xfam_bits));
    inspect_put_fields(inner, b, body_fields_2, COUNT(body_fields_2));
    if (b->is_15)
        inspect_put_fields(inner, b, body_fields_15, COUNT(body_fields_15));
    inspect_put(object, "TD Quote Body", inner);
}

static void put_signature_data(json_t *object, const struct tdx_quote *q)
{
    json_t *inner = json_object();
    json_t *qe = json_object();
    inspect_put_hex(inner, "Quote Signature", q->signature);
    inspect_put_hex(inner, "Attestation Key", q->attestation_key);
    inspect_put_fields(qe, &q->qe_report, qe_fields, COUNT(qe_fields));
    inspect_put(inner, "QE Report", qe);
    inspect_put_hex(inner, "QE Report Signature", q->qe_signature);
    inspect_put_hex(inner, "QE Authentication Data", q->qe_authentication);
    inspect_put(inner, "QE Certification Data (type 5)", inspect_pem(q->pck_chain));
    inspect_put(object, "Quote Signature Data", inner);
}

json_t *inspect_td_quote(struct bytes content)
{
    struct tdx_quote q;
    struct err_note note = {{0}};
    json_t *object = json_object();
    enum err e = tdx_quote_parse(evidence_tdx_find(content), &q, &note);
    inspect_put_error(object, e, &note);
    inspect_put_fields(object, &q, header_fields, COUNT(header_fields));
    if (e == ERR_OK) {
        put_body(object, &q.body);
        put_signature_data(object, &q);
    }
    return object;
}

json_t *inspect_sgx_quote(struct bytes content)
{
    struct tdx_quote q;
    struct err_note note = {{0}};
    json_t *object = json_object();
    inspect_put_text(object, "note",
                     "of an SGX enclave, not of a TD: only its header is shown, and verify refuses it");
    inspect_put_error(object, tdx_quote_header_parse(evidence_tdx_find(content), &q, &note), &note);
    inspect_put_fields(object, &q, header_fields, COUNT(header_fields));
    return object;
}

/* ---- TDREPORT_STRUCT ---- */

static const struct {
    const char *name;
    size_t offset;
    size_t size;
    const struct inspect_bit *bits; /* NULL: bytes */
    size_t bit_count;
} td_report_fields[] = {
    {"REPORTTYPE", 0, 4, NULL, 0},
    {"CPUSVN", 16, 16, NULL, 0},
    {"TEE_TCB_INFO_HASH", 32, 48, NULL, 0},
    {"TEE_INFO_HASH", 80, 48, NULL, 0},
    {"REPORTDATA", 128, 64, NULL, 0},
    {"MAC", 224, 32, NULL, 0},
    {"TEE_TCB_INFO.VALID", 256, 8, NULL, 0},
    {"TEE_TCB_INFO.TEE_TCB_SVN", 264, 16, NULL, 0},
    {"TEE_TCB_INFO.MRSEAM", 280, 48, NULL, 0},
    {"TEE_TCB_INFO.MRSIGNERSEAM", 328, 48, NULL, 0},
    {"TEE_TCB_INFO.ATTRIBUTES", 376, 8, NULL, 0},
    {"TEE_TCB_INFO.TEE_TCB_SVN2", 384, 16, NULL, 0},
    {"TDINFO.ATTRIBUTES", 512, 8, attribute_bits, COUNT(attribute_bits)},
    {"TDINFO.XFAM", 520, 8, xfam_bits, COUNT(xfam_bits)},
    {"TDINFO.MRTD", 528, 48, NULL, 0},
    {"TDINFO.MRCONFIGID", 576, 48, NULL, 0},
    {"TDINFO.MROWNER", 624, 48, NULL, 0},
    {"TDINFO.MROWNERCONFIG", 672, 48, NULL, 0},
    {"TDINFO.RTMR0", 720, 48, NULL, 0},
    {"TDINFO.RTMR1", 768, 48, NULL, 0},
    {"TDINFO.RTMR2", 816, 48, NULL, 0},
    {"TDINFO.RTMR3", 864, 48, NULL, 0},
    {"TDINFO.SERVTD_HASH", 912, 48, NULL, 0},
};

json_t *inspect_td_report(struct bytes content)
{
    json_t *object = json_object();
    inspect_put_text(object, "note",
                     "only the processor that made it can check its MAC: it is worth something as a quote");
    for (size_t i = 0; i < COUNT(td_report_fields); i++) {
        struct reader r = reader_over(content);
        (void)reader_bytes(&r, td_report_fields[i].offset);
        struct bytes value = reader_bytes(&r, td_report_fields[i].size);
        struct reader number = reader_over(value);
        if (td_report_fields[i].bits != NULL)
            inspect_put_bits(object, td_report_fields[i].name, reader_u64le(&number), 64,
                             td_report_fields[i].bits, td_report_fields[i].bit_count);
        else
            inspect_put_hex(object, td_report_fields[i].name, value);
    }
    return object;
}
