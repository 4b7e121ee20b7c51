/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_quote.h"

/* Certification data types, DCAP appendix A.3.9. */
enum { CERTIFICATION_PCK_CHAIN = 5, CERTIFICATION_QE_REPORT = 6 };
enum { TYPE_AND_LENGTH = 2 + 4, LENGTH = 2 };

#define ALL(array) bytes_of((array), sizeof(array))

static void body_write(struct writer *w, const struct tdx_body *b)
{
    writer_bytes(w, ALL(b->tee_tcb_svn));
    writer_bytes(w, ALL(b->mrseam));
    writer_bytes(w, ALL(b->mrsignerseam));
    writer_u64le(w, b->seam_attributes);
    writer_u64le(w, b->attributes);
    writer_u64le(w, b->xfam);
    writer_bytes(w, ALL(b->mrtd));
    writer_bytes(w, ALL(b->mrconfigid));
    writer_bytes(w, ALL(b->mrowner));
    writer_bytes(w, ALL(b->mrownerconfig));
    writer_bytes(w, ALL(b->rtmr));
    writer_bytes(w, ALL(b->report_data));
    if (b->is_15) {
        writer_bytes(w, ALL(b->tee_tcb_svn_2));
        writer_bytes(w, ALL(b->mrservicetd));
    }
}

void tdx_signed_part_write(struct writer *w, const struct tdx_quote *q)
{
    enum { QE_SVN_AND_PCE_SVN = 4, USER_DATA = 20 };
    writer_u16le(w, q->version);
    writer_u16le(w, q->key_type);
    writer_u32le(w, q->tee_type);
    writer_zeros(w, QE_SVN_AND_PCE_SVN);
    writer_bytes(w, ALL(q->qe_vendor));
    writer_zeros(w, USER_DATA);
    if (q->version == TDX_VERSION_5) {
        writer_u16le(w, q->body.is_15 ? TDX_BODY_15 : TDX_BODY_10);
        writer_u32le(w, q->body.is_15 ? TDX_BODY_15_SIZE : TDX_BODY_10_SIZE);
    }
    body_write(w, &q->body);
}

/* DCAP appendix A.3.10, table "Enclave Report Body". */
void sgx_report_write(struct writer *w, const struct sgx_report *r)
{
    enum {
        CPU_SVN = 16,
        RESERVED_1 = 12,
        ISV_EXT_PROD_ID = 16,
        RESERVED = 32,
        CONFIG_ID = 64,
        RESERVED_4 = 60
    };
    writer_zeros(w, CPU_SVN);
    writer_u32le(w, r->miscselect);
    writer_zeros(w, RESERVED_1 + ISV_EXT_PROD_ID);
    writer_bytes(w, ALL(r->attributes));
    writer_bytes(w, ALL(r->mrenclave));
    writer_zeros(w, RESERVED);
    writer_bytes(w, ALL(r->mrsigner));
    writer_zeros(w, RESERVED + CONFIG_ID);
    writer_u16le(w, r->isv_prod_id);
    writer_u16le(w, r->isv_svn);
    writer_zeros(w, RESERVED_4);
    writer_bytes(w, ALL(r->report_data));
}

void tdx_quote_write(struct writer *w, const struct tdx_quote *q)
{
    const size_t chain = q->pck_chain.len;
    const size_t qe = q->qe_report_bytes.len + q->qe_signature.len + LENGTH + q->qe_authentication.len +
                      TYPE_AND_LENGTH + chain;
    writer_bytes(w, q->signed_part);
    writer_u32le(w, (uint32_t)(q->signature.len + q->attestation_key.len + TYPE_AND_LENGTH + qe));
    writer_bytes(w, q->signature);
    writer_bytes(w, q->attestation_key);
    writer_u16le(w, CERTIFICATION_QE_REPORT);
    writer_u32le(w, (uint32_t)qe);
    writer_bytes(w, q->qe_report_bytes);
    writer_bytes(w, q->qe_signature);
    writer_u16le(w, (uint16_t)q->qe_authentication.len);
    writer_bytes(w, q->qe_authentication);
    writer_u16le(w, CERTIFICATION_PCK_CHAIN);
    writer_u32le(w, (uint32_t)chain);
    writer_bytes(w, q->pck_chain);
}
