/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_tcb.h"

#include <stdio.h>
#include <strings.h>

static bool reaches(const uint8_t *have, const uint8_t *wanted, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++)
        if (have[i] < wanted[i])
            return false;
    return true;
}

const struct tcb_level *tdx_platform_level(const struct tcb_info *info, const struct pck *pck,
                                           const uint8_t svn[static TDX_SVN_SIZE])
{
    size_t from = svn[TDX_SVN_MODULE_VERSION] == 0 ? 0 : TDX_SVN_UPDATABLE;
    for (size_t i = 0; i < info->level_count; i++) {
        const struct tcb_level *level = &info->levels[i];
        if (reaches(pck->component, level->sgx, 0, PCK_COMPONENTS) && pck->pce_svn >= level->pce_svn &&
            reaches(svn, level->tdx, from, TDX_SVN_SIZE))
            return level;
    }
    return NULL;
}

const struct tdx_module *tdx_module_find(const struct tcb_info *info, const uint8_t svn[static TDX_SVN_SIZE])
{
    char id[sizeof "TDX_FF"];
    if (svn[TDX_SVN_MODULE_VERSION] == 0)
        return &info->module;
    (void)snprintf(id, sizeof id, "TDX_%02X", svn[TDX_SVN_MODULE_VERSION]);
    for (size_t i = 0; i < info->module_count; i++) {
        struct bytes name = info->modules[i].id;
        if (name.len == sizeof id - 1 && strncasecmp((const char *)name.ptr, id, name.len) == 0)
            return &info->modules[i];
    }
    return NULL;
}

enum tcb_status tdx_status(const struct tcb_info *info, const struct pck *pck,
                           const uint8_t svn[static TDX_SVN_SIZE], enum tcb_status qe)
{
    const struct tcb_level *platform = tdx_platform_level(info, pck, svn);
    const struct tdx_module *module = tdx_module_find(info, svn);
    if (platform == NULL || module == NULL)
        return TCB_UNKNOWN;
    enum tcb_status status = platform->status;
    if (svn[TDX_SVN_MODULE_VERSION] != 0) {
        const struct isv_level *level = isv_levels_match(&module->levels, svn[TDX_SVN_MODULE]);
        status = tcb_status_converge(status, level == NULL ? TCB_UNKNOWN : level->status);
    }
    return tcb_status_converge(status, qe);
}

/* Documents are valid for a month. Numbers as seen in documents that the service gave out: 17 on 2025-06-19 and 2025-09-02, 18 on 2026-02-01. */
static const struct {
    int64_t from;
    uint32_t number;
} floors[] = {
    {1772496000, 18}, /* 2026-03-03 */
    {1752883200, 17}, /* 2025-07-19 */
};

uint32_t tdx_evaluation_floor(int64_t now)
{
    for (size_t i = 0; i < sizeof floors / sizeof *floors; i++)
        if (now >= floors[i].from)
            return floors[i].number;
    return 0;
}
