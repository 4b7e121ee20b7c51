/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_QE_IDENTITY_H
#define ATTEST_QE_IDENTITY_H

/*
 * The identity of the quoting enclave of TDX, version 2 (Intel PCS API version 4, "Get TD Quoting Enclave Identity"): which enclave may sign quotes, and
 * what each of its versions is worth, the newest first. Strict: every member is known.
 */

#include "attest/intel_json.h"

struct qe_identity {
    json_t *document;
    int64_t issue_date;
    int64_t next_update;
    uint32_t evaluation_number;
    uint32_t miscselect; /* as in the enclave's report */
    uint32_t miscselect_mask;
    uint8_t attributes[16];
    uint8_t attributes_mask[16];
    uint8_t mrsigner[32];
    uint16_t isv_prod_id;
    struct isv_levels levels;
};

/* body: the octets that are signed. Release in any case. ERR_JSON, ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE. */
ERR_MUST_USE enum err qe_identity_parse(struct bytes body, struct qe_identity *identity,
                                        struct err_note *note);
void qe_identity_release(struct qe_identity *identity);

#endif
