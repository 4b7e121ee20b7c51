/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TDX_CLAIMS_H
#define ATTEST_TDX_CLAIMS_H

/* What a TD quote and its collateral say beyond the claims that all platforms have in common (attest/verdict.h), of which the measurement is MRTD. */

#include <jansson.h>

#include "attest/tdx_quote.h"
#include "base/bytes.h"

enum { TDX_ADVISORIES_MAX = 96, TDX_ADVISORY_SIZE = 32 };

/* Names of Intel's advisories that are still open on the platform, each once. */
struct tdx_advisories {
    size_t count;
    char names[TDX_ADVISORIES_MAX][TDX_ADVISORY_SIZE];
};

struct tdx_claims {
    uint8_t qe_vendor[16];
    uint8_t user_data[20];
    uint16_t key_type;
    uint16_t qe_svn; /* of the header: reserved in practice */
    uint16_t pce_svn_of_header;
    bool is_15;           /* the body is one of TDX 1.5 */
    struct sgx_report qe; /* the quoting enclave */
    uint8_t pce_id[2];    /* this and the next two: from the PCK certificate */
    uint16_t pce_svn;
    uint8_t cpu_svn[16];
    uint8_t mrsignerseam[48];
    uint64_t seam_attributes;
    uint8_t tee_tcb_svn_2[16]; /* zero before TDX 1.5 */
    uint8_t rtmr[4][48];
    uint8_t mrseam[48];
    uint8_t mrconfigid[48];
    uint8_t mrowner[48];
    uint8_t mrownerconfig[48];
    uint8_t mrservicetd[48]; /* zero before TDX 1.5 */
    uint64_t attributes;
    uint64_t xfam;
    uint8_t tee_tcb_svn[16];
    uint8_t fmspc[6]; /* from the PCK certificate */
    uint8_t ppid[16];
    bool inventory_checked;     /* the platform was looked for in the operator's list */
    uint32_t evaluation_number; /* of the TCB info */
    char tcb_status[48];        /* "UpToDate"; platform, TDX module and quoting enclave together */
    struct tdx_advisories advisories;
};

struct tdx_quote;
struct pck;
/* What the quote says, and the PCK certificate (zeros when it was not read). */
void tdx_claims_from(const struct tdx_quote *quote, const struct pck *pck, struct tdx_claims *claims);

/* One object; NULL without memory. */
json_t *tdx_claims_json(const struct tdx_claims *claims);

#endif
