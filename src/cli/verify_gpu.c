/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify_gpu.h"

#include "attest/appraise_gpu.h"
#include "base/encoding.h"
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
    enum err e = list_read(&o->reports, &read->reports, note);
    if (e == ERR_OK)
        e = list_read(&o->certificates, &read->certificates, note);
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
