/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TDX_TCB_H
#define ATTEST_TDX_TCB_H

/* Which level of Intel's TCB info a platform has reached (Intel PCS API version 4, "Get TDX TCB Info", and Intel's Quote Verification Library). */

#include "attest/pck.h"
#include "attest/tcb_info.h"

/* TEE_TCB_SVN: the TDX module's security version, and its version, which says which identity it has. */
enum { TDX_SVN_MODULE = 0, TDX_SVN_MODULE_VERSION = 1, TDX_SVN_UPDATABLE = 2 };

/* The first level of which nothing is above what the platform has: the sixteen components and PCESVN of the PCK certificate, and TEE_TCB_SVN. From
 * module version 1 on, the module is judged by its own identity, so the comparison of TEE_TCB_SVN begins at index 2. NULL: none. */
const struct tcb_level *tdx_platform_level(const struct tcb_info *info, const struct pck *pck,
                                           const uint8_t svn[static TDX_SVN_SIZE]);

/* The module that TEE_TCB_SVN speaks of: tdxModule for version 0, else the identity "TDX_<version in two hexadecimal digits>". NULL: none. */
const struct tdx_module *tdx_module_find(const struct tcb_info *info, const uint8_t svn[static TDX_SVN_SIZE]);

/* Status of platform, module and quoting enclave together; TCB_UNKNOWN when a level is missing. qe: the quoting enclave's. */
enum tcb_status tdx_status(const struct tcb_info *info, const struct pck *pck,
                           const uint8_t svn[static TDX_SVN_SIZE], enum tcb_status qe);

/* The lowest tcbEvaluationDataNumber that documents can have had that Intel's service gave out by default in the month before this time (seconds since
 * 1970), as far as that is known. An older number is a rollback: a vulnerable platform is still UpToDate by it. */
uint32_t tdx_evaluation_floor(int64_t now);

#endif
