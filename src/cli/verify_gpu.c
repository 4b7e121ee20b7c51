/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify_gpu.h"

#include "attest/appraise_gpu.h"
#include "attest/gpu_evidence.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli/collateral_use.h"

enum { NONCE_SIZE = 32 };

static enum err nonce_read(const char *text, struct appraise_gpu_files *files,
                           uint8_t nonce[static NONCE_SIZE], struct err_note *note)
{
    if (text == NULL)
        return ERR_OK;
    files->any_nonce = strcmp(text, "any") == 0;
    if (files->any_nonce)
        return ERR_OK;
    if (encoding_unhex(bytes_str(text), nonce, NONCE_SIZE) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--nonce %.140s: wanted %d hexadecimal digits, or \"any\"", text,
                         2 * NONCE_SIZE);
    files->nonce = nonce;
    return ERR_OK;
}

static enum err list_read(const struct option_list *list, struct files *read, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < list->count; i++)
        e = files_add(read, list->items[i], note);
    return e;
}

static struct appraise_gpu_list list_of(const struct files *files)
{
    return (struct appraise_gpu_list){files->contents, files->count, files->names};
}

/* What was read, each kind by itself. */
struct gpu_files {
    struct files reports;
    struct files certificates;
    struct named_files rims;
    struct named_files ocsp;
};

/* All that a JSON document of NVIDIA's SDK has. */
static enum err evidence_add(const char *name, const struct gpu_evidence *g, struct gpu_files *read,
                             struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < g->count; i++) {
        e = files_copy(&read->reports, name, g->reports[i].content, note);
        if (e == ERR_OK)
            e = files_copy(&read->certificates, name, g->certificates[i].content, note);
    }
    return e;
}

/* A report, and the next file of certificates; or a document with both. Another document is taken for a report, of which the verdict says what is wrong. */
static enum err report_add(const char *path, const struct option_list *certificates, size_t *next,
                           struct gpu_files *read, struct err_note *note)
{
    struct bytes content = {0};
    struct gpu_evidence g;
    enum err e = file_read(path, FILE_SIZE_MAX, &content, note);
    if (e == ERR_OK && evidence_is_json(content) && gpu_evidence_open(content, &g, NULL) == ERR_OK) {
        e = evidence_add(path, &g, read, note);
        gpu_evidence_release(&g);
        secret_free(bytes_owned(content));
        return e;
    }
    if (e == ERR_OK)
        e = files_take(&read->reports, path, content, note);
    if (e != ERR_OK)
        secret_free(bytes_owned(content));
    else if (*next < certificates->count)
        e = files_add(&read->certificates, certificates->items[(*next)++], note);
    return e;
}

static enum err reports_read(const struct gpu_options *o, struct gpu_files *read, struct err_note *note)
{
    size_t next = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < o->reports.count; i++)
        e = report_add(o->reports.items[i], &o->certificates, &next, read, note);
    while (e == ERR_OK && next < o->certificates.count) /* too many, which the verdict says */
        e = files_add(&read->certificates, o->certificates.items[next++], note);
    return e;
}

static enum err directory_use(const char *directory, struct gpu_files *read, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < read->reports.count && i < read->certificates.count; i++)
        e = collateral_use_gpu(directory, read->reports.contents[i], read->certificates.contents[i],
                               &read->rims, &read->ocsp, note);
    return e;
}

static enum err files_read(const struct gpu_options *o, const struct option_list *collateral,
                           struct gpu_files *read, struct err_note *note)
{
    enum err e = reports_read(o, read, note);
    if (e == ERR_OK)
        e = list_read(&o->rims, &read->rims.files, note);
    if (e == ERR_OK)
        e = list_read(&o->ocsp, &read->ocsp.files, note);
    for (size_t i = 0; e == ERR_OK && i < collateral->count; i++)
        e = directory_use(collateral->items[i], read, note);
    return e;
}

enum err verify_gpu(const struct gpu_options *o, const struct option_list *collateral, const char *nonce,
                    const struct attest_policy *policy, int64_t now, struct verdict *v, struct err_note *note)
{
    struct appraise_gpu_files files = {.nonce = NULL};
    static struct gpu_files read;
    struct bytes ids[FILES_MAX];
    uint8_t wanted[NONCE_SIZE];
    enum err e = nonce_read(nonce, &files, wanted, note);
    if (e == ERR_OK)
        e = files_read(o, collateral, &read, note);
    if (e == ERR_OK) {
        for (size_t i = 0; i < read.rims.files.count; i++)
            ids[i] = bytes_str(read.rims.keys[i].id);
        files.reports = list_of(&read.reports);
        files.certificates = list_of(&read.certificates);
        files.rims = list_of(&read.rims.files);
        files.rim_ids = ids;
        files.ocsp = list_of(&read.ocsp.files);
        appraise_gpu_parts(&files, &policy->gpu, now, v);
    }
    files_release(&read.reports);
    files_release(&read.certificates);
    files_release(&read.rims.files);
    files_release(&read.ocsp.files);
    return e;
}
