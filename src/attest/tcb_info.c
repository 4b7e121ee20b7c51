/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tcb_info.h"

#include "base/reader.h"

enum { VERSION_3 = 3, TCB_TYPE_0 = 0 };

/* ---- TDX module ---- */

static enum err u64_read(const json_t *object, const char *key, uint64_t *value, struct err_note *note)
{
    uint8_t octets[sizeof *value] = {0};
    enum err e = intel_json_hex(object, key, octets, sizeof octets, note);
    struct reader r = reader_over(bytes_of(octets, sizeof octets));
    *value = reader_u64le(&r);
    return e;
}

static enum err module_signer_read(const json_t *object, struct tdx_module *m, struct err_note *note)
{
    enum err e = intel_json_hex(object, "mrsigner", m->mrsigner, sizeof m->mrsigner, note);
    if (e == ERR_OK)
        e = u64_read(object, "attributes", &m->attributes, note);
    return e == ERR_OK ? u64_read(object, "attributesMask", &m->attributes_mask, note) : e;
}

static enum err module_read(const json_t *doc, struct tcb_info *info, struct err_note *note)
{
    static const char *const keys[] = {"mrsigner", "attributes", "attributesMask", NULL};
    const json_t *object;
    enum err e = strict_json_object(doc, "tdxModule", &object, note);
    if (e == ERR_OK)
        e = strict_json_only(object, "tdxModule", keys, note);
    return e == ERR_OK ? module_signer_read(object, &info->module, note) : e;
}

static enum err named_module_read(const json_t *object, struct tdx_module *m, struct err_note *note)
{
    static const char *const keys[] = {"id", "mrsigner", "attributes", "attributesMask", "tcbLevels", NULL};
    enum err e = strict_json_only(object, "tdxModuleIdentities[]", keys, note);
    if (e == ERR_OK)
        e = strict_json_string(object, "id", &m->id, note);
    if (e == ERR_OK)
        e = module_signer_read(object, m, note);
    return e == ERR_OK ? intel_json_levels(object, &m->levels, note) : e;
}

/* Left out in documents from before there was more than one module. */
static enum err modules_read(const json_t *doc, struct tcb_info *info, struct err_note *note)
{
    const json_t *list;
    if (json_object_get(doc, "tdxModuleIdentities") == NULL)
        return ERR_OK;
    enum err e = strict_json_array(doc, "tdxModuleIdentities", TCB_INFO_MODULES_MAX, &list, note);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
        e = named_module_read(json_array_get(list, i), &info->modules[info->module_count++], note);
    return e;
}

/* ---- levels ---- */

static enum err components_read(const json_t *tcb, const char *key, uint8_t out[static TDX_SVN_SIZE],
                                struct err_note *note)
{
    static const char *const keys[] = {"svn", "category", "type", NULL};
    const json_t *list;
    enum err e = strict_json_array(tcb, key, TDX_SVN_SIZE, &list, note);
    if (e == ERR_OK && json_array_size(list) != TDX_SVN_SIZE)
        e = err_noted(ERR_VALUE, note, "\"%s\" has not %d components", key, TDX_SVN_SIZE);
    for (size_t i = 0; e == ERR_OK && i < TDX_SVN_SIZE; i++) {
        int64_t svn = 0;
        e = strict_json_only(json_array_get(list, i), key, keys, note);
        if (e == ERR_OK)
            e = strict_json_integer(json_array_get(list, i), "svn", 0, UINT8_MAX, &svn, note);
        out[i] = (uint8_t)svn;
    }
    return e;
}

