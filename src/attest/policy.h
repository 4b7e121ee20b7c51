/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_POLICY_H
#define ATTEST_POLICY_H

/*
 * The Appraisal Policy for Evidence (RFC 9334): what a Verifier wants. Plain data, borrowed by the appraisal. A zeroed policy accepts nothing:
 * without a reference value for the launch measurement every evidence is refused.
 */

#include "attest/snp_policy.h"
#include "base/bytes.h"

enum { ATTEST_MEASUREMENT_SIZE = 48, ATTEST_DIGEST_SIZE = 32, ATTEST_REFERENCES_MAX = 64 };

struct attest_policy {
    /* Reference Values: launch measurements of code that may read prompts. At least one. */
    const uint8_t (*measurements)[ATTEST_MEASUREMENT_SIZE];
    size_t measurement_count;
    /* SHA-256 digests of the weights that may answer; none: any model, and the verdict says which. */
    const uint8_t (*models)[ATTEST_DIGEST_SIZE];
    size_t model_count;
    /* DER certificate of a root given by hand (--trust-simulated); empty: AMD's pinned roots alone. When it is given, AMD's roots still work, and a
     * verdict that rests on this root is marked simulated. */
    struct bytes simulated_root;
    uint32_t vmpl; /* the privilege level that must have asked for the report; 0 */
    struct snp_policy snp;
    bool
        allow_milan; /* EPYC Milan's root seed has been extracted (arXiv 2605.12990): refused unless allowed by name */
};

#endif
