/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/nvgpu_report.h"

#include <stdio.h>

#include "base/reader.h"

enum { DMTF_SPECIFICATION = 1, BLOCK_HEADER = 3, OPAQUE_VERSION_MAX = 1, VBIOS_SIZE = 8 };

/* ---- the layout ---- */

enum err nvgpu_report_parse(struct bytes report, struct nvgpu_report *r, struct err_note *note)
{
    memset(r, 0, sizeof *r);
    if (report.len > NVGPU_REPORT_MAX)
        return err_noted(ERR_TOO_LARGE, note, "report of %zu bytes, at most %d are taken", report.len,
                         NVGPU_REPORT_MAX);
    struct reader in = reader_over(report);
    struct reader start = in;
    r->request_version = reader_u8(&in);
    r->request_code = reader_u8(&in);
    r->request_attributes = reader_u8(&in);
    r->request_operation = reader_u8(&in);
    r->nonce = reader_bytes(&in, NVGPU_NONCE_SIZE);
    r->request_slot = reader_u8(&in);
    r->version = reader_u8(&in);
    r->code = reader_u8(&in);
    r->param1 = reader_u8(&in);
    r->slot = reader_u8(&in);
    r->block_count = reader_u8(&in);
    r->record = reader_bytes(&in, reader_u24le(&in));
    (void)reader_bytes(&in, NVGPU_NONCE_SIZE); /* the responder's own: it keeps two answers apart */
    r->opaque = reader_bytes(&in, reader_u16le(&in));
    size_t before = in.offset;
    r->signature = reader_bytes(&in, NVGPU_SIGNATURE_SIZE);
    enum err e = reader_finish(&in);
    if (e != ERR_OK)
        return err_noted(e, note, "report at 0x%zx of 0x%zx: %s",
                         in.failed != ERR_OK ? in.failed_at : in.offset, report.len, err_text(e));
    r->signed_part = reader_bytes(&start, before);
    return ERR_OK;
}

/* ---- the measurements ---- */

/* DSP0274 table 45, measurement block; table 46, its value in the DMTF's form. */
static enum err block_read(struct reader *in, struct nvgpu_report *r, struct err_note *note)
{
    uint8_t index = reader_u8(in);
    uint8_t specification = reader_u8(in);
    struct reader block = reader_sub(in, reader_u16le(in));
    (void)reader_u8(&block); /* DMTFSpecMeasurementValueType */
    struct bytes value = reader_bytes(&block, reader_u16le(&block));
    enum err e = reader_finish(&block);
    if (e == ERR_OK)
        e = reader_status(in);
    if (e != ERR_OK)
        return err_noted(e, note, "measurement block %u: %s", index, err_text(e));
    if (specification != DMTF_SPECIFICATION)
        return err_noted(ERR_UNKNOWN, note, "measurement block %u: specification %u", index, specification);
    if (index == 0 || index > r->block_count)
        return err_noted(ERR_VALUE, note, "measurement block %u of %u", index, r->block_count);
    if (value.len == 0)
        return err_noted(ERR_VALUE, note, "measurement block %u: empty", index);
    if (r->measurements[index - 1].ptr != NULL)
        return err_noted(ERR_VALUE, note, "measurement block %u: twice", index);
    r->measurements[index - 1] = value;
    return ERR_OK;
}

enum err nvgpu_report_blocks(struct nvgpu_report *r, struct err_note *note)
{
    struct reader in = reader_over(r->record);
    enum err e = ERR_OK;
    if (r->block_count == 0)
        return err_noted(ERR_VALUE, note, "no measurement blocks");
    for (unsigned i = 0; e == ERR_OK && i < r->block_count; i++)
        e = block_read(&in, r, note);
    if (e == ERR_OK && reader_finish(&in) != ERR_OK)
        e = err_noted(ERR_TRAILING, note, "more in the record than %u measurement blocks", r->block_count);
    return e;
}

/* ---- the opaque data ---- */

enum err nvgpu_report_fields(struct nvgpu_report *r, struct err_note *note)
{
    static const char new_form[] =
        "NVDAOD"; /* a header in front, and types of values, with rules of their own */
    struct reader in = reader_over(r->opaque);
    struct reader look = in;
    bool seen[NVGPU_FIELD_TYPES] = {false};
    uint64_t version = 0;
    if (bytes_is_str(reader_bytes(&look, strlen(new_form)), new_form))
        return err_noted(ERR_UNKNOWN, note, "opaque data: in a form that is not known (%s)", new_form);
    while (in.left > 0) {
        uint16_t type = reader_u16le(&in);
        struct bytes value = reader_bytes(&in, reader_u16le(&in));
        if (reader_status(&in) != ERR_OK)
            return err_noted(ERR_TRUNCATED, note, "opaque data at 0x%zx: %s", in.failed_at,
                             err_text(ERR_TRUNCATED));
        if (type >= NVGPU_FIELD_TYPES)
            continue;
        if (seen[type])
            return err_noted(ERR_VALUE, note, "opaque data: field %u twice", type);
        seen[type] = true;
        r->fields[type] = value;
    }
    if (seen[NVGPU_OPAQUE_VERSION] && !nvgpu_report_number(r, NVGPU_OPAQUE_VERSION, &version))
        return err_noted(ERR_VALUE, note, "opaque data: a version of %zu bytes",
                         r->fields[NVGPU_OPAQUE_VERSION].len);
    if (version > OPAQUE_VERSION_MAX)
        return err_noted(ERR_UNKNOWN, note, "opaque data: version %llu", (unsigned long long)version);
    return ERR_OK;
}

bool nvgpu_report_text(const struct nvgpu_report *r, enum nvgpu_field field,
                       char text[static NVGPU_TEXT_SIZE])
{
    struct reader in = reader_over(r->fields[field]);
    struct {
        size_t used;
        bool ended;
    } out = {0};
    text[0] = '\0';
    while (in.left > 0) {
        uint8_t c = reader_u8(&in);
        out.ended = out.ended || c == '\0';
        if (out.ended ? c != '\0' : c <= ' ' || c > '~' || out.used + 1 == NVGPU_TEXT_SIZE) {
            text[0] = '\0';
            return false;
        }
        if (out.ended)
            continue;
        text[out.used++] = (char)c;
        text[out.used] = '\0';
    }
    return out.used != 0;
}

/* NVIDIA's verifiers: of the eight octets, little endian, the low four from the highest down, then the fifth. */
bool nvgpu_report_vbios(const struct nvgpu_report *r, char text[static NVGPU_TEXT_SIZE])
{
    struct bytes v = r->fields[NVGPU_VBIOS_VERSION];
    text[0] = '\0';
    if (v.len != VBIOS_SIZE)
        return false;
    (void)snprintf(text, NVGPU_TEXT_SIZE, "%02X.%02X.%02X.%02X.%02X", v.ptr[3], v.ptr[2], v.ptr[1], v.ptr[0],
                   v.ptr[4]);
    return true;
}

bool nvgpu_report_number(const struct nvgpu_report *r, enum nvgpu_field field, uint64_t *value)
{
    struct bytes v = r->fields[field];
    *value = 0;
    if (v.len == 0 || v.len > sizeof *value)
        return false;
    for (size_t i = v.len; i > 0; i--)
        *value = *value << 8 | v.ptr[i - 1];
    return true;
}