static enum err level_read(const json_t *object, struct tcb_level *level, struct err_note *note)
{
    static const char *const keys[] = {"tcb", "tcbDate", "tcbStatus", "advisoryIDs", NULL};
    static const char *const tcb_keys[] = {"sgxtcbcomponents", "pcesvn", "tdxtcbcomponents", NULL};
    const json_t *tcb;
    int64_t pce_svn = 0;
    enum err e = strict_json_only(object, "tcbLevels[]", keys, note);
    if (e == ERR_OK)
        e = strict_json_object(object, "tcb", &tcb, note);
    if (e == ERR_OK)
        e = strict_json_only(tcb, "tcb", tcb_keys, note);
    if (e == ERR_OK)
        e = components_read(tcb, "sgxtcbcomponents", level->sgx, note);
    if (e == ERR_OK)
        e = components_read(tcb, "tdxtcbcomponents", level->tdx, note);
    if (e == ERR_OK)
        e = strict_json_integer(tcb, "pcesvn", 0, UINT16_MAX, &pce_svn, note);
    level->pce_svn = (uint16_t)pce_svn;
    return e == ERR_OK ? intel_json_status(object, &level->status, &level->date, &level->advisories, note)
                       : e;
}

static enum err levels_read(const json_t *doc, struct tcb_info *info, struct err_note *note)
{
    const json_t *list;
    enum err e = strict_json_array(doc, "tcbLevels", TCB_INFO_LEVELS_MAX, &list, note);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
        e = level_read(json_array_get(list, i), &info->levels[info->level_count++], note);
    if (e == ERR_OK && info->level_count == 0)
        e = err_noted(ERR_VALUE, note, "\"tcbLevels\" is empty");
    return e;
}

/* ---- the document ---- */

static enum err head_read(const json_t *doc, struct tcb_info *info, struct err_note *note)
{
    struct bytes id;
    int64_t version;
    int64_t type;
    int64_t evaluation = 0;
    enum err e = strict_json_string(doc, "id", &id, note);
    if (e == ERR_OK && !bytes_is_str(id, "TDX"))
        e = err_noted(ERR_VALUE, note, "\"id\" is not TDX");
    if (e == ERR_OK)
        e = strict_json_integer(doc, "version", VERSION_3, VERSION_3, &version, note);
    if (e == ERR_OK)
        e = strict_json_integer(doc, "tcbType", TCB_TYPE_0, TCB_TYPE_0, &type, note);
    if (e == ERR_OK)
        e = strict_json_integer(doc, "tcbEvaluationDataNumber", 0, UINT32_MAX, &evaluation, note);
    if (e == ERR_OK)
        e = intel_json_date(doc, "issueDate", &info->issue_date, note);
    if (e == ERR_OK)
        e = intel_json_date(doc, "nextUpdate", &info->next_update, note);
    if (e == ERR_OK)
        e = intel_json_hex(doc, "fmspc", info->fmspc, sizeof info->fmspc, note);
    if (e == ERR_OK)
        e = intel_json_hex(doc, "pceId", info->pce_id, sizeof info->pce_id, note);
    info->evaluation_number = (uint32_t)evaluation;
    return e;
}

enum err tcb_info_parse(struct bytes body, struct tcb_info *info, struct err_note *note)
{
    static const char *const keys[] = {"id",        "version",
                                       "issueDate", "nextUpdate",
                                       "fmspc",     "pceId",
                                       "tcbType",   "tcbEvaluationDataNumber",
                                       "tdxModule", "tdxModuleIdentities",
                                       "tcbLevels", NULL};
    memset(info, 0, sizeof *info);
    enum err e = strict_json_parse(body, INTEL_DOCUMENT_MAX, &info->document, note);
    if (e == ERR_OK)
        e = strict_json_only(info->document, "tcbInfo", keys, note);
    if (e == ERR_OK)
        e = head_read(info->document, info, note);
    if (e == ERR_OK)
        e = module_read(info->document, info, note);
    if (e == ERR_OK)
        e = modules_read(info->document, info, note);
    return e == ERR_OK ? levels_read(info->document, info, note) : e;
}

void tcb_info_release(struct tcb_info *info)
{
    json_decref(info->document);
    info->document = NULL;
}
