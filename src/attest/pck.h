/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_PCK_H
#define ATTEST_PCK_H

/*
 * What Intel says in a PCK certificate about the platform: the extension 1.2.840.113741.1.13.1 (Intel SGX PCK Certificate and CRL Profile
 * Specification, section 1.3.5). Strict: each member is known, in its place and there once; the levels that a TCB is made of are all there.
 */

#include "attest/x509.h"

enum { PCK_COMPONENTS = 16, PCK_PPID_SIZE = 16, PCK_FMSPC_SIZE = 6, PCK_PCE_ID_SIZE = 2 };

struct pck {
    uint8_t ppid[PCK_PPID_SIZE];       /* the platform's own identity */
    uint8_t component[PCK_COMPONENTS]; /* SGX TCB Comp01 to 16 SVN */
    uint16_t pce_svn;
    uint8_t cpu_svn[16];
    uint8_t pce_id[PCK_PCE_ID_SIZE];
    uint8_t fmspc[PCK_FMSPC_SIZE]; /* family, model, stepping, platform and custom SKU */
};

ERR_MUST_USE enum err pck_parse(const struct x509 *cert, struct pck *pck, struct err_note *note);

#endif
