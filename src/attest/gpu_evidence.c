/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/gpu_evidence.h"

#include "base/reader.h"
#include "base/strict_json.h"

/* What a member is called, and what it was called before. */
static const char *const report_keys[] = {"evidence", "attestationReportHexStr"};
static const char *const chain_keys[] = {"certificate", "certChainBase64Encoded"};

static enum err text_open(const json_t *item, const char *const keys[static 2], struct evidence_file *file,
                          struct err_note *note)
{
    struct bytes text;
    const bool before = json_object_get(item, keys[0]) == NULL && json_object_get(item, keys[1]) != NULL;
    enum err e = strict_json_string(item, keys[before], &text, note);
    return e == ERR_OK ? evidence_file_open(text, file, note) : e;
}

/* What could be read is released with the rest. */
static enum err one_add(struct gpu_evidence *g, const json_t *item, struct err_note *note)
{
    if (g->count == NVGPU_GPUS_MAX)
        return err_noted(ERR_TOO_LARGE, note, "evidence of more than %d GPUs", NVGPU_GPUS_MAX);
    if (!json_is_object(item))
        return err_noted(ERR_JSON, note, "evidence of a GPU that is not an object");
    enum err e = text_open(item, report_keys, &g->reports[g->count], note);
    if (e != ERR_OK)
        return e;
    g->count++;
    return text_open(item, chain_keys, &g->certificates[g->count - 1], note);
}

static enum err all_add(struct gpu_evidence *g, struct err_note *note)
{
    const json_t *member = json_object_get(g->doc, report_keys[0]);
    const json_t *list = json_is_array(g->doc) ? g->doc : json_object_get(g->doc, "evidence_list");
    enum err e = ERR_OK;
    if (list == NULL && json_is_array(member))
        list = member;
    else if (list == NULL && json_object_get(g->doc, chain_keys[0]) != NULL)
        return one_add(g, g->doc, note);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
        e = one_add(g, json_array_get(list, i), note);
    return e == ERR_OK && g->count == 0
               ? err_noted(ERR_UNKNOWN, note,
                           "a JSON document without \"evidence\" and \"certificate\" of a GPU")
               : e;
}

enum err gpu_evidence_open(struct bytes content, struct gpu_evidence *g, struct err_note *note)
{
    memset(g, 0, sizeof *g);
    enum err e = strict_json_parse(content, EVIDENCE_FILE_MAX, &g->doc, note);
    if (e == ERR_OK)
        e = all_add(g, note);
    if (e != ERR_OK)
        gpu_evidence_release(g);
    return e;
}

void gpu_evidence_release(struct gpu_evidence *g)
{
    for (size_t i = 0; i < g->count; i++) {
        evidence_file_release(&g->reports[i]);
        evidence_file_release(&g->certificates[i]);
    }
    json_decref(g->doc);
    g->doc = NULL;
    g->count = 0;
}
