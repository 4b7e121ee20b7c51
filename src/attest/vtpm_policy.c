/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/vtpm_policy.h"

/* All zero is strict: see enum policy_rule and restart_count_max. */
void vtpm_policy_default(struct vtpm_policy *policy)
{
    *policy = (struct vtpm_policy){0};
}
