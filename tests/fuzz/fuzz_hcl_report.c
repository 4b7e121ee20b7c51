/* SPDX-License-Identifier: Apache-2.0 */

/* A blob that the parser takes is made of the parts that it names and zeros; its TDREPORT and its runtime data are read too, whatever its hash says. */

#include <stdlib.h>

#include "attest/hcl_report.h"
#include "attest/hcl_runtime.h"
#include "attest/td_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_runtime(struct bytes json)
{
    static struct hcl_runtime runtime;
    struct err_note note;
    if (hcl_runtime_parse(json, &runtime, &note) != ERR_OK)
        return;
    if (memchr(runtime.vm_id, '\0', sizeof runtime.vm_id) == NULL)
        abort();
    for (enum hcl_switch s = 0; s < HCL_SWITCHES_ALWAYS; s++)
        if (runtime.switches[s] == HCL_NOT_STATED)
            abort();
    if (runtime.ak.modulus_len > sizeof runtime.ak.modulus ||
        runtime.ak.exponent_len > sizeof runtime.ak.exponent)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { AROUND = 32 + 20 };
    struct hcl_report hcl;
    struct td_report report;
    struct err_note note;
    if (hcl_report_parse(bytes_of(data, size), &hcl, &note) != ERR_OK) {
        check_runtime(bytes_of(data, size));
        return 0;
    }
    if (AROUND + HCL_SNP_REPORT_SIZE + hcl.runtime.len > size || hcl.hardware.len > HCL_SNP_REPORT_SIZE)
        abort();
    if (td_report_parse(hcl.hardware, &report, &note) == ERR_OK &&
        td_report_difference(&report, &report.body) != NULL)
        abort();
    check_runtime(hcl.runtime);
    return 0;
}
