/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_CERTIFICATES_H
#define ATTEST_SNP_CERTIFICATES_H

/*
 * Files with AMD's certificates and revocation lists, as people have them, sorted into the parts of evidence: PEM (any number of blocks), DER
 * (certificates and lists, one behind the other), the GUID table of an extended report (attest/certificate_table.h), or a JSON object with PEM in its
 * members, as Azure's metadata service answers (vcekCert, certificateChain). What a file is, its content says; which certificate is which, its common name
 * says, and what that is worth, the appraisal finds out.
 *
 *     struct snp_certificates set = {0};
 *     e = snp_certificates_add(&set, file, &note);         // once for each file
 *     snp_certificates_into(&set, SNP_KEY_VCEK, &evidence);
 *     snp_appraise(&evidence, ...);
 *     snp_certificates_release(&set);
 */

#include "attest/certificate_table.h"
#include "attest/snp.h"
#include "attest/snp_report.h"

enum { SNP_CERTIFICATES_FILES_MAX = 16 };

struct snp_certificates {
    struct bytes vcek;
    struct bytes vlek;
    struct bytes ask;
    struct bytes asvk;
    struct bytes ark;
    struct bytes crls[SNP_CRLS_MAX];
    size_t crl_count;
    size_t file_count;
    void *storage[SNP_CERTIFICATES_FILES_MAX]; /* owns what the ranges point to */
};

/* The same certificate may come again, another one of the same kind may not (ERR_VALUE). ERR_UNKNOWN: a certificate that is none of AMD's five, or a file
 * that is none of the forms. Also ERR_CERTIFICATE, ERR_JSON, ERR_ENCODING, ERR_TOO_LARGE, ERR_MEMORY. file need not outlive the call. */
ERR_MUST_USE enum err snp_certificates_add(struct snp_certificates *set, struct bytes file,
                                           struct err_note *note);

/* For a report that says it is signed with this key: VLEK and ASVK, or else VCEK and ASK. The ranges live as long as the set. */
void snp_certificates_into(const struct snp_certificates *set, enum snp_signing_key key,
                           struct snp_evidence *evidence);

void snp_certificates_release(struct snp_certificates *set);

#endif
