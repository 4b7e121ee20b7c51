/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VTPM_FILES_H
#define ATTEST_VTPM_FILES_H

/*
 * Files of a virtual TPM, as people have them, made into the parts of its evidence: binary, or hexadecimal or base64 text (attest/evidence_file.h). What is in
 * them is not judged here.
 *
 *     struct vtpm_files set = {.ak_certificate_count = 0};
 *     e = vtpm_files_add(&set, VTPM_FILE_QUOTE, file, &note);
 *     vtpm_files_into(&set, &evidence);
 *     vtpm_appraise(&evidence, ...);
 *     vtpm_files_release(&set);
 */

#include "attest/evidence_file.h"
#include "attest/vtpm.h"

enum vtpm_file {
    VTPM_FILE_HCL_REPORT,
    VTPM_FILE_QUOTE,
    VTPM_FILE_SIGNATURE,
    VTPM_FILE_PCR_VALUES, /* as in attest/tpm_pcr_file.h */
    VTPM_FILE_EVENT_LOG,
    VTPM_FILE_COUNT
};

/* Begin with zeros. The contents lie in the files or in what the set owns. */
struct vtpm_files {
    struct evidence_file opened[VTPM_FILE_COUNT];
    struct bytes contents[VTPM_FILE_COUNT];
    uint8_t pcr_values[TPM_PCR_VALUES_MAX];
    struct bytes ak_certificates[VTPM_CERTIFICATES_MAX]; /* DER, in memory that the set owns */
    size_t ak_certificate_count;
};

/* Once for each; file must outlive the set. What cannot be read is kept as it is, so that later checks fail, too. Errors as of evidence_file_open and
 * tpm_pcr_file_parse; ERR_TRUNCATED: empty. */
ERR_MUST_USE enum err vtpm_files_add(struct vtpm_files *set, enum vtpm_file which, struct bytes file,
                                     struct err_note *note);

/* Certificates for the attestation key: PEM with any number of blocks, or DER, zeros behind it or not. In their order: the key's, those in between, the
 * root. ERR_TRUNCATED, ERR_TOO_LARGE, ERR_ENCODING, ERR_MEMORY. */
ERR_MUST_USE enum err vtpm_files_add_ak_certificate(struct vtpm_files *set, struct bytes file,
                                                    struct err_note *note);

/* The ranges live as long as the set. */
void vtpm_files_into(const struct vtpm_files *set, struct vtpm_evidence *evidence);

void vtpm_files_release(struct vtpm_files *set);

#endif
