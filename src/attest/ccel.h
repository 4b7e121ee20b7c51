/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CCEL_H
#define ATTEST_CCEL_H

/*
 * A TD's event log held against its quote, two rows of a verdict: beside tdx_appraise, when a log came along. The log says what is in the RTMRs, for people
 * and for policies that want more than four digests; it proves nothing that the registers do not.
 */

#include "attest/verdict.h"

/* Appends the checks. quote: the one that tdx_appraise judges. rtmrs_outside_log: bit n: RTMR n is extended by software that writes no log there, as RTMR 3
 * often is. */
void ccel_appraise(struct bytes event_log, struct bytes quote, uint32_t rtmrs_outside_log, struct verdict *v);

#endif
