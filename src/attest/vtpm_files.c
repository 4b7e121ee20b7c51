/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/vtpm_files.h"

#include <stdlib.h>

#include "attest/der.h"
#include "attest/tpm_pcr_file.h"
#include "base/encoding.h"
#include "base/reader.h"

enum err vtpm_files_add(struct vtpm_files *set, enum vtpm_file which, struct bytes file,
                        struct err_note *note)
{
    size_t len = 0;
    set->contents[which] = file;
    if (file.len == 0)
        return err_noted(ERR_TRUNCATED, note, "there is none");
    enum err e = evidence_file_open(file, &set->opened[which], note);
    if (e != ERR_OK)
        return e;
    set->contents[which] = set->opened[which].content;
    if (which != VTPM_FILE_PCR_VALUES)
        return ERR_OK;
    e = tpm_pcr_file_parse(set->contents[which], set->pcr_values, &len, note);
    if (e == ERR_OK)
        set->contents[which] = bytes_of(set->pcr_values, len);
    return e;
}

/* ---- certificates of the attestation key ---- */

static enum err keep(struct vtpm_files *set, struct bytes der, struct err_note *note)
{
    if (set->ak_certificate_count == VTPM_CERTIFICATES_MAX)
        return err_noted(ERR_TOO_LARGE, note, "more than %d certificates", VTPM_CERTIFICATES_MAX);
    uint8_t *kept = malloc(der.len); /* certificates are public */
    if (kept == NULL)
        return ERR_MEMORY;
    memcpy(kept, der.ptr, der.len);
    set->ak_certificates[set->ak_certificate_count++] = bytes_of(kept, der.len);
    return ERR_OK;
}

/* An index of a TPM is read as large as it was defined: zeros behind the certificate are not of it. */
static struct bytes without_zeros(struct bytes file)
{
    struct reader r = reader_over(file);
    struct bytes whole = der_whole(&r, DER_SEQUENCE);
    reader_zeros(&r, r.left);
    return reader_finish(&r) == ERR_OK ? whole : file;
}

static enum err pem_add(struct vtpm_files *set, struct bytes text, struct err_note *note)
{
    const size_t size = text.len;
    const size_t before = set->ak_certificate_count;
    uint8_t *room = malloc(size); /* PEM is longer than what it holds */
    enum err e = room == NULL ? ERR_MEMORY : ERR_OK;
    while (e == ERR_OK) {
        size_t len;
        e = encoding_pem_next(&text, "CERTIFICATE", room, size, &len);
        if (e == ERR_OK)
            e = keep(set, bytes_of(room, len), note);
    }
    free(room);
    if (e == ERR_MEMORY || e == ERR_TOO_LARGE)
        return e;
    if (e == ERR_TRUNCATED && set->ak_certificate_count != before)
        return ERR_OK;
    return err_noted(e, note, "PEM that holds no certificate, or one that cannot be read");
}

enum err vtpm_files_add_ak_certificate(struct vtpm_files *set, struct bytes file, struct err_note *note)
{
    struct evidence_file f;
    if (file.len == 0)
        return err_noted(ERR_TRUNCATED, note, "nothing in it");
    enum err e = evidence_file_open(file, &f, note);
    if (e != ERR_OK)
        return e;
    e = evidence_file_kind(f.content) == EVIDENCE_PEM ? pem_add(set, f.content, note)
                                                      : keep(set, without_zeros(f.content), note);
    evidence_file_release(&f);
    return e;
}

/* ---- */

void vtpm_files_into(const struct vtpm_files *set, struct vtpm_evidence *evidence)
{
    evidence->hcl_report = set->contents[VTPM_FILE_HCL_REPORT];
    evidence->quote = set->contents[VTPM_FILE_QUOTE];
    evidence->signature = set->contents[VTPM_FILE_SIGNATURE];
    evidence->pcr_values = set->contents[VTPM_FILE_PCR_VALUES];
    evidence->event_log = set->contents[VTPM_FILE_EVENT_LOG];
    memcpy(evidence->ak_certificates, set->ak_certificates, sizeof evidence->ak_certificates);
    evidence->ak_certificate_count = set->ak_certificate_count;
}

void vtpm_files_release(struct vtpm_files *set)
{
    for (size_t i = 0; i < VTPM_FILE_COUNT; i++)
        evidence_file_release(&set->opened[i]);
    for (size_t i = 0; i < set->ak_certificate_count; i++)
        free(bytes_owned(set->ak_certificates[i]));
    *set = (struct vtpm_files){.ak_certificate_count = 0};
}
