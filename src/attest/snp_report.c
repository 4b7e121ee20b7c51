/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_report.h"

#include <stddef.h>

#include "base/reader.h"
#include "base/writer.h"

/*
 * The table "ATTESTATION_REPORT" of document 56860, row by row: offset, size, name. A number is little endian; bytes are copied; reserved must be
 * zero. A row with a `since` is reserved in reports of an older version.
 */

#define NUMBER   SNP_FIELD_NUMBER
#define BYTES    SNP_FIELD_BYTES
#define RESERVED SNP_FIELD_RESERVED

#define TO(member) offsetof(struct snp_report, member)

static const struct snp_field fields[] = {
    {0x000, 4, NUMBER, 0, TO(version), "VERSION"},
    {0x004, 4, NUMBER, 0, TO(guest_svn), "GUEST_SVN"},
    {0x008, 8, NUMBER, 0, TO(policy), "POLICY"},
    {0x010, 16, BYTES, 0, TO(family_id), "FAMILY_ID"},
    {0x020, 16, BYTES, 0, TO(image_id), "IMAGE_ID"},
    {0x030, 4, NUMBER, 0, TO(vmpl), "VMPL"},
    {0x034, 4, NUMBER, 0, TO(signature_algorithm), "SIGNATURE_ALGO"},
    {0x038, 8, BYTES, 0, TO(current_tcb), "CURRENT_TCB"},
    {0x040, 8, NUMBER, 0, TO(platform_info), "PLATFORM_INFO"},
    {0x048, 4, NUMBER, 0, TO(key_info), "KEY_INFO"},
    {0x04C, 4, RESERVED, 0, 0, "reserved"},
    {0x050, 64, BYTES, 0, TO(report_data), "REPORT_DATA"},
    {0x090, 48, BYTES, 0, TO(measurement), "MEASUREMENT"},
    {0x0C0, 32, BYTES, 0, TO(host_data), "HOST_DATA"},
    {0x0E0, 48, BYTES, 0, TO(id_key_digest), "ID_KEY_DIGEST"},
    {0x110, 48, BYTES, 0, TO(author_key_digest), "AUTHOR_KEY_DIGEST"},
    {0x140, 32, BYTES, 0, TO(report_id), "REPORT_ID"},
    {0x160, 32, BYTES, 0, TO(report_id_ma), "REPORT_ID_MA"},
    {0x180, 8, BYTES, 0, TO(reported_tcb), "REPORTED_TCB"},
    {0x188, 1, NUMBER, 3, TO(cpuid_family), "CPUID_FAM_ID"},
    {0x189, 1, NUMBER, 3, TO(cpuid_model), "CPUID_MOD_ID"},
    {0x18A, 1, NUMBER, 3, TO(cpuid_stepping), "CPUID_STEP"},
    {0x18B, 21, RESERVED, 0, 0, "reserved"},
    {0x1A0, 64, BYTES, 0, TO(chip_id), "CHIP_ID"},
    {0x1E0, 8, BYTES, 0, TO(committed_tcb), "COMMITTED_TCB"},
    {0x1E8, 3, BYTES, 0, TO(current_version), "CURRENT_BUILD, _MINOR, _MAJOR"},
    {0x1EB, 1, RESERVED, 0, 0, "reserved"},
    {0x1EC, 3, BYTES, 0, TO(committed_version), "COMMITTED_BUILD, _MINOR, _MAJOR"},
    {0x1EF, 1, RESERVED, 0, 0, "reserved"},
    {0x1F0, 8, BYTES, 0, TO(launch_tcb), "LAUNCH_TCB"},
    {0x1F8, 8, NUMBER, 5, TO(launch_mitigations), "LAUNCH_MIT_VECTOR"},
    {0x200, 8, NUMBER, 5, TO(current_mitigations), "CURRENT_MIT_VECTOR"},
    {0x208, 152, RESERVED, 0, 0, "reserved"},
    /* SIGNATURE, table "Signature format for ECDSA P-384": a value of 48 bytes in a field of 72; not covered by itself. */
    {0x2A0, 48, BYTES, 0, TO(r), "SIGNATURE R"},
    {0x2D0, 24, RESERVED, 0, 0, "SIGNATURE R, upper bytes"},
    {0x2E8, 48, BYTES, 0, TO(s), "SIGNATURE S"},
    {0x318, 24, RESERVED, 0, 0, "SIGNATURE S, upper bytes"},
    {0x330, 368, RESERVED, 0, 0, "reserved"},
};

enum { FIELD_COUNT = sizeof fields / sizeof *fields, SIGNATURE_ALGORITHM_P384_SHA384 = 1 };

const struct snp_field *snp_report_field(size_t index)
{
    return index < FIELD_COUNT ? &fields[index] : NULL;
}

/* Version 4 has the layout of version 3. */
static const uint32_t known_versions[] = {2, 3, 4, 5};

static bool is_known_version(uint32_t version)
{
    for (size_t i = 0; i < sizeof known_versions / sizeof *known_versions; i++)
        if (version == known_versions[i])
            return true;
    return false;
}

