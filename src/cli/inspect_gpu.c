/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of NVIDIA GPUs (DMTF DSP0274 section 10.11; the opaque data as NVIDIA's verifiers, nvtrust, name it), reference values (attest/rim.h) and OCSP
 * responses (RFC 6960). */
#include <stdio.h>

#include "attest/evidence_file.h"
#include "attest/nvgpu_report.h"
#include "attest/ocsp.h"
#include "attest/rim.h"
#include "base/reader.h"
#include "cli/inspect.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- the opaque data ---- */

enum form { FORM_HEX, FORM_TEXT, FORM_VBIOS, FORM_STATUS, FORM_COUNTS, FORM_NUMBER, FORM_MODE };

static const struct field {
    uint16_t type;
    const char *name;
    enum form form;
} fields[] = {
    {1, "CERT_ISSUER_NAME", FORM_HEX},
    {2, "CERT_AUTHORITY_KEY_IDENTIFIER", FORM_HEX},
    {NVGPU_DRIVER_VERSION, "DRIVER_VERSION", FORM_TEXT},
    {4, "GPU_INFO", FORM_HEX},
    {5, "SKU", FORM_HEX},
    {NVGPU_VBIOS_VERSION, "VBIOS_VERSION", FORM_VBIOS},
    {7, "MANUFACTURER_ID", FORM_HEX},
    {8, "TAMPER_DETECTION", FORM_HEX},
    {9, "SMC", FORM_HEX},
    {10, "VPR", FORM_HEX},
    {NVGPU_NVDEC0_STATUS, "NVDEC0_STATUS", FORM_STATUS},
    {NVGPU_MEASUREMENT_COUNTS, "MSRSCNT", FORM_COUNTS},
    {13, "CPRINFO", FORM_HEX},
    {14, "BOARD_ID", FORM_HEX},
    {NVGPU_CHIP_SKU, "CHIP_SKU", FORM_TEXT},
    {16, "CHIP_SKU_MOD", FORM_TEXT},
    {NVGPU_PROJECT, "PROJECT", FORM_TEXT},
    {NVGPU_PROJECT_SKU, "PROJECT_SKU", FORM_TEXT},
    {19, "PROJECT_SKU_MOD", FORM_TEXT},
    {NVGPU_FWID, "FWID", FORM_HEX},
    {NVGPU_PROTECTED_PCIE, "PROTECTED_PCIE_STATUS", FORM_STATUS},
    {22, "SWITCH_PDI", FORM_HEX},
    {23, "FLOORSWEPT_PORTS", FORM_HEX},
    {24, "POSITION_ID", FORM_HEX},
    {25, "LOCK_SWITCH_STATUS", FORM_HEX},
    {32, "GPU_LINK_CONN", FORM_HEX},
    {33, "SYS_ENABLE_STATUS", FORM_HEX},
    {NVGPU_OPAQUE_VERSION, "OPAQUE_DATA_VERSION", FORM_NUMBER},
    {35, "CHIP_INFO", FORM_HEX},
    {NVGPU_FEATURE_FLAG, "FEATURE_FLAG", FORM_MODE},
    {255, "INVALID", FORM_HEX},
};

static const struct field *field_of(uint16_t type)
{
    for (size_t i = 0; i < COUNT(fields); i++)
        if (fields[i].type == type)
            return &fields[i];
    return NULL;
}

/* Text with the NULs behind it cut off. */
static void put_text(json_t *object, const char *name, struct bytes value)
{
    while (value.len != 0 && value.ptr[value.len - 1] == 0)
        value.len--;
    inspect_put_foreign(object, name, value);
}

static void put_counts(json_t *object, const char *name, struct bytes value)
{
    json_t *list = json_array();
    for (struct reader r = reader_over(value); r.left > 0 && reader_status(&r) == ERR_OK;)
        (void)json_array_append_new(list, json_integer(reader_u32le(&r)));
    inspect_put(object, name, list);
}

/* What the values that the verifier reads say. report has the one field, so that the same code reads it. */
static bool put_read(json_t *object, const struct field *f, struct bytes value)
{
    struct nvgpu_report report = {.version = 0};
    char vbios[NVGPU_TEXT_SIZE];
    uint64_t number = 0;
    static const char *const modes[] = {"0, SPT", "1, MPT", "2, PPCIE"};
    if (f->type < NVGPU_FIELD_TYPES)
        report.fields[f->type] = value;
    if (f->form == FORM_VBIOS && nvgpu_report_vbios(&report, vbios)) {
        inspect_put_text(object, f->name, "%s", vbios);
        return true;
    }
    if (f->type >= NVGPU_FIELD_TYPES || !nvgpu_report_number(&report, (enum nvgpu_field)f->type, &number))
        return false;
    if (f->form == FORM_STATUS && (number == NVGPU_ON || number == NVGPU_OFF))
        inspect_put_text(object, f->name, "0x%02x, %s", (unsigned)number, number == NVGPU_ON ? "on" : "off");
    else if (f->form == FORM_MODE && number < COUNT(modes))
        inspect_put_text(object, f->name, "%s", modes[number]);
    else if (f->form == FORM_NUMBER)
        inspect_put_text(object, f->name, "%llu", (unsigned long long)number);
    else
        return false;
    return true;
}

static void put_field(json_t *object, uint16_t type, struct bytes value)
{
    enum { COUNT_SIZE = 4 };
    const struct field *f = field_of(type);
    char name[sizeof "type 65535, again"];
    (void)snprintf(name, sizeof name, "type %u", type);
    if (json_object_get(object, f != NULL ? f->name : name) != NULL) {
        (void)snprintf(name, sizeof name, "type %u, again", type);
        inspect_put_hex(object, name, value);
    } else if (f == NULL) {
        inspect_put_hex(object, name, value);
    } else if (f->form == FORM_TEXT) {
        put_text(object, f->name, value);
    } else if (f->form == FORM_COUNTS && value.len % COUNT_SIZE == 0) {
        put_counts(object, f->name, value);
    } else if (!put_read(object, f, value)) {
        inspect_put_hex(object, f->name, value);
    }
}

/* As far as it can be read; the rest in hexadecimal. */
static void put_opaque(json_t *object, struct bytes opaque)
{
    json_t *inner = json_object();
    for (struct reader r = reader_over(opaque); r.left > 0;) {
        struct reader before = r;
        uint16_t type = reader_u16le(&r);
        struct bytes value = reader_bytes(&r, reader_u16le(&r));
        if (reader_status(&r) != ERR_OK) {
            inspect_put_hex(inner, "what cannot be read", reader_rest(&before));
            break;
        }
        put_field(inner, type, value);
    }
    inspect_put(object, "opaque data", inner);
}

/* ---- the report ---- */

/* Section 10.11.1.1, table 45: the highest bit is set when the value is raw and not a digest. */
static json_t *block(struct reader *r)
{
    json_t *item = json_object();
    inspect_put_text(item, "Index", "%u", reader_u8(r));
    inspect_put_text(item, "MeasurementSpecification", "0x%02x", reader_u8(r));
    struct reader inner = reader_sub(r, reader_u16le(r));
    inspect_put_text(item, "DMTFSpecMeasurementValueType", "0x%02x", reader_u8(&inner));
    (void)reader_u16le(&inner);
    inspect_put_hex(item, "DMTFSpecMeasurementValue", reader_rest(&inner));
    return item;
}

static void put_blocks(json_t *object, const struct nvgpu_report *report)
{
    json_t *list = json_array();
    struct reader r = reader_over(report->record);
    while (r.left > 0 && reader_status(&r) == ERR_OK)
        (void)json_array_append_new(list, block(&r));
    inspect_put(object, "MeasurementRecord", list);
}

json_t *inspect_gpu_report(struct bytes content)
{
    struct nvgpu_report report;
    struct err_note note = {{0}};
    json_t *object = json_object();
    enum err e = nvgpu_report_parse(content, &report, &note);
    if (e != ERR_OK) {
        inspect_put_error(object, e, &note);
        return object;
    }
    e = nvgpu_report_blocks(&report, &note);
    if (e == ERR_OK)
        e = nvgpu_report_fields(&report, &note);
    inspect_put_error(object, e, &note);
    json_t *request = json_object();
    inspect_put_text(request, "SPDMVersion", "0x%02x", report.request_version);
    inspect_put_text(request, "RequestResponseCode", "0x%02x", report.request_code);
    inspect_put_text(request, "attributes", "0x%02x", report.request_attributes);
    inspect_put_text(request, "operation", "0x%02x", report.request_operation);
    inspect_put_hex(request, "Nonce", report.nonce);
    inspect_put_text(request, "SlotIDParam", "%u", report.request_slot);
    inspect_put(object, "GET_MEASUREMENTS", request);
    json_t *response = json_object();
    inspect_put_text(response, "SPDMVersion", "0x%02x", report.version);
    inspect_put_text(response, "RequestResponseCode", "0x%02x", report.code);
    inspect_put_text(response, "Param1", "%u", report.param1);
    inspect_put_text(response, "slot", "%u", report.slot);
    inspect_put_text(response, "NumberOfBlocks", "%u", report.block_count);
    put_blocks(response, &report);
    put_opaque(response, report.opaque);
    inspect_put_hex(response, "Signature", report.signature);
    inspect_put(object, "MEASUREMENTS", response);
    return object;
}

/* ---- reference values ---- */

static void put_attributes(json_t *object, const char *name, const struct xml_document *d, uint32_t node)
{
    json_t *inner = json_object();
    for (uint32_t i = 0; i < d->nodes[node].attribute_count; i++) {
        const struct xml_attribute *a = &d->attributes[d->nodes[node].first_attribute + i];
        char local[64];
        (void)snprintf(local, sizeof local, "%.*s", (int)(a->local.len < 60 ? a->local.len : 60),
                       (const char *)a->local.ptr); /* names are ASCII */
        inspect_put_foreign(inner, local, a->value);
    }
    inspect_put(object, name, inner);
}

static void put_rows(json_t *object, const struct rim *rim)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rim->row_count; i++) {
        const struct rim_row *row = &rim->rows[i];
        uint8_t value[RIM_VALUE_MAX];
        json_t *item = json_object();
        inspect_put_text(item, "index", "%u", row->index);
        inspect_put_text(item, "active", "%s", row->active ? "yes" : "no");
        for (size_t k = 0; k < row->alternatives; k++) {
            char name[sizeof "Hash255"];
            (void)snprintf(name, sizeof name, "Hash%u", (unsigned)(k & 0xff));
            rim_value(rim, row, k, value);
            inspect_put_hex(item, name, bytes_of(value, row->size));
        }
        (void)json_array_append_new(list, item);
    }
    inspect_put(object, "measurements", list);
}

