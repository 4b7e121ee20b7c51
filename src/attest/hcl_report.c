/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/hcl_report.h"

#include "base/reader.h"

enum {
    HARDWARE_SIZE = HCL_SNP_REPORT_SIZE, /* the largest */
    REQUEST_DATA_SIZE = 20,
    REQUEST_AK_CERTIFICATE = 2,
    REQUEST_DATA_VERSION = 1,
    RESERVED_SIZE = 12,
};

static enum err part_failed(const char *part, const struct reader *r, struct err_note *note)
{
    enum err e = reader_status(r);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "hcl.%s at 0x%zx: %s", part, r->failed_at, err_text(e));
}

/* A field of which one value alone makes sense. */
static enum err field_is(const char *field, uint32_t seen, uint32_t wanted, struct err_note *note)
{
    return seen == wanted ? ERR_OK : err_noted(ERR_VALUE, note, "hcl.%s: %u, wanted %u", field, seen, wanted);
}

static enum err header_read(struct reader *r, struct hcl_report *report, uint32_t *size,
                            struct err_note *note)
{
    static const uint8_t signature[] = {'H', 'C', 'L', 'A'};
    if (!bytes_equal(reader_bytes(r, sizeof signature), bytes_of(signature, sizeof signature)))
        return err_noted(ERR_UNKNOWN, note, "hcl.signature: not \"HCLA\"");
    report->version = reader_u32le(r);
    *size = reader_u32le(r);
    uint32_t request = reader_u32le(r);
    uint32_t status = reader_u32le(r);
    reader_zeros(r, RESERVED_SIZE);
    enum err e = part_failed("header", r, note);
    if (e != ERR_OK)
        return e;
    if (report->version != HCL_VERSION_1 && report->version != HCL_VERSION_2)
        return err_noted(ERR_UNKNOWN, note, "hcl.version: %u", report->version);
    e = field_is("request_type", request, REQUEST_AK_CERTIFICATE, note);
    return e == ERR_OK ? field_is("status", status, 0, note) : e;
}

/* What comes behind a report that is smaller than its place is zero. */
static enum err hardware_split(struct bytes place, struct hcl_report *report, struct err_note *note)
{
    struct reader r = reader_over(place);
    report->hardware = reader_bytes(&r, report->kind == HCL_KIND_TDX ? HCL_TD_REPORT_SIZE : place.len);
    reader_zeros(&r, r.left);
    return part_failed("hardware_report", &r, note);
}

enum err hcl_report_parse(struct bytes in, struct hcl_report *report, struct err_note *note)
{
    uint32_t size = 0;
    memset(report, 0, sizeof *report);
    if (in.len > HCL_REPORT_MAX)
        return err_noted(ERR_TOO_LARGE, note, "HCL report of %zu bytes, at most %d are taken", in.len,
                         HCL_REPORT_MAX);
    struct reader r = reader_over(in);
    enum err e = header_read(&r, report, &size, note);
    if (e != ERR_OK)
        return e;
    struct bytes place = reader_bytes(&r, HARDWARE_SIZE);
    uint32_t data_size = reader_u32le(&r);
    uint32_t data_version = reader_u32le(&r);
    report->kind = reader_u32le(&r);
    report->hash_type = reader_u32le(&r);
    uint32_t runtime_size = reader_u32le(&r);
    report->runtime = reader_bytes(&r, runtime_size);
    size_t end = r.offset;
    e = part_failed("request_data", &r, note);
    if (e == ERR_OK)
        e = field_is("request_data.version", data_version, REQUEST_DATA_VERSION, note);
    if (e == ERR_OK)
        e = field_is("request_data.size", data_size, REQUEST_DATA_SIZE + runtime_size, note);
    if (e == ERR_OK)
        e = field_is("size", size, (uint32_t)end, note);
    if (e == ERR_OK)
        e = hardware_split(place, report, note);
    if (e != ERR_OK)
        return e;
    reader_zeros(&r, r.left);
    return part_failed("padding", &r, note);
}
