/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TDX_CLAIMS_H
#define ATTEST_TDX_CLAIMS_H

/* What a TD quote and its collateral say beyond the claims that all platforms have in common (attest/verdict.h), of which the measurement is MRTD. */

#include <jansson.h>

#include "base/bytes.h"

enum { TDX_ADVISORIES_MAX = 96, TDX_ADVISORY_SIZE = 32 };

/* Names of Intel's advisories that are still open on the platform, each once. */
struct tdx_advisories {
    size_t count;
    char names[TDX_ADVISORIES_MAX][TDX_ADVISORY_SIZE];
};

struct tdx_claims {
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

/* One object; NULL without memory. */
json_t *tdx_claims_json(const struct tdx_claims *claims);

#endif
