/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/qe_identity.h"

#include "base/reader.h"

enum { VERSION_2 = 2 };

/* Hexadecimal in the order of the report's octets. */
static enum err u32_read(const json_t *object, const char *key, uint32_t *value, struct err_note *note)
{
    uint8_t octets[sizeof *value] = {0};
    enum err e = intel_json_hex(object, key, octets, sizeof octets, note);
    struct reader r = reader_over(bytes_of(octets, sizeof octets));
    *value = reader_u32le(&r);
    return e;
}

static enum err head_read(const json_t *doc, struct qe_identity *q, struct err_note *note)
{
    struct bytes id;
    int64_t version;
    int64_t evaluation = 0;
    enum err e = strict_json_string(doc, "id", &id, note);
    if (e == ERR_OK && !bytes_is_str(id, "TD_QE"))
        e = err_noted(ERR_VALUE, note, "\"id\" is not TD_QE");
    if (e == ERR_OK)
        e = strict_json_integer(doc, "version", VERSION_2, VERSION_2, &version, note);
    if (e == ERR_OK)
        e = strict_json_integer(doc, "tcbEvaluationDataNumber", 0, UINT32_MAX, &evaluation, note);
    if (e == ERR_OK)
        e = intel_json_date(doc, "issueDate", &q->issue_date, note);
    if (e == ERR_OK)
        e = intel_json_date(doc, "nextUpdate", &q->next_update, note);
    q->evaluation_number = (uint32_t)evaluation;
    return e;
}

static enum err enclave_read(const json_t *doc, struct qe_identity *q, struct err_note *note)
{
    int64_t product = 0;
    enum err e = u32_read(doc, "miscselect", &q->miscselect, note);
    if (e == ERR_OK)
        e = u32_read(doc, "miscselectMask", &q->miscselect_mask, note);
    if (e == ERR_OK)
        e = intel_json_hex(doc, "attributes", q->attributes, sizeof q->attributes, note);
    if (e == ERR_OK)
        e = intel_json_hex(doc, "attributesMask", q->attributes_mask, sizeof q->attributes_mask, note);
    if (e == ERR_OK)
        e = intel_json_hex(doc, "mrsigner", q->mrsigner, sizeof q->mrsigner, note);
    if (e == ERR_OK)
        e = strict_json_integer(doc, "isvprodid", 0, UINT16_MAX, &product, note);
    q->isv_prod_id = (uint16_t)product;
    return e;
}

enum err qe_identity_parse(struct bytes body, struct qe_identity *identity, struct err_note *note)
{
    static const char *const keys[] = {
        "id",         "version",        "issueDate",  "nextUpdate",     "tcbEvaluationDataNumber",
        "miscselect", "miscselectMask", "attributes", "attributesMask", "mrsigner",
        "isvprodid",  "tcbLevels",      NULL};
    memset(identity, 0, sizeof *identity);
    enum err e = strict_json_parse(body, INTEL_DOCUMENT_MAX, &identity->document, note);
    if (e == ERR_OK)
        e = strict_json_only(identity->document, "enclaveIdentity", keys, note);
    if (e == ERR_OK)
        e = head_read(identity->document, identity, note);
    if (e == ERR_OK)
        e = enclave_read(identity->document, identity, note);
    return e == ERR_OK ? intel_json_levels(identity->document, &identity->levels, note) : e;
}

void qe_identity_release(struct qe_identity *identity)
{
    json_decref(identity->document);
    identity->document = NULL;
}
