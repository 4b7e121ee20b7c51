/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VTPM_CLAIMS_H
#define ATTEST_VTPM_CLAIMS_H

/* What the virtual TPM says beyond the claims of the hardware whose report it carried (attest/verdict.h). */

#include <jansson.h>

#include "attest/hcl_runtime.h"
#include "attest/tpm_quote.h"

struct vtpm_claims {
    bool there;            /* the report came by a virtual TPM */
    uint8_t ak_digest[32]; /* SHA-256 of the attestation key's modulus */
    bool ak_certified;     /* a certificate for it came along */
    uint32_t pcrs;         /* which are quoted: bit n is PCR n */
    uint8_t pcr_values[TPM_PCR_COUNT][TPM_PCR_SIZE];
    bool event_log_replayed;
    uint64_t clock; /* milliseconds */
    uint32_t reset_count;
    uint32_t restart_count;
    uint64_t firmware_version;
    enum hcl_setting switches[HCL_SWITCH_COUNT];
    char vm_id[HCL_VM_ID_SIZE];
    int64_t current_time;
    size_t user_data_len;
    uint8_t user_data[HCL_USER_DATA_SIZE];
};

/* One object; NULL without memory. */
json_t *vtpm_claims_json(const struct vtpm_claims *claims);

#endif
