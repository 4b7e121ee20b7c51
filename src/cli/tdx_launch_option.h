/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TDX_LAUNCH_OPTION_H
#define CLI_TDX_LAUNCH_OPTION_H

/* --tdx-launch MRTD,RTMR0,RTMR1,RTMR2,RTMR3: reference values of one launch, 96 hexadecimal digits each; "any" in place of an RTMR waives it. */

#include "attest/tdx_policy.h"
#include "base/options.h"

/* launches: TDX_LAUNCHES_MAX of them. ERR_USAGE. */
ERR_MUST_USE enum err tdx_launch_options_load(const struct option_list *list, struct tdx_launch *launches,
                                              struct err_note *note);

#endif
