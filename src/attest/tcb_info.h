/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TCB_INFO_H
#define ATTEST_TCB_INFO_H

/*
 * TCB info of a TDX platform, version 3 (Intel PCS API version 4, "Get TDX TCB Info"): for one kind of platform (FMSPC), what each level of its
 * firmware is worth, the newest first. Strict: every member is known, every list of components has sixteen.
 */

#include "attest/intel_json.h"
#include "attest/pck.h"
#include "attest/tdx_quote.h"

enum { TCB_INFO_MODULES_MAX = 8, TCB_INFO_LEVELS_MAX = 64 };

struct tcb_level {
    uint8_t sgx[PCK_COMPONENTS];
    uint16_t pce_svn;
    uint8_t tdx[TDX_SVN_SIZE];
    enum tcb_status status;
    int64_t date;
    const json_t *advisories; /* strings; NULL: none. Belongs to the document. */
};

/* Who made the TDX module; the levels only in the modules that are named. */
struct tdx_module {
    struct bytes id; /* "TDX_01", empty for the one that has no name; belongs to the document */
    uint8_t mrsigner[TDX_REGISTER_SIZE];
    uint64_t attributes; /* little endian on the wire, as in SEAM attributes */
    uint64_t attributes_mask;
    struct isv_levels levels;
};

struct tcb_info {
    json_t *document;
    int64_t issue_date;
    int64_t next_update;
    uint8_t fmspc[PCK_FMSPC_SIZE];
    uint8_t pce_id[PCK_PCE_ID_SIZE];
    uint32_t evaluation_number;
    struct tdx_module module; /* of platforms whose module has version 0 */
    size_t module_count;
    struct tdx_module modules[TCB_INFO_MODULES_MAX];
    size_t level_count;
    struct tcb_level levels[TCB_INFO_LEVELS_MAX];
};

/* body: the octets that are signed. Release in any case. ERR_JSON, ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE. */
ERR_MUST_USE enum err tcb_info_parse(struct bytes body, struct tcb_info *info, struct err_note *note);
void tcb_info_release(struct tcb_info *info);

#endif
