/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tcb_status.h"

static const char *const names[TCB_STATUS_COUNT] = {
    [TCB_UNKNOWN] = "unknown",
    [TCB_UP_TO_DATE] = "UpToDate",
    [TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [TCB_OUT_OF_DATE] = "OutOfDate",
    [TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [TCB_REVOKED] = "Revoked",
    [TCB_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
    [TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "TDRelaunchAdvisedConfigurationNeeded",
};

const char *tcb_status_name(enum tcb_status s)
{
    return names[s];
}

enum tcb_status tcb_status_find(struct bytes name)
{
    for (enum tcb_status s = TCB_UP_TO_DATE; s <= TCB_REVOKED; s++)
        if (bytes_is_str(name, names[s]))
            return s;
    return TCB_UNKNOWN;
}

enum tcb_status tcb_status_converge(enum tcb_status platform, enum tcb_status part)
{
    /* [platform], when the part is out of date */
    static const enum tcb_status out_of_date[TCB_STATUS_COUNT] = {
        [TCB_UNKNOWN] = TCB_UNKNOWN,
        [TCB_UP_TO_DATE] = TCB_OUT_OF_DATE,
        [TCB_SW_HARDENING_NEEDED] = TCB_OUT_OF_DATE,
        [TCB_CONFIGURATION_NEEDED] = TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        [TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        [TCB_OUT_OF_DATE] = TCB_OUT_OF_DATE,
        [TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        [TCB_REVOKED] = TCB_REVOKED,
    };
    switch (part) {
    case TCB_UP_TO_DATE:
        return platform;
    case TCB_OUT_OF_DATE:
        return out_of_date[platform];
    case TCB_REVOKED:
        return platform == TCB_UNKNOWN ? TCB_UNKNOWN : TCB_REVOKED;
    default:
        return TCB_UNKNOWN;
    }
}

enum tcb_status tcb_status_relaunch(enum tcb_status launch, enum tcb_status current)
{
    bool configure = launch == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED || current == TCB_CONFIGURATION_NEEDED ||
                     current == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
    bool was_old = launch == TCB_OUT_OF_DATE || launch == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    bool is_new = current >= TCB_UP_TO_DATE && current <= TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
    if (current == TCB_UNKNOWN) /* what runs now is judged by nobody */
        return TCB_UNKNOWN;
    if (!was_old || !is_new)
        return launch;
    return configure ? TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED : TCB_TD_RELAUNCH_ADVISED;
}
