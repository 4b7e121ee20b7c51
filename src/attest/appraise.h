/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_APPRAISE_H
#define ATTEST_APPRAISE_H

/*
 * The Verifier: a bundle of hostile bytes, a policy and a time in; a verdict out. No network, no clock, no file.
 *
 *     struct verdict v;
 *     attest_appraise(text, challenge, &policy, now, &v);
 *     if (v.accepted) ... v.claims.noise_key is the key to speak to.
 */

#include "attest/policy.h"
#include "attest/verdict.h"

/* challenge: the 32 bytes that the quote must cover, or NULL to take the one saved in the bundle. Whatever is wrong with the bundle is a failed check in
 * the verdict, not an error. now: seconds since 1970. */
void attest_appraise(struct bytes bundle_text, const uint8_t *challenge, const struct attest_policy *policy,
                     int64_t now, struct verdict *v);

#endif
