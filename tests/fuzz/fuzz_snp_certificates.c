/* SPDX-License-Identifier: Apache-2.0 */

/* A file that is said to hold AMD's certificates or lists: PEM, DER, or the table of an extended report. */

#include <stdlib.h>

#include "attest/snp_certificates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snp_certificates set = {0};
    struct snp_evidence evidence = {0};
    struct err_note note;
    enum err e = snp_certificates_add(&set, bytes_of(data, size), &note);
    size_t found = set.ark.len + set.ask.len + set.asvk.len + set.vcek.len + set.vlek.len + set.crl_count;
    if ((e == ERR_OK) != (set.file_count == 1) || (e == ERR_OK) != (found != 0))
        abort();
    if (e == ERR_OK && snp_certificates_add(&set, bytes_of(data, size), &note) != ERR_OK) /* the same again */
        abort();
    snp_certificates_into(&set, SNP_KEY_VLEK, &evidence);
    snp_certificates_release(&set);
    return 0;
}
