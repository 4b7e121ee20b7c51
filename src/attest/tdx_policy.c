/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_policy.h"

#include "base/encoding.h"

void tdx_policy_default(struct tdx_policy *policy)
{
    *policy = (struct tdx_policy){
        .statuses = 1U << TCB_UP_TO_DATE | 1U << TCB_SW_HARDENING_NEEDED,
        /* Without it the host can make the TD take exceptions on memory that it removed, and run its handler on what the host puts there. */
        .attributes_required = 1ULL << TDX_SEPT_VE_DISABLE,
        .attributes_forbidden = 1ULL << TDX_DEBUG | 1ULL << TDX_MIGRATABLE | 1ULL << TDX_PERFMON,
    };
}

enum err tdx_launch_set_rtmr(struct tdx_launch *launch, unsigned n, struct bytes text)
{
    uint8_t value[TDX_REGISTER_SIZE] = {0};
    const bool any = bytes_is_str(text, "any");
    enum err e = any ? ERR_OK : encoding_unhex(text, value, sizeof value);
    if (e != ERR_OK)
        return e;
    memcpy(launch->rtmr[n], value, sizeof value);
    launch->named = any ? launch->named & ~(1U << n) : launch->named | 1U << n;
    launch->waived = any ? launch->waived | 1U << n : launch->waived & ~(1U << n);
    return ERR_OK;
}
