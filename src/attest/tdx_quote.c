/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_quote.h"

#include "base/reader.h"

/* Certification data types, DCAP appendix A.3.9: what the quoting enclave's report comes in, and the chain of its certificates. */
enum { CERTIFICATION_PCK_CHAIN = 5, CERTIFICATION_QE_REPORT = 6 };

/* ---- header ---- */

static void header_read(struct reader *r, struct tdx_quote *q)
{
    q->version = reader_u16le(r);
    q->key_type = reader_u16le(r);
    q->tee_type = reader_u32le(r);
    q->qe_svn = reader_u16le(r);
    q->pce_svn = reader_u16le(r);
    reader_copy(r, q->qe_vendor, sizeof q->qe_vendor);
    reader_copy(r, q->user_data, sizeof q->user_data);
}

enum err tdx_quote_header_parse(struct bytes in, struct tdx_quote *q, struct err_note *note)
{
    memset(q, 0, sizeof *q);
    if (in.len > TDX_QUOTE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "quote of %zu bytes, at most %d are taken", in.len,
                         TDX_QUOTE_MAX);
    struct reader r = reader_over(in);
    header_read(&r, q);
    enum err e = reader_status(&r);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "quote.header: %s", err_text(e));
}

/* ---- body ---- */

/* Version 5 says what its body is; version 4 is always TDX 1.0. Gives the size, 0 when there is no such body. */
static size_t body_size_read(struct reader *r, const struct tdx_quote *q)
{
    if (q->version == TDX_VERSION_4)
        return TDX_BODY_10_SIZE;
    uint16_t type = reader_u16le(r);
    uint32_t size = reader_u32le(r);
    size_t wanted = type == TDX_BODY_10 ? TDX_BODY_10_SIZE : type == TDX_BODY_15 ? TDX_BODY_15_SIZE : 0;
    if (size != wanted)
        reader_fail(r, ERR_VALUE);
    return wanted;
}

static void body_read(struct reader *r, size_t size, struct tdx_body *b)
{
    reader_copy(r, b->tee_tcb_svn, sizeof b->tee_tcb_svn);
    reader_copy(r, b->mrseam, sizeof b->mrseam);
    reader_copy(r, b->mrsignerseam, sizeof b->mrsignerseam);
    b->seam_attributes = reader_u64le(r);
    b->attributes = reader_u64le(r);
    b->xfam = reader_u64le(r);
    reader_copy(r, b->mrtd, sizeof b->mrtd);
    reader_copy(r, b->mrconfigid, sizeof b->mrconfigid);
    reader_copy(r, b->mrowner, sizeof b->mrowner);
    reader_copy(r, b->mrownerconfig, sizeof b->mrownerconfig);
    reader_copy(r, b->rtmr, sizeof b->rtmr);
    reader_copy(r, b->report_data, sizeof b->report_data);
    b->is_15 = size == TDX_BODY_15_SIZE;
    if (b->is_15) {
        reader_copy(r, b->tee_tcb_svn_2, sizeof b->tee_tcb_svn_2);
        reader_copy(r, b->mrservicetd, sizeof b->mrservicetd);
    }
}

/* ---- signature data ---- */

static void sgx_report_read(struct bytes in, struct sgx_report *report)
{
    enum {
        CPU_SVN = 16,
        RESERVED_1 = 12,
        ISV_EXT_PROD_ID = 16,
        RESERVED = 32,
        CONFIG_ID = 64,
        RESERVED_4 = 60
    };
    struct reader r = reader_over(in);
    (void)reader_bytes(&r, CPU_SVN);
    report->miscselect = reader_u32le(&r);
    (void)reader_bytes(&r, RESERVED_1 + ISV_EXT_PROD_ID);
    reader_copy(&r, report->attributes, sizeof report->attributes);
    reader_copy(&r, report->mrenclave, sizeof report->mrenclave);
    (void)reader_bytes(&r, RESERVED);
    reader_copy(&r, report->mrsigner, sizeof report->mrsigner);
    (void)reader_bytes(&r, RESERVED + CONFIG_ID);
    report->isv_prod_id = reader_u16le(&r);
    report->isv_svn = reader_u16le(&r);
    (void)reader_bytes(&r, RESERVED_4);
    reader_copy(&r, report->report_data, sizeof report->report_data);
}

/* The content of certification data of this type. */
static struct reader certification_open(struct reader *r, uint16_t type)
{
    if (reader_u16le(r) != type)
        reader_fail(r, ERR_VALUE);
    uint32_t size = reader_u32le(r);
    return reader_sub(r, size);
}

static void close_part(struct reader *r, const struct reader *part)
{
    enum err e = reader_finish(part);
    if (e != ERR_OK)
        reader_fail(r, e);
}

static void signature_data_read(struct reader *r, struct tdx_quote *q)
{
    uint32_t size = reader_u32le(r);
    struct reader data = reader_sub(r, size);
    q->signature = reader_bytes(&data, TDX_POINT_SIZE);
    q->attestation_key = reader_bytes(&data, TDX_POINT_SIZE);

    struct reader qe = certification_open(&data, CERTIFICATION_QE_REPORT);
    q->qe_report_bytes = reader_bytes(&qe, SGX_REPORT_SIZE);
    sgx_report_read(q->qe_report_bytes, &q->qe_report);
    q->qe_signature = reader_bytes(&qe, TDX_POINT_SIZE);
    uint16_t authentication = reader_u16le(&qe);
    q->qe_authentication = reader_bytes(&qe, authentication);
    struct reader chain = certification_open(&qe, CERTIFICATION_PCK_CHAIN);
    q->pck_chain = reader_rest(&chain);
    close_part(&data, &qe);
    close_part(r, &data);
}

/* ---- all of it ---- */

static enum err part_failed(const char *part, const struct reader *r, struct err_note *note)
{
    enum err e = reader_status(r);
    return e == ERR_OK ? ERR_OK
                       : err_noted(e, note, "quote.%s at 0x%zx: %s", part, r->failed_at, err_text(e));
}

enum err tdx_quote_parse(struct bytes in, struct tdx_quote *q, struct err_note *note)
{
    enum err e = tdx_quote_header_parse(in, q, note);
    if (e != ERR_OK)
        return e;
    if (q->version != TDX_VERSION_4 && q->version != TDX_VERSION_5)
        return err_noted(ERR_UNKNOWN, note, "quote.version: %u%s", q->version,
                         q->version == 3 ? ", a quote of an SGX enclave" : "");
    if (q->tee_type != TDX_TEE_TYPE)
        return err_noted(ERR_UNKNOWN, note, "quote.tee_type: 0x%x, not a TD", q->tee_type);
    if (q->key_type != TDX_KEY_TYPE_P256)
        return err_noted(ERR_UNKNOWN, note, "quote.key_type: %u", q->key_type);

    struct reader r = reader_over(in);
    header_read(&r, q);
    size_t size = body_size_read(&r, q);
    body_read(&r, size, &q->body);
    size_t signed_size = r.offset;
    e = part_failed("body", &r, note);
    if (e != ERR_OK)
        return e;
    struct reader start = reader_over(in);
    q->signed_part = reader_bytes(&start, signed_size);
    signature_data_read(&r, q);
    e = part_failed("signature_data", &r, note);
    if (e != ERR_OK)
        return e;
    reader_zeros(&r, r.left);
    return part_failed("padding", &r, note);
}
