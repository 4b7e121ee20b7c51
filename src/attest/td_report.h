/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TD_REPORT_H
#define ATTEST_TD_REPORT_H

/*
 * TDREPORT_STRUCT (Intel TDX Module ABI Reference, "TDREPORT_STRUCT"): what the TDX module gives a TD, under a code that only the same processor can check.
 * So to anybody else it proves nothing by itself; a quoting enclave turns it into a quote, and then the two must agree.
 */

#include "attest/tdx_quote.h"

enum { TD_REPORT_SIZE = 1024 };

struct td_report {
    struct tdx_body body; /* in the form of the quote that is made of it; what TDX 1.5 added is zero before */
};

/* ERR_TRUNCATED, ERR_TRAILING, ERR_UNKNOWN, ERR_NOT_ZERO; the note says where. */
ERR_MUST_USE enum err td_report_parse(struct bytes in, struct td_report *report, struct err_note *note);

/* The first part in which they differ, "MRTD"; NULL: a quote with this body was made of this report. What only TDX 1.5 knows is compared when the quote has it. */
const char *td_report_difference(const struct td_report *report, const struct tdx_body *quoted);

#endif