static bool is_reserved(const struct snp_field *f, uint32_t version)
{
    return f->kind == RESERVED || version < f->since;
}

/* ---- parsing ---- */

static void field_read(const struct snp_field *f, struct reader *r, struct snp_report *report)
{
    uint8_t *to = (uint8_t *)report + f->to;
    if (is_reserved(f, report->version)) {
        reader_zeros(r, f->size);
    } else if (f->kind == BYTES) {
        reader_copy(r, to, f->size);
    } else if (f->size == 1) {
        *to = reader_u8(r);
    } else if (f->size == 4) {
        uint32_t value = reader_u32le(r);
        memcpy(to, &value, sizeof value);
    } else {
        uint64_t value = reader_u64le(r);
        memcpy(to, &value, sizeof value);
    }
}

enum err snp_report_parse(struct bytes in, struct snp_report *report, struct err_note *note)
{
    struct reader r = reader_over(in);
    memset(report, 0, sizeof *report);
    enum err e = in.len < SNP_REPORT_SIZE ? ERR_TRUNCATED : in.len > SNP_REPORT_SIZE ? ERR_TRAILING : ERR_OK;
    if (e != ERR_OK)
        return err_noted(e, note, "report: %zu bytes, wanted %d", in.len, SNP_REPORT_SIZE);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct snp_field *f = &fields[i];
        field_read(f, &r, report);
        e = reader_status(&r);
        if (e != ERR_OK)
            return err_noted(e, note, "report.%s at 0x%03x: not zero", f->name, f->offset);
        if (f->to == TO(version) && f->kind == NUMBER && !is_known_version(report->version))
            return err_noted(ERR_UNKNOWN, note, "report.%s at 0x%03x: %u, known are 2 to 5", f->name,
                             f->offset, report->version);
    }
    if (report->signature_algorithm != SIGNATURE_ALGORITHM_P384_SHA384)
        return err_noted(ERR_VALUE, note,
                         "report.SIGNATURE_ALGO at 0x034: %u, wanted %d (ECDSA P-384 with SHA-384)",
                         report->signature_algorithm, SIGNATURE_ALGORITHM_P384_SHA384);
    return reader_finish(&r); /* equivalent: the fields are as long as the report */
}

/* ---- what a report can be wrapped in ---- */

enum { RESPONSE_HEADER_SIZE = 32, RESPONSE_RESERVED = 24, RUNTIME_HEADER_SIZE = 20, RUNTIME_TYPE_SNP = 2 };

/* Document 56860, table "MSG_REPORT_RSP": STATUS, REPORT_SIZE, reserved; the buffer may be larger than the answer. */
static bool is_response(struct bytes file, struct bytes *report)
{
    struct reader r = reader_over(file);
    uint32_t status = reader_u32le(&r);
    uint32_t size = reader_u32le(&r);
    reader_zeros(&r, RESPONSE_RESERVED);
    *report = reader_bytes(&r, SNP_REPORT_SIZE);
    if (reader_status(&r) == ERR_OK)
        reader_zeros(&r, r.left);
    return reader_finish(&r) == ERR_OK && status == 0 && size == SNP_REPORT_SIZE;
}

/* Azure's HCL report: size, version 1, type, hash type (1 to 3), size of the variable data, which is not here. */
static bool has_runtime_header(struct bytes file, struct bytes *report)
{
    struct reader r = reader_over(file);
    *report = reader_bytes(&r, SNP_REPORT_SIZE);
    uint32_t size = reader_u32le(&r);
    uint32_t version = reader_u32le(&r);
    uint32_t type = reader_u32le(&r);
    uint32_t hash = reader_u32le(&r);
    uint32_t variable = reader_u32le(&r);
    return reader_finish(&r) == ERR_OK && version == 1 && type == RUNTIME_TYPE_SNP && hash >= 1 &&
           hash <= 3 && size == RUNTIME_HEADER_SIZE + (uint64_t)variable;
}

struct bytes snp_report_unwrap(struct bytes file)
{
    struct bytes report;
    return is_response(file, &report) || has_runtime_header(file, &report) ? report : file;
}

/* ---- writing ---- */

static void field_write(const struct snp_field *f, struct writer *w, const struct snp_report *report)
{
    const uint8_t *from = (const uint8_t *)report + f->to;
    if (is_reserved(f, report->version)) {
        writer_zeros(w, f->size);
    } else if (f->kind == BYTES || f->size == 1) {
        writer_bytes(w, bytes_of(from, f->size));
    } else if (f->size == 4) {
        uint32_t value;
        memcpy(&value, from, sizeof value);
        writer_u32le(w, value);
    } else {
        uint64_t value;
        memcpy(&value, from, sizeof value);
        writer_u64le(w, value);
    }
}

enum err snp_report_write(const struct snp_report *report, uint8_t out[static SNP_REPORT_SIZE])
{
    struct writer w = writer_into(out, SNP_REPORT_SIZE);
    struct bytes written;
    if (!is_known_version(report->version))
        return ERR_UNKNOWN;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        field_write(&fields[i], &w, report);
    return writer_finish(&w, &written); /* equivalent: likewise */
}
