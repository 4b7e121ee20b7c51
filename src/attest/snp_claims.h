/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_CLAIMS_H
#define ATTEST_SNP_CLAIMS_H

/* What an SEV-SNP report and the certificates say beyond the claims that all platforms have in common (attest/verdict.h). */

#include <jansson.h>

#include "attest/vcek.h"
#include "base/bytes.h"

struct snp_claims {
    const char *signing_key;          /* "VCEK", "VLEK", or "" */
    char csp_id[VCEK_CSP_ID_MAX + 1]; /* the provider that holds a VLEK */
    bool inventory_checked;           /* the chip was looked for in the operator's list */
    uint32_t crl_count;               /* revocation lists that came along */
    uint32_t guest_svn;
    uint32_t signature_algorithm;
    uint32_t key_info;
    uint8_t cpuid[3]; /* family, model, stepping; zero when the report does not state them */
    uint8_t current_tcb[8];
    uint8_t committed_tcb[8];
    uint8_t launch_tcb[8];
    uint8_t current_version[3]; /* build, minor, major */
    uint8_t committed_version[3];
    uint64_t launch_mitigations;
    uint64_t current_mitigations;
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint8_t host_data[32];
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t report_id[32];
    uint8_t report_id_ma[32];
};

struct snp_report;
void snp_claims_from(const struct snp_report *report, struct snp_claims *claims);

/* One object; NULL without memory. */
json_t *snp_claims_json(const struct snp_claims *claims);

#endif
