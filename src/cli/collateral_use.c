/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral_use.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "attest/certificate_table.h"
#include "attest/evidence_file.h"
#include "attest/hcl_report.h"
#include "attest/nvgpu_names.h"
#include "base/reader.h"
#include "evidence/collateral_directory.h"
#include "evidence/collateral_wanted.h"

static enum err directory_check(const char *directory, struct err_note *note)
{
    struct stat s;
    return stat(directory, &s) == 0 && S_ISDIR(s.st_mode)
               ? ERR_OK
               : err_noted(ERR_FILE, note, "%s: not a directory", directory);
}

/* What is not there is not added; added: the content, or an empty range. */
static enum err key_add(const char *directory, const struct collateral_key *key, struct files *files,
                        struct bytes *added, struct err_note *note)
{
    struct collateral_key found;
    size_t len = 0;
    *added = (struct bytes){0};
    if (collateral_directory_find(directory, key, &found, NULL) != ERR_OK)
        return ERR_OK;
    uint8_t *room = malloc(COLLATERAL_DOCUMENT_MAX);
    if (room == NULL)
        return ERR_MEMORY;
    enum err e = ERR_OK;
    if (collateral_directory_read(directory, &found, room, &len, NULL) == ERR_OK) {
        e = files_copy(files, directory, bytes_of(room, len), note);
        if (e == ERR_OK)
            *added = files->contents[files->count - 1];
    }
    free(room);
    return e;
}

static enum err snp_add(const char *directory, const struct snp_report *report, struct files *files,
                        struct err_note *note)
{
    struct collateral_key certificates;
    struct collateral_key crl;
    struct bytes table = {0};
    struct bytes list = {0};
    struct certificate_table parts;
    collateral_snp_keys(report, &certificates, &crl);
    enum err e = key_add(directory, &certificates, files, &table, note);
    if (e == ERR_OK && certificate_table_parse(table, &parts) == ERR_OK)
        collateral_snp_product_of_root(parts.ark, &crl);
    return e == ERR_OK ? key_add(directory, &crl, files, &list, note) : e;
}

enum err collateral_use_snp(const char *directory, struct bytes evidence, struct files *files,
                            struct err_note *note)
{
    struct evidence_file f;
    struct evidence_snp snp;
    struct snp_report report;
    enum err e = directory_check(directory, note);
    if (e != ERR_OK || evidence_file_open(evidence, &f, NULL) != ERR_OK)
        return e;
    evidence_snp_find(f.content, &snp);
    if (snp_report_parse(snp.report, &report, NULL) == ERR_OK)
        e = snp_add(directory, &report, files, note);
    evidence_file_release(&f);
    return e;
}

enum err collateral_use_hcl(const char *directory, struct bytes evidence, struct files *files,
                            struct err_note *note)
{
    struct evidence_file f;
    struct hcl_report hcl;
    struct snp_report report;
    enum err e = directory_check(directory, note);
    if (e != ERR_OK || evidence_file_open(evidence, &f, NULL) != ERR_OK)
        return e;
    if (hcl_report_parse(f.content, &hcl, NULL) == ERR_OK && hcl.kind == HCL_KIND_SNP &&
        snp_report_parse(hcl.hardware, &report, NULL) == ERR_OK)
        e = snp_add(directory, &report, files, note);
    evidence_file_release(&f);
    return e;
}

enum err collateral_use_tdx(const char *directory, struct bytes evidence, struct files *files,
                            struct err_note *note)
{
    struct evidence_file f;
    struct tdx_quote quote;
    struct collateral_key key;
    struct bytes added;
    enum err e = directory_check(directory, note);
    if (e != ERR_OK || evidence_file_open(evidence, &f, NULL) != ERR_OK)
        return e;
    if (tdx_quote_parse(evidence_tdx_find(f.content), &quote, NULL) == ERR_OK &&
        collateral_tdx_key(&quote, &key, NULL) == ERR_OK)
        e = key_add(directory, &key, files, &added, note);
    evidence_file_release(&f);
    return e;
}

/* ---- GPUs ---- */

/* *content: what is there, now or from before; empty: nothing. */
static enum err named_add(const char *directory, const struct collateral_key *key, struct named_files *to,
                          struct bytes *content, struct err_note *note)
{
    for (size_t i = 0; i < to->files.count; i++)
        if (collateral_key_equal(&to->keys[i], key)) {
            *content = to->files.contents[i];
            return ERR_OK;
        }
    const size_t before = to->files.count;
    enum err e = key_add(directory, key, &to->files, content, note);
    if (to->files.count > before)
        to->keys[before] = *key;
    return e;
}

static enum err words_add(const char *directory, const struct nvgpu_certificate_ids *ids,
                          struct named_files *ocsp, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < ids->count; i++) {
        struct collateral_key key;
        struct bytes content;
        collateral_ocsp_key(&ids->at[i], &key);
        e = named_add(directory, &key, ocsp, &content, note);
    }
    return e;
}

enum err collateral_use_gpu(const char *directory, struct bytes report, struct bytes certificates,
                            struct named_files *rims, struct named_files *ocsp, struct err_note *note)
{
    struct evidence_file files[2];
    char ids[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
    struct nvgpu_certificate_ids words;
    struct collateral_key key;
    enum err e = directory_check(directory, note);
    if (e != ERR_OK || evidence_file_open(report, &files[0], NULL) != ERR_OK)
        return e;
    if (evidence_file_open(certificates, &files[1], NULL) != ERR_OK) {
        evidence_file_release(&files[0]);
        return e;
    }
    const bool known = nvgpu_names_of_gpu(files[0].content, files[1].content, ids, &words, NULL) == ERR_OK;
    if (known)
        e = words_add(directory, &words, ocsp, note);
    for (size_t i = 0; known && e == ERR_OK && i < NVGPU_GPU_RIMS; i++) {
        struct bytes document = {0};
        if (collateral_rim_key(ids[i], &key, NULL) != ERR_OK)
            continue;
        e = named_add(directory, &key, rims, &document, note);
        if (e == ERR_OK && document.len != 0 && nvgpu_names_of_rim(document, &words, NULL) == ERR_OK)
            e = words_add(directory, &words, ocsp, note);
    }
    evidence_file_release(&files[0]);
    evidence_file_release(&files[1]);
    return e;
}
