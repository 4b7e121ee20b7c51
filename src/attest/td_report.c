/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/td_report.h"

#include "base/reader.h"

enum { TYPE_TDX = 0x81, VERSION_SERVICE_TD = 1 };

/* REPORTMACSTRUCT, 256 bytes: REPORTTYPE, CPUSVN, digests of the two that follow, REPORTDATA, MAC. */
static void mac_struct_read(struct reader *r, struct td_report *report)
{
    enum { RESERVED_1 = 12, CPU_SVN = 16, DIGESTS = 96, RESERVED_2 = 32, MAC = 32 };
    uint8_t type = reader_u8(r);
    uint8_t subtype = reader_u8(r);
    uint8_t version = reader_u8(r);
    if (type != TYPE_TDX || subtype != 0 || version > VERSION_SERVICE_TD)
        reader_fail(r, ERR_UNKNOWN);
    reader_zeros(r, 1 + RESERVED_1);
    (void)reader_bytes(r, CPU_SVN + DIGESTS);
    reader_copy(r, report->body.report_data, sizeof report->body.report_data);
    reader_zeros(r, RESERVED_2);
    (void)reader_bytes(r, MAC);
}

/* TEE_TCB_INFO, 239 bytes and 17 reserved. TEE_TCB_SVN_2 is zero before TDX 1.5; the version tells only whether a service TD is bound. */
static void tcb_info_read(struct reader *r, struct tdx_body *b)
{
    enum { VALID = 8, RESERVED = 95 + 17 };
    (void)reader_bytes(r, VALID);
    reader_copy(r, b->tee_tcb_svn, sizeof b->tee_tcb_svn);
    reader_copy(r, b->mrseam, sizeof b->mrseam);
    reader_copy(r, b->mrsignerseam, sizeof b->mrsignerseam);
    b->seam_attributes = reader_u64le(r);
    reader_copy(r, b->tee_tcb_svn_2, sizeof b->tee_tcb_svn_2);
    reader_zeros(r, RESERVED);
}

/* TDINFO_STRUCT, 512 bytes. */
static void td_info_read(struct reader *r, struct tdx_body *b)
{
    b->is_15 = true;
    b->attributes = reader_u64le(r);
    b->xfam = reader_u64le(r);
    reader_copy(r, b->mrtd, sizeof b->mrtd);
    reader_copy(r, b->mrconfigid, sizeof b->mrconfigid);
    reader_copy(r, b->mrowner, sizeof b->mrowner);
    reader_copy(r, b->mrownerconfig, sizeof b->mrownerconfig);
    reader_copy(r, b->rtmr, sizeof b->rtmr);
    reader_copy(r, b->mrservicetd, sizeof b->mrservicetd);
    reader_zeros(r, r->left);
}

enum err td_report_parse(struct bytes in, struct td_report *report, struct err_note *note)
{
    memset(report, 0, sizeof *report);
    if (in.len > TD_REPORT_SIZE)
        return err_noted(ERR_TRAILING, note, "TDREPORT of %zu bytes, wanted %d", in.len, TD_REPORT_SIZE);
    struct reader r = reader_over(in);
    mac_struct_read(&r, report);
    tcb_info_read(&r, &report->body);
    td_info_read(&r, &report->body);
    enum err e = reader_status(&r);
    if (e == ERR_OK && in.len != TD_REPORT_SIZE)
        e = ERR_TRUNCATED;
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "TDREPORT at 0x%zx: %s", r.failed_at, err_text(e));
}

const char *td_report_difference(const struct td_report *report, const struct tdx_body *quoted)
{
    const struct tdx_body *b = &report->body;
#define PART(text, member)                                                                                   \
    {                                                                                                        \
        text, bytes_of(&b->member, sizeof b->member), bytes_of(&quoted->member, sizeof b->member)            \
    }
    const struct {
        const char *name;
        struct bytes reported, quoted;
    } parts[] = {
        PART("REPORTDATA", report_data),
        PART("TEE_TCB_SVN", tee_tcb_svn),
        PART("MRSEAM", mrseam),
        PART("MRSIGNERSEAM", mrsignerseam),
        PART("SEAMATTRIBUTES", seam_attributes),
        PART("ATTRIBUTES", attributes),
        PART("XFAM", xfam),
        PART("MRTD", mrtd),
        PART("MRCONFIGID", mrconfigid),
        PART("MROWNER", mrowner),
        PART("MROWNERCONFIG", mrownerconfig),
        PART("RTMRs", rtmr),
        PART("TEE_TCB_SVN_2", tee_tcb_svn_2),
        PART("MRSERVICETD", mrservicetd),
    };
#undef PART
    enum { PARTS_OF_15 = 2 };
    size_t count = sizeof parts / sizeof *parts;
    for (size_t i = 0; i < count - (quoted->is_15 ? 0 : PARTS_OF_15); i++)
        if (!bytes_equal(parts[i].reported, parts[i].quoted))
            return parts[i].name;
    return NULL;
}
