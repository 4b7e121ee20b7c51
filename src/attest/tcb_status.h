/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TCB_STATUS_H
#define ATTEST_TCB_STATUS_H

/* What Intel says of the firmware of a platform (Intel PCS API version 4, tcbStatus), and how the words on its parts make one. */

#include "base/bytes.h"

enum tcb_status {
    TCB_UNKNOWN, /* no level matches, or none was looked for */
    TCB_UP_TO_DATE,
    TCB_SW_HARDENING_NEEDED,
    TCB_CONFIGURATION_NEEDED,
    TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    TCB_OUT_OF_DATE,
    TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    TCB_REVOKED,
    /* The platform was updated after the TD was launched: what runs now is up to date, what the TD started on was not. */
    TCB_TD_RELAUNCH_ADVISED,
    TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    TCB_STATUS_COUNT
};

/* "UpToDate"; "unknown" for TCB_UNKNOWN. */
const char *tcb_status_name(enum tcb_status s);
/* TCB_UNKNOWN when Intel's documents have no such word; the two about relaunching are ours to find, never written there. */
enum tcb_status tcb_status_find(struct bytes name);

/* The status of the platform, with that of one more part (TDX module, quoting enclave: UpToDate, OutOfDate, Revoked) taken in. */
enum tcb_status tcb_status_converge(enum tcb_status platform, enum tcb_status part);

/* A TD of TDX 1.5 that was launched on `launch` and runs on `current`. */
enum tcb_status tcb_status_relaunch(enum tcb_status launch, enum tcb_status current);

#endif