json_t *inspect_rim(struct bytes content)
{
    struct err_note note = {{0}};
    struct rim *rim;
    json_t *object = json_object();
    enum err e = rim_parse(content, &rim, &note);
    inspect_put_error(object, e, &note);
    if (e != ERR_OK)
        return object;
    const struct xml_document *d = rim->document;
    put_attributes(object, "SoftwareIdentity", d, 0);
    for (uint32_t i = 1; i < d->nodes[0].end; i = d->nodes[i].end)
        if (!d->nodes[i].is_text && bytes_is_str(d->nodes[i].local, "Meta"))
            put_attributes(object, "Meta", d, i);
    put_rows(object, rim);
    inspect_put_hex(object, "DigestValue", bytes_of(rim->digest, sizeof rim->digest));
    inspect_put_hex(object, "SignatureValue", bytes_of(rim->signature_value, sizeof rim->signature_value));
    json_t *certificates = json_array();
    for (size_t i = 0; i < rim->chain.count; i++)
        (void)json_array_append_new(certificates, inspect_certificate(rim->chain.at[i].cert.der));
    inspect_put(object, "certificates", certificates);
    rim_free(rim);
    return object;
}

json_t *inspect_rim_answer(struct bytes content)
{
    struct err_note note = {{0}};
    struct evidence_rim rim;
    json_t *object = json_object();
    enum err e = evidence_rim_open(content, &rim, &note);
    inspect_put_error(object, e, &note);
    if (e != ERR_OK)
        return object;
    inspect_put_foreign(object, "id", rim.id);
    inspect_put(object, "rim", inspect_rim(rim.document));
    evidence_rim_release(&rim);
    return object;
}

