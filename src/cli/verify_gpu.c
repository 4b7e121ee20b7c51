/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify_gpu.h"

#include "attest/appraise_gpu.h"
#include "base/encoding.h"
#include "cli/files.h"

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

static enum err list_read(const struct option_list *list, struct files *read, struct appraise_gpu_list *into,
                          struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < list->count; i++)
        e = files_add(read, list->items[i], note);
    *into = (struct appraise_gpu_list){read->contents, read->count, read->names};
    return e;
}

enum err verify_gpu(const struct gpu_options *o, const char *nonce, const struct attest_policy *policy,
                    int64_t now, struct verdict *v, struct err_note *note)
{
    struct appraise_gpu_files files = {.nonce = NULL};
    uint8_t wanted[NONCE_SIZE];
    const struct {
        const struct option_list *list;
        struct appraise_gpu_list *into;
    } rows[] = {{&o->reports, &files.reports},
                {&o->certificates, &files.certificates},
                {&o->rims, &files.rims},
                {&o->ocsp, &files.ocsp}};
    enum { ROWS = sizeof rows / sizeof *rows };
    struct files read[ROWS] = {{0}};
    enum err e = nonce_read(nonce, &files, wanted, note);
    for (size_t i = 0; e == ERR_OK && i < ROWS; i++)
        e = list_read(rows[i].list, &read[i], rows[i].into, note);
    if (e == ERR_OK)
        appraise_gpu_parts(&files, &policy->gpu, now, v);
    for (size_t i = 0; i < ROWS; i++)
        files_release(&read[i]);
    return e;
}
