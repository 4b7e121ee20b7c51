/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_policy.h"

void tdx_policy_default(struct tdx_policy *policy)
{
    *policy = (struct tdx_policy){
        .statuses = 1U << TCB_UP_TO_DATE | 1U << TCB_SW_HARDENING_NEEDED,
        /* Without it the host can make the TD take exceptions on memory that it removed, and run its handler on what the host puts there. */
        .attributes_required = 1ULL << TDX_SEPT_VE_DISABLE,
        .attributes_forbidden = 1ULL << TDX_DEBUG | 1ULL << TDX_MIGRATABLE | 1ULL << TDX_PERFMON,
    };
}