/* ---- OCSP ---- */

static json_t *answer(struct reader *r)
{
    static const char *const statuses[] = {
        [OCSP_GOOD] = "good", [OCSP_REVOKED] = "revoked", [OCSP_UNKNOWN] = "unknown"};
    struct ocsp_certificate_id id;
    struct ocsp_answer a;
    json_t *item = json_object();
    ocsp_answer_next(r, &id, &a);
    inspect_put_hex(item, "serialNumber", id.serial);
    inspect_put_hex(item, "issuerNameHash", id.name_digest);
    inspect_put_hex(item, "issuerKeyHash", id.key_digest);
    inspect_put_text(item, "certStatus", "%s", statuses[a.status]);
    if (a.status == OCSP_REVOKED)
        inspect_put_text(item, "revocationReason", "%u", a.reason);
    inspect_put_time(item, "thisUpdate", a.this_update);
    if (a.has_next_update)
        inspect_put_time(item, "nextUpdate", a.next_update);
    return item;
}

json_t *inspect_ocsp(struct bytes der)
{
    struct err_note note = {{0}};
    struct ocsp_response response;
    json_t *object = json_object();
    enum err e = ocsp_parse(der, &response, &note);
    inspect_put_error(object, e, &note);
    if (e != ERR_OK)
        return object;
    inspect_put_time(object, "producedAt", response.produced_at);
    json_t *answers = json_array();
    for (struct reader r = reader_over(response.answers); r.left > 0;)
        (void)json_array_append_new(answers, answer(&r));
    inspect_put(object, "responses", answers);
    if (response.nonce.len != 0)
        inspect_put_hex(object, "nonce", response.nonce);
    inspect_put_hex(object, "signature", response.signature);
    if (response.certificates.len != 0)
        inspect_put(object, "certs", inspect_certificates(response.certificates));
    return object;
}
