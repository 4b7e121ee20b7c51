/* SPDX-License-Identifier: Apache-2.0 */

/* What the parser takes, the writer gives back byte for byte: so no byte of a report goes unread. */

#include <stdlib.h>

#include "attest/snp_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snp_report report;
    struct err_note note;
    uint8_t again[SNP_REPORT_SIZE];
    if (snp_report_parse(bytes_of(data, size), &report, &note) != ERR_OK)
        return 0;
    if (snp_report_write(&report, again) != ERR_OK ||
        !bytes_equal(bytes_of(data, size), bytes_of(again, sizeof again)))
        abort();
    return 0;
}
